"""The best answer of a small problem by looking at every plan, in the total order on ties."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple, TypeAlias

from hybridspec.place.problem import ANY, Problem, SiteClass

Use: TypeAlias = tuple[int, ...]
Rows: TypeAlias = tuple[int, ...]


class Site(NamedTuple):
    """A way to run a site: its cost, what it takes of every quota, rows and purchases."""

    cost: int
    use: Use
    rows: Rows
    bought: tuple[int, ...]


class Best(NamedTuple):
    """Least cost, then the smallest choices, then each class's sites in the order of their rows."""

    cost: int
    chosen: tuple[int, ...]
    rows: tuple[tuple[Rows, ...], ...]


def solve(problem: Problem) -> Best | None:
    """The answer, or None if there is no plan."""
    found = [best for chosen in alternatives(problem) if (best := given(problem, chosen))]
    return min(found, default=None)


def given(problem: Problem, chosen: tuple[int, ...]) -> Best | None:
    """The best answer with these choices, whose costs it contains."""
    most = tuple(problem.quotas.tolist())
    cost, use = 0, (0,) * len(most)
    for choice, alternative in zip(problem.choices, chosen, strict=True):
        cost += int(choice.cost[alternative])
        use = _add(use, tuple(choice.use[alternative].tolist()))
    done: dict[Use, Best] = {use: Best(cost, chosen, ())}
    for what in problem.classes:
        after: dict[Use, Best] = {}
        for (before, best), (taken, (more, rows)) in product(
            done.items(), _classes(what, tuple(site_plans(what, chosen, len(most)))).items()
        ):
            new = _add(before, taken)
            if all(used <= limit for used, limit in zip(new, most, strict=True)):
                option = Best(best.cost + more, chosen, (*best.rows, rows))
                after[new] = min(after.get(new, option), option)
        done = after
    return min(done.values(), default=None)


def site_plans(what: SiteClass, chosen: tuple[int, ...], quotas: int) -> Iterator[Site]:
    """Every way to run a site with these choices; each buys as little as it can."""
    for rows in product(*(range(len(pair.options)) for pair in what.pairs)):
        agreed = all(
            pair.options.needs[row, column] in (ANY, chosen[choice])
            for pair, row in zip(what.pairs, rows, strict=True)
            for column, choice in enumerate(pair.choices)
        )
        cheapest = min(_purchases(what, rows), default=None) if agreed else None
        if cheapest is None:
            continue
        use = [0] * quotas
        cost = cheapest[0]
        for pair, row in zip(what.pairs, rows, strict=True):
            cost += int(pair.options.cost[row])
            for column, quota in enumerate(pair.quotas):
                use[quota] += int(pair.options.use[row, column])
        yield Site(cost, tuple(use), rows, cheapest[1])


def alternatives(problem: Problem) -> Iterator[tuple[int, ...]]:
    """All that may be chosen."""
    return product(*(range(len(choice.cost)) for choice in problem.choices))


def _purchases(what: SiteClass, rows: Rows) -> Iterator[tuple[int, tuple[int, ...]]]:
    """What can be bought so that the rows fit, with its cost."""
    ranges = (range(item.least, item.most + 1) for item in what.purchases)
    for bought in product(*ranges):
        if _fits(what, rows, bought):
            cost = sum(
                item.cost * count for item, count in zip(what.purchases, bought, strict=True)
            )
            yield cost, bought


def _fits(what: SiteClass, rows: Rows, bought: tuple[int, ...]) -> bool:
    chosen = [(pair.options, row) for pair, row in zip(what.pairs, rows, strict=True)]
    if any(options.units[row, item] > count
           for options, row in chosen for item, count in enumerate(bought)):  # fmt: skip
        return False
    for number, resource in enumerate(what.resources):
        load = sum(int(options.load[row, number]) for options, row in chosen)
        more = 0 if resource.purchase is None else resource.unit * bought[resource.purchase]
        least = min((int(options.ceiling[row, number]) for options, row in chosen), default=0)
        if load and load * 1000 > min(1000, least) * (resource.base + more):
            return False
    return True


def _classes(
    what: SiteClass, plans: tuple[Site, ...]
) -> dict[Use, tuple[int, tuple[Rows, ...]]]:  # fmt: skip
    """The cheapest way to give every site of a class a plan, for every total use of the quotas."""
    if not plans:
        return {}
    none = (0,) * len(plans[0].use)
    # By sites that have a plan: plans come in the order of their rows, so lists stay sorted.
    found: list[dict[Use, tuple[int, tuple[Rows, ...]]]] = [{} for _ in range(what.sites + 1)]
    found[0] = {none: (0, ())}
    for plan in sorted(plans, key=lambda plan: plan.rows):
        for count in range(what.sites):  # upwards: a plan may be taken again
            for use, (cost, rows) in found[count].items():
                new, option = _add(use, plan.use), (cost + plan.cost, (*rows, plan.rows))
                found[count + 1][new] = min(found[count + 1].get(new, option), option)
    return found[what.sites]


def _add(one: Use, other: Use) -> Use:
    return tuple(a + b for a, b in zip(one, other, strict=True))
