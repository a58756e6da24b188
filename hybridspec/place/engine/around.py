"""The plans around the best one of a site: for each pair, the cheapest in which it does otherwise.

The pairs of a site share one search. Who does not do otherwise keeps to what nothing beats, so one
pair of a plan at most has a kind that is beaten by the one it has in the best plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hybridspec.place.engine.block import BIG, Bools, Core
from hybridspec.place.engine.capacity import alone
from hybridspec.place.engine.descend import Memory, plain_rooms, spent
from hybridspec.place.engine.duals import Duals, Prices, ceil
from hybridspec.place.engine.halves import Half, Halves
from hybridspec.place.engine.site import boxes, plan_cost
from hybridspec.place.problem import MAX_LOAD, WHOLE, Ints

FIRST = 1.2
"""How far above the bound is looked at first, as a share of how far the best plan is above it."""
TRIES = 4
"""Plans that are taken for the best, one better than the other."""


@dataclass(slots=True, eq=False)
class Around:
    """By pair: the least value known, kinds that have it, and what no such plan is below.

    `cost` is what `best` costs, and `bought` what it needs.
    """

    best: Ints
    cost: int
    bought: tuple[int, ...]
    value: list[int]
    picked: list[tuple[int, ...]]
    bound: list[int]

    @property
    def settled(self) -> bool:
        """Whether nothing is cheaper than the plan that was taken for the best."""
        return min(self.bound) >= self.cost <= min(self.value)

    def offer(self, pair: int, value: int, picked: tuple[int, ...]) -> None:
        """A plan in which a pair does otherwise."""
        if value < self.value[pair]:
            self.value[pair], self.picked[pair] = value, picked


def around(core: Core, price: Ints, fees: Sequence[int], best: Ints, memory: Memory,
           steps: int) -> Around | None:  # fmt: skip
    """What there is around a plan of a site, which may be the best, and around any that is better.

    All choices have been made: kinds that need another alternative cost `BIG`. None if the plan
    is none, or loads are too large to be added up.
    """
    if core.pairs * (1 + int(core.load.max(initial=0))) >= MAX_LOAD or core.pairs == 0:
        return None
    for _ in range(TRIES):
        cost = plan_cost(core, price, best, fees) if int(price[best].max()) < BIG else None
        if cost is None:
            return None
        found = Around(best, *cost, [BIG] * core.pairs, [()] * core.pairs, [BIG] * core.pairs)
        _search(found, core, price, fees, memory, steps)
        if min(found.value) >= found.cost:
            break
        best = np.array(found.picked[int(np.argmin(found.value))], np.int64)
    return found


def _search(found: Around, core: Core, price: Ints, fees: Sequence[int], memory: Memory,
            steps: int) -> None:  # fmt: skip
    """Look at exchanges, then into the boxes; prices of boxes are remembered."""
    alive, stray = _alive(core, price, found.best)
    _exchange(found, core, price, fees, alive)
    for box in boxes(core, price, fees, alive):
        if box.bound >= max(found.value):
            found.bound = [min(bound, box.bound) for bound in found.bound]
            continue
        duals = Duals(core, price, fees, box)
        known = memory.get((box.least, box.most))
        prices = duals.climb() if known is None else duals.at_prices(known)
        memory[box.least, box.most] = duals.each()
        steps = _look(found, duals, prices, stray, steps)


def _alive(core: Core, price: Ints, best: Ints) -> tuple[Bools, Bools]:
    """The kinds that nothing beats but the best plan's, and those that are beaten by it."""
    alive, stray = price < BIG, np.zeros(len(price), np.bool_)
    beaten = price[core.over] <= price[core.under]
    over, under = core.over[beaten], core.under[beaten]
    chosen = np.zeros(len(price), np.bool_)
    chosen[best] = True
    stray[under[chosen[over]]] = True
    alive[under[~chosen[over]]] = False
    return alive, stray & alive


