"""Faults to put into the engine on purpose: what it overlooks, counts wrongly or says wrongly.

Most are put where problems go in and answers come out, so that they stay what they are however the
engine works inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import pytest
from place import compare

from hybridspec.place.engine import around, branch, master, pool
from hybridspec.place.engine import round as rounding
from hybridspec.place.engine.solve import Solved
from hybridspec.place.problem import (
    ANY,
    WHOLE,
    Answer,
    Impossible,
    Ints,
    Options,
    Problem,
    Resource,
    SiteClass,
)

Patch: TypeAlias = pytest.MonkeyPatch
Mutant: TypeAlias = Callable[[Patch], None]


def _seen(change: Callable[[Problem], Problem]) -> Mutant:
    """The engine solves a problem that is not quite the one that was posed."""

    def mutant(patch: Patch) -> None:
        real = compare.solve

        def solve(problem: Problem) -> Solved | Impossible:
            said = real(change(problem))
            return (
                said if isinstance(said, Impossible) else replace(said, problem=problem, blocks={})
            )

        patch.setattr(compare, "solve", solve)

    return mutant


def _said(change: Callable[[Problem, Answer], Answer]) -> Mutant:
    """The answer is changed before anybody sees it."""

    def mutant(patch: Patch) -> None:
        real = compare.solve

        def solve(problem: Problem) -> Solved | Impossible:
            said = real(problem)
            if isinstance(said, Impossible):
                return said
            return replace(said, answer=change(problem, said.answer))

        patch.setattr(compare, "solve", solve)

    return mutant


def _classes(change: Callable[[SiteClass], SiteClass]) -> Mutant:
    return _seen(lambda p: replace(p, classes=tuple(map(change, p.classes))))


def _options(change: Callable[[Options], Options]) -> Mutant:
    return _classes(lambda of: replace(of, pairs=tuple(
        replace(pair, options=change(pair.options)) for pair in of.pairs)))  # fmt: skip


def _resources(change: Callable[[SiteClass, Resource], Resource]) -> Mutant:
    return _classes(lambda of: replace(
        of, resources=tuple(change(of, resource) for resource in of.resources)))  # fmt: skip


def _purchases(**of: Any) -> Mutant:
    return _classes(lambda what: replace(what, purchases=tuple(
        replace(item, **{name: change(item) for name, change in of.items()})
        for item in what.purchases)))  # fmt: skip


def _all_there(of: SiteClass, resource: Resource) -> Resource:
    if resource.purchase is None:
        return resource
    most = of.purchases[resource.purchase].most
    return Resource(base=resource.base + resource.unit * most)


def _first_column(values: Ints) -> Ints:
    made = values.copy()
    made[:, 1:] = 0
    return made


def _one_site(problem: Problem) -> Problem:
    return replace(problem, classes=tuple(replace(of, sites=1) for of in problem.classes))


def _one_more(problem: Problem, answer: Answer) -> Answer:
    plans = tuple(
        tuple(replace(plan, sites=plan.sites + (at == 0)) for at, plan in enumerate(own))
        for own in answer.plans
    )
    return replace(answer, plans=plans)


def _split(problem: Problem, answer: Answer) -> Answer:
    plans = tuple(
        tuple(replace(plan, sites=1) for plan in own for _ in range(plan.sites))
        for own in answer.plans
    )
    return replace(answer, plans=plans)


def _spare(problem: Problem, answer: Answer) -> Answer:
    """One device more wherever there may be one."""
    plans, extra = [], 0
    for of, own in zip(problem.classes, answer.plans, strict=True):
        made = []
        for plan in own:
            bought = tuple(min(n + 1, item.most)
                           for n, item in zip(plan.bought, of.purchases, strict=True))  # fmt: skip
            extra += plan.sites * sum(
                (new - old) * item.cost
                for new, old, item in zip(bought, plan.bought, of.purchases, strict=True)
            )
            made.append(replace(plan, bought=bought))
        plans.append(tuple(made))
    return replace(answer, plans=tuple(plans), cost=answer.cost + extra)


def _shifted(problem: Problem, answer: Answer) -> Answer:
    chosen = tuple((a + 1) % len(c.cost)
                   for a, c in zip(answer.chosen, problem.choices, strict=True))  # fmt: skip
    return replace(answer, chosen=chosen)


def equal_costs_in_any_order(patch: Patch) -> None:
    """Of two ways that cost the same the last is taken."""
    real = compare.solve

    def solve(problem: Problem) -> Solved | Impossible:
        orders = [[np.lexsort((-np.arange(len(pair.options)), pair.options.cost))
                   for pair in of.pairs] for of in problem.classes]  # fmt: skip
        said = real(replace(problem, classes=tuple(
            replace(of, pairs=tuple(
                replace(pair, options=Options(
                    cost=pair.options.cost[at], load=pair.options.load[at],
                    ceiling=pair.options.ceiling[at], units=pair.options.units[at],
                    needs=pair.options.needs[at], use=pair.options.use[at]))
                for pair, at in zip(of.pairs, own, strict=True)))
            for of, own in zip(problem.classes, orders, strict=True))))  # fmt: skip
        if isinstance(said, Impossible):
            return said
        plans = tuple(
            tuple(replace(plan, rows=tuple(
                int(at[row]) for at, row in zip(own, plan.rows, strict=True))) for plan in group)
            for own, group in zip(orders, said.answer.plans, strict=True)
        )  # fmt: skip
        return replace(said, problem=problem, blocks={},
                       answer=replace(said.answer, plans=plans))  # fmt: skip

    patch.setattr(compare, "solve", solve)


def runner_up_may_stay(patch: Patch) -> None:
    """The second best plan of a site may be the best."""
    real = compare.runner_up
    patch.setattr(compare, "runner_up", lambda said, number, pair, differing: real(
        said, number, pair, np.ones_like(differing)))  # fmt: skip


def runner_up_chooses_anew(patch: Patch) -> None:
    """The second best plan may need what was not chosen."""
    real = compare.runner_up

    def runner_up(said: Solved, number: int, pair: int, differing: Any) -> Any:
        free = replace(said.problem, classes=tuple(
            replace(of, pairs=tuple(replace(one, options=replace(
                one.options, needs=np.full_like(one.options.needs, ANY))) for one in of.pairs))
            for of in said.problem.classes))  # fmt: skip
        return real(replace(said, problem=free, blocks={}), number, pair, differing)

    patch.setattr(compare, "runner_up", runner_up)


def runner_up_is_the_first_exchange(patch: Patch) -> None:
    """Nobody looks whether another pair had better make room."""
    patch.setattr(around, "boxes", lambda *_: [])


def runner_up_of_what_nothing_beats(patch: Patch) -> None:
    """What only the chosen way beats is left out, as if it could still be chosen."""

    def alive(core: Any, price: Ints, best: Ints) -> Any:
        real = price < around.BIG
        real[core.under[price[core.over] <= price[core.under]]] = False
        real[best] = True
        return real, np.zeros(len(price), np.bool_)

    patch.setattr(around, "_alive", alive)


def runner_up_of_another_pair(patch: Patch) -> None:
    """The first pair takes another way, whichever was asked about."""
    real = compare.runner_up
    patch.setattr(compare, "runner_up", lambda said, number, pair, differing: real(
        said, number, 0, np.resize(differing, len(said.problem.classes[number].pairs[0].options))
    ))  # fmt: skip


def always_feasible(patch: Patch) -> None:
    """There is a plan for everything."""
    patch.setattr(compare, "feasible", lambda problem: True)


def blames_nobody(patch: Patch) -> None:
    """Classes that nothing could help are not named."""
    real = compare.solve
    patch.setattr(compare, "solve", lambda problem: Impossible(classes=()) if isinstance(
        said := real(problem), Impossible) else said)  # fmt: skip


def dominance_forgets_quotas(patch: Patch) -> None:
    """A partial plan that is cheaper beats one that takes less of a quota."""
    real = pool.Labels.thinned
    patch.setattr(pool.Labels, "thinned", lambda self: _thinned(real, self))


def _thinned(real: Any, labels: Any) -> Any:
    """Dominance without the use of quotas; what is kept keeps its use."""
    marked = np.concatenate([labels.picked, np.arange(len(labels.dearer))[:, None]], axis=1)
    kept = real(replace(labels, use=np.zeros_like(labels.use), picked=marked))
    at = kept.picked[:, -1]
    return replace(kept, use=labels.use[at], picked=labels.picked[at])


def counts_are_not_whole(patch: Patch) -> None:
    """Counts of sites are rounded."""
    real = master.solve_program
    patch.setattr(master, "solve_program", lambda program, **_: real(program))
    for module in (master, rounding):
        patch.setattr(module, "holds", lambda *a: True)


def first_alternative_only(patch: Patch) -> None:
    """Whatever is to be chosen, the first alternative is."""
    real = branch.Branching._visit

    def visit(self: Any, chosen: tuple[int, ...]) -> None:
        if not any(chosen):
            real(self, chosen)

    patch.setattr(branch.Branching, "_visit", visit)


AT_THE_DOOR: dict[str, Mutant] = {
    "ceilings ignored": _options(
        lambda o: replace(o, ceiling=np.full_like(o.ceiling, WHOLE))),
    "ceilings of those who load nothing ignored": _options(
        lambda o: replace(o, ceiling=np.where(o.load > 0, o.ceiling, WHOLE))),
    "ceilings are tenths": _options(lambda o: replace(o, ceiling=o.ceiling // 100 * 100)),
    "ceilings a permille high": _options(
        lambda o: replace(o, ceiling=np.minimum(WHOLE, o.ceiling + 1))),
    "loads of all but the first resource ignored": _options(
        lambda o: replace(o, load=_first_column(o.load))),
    "units ignored": _options(lambda o: replace(o, units=np.zeros_like(o.units))),
    "units one too few": _options(lambda o: replace(o, units=np.maximum(0, o.units - 1))),
    "choices need not agree": _options(
        lambda o: replace(o, needs=np.full_like(o.needs, ANY))),
    "use of quotas ignored": _options(lambda o: replace(o, use=np.zeros_like(o.use))),
    "quotas dropped": _seen(lambda p: replace(p, quotas=p.quotas + 10**6)),
    "quotas one too large": _seen(lambda p: replace(p, quotas=p.quotas + 1)),
    "quotas may not be used up": _seen(lambda p: replace(p, quotas=p.quotas - 1)),
    "choices cost nothing": _seen(lambda p: replace(p, choices=tuple(
        replace(c, cost=np.zeros_like(c.cost)) for c in p.choices))),
    "choices take nothing": _seen(lambda p: replace(p, choices=tuple(
        replace(c, use=np.zeros_like(c.use)) for c in p.choices))),
    "devices cost nothing": _purchases(cost=lambda item: 0),
    "one device more may be bought": _purchases(most=lambda item: item.most + 1),
    "one device fewer may be bought": _purchases(most=lambda item: max(item.least, item.most - 1)),
    "nothing has to be bought": _purchases(least=lambda item: 0),
    "all devices are there": _resources(_all_there),
    "resources one too large": _resources(lambda of, r: replace(r, base=r.base + 1)),
    "resources may not be used up": _resources(lambda of, r: replace(r, base=r.base - 1)),
    "devices to spare ignored": _resources(lambda of, r: replace(r, base=max(0, r.base))),
    "sites of a class count once": _seen(_one_site),
    "a site too many": _said(_one_more),
    "alike sites apart": _said(_split),
    "a device to spare": _said(_spare),
    "the next alternative": _said(_shifted),
    "bound above cost": _said(lambda p, a: replace(a, bound=a.cost + 1)),
    "bound one too low": _said(lambda p, a: replace(a, bound=a.bound - 1)),
    "cost without choices": _said(lambda p, a: replace(a, cost=a.cost - sum(
        int(c.cost[one]) for c, one in zip(p.choices, a.chosen, strict=True)))),
    "prices below nothing": _said(lambda p, a: replace(a, prices=tuple(-1.0 for _ in a.prices))),
}  # fmt: skip
"""What the engine does not see, or says wrongly, by what it gets wrong."""

INSIDE: tuple[Mutant, ...] = (
    equal_costs_in_any_order, runner_up_may_stay, runner_up_chooses_anew,
    runner_up_of_another_pair, runner_up_is_the_first_exchange, runner_up_of_what_nothing_beats,
    always_feasible, blames_nobody, dominance_forgets_quotas,
    counts_are_not_whole, first_alternative_only,
)  # fmt: skip
"""Faults that have to be put elsewhere."""

MUTANTS: dict[str, Mutant] = {
    **AT_THE_DOOR, **{one.__name__.replace("_", " "): one for one in INSIDE}
}  # fmt: skip
