"""What the engine gets wrong in a small problem: brute force and the checker say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np
from place import brute_force
from place.brute_force import Best
from place.random_problems import problem as random_problem
from placement.checker import check

from hybridspec.place.engine.feasible import feasible
from hybridspec.place.engine.solve import runner_up, solve
from hybridspec.place.problem import Answer, Impossible, Problem, SiteClass


def differences(problem: Problem) -> Iterator[str]:
    """Whatever the answer, `feasible` and every runner-up have wrong."""
    yield from against(problem, brute_force.solve(replace(problem, uniformity=0)))


def against(problem: Problem, best: Best | None) -> Iterator[str]:
    """The same where the best answer is known."""
    said = solve(problem)
    if feasible(problem) != (best is not None):
        yield "feasible: it is not so"
    if isinstance(said, Impossible) or best is None:
        if not isinstance(said, Impossible):
            yield "answer: there is none"
        elif best is not None:
            yield "impossible: there is an answer"
        else:
            yield from _alone(problem, said)
        return
    yield from check(problem, said.answer)
    if problem.uniformity:
        yield from _uniform(problem, said.answer, best)
    else:
        yield from _exact(problem, said.answer, best)
    for number, what in enumerate(problem.classes):
        for pair in range(len(what.pairs)):
            yield from _runner_up(said, number, pair)


def _exact(problem: Problem, answer: Answer, best: Best) -> Iterator[str]:
    if answer.cost != best.cost:
        yield f"dear: {answer.cost} where {best.cost} is enough"
    if answer.bound != best.cost:
        yield f"bound: {answer.bound} where {best.cost} is proven"
    if answer.chosen != best.chosen:
        yield f"order: chose {answer.chosen} before {best.chosen}"
    # Where quotas mix plans, equally dear mixes need only be the same every time.
    rows = tuple(tuple(p.rows for p in plans for _ in range(p.sites)) for plans in answer.plans)
    if not len(problem.quotas) and rows != best.rows:
        yield f"order: rows {rows} before {best.rows}"


def _uniform(problem: Problem, answer: Answer, best: Best) -> Iterator[str]:
    """Uniformity costs something, but no more than it is said to be worth."""
    if answer.bound > best.cost:
        yield f"bound: {answer.bound} above {best.cost}"
    if answer.cost < best.cost:
        yield f"cost: {answer.cost} below {best.cost}"
    if (answer.cost - best.cost) * 1000 > problem.uniformity * answer.cost:
        yield f"uniformity: {answer.cost} for {best.cost}"


def _alone(problem: Problem, said: Impossible) -> Iterator[str]:
    """The classes that no choice and no quota could help are named, and no others."""
    helpless = tuple(
        number for number, what in enumerate(problem.classes) if not _possible(problem, what)
    )
    if said.classes != helpless:
        yield f"impossible: {said.classes} where {helpless} is to blame"


def _possible(problem: Problem, what: SiteClass) -> bool:
    chosen = brute_force.alternatives(problem)
    return any(any(brute_force.site_plans(what, one, len(problem.quotas))) for one in chosen)


def _runner_up(said: object, number: int, pair: int) -> Iterator[str]:
    """The cheapest plan under the final prices with another row of one pair."""
    problem, answer = said.problem, said.answer  # type: ignore[attr-defined]
    what = problem.classes[number]
    if not answer.plans[number]:
        return
    differing = np.ones(len(what.pairs[pair].options), dtype=bool)
    differing[answer.plans[number][0].rows[pair]] = False
    prices = answer.prices
    found = runner_up(said, number, pair, differing)  # type: ignore[arg-type]
    plans = [
        (plan.cost + priced(what, plan.rows, prices), plan)
        for plan in brute_force.site_plans(what, answer.chosen, len(problem.quotas))
    ]
    others = [cost for cost, plan in plans if differing[plan.rows[pair]]]
    if found is None or not others:
        if (found is None) != (not others):
            yield f"runner-up: {found} of {others}"
        return
    more, plan = found
    best = min(cost for cost, _ in plans)
    if more != min(others) - best:
        yield f"runner-up: {more} more, not {min(others) - best}"
    if {p.rows: cost for cost, p in plans}.get(plan.rows) != best + more:
        yield "runner-up: its plan costs something else"
    if not differing[plan.rows[pair]]:
        yield "runner-up: the pair is where it was"


def priced(what: SiteClass, rows: tuple[int, ...], prices: tuple[float, ...]) -> int:
    """What rows take of quotas, at their prices."""
    return sum(
        round(int(pair.options.use[row, column]) * prices[quota])
        for pair, row in zip(what.pairs, rows, strict=True)
        for column, quota in enumerate(pair.quotas)
    )


def edited(problem: Problem, seed: int) -> Problem:
    """The problem with one class of another that has the same choices and quotas."""
    dice = Random(f"edit {seed}")
    number = dice.randrange(len(problem.classes))
    other = random_problem(dice, like=problem).classes[0]
    classes = (*problem.classes[:number], other, *problem.classes[number + 1 :])
    return replace(problem, classes=classes)


def regrouped(problem: Problem, seed: int) -> Problem:
    """The problem with a class more, in front, and more or fewer sites in one that was there."""
    dice = Random(f"regroup {seed}")
    number = dice.randrange(len(problem.classes))
    first = replace(edited(problem, seed).classes[0], sites=1)
    classes = list(problem.classes)
    sites = max(1, classes[number].sites + dice.choice((-1, -1, 0, 1)))
    classes[number] = replace(classes[number], sites=sites)
    return replace(problem, classes=(first, *classes))
