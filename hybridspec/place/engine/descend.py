"""The search of a box: prices for what its devices lack, then depth first over what may pay.

A bound that floats helped to find is lowered by more than they can be wrong before it cuts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hybridspec.place.engine.block import BIG, Block, Bools, Floats, bought_for, capacities
from hybridspec.place.problem import ANY, WHOLE, Ints

ROUNDS = 40
SLACK = 1e-12
"""How wrong a sum of floats may be, relative to the sum of their amounts."""


@dataclass(frozen=True, slots=True)
class Descent:
    """What a search found: a plan if one is cheap enough, the least there can be, steps left."""

    value: int
    picked: tuple[int, ...] | None
    bound: int
    left: int


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """A bound of a box, and by how much each option is dearer than the best of its pair."""

    bound: float
    dearer: Floats
    error: float


def descend(block: Block, price: Ints, alive: Bools, fees: Sequence[int], least: Sequence[int],
            most: Sequence[int], *, limit: int | None, start: tuple[int, Ints] | None, first: bool,
            steps: int) -> Descent:  # fmt: skip
    """The cheapest plan of a box that costs less than `limit`, or as much if it is to be `first`.

    `start` is a plan of the box and its cost.
    """
    known = limit if start is None else start[0] if limit is None else min(limit, start[0])
    prices = _prices(block, price, alive, fees, least, most, known)
    margin = prices.bound - prices.error
    floor = max(0, int(np.ceil(margin))) if margin < BIG else BIG
    if known is not None and (margin > known or (margin > known - 1 and not first)):
        return _stay(start, limit, floor, steps)
    walk = Walk(block, price, alive, fees, least, prices, known, False, steps)
    walk.run()
    value, picked, left = *walk.best, walk.left
    bound = max(floor, min(value, walk.cut))
    if first and value < BIG and left > 0:
        walk = Walk(block, price, alive, fees, least, prices, value, True, left)
        walk.run()
        picked, left = walk.best[1] or picked, walk.left
    if picked is None:
        return _stay(start, limit, bound, left)
    return Descent(value, picked, bound, left)


def _stay(start: tuple[int, Ints] | None, limit: int | None, bound: int, left: int) -> Descent:
    """Nothing better than the start was found."""
    if start is None or (limit is not None and start[0] > limit):
        return Descent(BIG, None, bound, left)
    return Descent(start[0], tuple(start[1].tolist()), min(bound, start[0]), left)


def _prices(block: Block, price: Ints, alive: Bools, fees: Sequence[int], least: Sequence[int],
            most: Sequence[int], known: int | None) -> Prices:  # fmt: skip
    """Raise a Lagrangian bound of a box by prices of the resources that may fall short."""
    starts = block.starts[:-1]
    loads, bases, own = _tight(block, alive, least, most)
    plain = np.where(alive, price.astype(float), np.inf)
    counts = np.array([(low, high) for low, high in zip(least, most, strict=True)], dtype=float)
    dear = np.array(fees, dtype=float)
    mu = np.zeros(len(bases))
    best, dearer, size = -np.inf, plain, 0.0
    step = 1.0
    for _ in range(ROUNDS):
        value = plain + loads @ mu
        lowest = np.minimum.reduceat(value, starts)
        net = dear - mu @ own
        stand = np.where(net > 0, counts[:, 0], counts[:, 1]) if len(fees) else np.zeros(0)
        bound = float(lowest.sum() + net @ stand - mu @ bases)
        if bound > best:
            best = bound
            dearer = value - np.repeat(lowest, np.diff(block.starts))
            size = float(np.abs(lowest).sum() + np.abs(net) @ stand + mu @ np.abs(bases))
        else:
            step *= 0.7
        if not len(bases) or not np.isfinite(bound):
            break
        rows = _picked(value, lowest, block.starts)
        lack = loads[rows].sum(axis=0) - bases - own @ stand
        lack = np.where((lack < 0) & (mu <= 0), 0.0, lack)
        length = float(lack @ lack)
        spread = abs(bound) * 0.05 + 1.0 if known is None else float(known) - bound
        if length < 1e-18 or spread <= 0:
            break
        mu = np.maximum(0.0, mu + lack * (step * spread / length))
    size += float(np.abs(plain[np.isfinite(plain)]).max(initial=0.0))
    return Prices(best, dearer, SLACK * size * (len(starts) + len(bases) + 8) + 1e-6)


def _tight(block: Block, alive: Bools, least: Sequence[int],
           most: Sequence[int]) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Of resources that may fall short: loads, bases, and what each purchase brings, as shares.

    Those that are not there before something is bought are left out: nobody may need them.
    """
    of = block.of
    rooms, lowest = capacities(of, most), capacities(of, least)
    heaviest = np.maximum.reduceat(np.where(alive[:, None], block.load, 0), block.starts[:-1])
    summed = heaviest.astype(float).sum(axis=0).tolist()
    tight = [r for r, room in enumerate(rooms) if lowest[r] >= 0 and 0 < room < summed[r]]
    scale = np.array([float(rooms[r]) for r in tight])
    own = np.zeros((len(tight), len(of.purchases)))
    for index, number in enumerate(tight):
        resource = of.resources[number]
        if resource.purchase is not None:
            own[index, resource.purchase] = resource.unit / rooms[number]
    bases = np.array([float(of.resources[r].base) for r in tight]) / scale
    return block.load[:, tight] / scale, bases, own


