"""A depth-first walk that keeps all loads of a partial plan in one integer, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from hybridspec.place.engine.block import BIG, Core
from hybridspec.place.engine.duals import Duals, Prices, ceil
from hybridspec.place.problem import Ints

Option: TypeAlias = tuple[float, int, int, int]
"""How much dearer, kind, price, loads."""

WIDTH = 64
"""Bits of a field; the highest shows that a load is more than there is room for."""


class PackedWalk:
    """The walk of a box in which purchases are settled and every kind may fill resources alike.

    With `ranks` it ends at the first plan that costs `limit` at most, in the order of ranks.
    """

    def __init__(self, core: Core, duals: Duals, prices: Prices, rooms: Sequence[int],
                 spent: int, limit: int, ranks: Ints | None, steps: int) -> None:  # fmt: skip
        self.spent, self.ranked = spent, ranks is not None
        self.floor = prices.floor
        self.best: tuple[int, tuple[int, ...] | None] = (limit, None)
        self.cut, self.left = BIG, steps
        chosen = np.flatnonzero(prices.dearer <= limit - prices.floor)
        at = duals.at[chosen]
        pair = np.searchsorted(core.starts, at, side="right") - 1
        options: list[list[Option]] = [[] for _ in range(core.pairs)]
        for index, dearer, kind, price, loads in zip(
            pair.tolist(), prices.even[chosen].tolist(), at.tolist(),
            duals.price[at].tolist(), core.load[at][:, duals.tight].tolist(), strict=True,
        ):  # fmt: skip
            options[index].append((dearer, kind, price, _packed(loads)))
        self.order = list(range(core.pairs))
        if ranks is None:
            for own in options:
                own.sort(key=lambda o: (o[0], o[2], o[1]))
            self.order.sort(key=lambda i: (len(options[i]), i))
        else:
            for own in options:
                own.sort(key=lambda o: int(ranks[o[1]]))
        self.options = [options[i] for i in self.order]
        self.guard = _packed([1 << (WIDTH - 1)] * len(rooms))
        self._limits(rooms)

    def _limits(self, rooms: Sequence[int]) -> None:
        """By depth: the room that the pairs after it leave, and how much dearer they are."""
        depth = len(self.options)
        self.room, self.rest = [0] * depth, [0.0] * depth
        left, rest = list(rooms), 0.0
        self.possible = all(self.options) and min(left, default=0) >= 0
        mask = (1 << WIDTH) - 1
        for index in reversed(range(depth) if self.possible else []):
            self.room[index] = _packed(left) | self.guard
            self.rest[index] = rest
            own = self.options[index]
            rest += min(o[0] for o in own)
            for number in range(len(left)):
                left[number] -= min((o[3] >> (WIDTH * number)) & mask for o in own)
            if min(left, default=0) < 0:
                self.possible = False
                return

    def run(self) -> None:
        """Walk until everything is seen or the steps are spent."""
        if not self.possible:
            return
        depth, last = 0, len(self.options) - 1
        places = [0] * (last + 1)
        picked = [0] * (last + 1)
        dearers, costs, loads = [0.0] * (last + 2), [self.spent] * (last + 2), [0] * (last + 2)
        self.allowed = self._allowed()
        while depth >= 0:
            found = self._next(depth, places[depth], dearers[depth], loads[depth])
            if found is None:
                depth -= 1
                continue
            places[depth], (dearer, kind, price, more) = found[0] + 1, found[1]
            cost, load = costs[depth] + price, loads[depth] + more
            if self.left <= 0:
                places[depth] -= 1
                self._give_up(places, dearers, depth)
                return
            self.left -= 1
            picked[depth] = kind
            if depth < last:
                dearers[depth + 1] = dearers[depth] + dearer
                depth += 1
                costs[depth], loads[depth], places[depth] = cost, load, 0
            elif cost < self.best[0] or (self.ranked and cost == self.best[0]):
                self._keep(cost, picked)
                self.allowed = self._allowed()
                if self.ranked:
                    return

    def _next(self, depth: int, place: int, before: float,
              load: int) -> tuple[int, Option] | None:  # fmt: skip
        """The next option that fits and may pay."""
        own, guard = self.options[depth], self.guard
        room, most = self.room[depth] - load, self.allowed - self.rest[depth] - before
        for index in range(place, len(own)):
            option = own[index]
            if option[0] > most:
                if self.ranked:
                    continue
                return None
            if (room - option[3]) & guard == guard:
                return index, option
        return None

    def _allowed(self) -> float:
        """How much dearer than the best of all pairs a plan may be."""
        return self.best[0] - (0 if self.ranked else 1) - self.floor

    def _keep(self, cost: int, picked: Sequence[int]) -> None:
        kinds = [0] * len(picked)
        for index, kind in zip(self.order, picked, strict=True):
            kinds[index] = kind
        self.best = (cost, tuple(kinds))

    def _give_up(self, places: Sequence[int], dearers: Sequence[float], depth: int) -> None:
        """Keep the least bound of what was not looked at."""
        for index in range(depth + 1):
            rest = self.options[index][places[index] :]
            if rest:
                least = dearers[index] + min(o[0] for o in rest) + self.rest[index]
                self.cut = min(self.cut, ceil(self.floor + least))


def _packed(amounts: Sequence[int]) -> int:
    packed = 0
    for index, amount in enumerate(amounts):
        packed |= amount << (WIDTH * index)
    return packed
