"""The cheapest joint plan of one site under given prices: boxes of purchases, then a search.

Prices are integers, so what is found is exact, and so is its bound unless the search gives up after
`STEPS`; then the bound is what is known of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from hybridspec.place.engine.block import BIG, Block, Bools, Core
from hybridspec.place.engine.descend import Memory, descend
from hybridspec.place.engine.devices import bought_for
from hybridspec.place.engine.duals import Box
from hybridspec.place.problem import ANY, WHOLE, Ints

STEPS = 100_000
MAX_BOXES = 64


@dataclass(frozen=True, slots=True)
class Found:
    """The best plan of a site, in rows of its block, and the least that any plan can cost.

    Without a plan `value` is `BIG` and `picked` empty: the search was too large.
    """

    value: int
    picked: tuple[int, ...]
    bought: tuple[int, ...]
    bound: int


def search(block: Block, price: Ints, *, fees: Sequence[int] | None = None, first: bool = False,
           steps: int = STEPS, start: Sequence[int] | None = None,
           memory: Memory | None = None) -> Found | None:  # fmt: skip
    """The cheapest plan, or None if there is none; options at `BIG` are not to be used.

    `fees` are the prices of the purchases if they are not what they cost. Among equally cheap
    plans it is the one with the smallest rows if it is to be the `first`. `start` is a plan, in
    rows of the block, that may be good; `memory` is shared by searches that are much the same.
    """
    fees = block.fees if fees is None else fees
    if block.empty:
        return None
    if not block.pairs:
        nothing = [0] * len(block.of.resources)
        bought = bought_for(block.of, nothing, nothing, [0] * len(fees))
        if bought is None:
            return None
        spent = _spent(fees, bought)
        return Found(spent, (), bought, spent)
    kinds = block.kinds(price)
    ranks = block.ranks(price) if first else None
    looking = _Search(block.core, kinds, fees, ranks, steps, memory)
    if start is not None and ranks is None:
        looking.begin(block.kind[list(start)])
    found = looking.run()
    if found is None or not found.picked:
        return found
    rows = block.cheapest(price, found.picked)
    return Found(found.value, tuple(rows.tolist()), found.bought, found.bound)


class _Search:
    """The search over the kinds of a site."""

    def __init__(self, core: Core, price: Ints, fees: Sequence[int], ranks: Ints | None,
                 steps: int, memory: Memory | None) -> None:  # fmt: skip
        self.memory = memory
        self.core, self.price, self.fees, self.ranks, self.left = core, price, fees, ranks, steps
        self.best: Found | None = None

    def begin(self, kinds: Ints) -> None:
        """Start from a plan, if it can be had at these prices."""
        if int(self.price[kinds].max()) < BIG:
            known = plan_cost(self.core, self.price, kinds, self.fees)
            if known is not None:
                self._offer(known[0], tuple(kinds.tolist()), known[1])

    def run(self) -> Found | None:
        """Look into the boxes, the one with the least bound first."""
        bounds = []
        for box in boxes(self.core, self.price, self.fees, self._alive(), self.ranks):
            limit = BIG if self.best is None else self.best.value
            if box.bound > limit or (box.bound == limit and self.ranks is None):
                bounds.append(box.bound)
                continue
            bounds.append(self._look(box))
        bound = min(bounds, default=BIG)
        if self.best is None:
            return None if bound >= BIG else Found(BIG, (), (), bound)
        return Found(self.best.value, self.best.picked, self.best.bought,
                     min(bound, self.best.value))  # fmt: skip

    def _look(self, box: Box) -> int:
        """The least that a plan of the box costs, as far as it matters."""
        quick = plan_cost(self.core, self.price, box.picked, self.fees)
        if quick is not None:
            self._offer(quick[0], tuple(box.picked.tolist()), quick[1])
            if quick[0] <= box.bound:
                return quick[0]
        limit = BIG if self.best is None else self.best.value
        descent = descend(self.core, self.price, self.fees, box, limit, self.ranks, self.left,
                          self.memory)  # fmt: skip
        self.left = descent.left
        if descent.picked is not None:
            checked = plan_cost(self.core, self.price, np.array(descent.picked), self.fees)
            assert checked is not None
            self._offer(checked[0], descent.picked, checked[1])
        return max(box.bound, descent.bound)

    def _offer(self, value: int, picked: tuple[int, ...], bought: tuple[int, ...]) -> None:
        if self.best is not None:
            if value > self.best.value:
                return
            if value == self.best.value and (
                self.ranks is None
                or self.ranks[list(picked)].tolist() >= self.ranks[list(self.best.picked)].tolist()
            ):
                return
        self.best = Found(value, picked, bought, 0)

    def _alive(self) -> Bools:
        """The kinds that no other of the pair beats at these prices."""
        core, price = self.core, self.price
        alive = price < BIG
        if self.ranks is None:
            beaten = price[core.over] <= price[core.under]
        else:
            beaten = (price[core.over] < price[core.under]) | (
                (price[core.over] == price[core.under])
                & (self.ranks[core.over] < self.ranks[core.under])
            )
        alive[core.under[beaten]] = False
        return alive


def boxes(core: Core, price: Ints, fees: Sequence[int], alive: Bools,
          ranks: Ints | None = None) -> list[Box]:  # fmt: skip
    """All plans, split by what is bought where that costs and is little; least bound first."""
    starts, found = core.starts[:-1], []
    for least, most in _ranges(core, fees, alive):
        fits = alive & (core.alone <= np.array(most, np.int64)).all(axis=1)
        masked = np.where(fits, price, BIG)
        lowest = np.minimum.reduceat(masked, starts)
        if int(lowest.max()) >= BIG:
            continue
        picked = _first_at(masked, lowest, core.starts, ranks)
        bound = sum(lowest.tolist()) + _spent(fees, least)
        found.append(Box(least, most, fits, picked, bound))
    found.sort(key=lambda box: (box.bound, box.least))
    return found


def _ranges(core: Core, fees: Sequence[int],
            alive: Bools) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:  # fmt: skip
    """Least and most of the purchases of every box."""
    of = core.of
    least = tuple(p.most if fee < 0 else p.least
                  for p, fee in zip(of.purchases, fees, strict=True))  # fmt: skip
    most = tuple(p.most if fee <= 0 else max(p.least, high)
                 for p, fee, high in zip(of.purchases, fees, useful(core, alive),
                                         strict=True))  # fmt: skip
    apart = [i for i, fee in enumerate(fees) if fee > 0 and most[i] > least[i]]
    size = 1
    for index in apart:
        size *= most[index] - least[index] + 1
    if size > MAX_BOXES:
        yield least, most
        return
    for counts in product(*(range(least[i], most[i] + 1) for i in apart)):
        low, high = list(least), list(most)
        for index, count in zip(apart, counts, strict=True):
            low[index] = high[index] = count
        yield tuple(low), tuple(high)


def _spent(fees: Sequence[int], bought: Sequence[int]) -> int:
    return sum(fee * count for fee, count in zip(fees, bought, strict=True))


def _first_at(masked: Ints, lowest: Ints, starts: Ints, ranks: Ints | None) -> Ints:
    """The kind of each pair with its lowest price, and the smallest rank if ranks count."""
    at = np.flatnonzero(masked == np.repeat(lowest, np.diff(starts)))
    if ranks is not None:
        at = at[np.lexsort((ranks[at], np.searchsorted(starts, at, side="right")))]
        pair = np.searchsorted(starts, at, side="right") - 1
        return at[np.searchsorted(pair, np.arange(len(lowest)))]
    return at[np.searchsorted(at, starts[:-1])]


def plan_cost(core: Core, price: Ints, picked: Ints,
              fees: Sequence[int]) -> tuple[int, tuple[int, ...]] | None:  # fmt: skip
    """What kinds cost together with the devices they need; None if they do not go together."""
    for column in core.ties[picked].T.tolist():
        if len({need for need in column if need != ANY}) > 1:
            return None
    loads = core.load[picked].sum(axis=0).tolist()
    ceilings = core.ceiling[picked].min(axis=0).tolist()
    least = core.alone[picked].max(axis=0).tolist()
    bought = bought_for(core.of, loads, ceilings, least)
    if bought is None:
        return None
    return sum(price[picked].tolist()) + _spent(fees, bought), bought


def useful(core: Core, alive: Bools) -> list[int]:
    """How many of each purchase can be of use at most: no plan needs more."""
    of = core.of
    most = [p.least for p in of.purchases]
    if not alive.any() or not most:
        return most
    most = core.alone[alive].max(axis=0).tolist()
    heaviest = np.maximum.reduceat(np.where(alive[:, None], core.load, 0), core.starts[:-1])
    for index, resource in enumerate(of.resources):
        load = sum(heaviest[:, index].tolist())
        if resource.purchase is None or resource.unit <= 0 or load <= 0:
            continue
        ceiling = max(1, int(core.ceiling[alive, index].min()))
        count = -((resource.base + (-load * WHOLE // ceiling)) // resource.unit)
        most[resource.purchase] = max(most[resource.purchase], count)
    return [min(n, p.most) for n, p in zip(most, of.purchases, strict=True)]
