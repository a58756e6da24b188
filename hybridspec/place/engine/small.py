"""The least-cost answer to a small problem without quotas, in plain Python: exact, or not at all.

Loading what works on arrays takes longer than looking at every plan that could be the best of a few
sites. Alternatives of choices are gone through one by one, and each class depth first, cheapest
rows first, so that the first of equally cheap answers is the smallest in the order on ties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from operator import add, mul
from typing import NamedTuple

from hybridspec.place.engine.devices import bought_for
from hybridspec.place.listing import ListedClass, ListedPair, Listing, Traits
from hybridspec.place.problem import ANY, WHOLE, Answer, Impossible, SitePlan

FEW = 64
"""Combinations of alternatives that are looked at one by one."""
STEPS = 8_000
"""Rows of pairs that are looked at, at most."""
MAX_PAIRS = 100
"""Of a site."""


class _TooLarge(Exception):
    """It takes more steps than it is worth."""


class _Plan(NamedTuple):
    """The cheapest plan of a site."""

    cost: int
    rows: tuple[int, ...]
    bought: tuple[int, ...]


def solve_small(listing: Listing) -> Answer | Impossible | None:
    """The answer, or None if the problem is not a small one."""
    combinations = prod(len(choice.cost) for choice in listing.choices)
    if listing.quotas or not 0 < combinations <= FEW:
        return None
    left = [STEPS]
    live = {index: _Class(of, left) for index, of in enumerate(listing.classes) if of.sites > 0}
    if any(of.strange for of in live.values()):
        return None
    try:
        return _answer(listing, live)
    except _TooLarge:
        return None


def _answer(listing: Listing, live: Mapping[int, _Class]) -> Answer | Impossible:
    best: tuple[int, tuple[int, ...], dict[int, _Plan]] | None = None
    for chosen in product(*(range(len(choice.cost)) for choice in listing.choices)):
        plans = {index: plan for index, of in live.items()
                 if (plan := of.cheapest(chosen)) is not None}  # fmt: skip
        if len(plans) < len(live):
            continue
        cost = sum(c.cost[a] for c, a in zip(listing.choices, chosen, strict=True))
        cost += sum(live[index].of.sites * plan.cost for index, plan in plans.items())
        if best is None or cost < best[0]:
            best = cost, chosen, plans
    if best is None:
        return Impossible(classes=tuple(i for i, of in live.items() if not any(of.known.values())))
    cost, chosen, plans = best
    return Answer(
        plans=tuple(
            (SitePlan(sites=of.sites, rows=plans[index].rows, bought=plans[index].bought),)
            if index in plans else () for index, of in enumerate(listing.classes)
        ),
        chosen=chosen, cost=cost, bound=cost, prices=(),
    )  # fmt: skip


class _Class:
    """The plans of a site of a class, by the alternatives that are chosen for it."""

    def __init__(self, of: ListedClass, left: list[int]) -> None:
        self.of, self.left = of, left
        self.choices = sorted({choice for pair in of.pairs for choice in pair.traits.choices})
        self.known: dict[tuple[int, ...], _Plan | None] = {}

    @property
    def strange(self) -> bool:
        """Whether some loads give back what others take, or there are many pairs."""
        return len(self.of.pairs) > MAX_PAIRS or any(
            min(row, default=0) < 0 for pair in self.of.pairs for row in pair.traits.load
        )

    def cheapest(self, chosen: Sequence[int]) -> _Plan | None:
        """The cheapest plan with these choices, None if there is none."""
        key = tuple(map(chosen.__getitem__, self.choices))
        if key not in self.known:
            rows = [_agreeing(pair, chosen) for pair in self.of.pairs]
            self.left[0] -= sum(len(pair.cost) for pair in self.of.pairs)
            if self.left[0] < 0:
                raise _TooLarge
            self.known[key] = _Depth(self.of, rows, self.left).run() if all(rows) else None
        return self.known[key]


def _agreeing(pair: ListedPair, chosen: Sequence[int]) -> list[int]:
    """The rows that need no other alternative than the chosen one."""
    made = [chosen[choice] for choice in pair.traits.choices]
    return [
        row for row, needs in enumerate(pair.traits.needs)
        if all(need in (ANY, one) for need, one in zip(needs, made, strict=True))
    ]  # fmt: skip


class _Taken(NamedTuple):
    """What the first pairs take together: loads, the lowest ceilings, the most units."""

    load: tuple[int, ...]
    ceiling: tuple[int, ...]
    units: tuple[int, ...]

    def and_row(self, of: Traits, row: int) -> _Taken:
        """With another row."""
        return _Taken(
            tuple(map(add, self.load, of.load[row])),
            tuple(map(min, self.ceiling, of.ceiling[row])),
            tuple(map(max, self.units, of.units[row])),
        )


class _Depth:
    """The search of one class: pair by pair, the cheapest row first."""

    def __init__(self, of: ListedClass, rows: Sequence[Sequence[int]], left: list[int]) -> None:
        self.of, self.rows, self.left = of, rows, left
        self.best: _Plan | None = None
        self.rest = [0]
        for pair, own in zip(reversed(of.pairs), reversed(rows), strict=True):
            self.rest.insert(0, self.rest[0] + pair.cost[own[0]])

    def run(self) -> _Plan | None:
        """The cheapest plan, of equally cheap ones the first."""
        if not self.of.resources and not self.of.purchases:
            return _Plan(self.rest[0], tuple(own[0] for own in self.rows), ())
        nothing = len(self.of.resources)
        start = _Taken((0,) * nothing, (WHOLE,) * nothing, (0,) * len(self.of.purchases))
        self._look((), 0, start)
        return self.best

    def _look(self, picked: tuple[int, ...], cost: int, taken: _Taken) -> None:
        bought = bought_for(self.of, *taken)
        if bought is None:
            return
        spent = sum(map(mul, bought, (purchase.cost for purchase in self.of.purchases)))
        depth = len(picked)
        if depth == len(self.rows):
            if self.best is None or cost + spent < self.best.cost:
                self.best = _Plan(cost + spent, picked, bought)
            return
        pair = self.of.pairs[depth]
        for row in self.rows[depth]:
            here = cost + pair.cost[row]
            if self.best is not None and here + spent + self.rest[depth + 1] >= self.best.cost:
                return
            self.left[0] -= 1
            if self.left[0] < 0:
                raise _TooLarge
            self._look((*picked, row), here, taken.and_row(pair.traits, row))