def _picked(value: Floats, lowest: Floats, starts: Ints) -> Ints:
    at = np.flatnonzero(value == np.repeat(lowest, np.diff(starts)))
    return at[np.searchsorted(at, starts[:-1])]


class Walk:
    """A depth-first walk over the options that are left of each pair."""

    def __init__(self, block: Block, price: Ints, alive: Bools, fees: Sequence[int],
                 least: Sequence[int], prices: Prices, known: int | None, first: bool,
                 steps: int) -> None:  # fmt: skip
        at = np.flatnonzero(alive)
        if known is not None:
            at = at[prices.dearer[at] <= known - prices.bound + prices.error]
        self.block, self.fees, self.first = block, fees, first
        self.base, self.error = prices.bound, prices.error
        self.left = steps
        self.best: tuple[int, tuple[int, ...] | None] = (BIG if known is None else known, None)
        self.cut = BIG
        pair = np.searchsorted(block.starts, at, side="right") - 1
        self.options: list[list[Row]] = [[] for _ in range(block.pairs)]
        for row, index, cost, dearer, load, ceiling, units, needs in zip(
            at.tolist(), pair.tolist(), price[at].tolist(), prices.dearer[at].tolist(),
            block.load[at].tolist(), block.ceiling[at].tolist(), block.units[at].tolist(),
            block.needs[at].tolist(), strict=True,
        ):  # fmt: skip
            self.options[index].append((row, cost, dearer, load, ceiling, units, needs))
        self.order = list(range(block.pairs))
        if not first:
            self.order.sort(key=lambda i: (len(self.options[i]), i))
            for options in self.options:
                options.sort(key=lambda o: (o[2], o[0]))
        self.start: State = (0, 0.0, [0] * len(block.of.resources),
                             [WHOLE] * len(block.of.resources), list(least),
                             [ANY] * len(block.choices))  # fmt: skip
        self._rest()

    def _rest(self) -> None:
        """The least that the pairs from each depth on cost, load and need."""
        depth = len(self.order)
        resources, purchases = len(self.block.of.resources), len(self.fees)
        self.rest_cost = [0] * (depth + 1)
        self.rest_load = [[0] * resources for _ in range(depth + 1)]
        self.rest_units = [[0] * purchases for _ in range(depth + 1)]
        self.rest_dearer = [0.0] * (depth + 1)
        for index in reversed(range(depth)):
            options = self.options[self.order[index]]
            if not options:
                self.rest_cost[index] = BIG
                continue
            self.rest_cost[index] = self.rest_cost[index + 1] + min(o[1] for o in options)
            self.rest_dearer[index] = self.rest_dearer[index + 1] + min(o[2] for o in options)
            lightest = [min(column) for column in zip(*(o[3] for o in options), strict=True)]
            self.rest_load[index] = _plus(self.rest_load[index + 1], lightest)
            fewest = [min(column) for column in zip(*(o[5] for o in options), strict=True)]
            self.rest_units[index] = _most(self.rest_units[index + 1], fewest)

    def run(self) -> None:
        """Walk until everything is seen or the steps are spent."""
        if not all(self.options):
            return
        if not self.order:
            self._arrive(self.start, ())
            return
        trail: list[tuple[State, tuple[int, ...], Iterator[Row]]] = [
            (self.start, (), iter(self.options[self.order[0]]))
        ]
        while trail:
            state, picked, options = trail[-1]
            option = next(options, None)
            if option is None:
                trail.pop()
                continue
            depth = len(trail)
            after = _taken(state, option)
            least = None if after is None else self._least(after, depth)
            if after is None or least is None or not self._may_pay(least):
                continue
            if self.left <= 0:
                self.cut = min(self.cut, least)
                continue
            self.left -= 1
            rows = (*picked, option[0])
            if depth < len(self.order):
                trail.append((after, rows, iter(self.options[self.order[depth]])))
                continue
            self._arrive(after, rows)
            if self.first and self.best[1] is not None:
                return

    def _may_pay(self, least: int) -> bool:
        return least <= self.best[0] if self.first else least < self.best[0]

    def _least(self, state: State, depth: int) -> int | None:
        """The least that plans can cost that begin so; None if there are none."""
        cost, dearer, loads, ceilings, units, _ = state
        bought = bought_for(self.block.of, _plus(loads, self.rest_load[depth]), ceilings,
                            _most(units, self.rest_units[depth]))  # fmt: skip
        if bought is None:
            return None
        spent = sum(fee * count for fee, count in zip(self.fees, bought, strict=True))
        plain = cost + self.rest_cost[depth] + spent
        priced = self.base + dearer + self.rest_dearer[depth] - self.error
        return max(plain, -int(-priced // 1)) if priced > 0 else plain

    def _arrive(self, state: State, picked: tuple[int, ...]) -> None:
        least = self._least(state, len(self.order))
        cost, _, loads, ceilings, units, _ = state
        if least is None:
            return
        bought = bought_for(self.block.of, loads, ceilings, units)
        assert bought is not None
        value = cost + sum(fee * count for fee, count in zip(self.fees, bought, strict=True))
        rows = [0] * len(picked)
        for index, row in zip(self.order, picked, strict=True):
            rows[index] = row
        if value < self.best[0] or (self.first and value == self.best[0]):
            self.best = (value, tuple(rows))


Row = tuple[int, int, float, list[int], list[int], list[int], list[int]]
"""Row of the block, price, how much dearer, loads, ceilings, units, needs."""
State = tuple[int, float, list[int], list[int], list[int], list[int]]
"""Price, how much dearer, loads, ceilings, units, alternatives of a partial plan."""


def _taken(state: State, option: Row) -> State | None:
    """The state after an option, or None if it needs another alternative."""
    cost, dearer, loads, ceilings, units, chosen = state
    _, price, more, load, ceiling, unit, needs = option
    if needs != chosen:
        chosen = list(chosen)
        for index, need in enumerate(needs):
            if need == ANY:
                continue
            if chosen[index] not in (ANY, need):
                return None
            chosen[index] = need
    return (cost + price, dearer + more, _plus(loads, load),
            [a if a < b else b for a, b in zip(ceilings, ceiling, strict=True)],
            _most(units, unit), chosen)  # fmt: skip


def _plus(left: Sequence[int], right: Sequence[int]) -> list[int]:
    return [a + b for a, b in zip(left, right, strict=True)]


def _most(left: Sequence[int], right: Sequence[int]) -> list[int]:
    return [a if a > b else b for a, b in zip(left, right, strict=True)]