def _exchange(found: Around, core: Core, price: Ints, fees: Sequence[int], alive: Bools) -> None:
    """Plans in which a pair has another kind, and all others what they have."""
    of, best = core.of, found.best
    pair = np.repeat(np.arange(core.pairs), np.diff(core.starts))
    at = np.flatnonzero(alive & (np.arange(len(price)) != best[pair]))
    pair = pair[at]
    own = best[pair]
    loads = core.load[best].sum(axis=0) - core.load[own] + core.load[at]
    ceilings = np.minimum(-_others(-core.ceiling[best], -WHOLE)[pair], core.ceiling[at])
    units = np.maximum(_others(core.alone[best], 0)[pair], core.alone[at])
    bought, fits = alone(of, loads, ceilings, units)
    for index, purchase in enumerate(of.purchases):
        if purchase.cost < 0:
            bought[:, index] = purchase.most
    more = price[at] - price[own] + bought @ np.array(fees, np.int64).reshape(-1)
    at, pair, more = at[fits], pair[fits], more[fits]
    cost, starts = sum(price[best].tolist()), np.searchsorted(pair, np.arange(core.pairs + 1))
    for number, (start, end) in enumerate(pairwise(starts.tolist())):
        if start < end:
            place = start + int(np.argmin(more[start:end]))
            picked = best.tolist()
            picked[number] = int(at[place])
            found.offer(number, cost + int(more[place]), tuple(picked))


def _others(values: Ints, least: int) -> Ints:
    """By row, the most that any other row has in each column."""
    if len(values) < 2:
        return np.full(values.shape, least)
    order = np.partition(values, len(values) - 2, axis=0)
    return np.asarray(np.where(values == order[-1], order[-2], order[-1]))


def _look(found: Around, duals: Duals, prices: Prices, stray: Bools, steps: int) -> int:
    """Look into a box as far as it matters; the steps that are left."""
    least = _least(found, duals, prices)
    if _open(found, least) and len(duals.mu):
        better = duals.solve()
        if better.bound > prices.bound:
            prices, least = better, _least(found, duals, better)
    done = float(prices.floor)
    if _open(found, least) and (rooms := plain_rooms(duals)) is not None:
        moves = Moves(duals, prices, rooms, stray, found, least, steps)
        done, steps = moves.search((found.cost - prices.floor) * FIRST), moves.left
    found.bound = [min(before, max(own, ceil(done)))
                   for before, own in zip(found.bound, least, strict=True)]  # fmt: skip
    return steps


def _least(found: Around, duals: Duals, prices: Prices) -> list[int]:
    """What no plan of a box is below in which each pair does otherwise."""
    other = np.where(np.isin(duals.at, found.best), np.inf, prices.dearer)
    least = np.minimum.reduceat(other, duals.starts).tolist()
    return [BIG if one == np.inf else ceil(prices.floor + one) for one in least]


def _open(found: Around, least: Sequence[int]) -> list[int]:
    """The pairs for which there may be something better in a box."""
    return [pair for pair, value in enumerate(found.value) if least[pair] < value]


class Moves(Halves):
    """The search of a box for all pairs that are open at once."""

    def __init__(self, duals: Duals, prices: Prices, rooms: Sequence[int], stray: Bools,
                 found: Around, least: Sequence[int], steps: int) -> None:  # fmt: skip
        self.found, self.least = found, least
        top = max(found.value[pair] for pair in _open(found, least))
        super().__init__(duals, prices, [*rooms, 1], spent(duals), top, steps, stray)

    def search(self, first: float) -> float:
        """Look at what is that much above the floor, then at all that matters.

        Everything below what is returned was looked at.
        """
        done = -1.0
        for most in (first, np.inf) if self.possible else ():
            if done < self._allowed() and self.left > 0:
                done = max(done, self.upto(most, done))
        return BIG if not self.possible or done >= self._allowed() else self.floor + max(0.0, done)

    def _look(self, one: Half, other: Half, left: Ints, right: Ints) -> None:
        price = one.price[left] + other.price[right] + self.spent
        good = self._fitting(one, other, left, right, np.flatnonzero(price < self.best[0]))
        for pair in _open(self.found, self.least) if len(good) else ():
            place = self.order.index(pair)
            half, at, kinds = ((one, left, place) if place < one.kinds.shape[1] else
                               (other, right, place - one.kinds.shape[1]))  # fmt: skip
            moved = good[half.kinds[at[good], kinds] != self.found.best[pair]]
            if len(moved):
                at = moved[np.argmin(price[moved])]
                self.found.offer(
                    pair, int(price[at]), self._picked(one, other, left[at], right[at])
                )
        still = [self.found.value[pair] for pair in _open(self.found, self.least)]
        self.best = (max(still, default=-BIG), None)
