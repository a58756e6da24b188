"""Depth-first walks over the kinds of options of a site that may still be part of its best plan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from hybridspec.place.engine.block import BIG
from hybridspec.place.engine.capacity import capacities
from hybridspec.place.engine.devices import bought_for
from hybridspec.place.engine.duals import Duals, Prices, ceil
from hybridspec.place.problem import ANY, WHOLE, Ints

Row: TypeAlias = tuple[int, int, float, list[int], list[int], list[int], list[int]]
"""Kind, price, how much dearer, loads, ceilings, devices alone, alternatives."""
State: TypeAlias = tuple[int, float, Sequence[int], Sequence[int], Sequence[int], Sequence[int]]
"""Price, how much dearer, loads, ceilings, devices, alternatives of a partial plan."""


class Walk:
    """The walk of a box in which it is settled what is paid for purchases.

    With `ranks` it ends at the first plan that costs `limit` at most, in the order of ranks.
    """

    def __init__(
        self, duals: Duals, prices: Prices, limit: int, ranks: Ints | None, steps: int
    ) -> None:
        self.core, self.fees, self.box = duals.core, duals.fees, duals.box
        self.tight = duals.tight
        self.ranked = ranks is not None
        self.floor = prices.floor
        self.best: tuple[int, tuple[int, ...] | None] = (limit, None)
        self.cut = BIG
        self.left = steps
        self.rooms = capacities(self.core.of, self.box.most)
        self._gather(duals, prices, limit, ranks)
        self._rest()

    def _columns(self) -> Sequence[int]:
        """The resources to keep an eye on."""
        return self.tight

    def _gather(self, duals: Duals, prices: Prices, limit: int, ranks: Ints | None) -> None:
        """The options of each pair that may be part of a plan that is cheap enough."""
        core, columns = self.core, list(self._columns())
        chosen = np.flatnonzero(prices.dearer <= limit - self.floor)
        at = duals.at[chosen]
        pair = (np.searchsorted(core.starts, at, side="right") - 1).tolist()
        self.options: list[list[Row]] = [[] for _ in range(core.pairs)]
        for index, option in zip(pair, zip(
            at.tolist(), duals.price[at].tolist(), prices.even[chosen].tolist(),
            core.load[at][:, columns].tolist(), core.ceiling[at][:, columns].tolist(),
            core.alone[at].tolist(), core.ties[at].tolist(), strict=True,
        ), strict=True):  # fmt: skip
            self.options[index].append(option)
        self.order = list(range(core.pairs))
        if ranks is None:
            self.order.sort(key=lambda i: (len(self.options[i]), i))
            for options in self.options:
                options.sort(key=lambda o: (o[2], o[1], o[0]))
        else:
            for options in self.options:
                options.sort(key=lambda o: int(ranks[o[0]]))
        self.start: State = (0, 0.0, [0] * len(columns), [WHOLE] * len(columns),
                             list(self.box.least), [ANY] * core.ties.shape[1])  # fmt: skip

    def _rest(self) -> None:
        """The least that the pairs from each depth on cost, load and need."""
        depth = len(self.order)
        purchases = len(self.fees)
        self.rest_cost = [0] * (depth + 1)
        self.rest_dearer = [0.0] * (depth + 1)
        self.rest_load = [[0] * len(self._columns()) for _ in range(depth + 1)]
        self.rest_alone = [[0] * purchases for _ in range(depth + 1)]
        for index in reversed(range(depth)):
            options = self.options[self.order[index]]
            if not options:
                return
            self.rest_cost[index] = self.rest_cost[index + 1] + min(o[1] for o in options)
            self.rest_dearer[index] = self.rest_dearer[index + 1] + min(o[2] for o in options)
            lightest = [min(column) for column in zip(*(o[3] for o in options), strict=True)]
            if lightest:
                self.rest_load[index] = plus(self.rest_load[index + 1], lightest)
            fewest = [min(column) for column in zip(*(o[5] for o in options), strict=True)]
            if fewest:
                self.rest_alone[index] = most(self.rest_alone[index + 1], fewest)

    def run(self) -> None:
        """Walk until everything is seen or the steps are spent."""
        if not all(self.options):
            return
        trail: list[tuple[State, tuple[int, ...], int]] = [(self.start, (), 0)]
        while trail:
            state, picked, number = trail.pop()
            depth = len(picked)
            options = self.options[self.order[depth]]
            for at in range(number, len(options)):
                option = options[at]
                if not self.ranked and self._priced(state[1] + option[2], depth) >= self.best[0]:
                    break
                after = self._after(state, option, depth + 1)
                if after is None:
                    continue
                if self.left <= 0:
                    self._give_up(trail, state, option, depth)
                    return
                self.left -= 1
                rows = (*picked, option[0])
                if len(rows) == len(self.order):
                    self._arrive(after, rows)
                    if self.ranked:
                        return
                    continue
                trail.append((state, picked, at + 1))
                trail.append((after, rows, 0))
                break

    def _priced(self, dearer: float, depth: int) -> int:
        """The least cost of plans by prices of resources."""
        least = self.floor + dearer + self.rest_dearer[depth + 1]
        return ceil(least)

    def _give_up(self, trail: list[tuple[State, tuple[int, ...], int]], state: State,
                 option: Row, depth: int) -> None:  # fmt: skip
        """Keep the least bound of what was not looked at."""
        self.cut = self._priced(state[1] + (0.0 if self.ranked else option[2]), depth)
        for before, picked, number in trail:
            options = self.options[self.order[len(picked)]]
            if number < len(options):
                dearer = before[1] + (0.0 if self.ranked else options[number][2])
                self.cut = min(self.cut, self._priced(dearer, len(picked)))

    def _after(self, state: State, option: Row, depth: int) -> State | None:
        """The state after an option, or None if no plan that is cheap enough begins so."""
        cost, dearer, loads, ceilings, alone, chosen = state
        _, price, more, load, ceiling, single, ties = option
        if ties != chosen:
            joined = joint(chosen, ties)
            if joined is None:
                return None
            chosen = joined
        cost, dearer = cost + price, dearer + more
        loads = plus(loads, load)
        ceilings = [a if a < b else b for a, b in zip(ceilings, ceiling, strict=True)]
        spent = self._spent(loads, ceilings, alone, single, depth)
        if spent is None:
            return None
        least = cost + self.rest_cost[depth] + spent[0]
        if self.ranked:
            if least > self.best[0] or self._priced(dearer, depth - 1) > self.best[0]:
                return None
        elif least >= self.best[0]:
            return None
        return cost, dearer, loads, ceilings, spent[1], chosen

    def _spent(self, loads: Sequence[int], ceilings: Sequence[int], alone: Sequence[int],
               single: Sequence[int], depth: int) -> tuple[int, Sequence[int]] | None:  # fmt: skip
        """What purchases cost, and what stands there; None if it does not fit."""
        del single
        for load, rest, ceiling, number in zip(
            loads, self.rest_load[depth], ceilings, self.tight, strict=True
        ):
            if load + rest > self.rooms[number] * ceiling // WHOLE and load + rest > 0:
                return None
        return sum(fee * count for fee, count in zip(self.fees, self.box.least, strict=True)), alone

    def _arrive(self, state: State, rows: tuple[int, ...]) -> None:
        spent = self._spent(state[2], state[3], state[4], state[4], len(self.order))
        assert spent is not None
        value = state[0] + spent[0]
        if value < self.best[0] or (self.ranked and value == self.best[0]):
            picked = [0] * len(rows)
            for index, row in zip(self.order, rows, strict=True):
                picked[index] = row
            self.best = (value, tuple(picked))


class WideWalk(Walk):
    """The walk of a box in which what is bought follows from the plan."""

    def _columns(self) -> Sequence[int]:
        return range(len(self.core.of.resources))

    def _spent(self, loads: Sequence[int], ceilings: Sequence[int], alone: Sequence[int],
               single: Sequence[int], depth: int) -> tuple[int, Sequence[int]] | None:  # fmt: skip
        alone = most(alone, single)
        bought = bought_for(self.core.of, plus(loads, self.rest_load[depth]), ceilings,
                            most(alone, self.rest_alone[depth]))  # fmt: skip
        if bought is None or any(a > b for a, b in zip(bought, self.box.most, strict=True)):
            return None
        return sum(fee * count for fee, count in zip(self.fees, bought, strict=True)), alone


def joint(chosen: Sequence[int], ties: Sequence[int]) -> list[int] | None:
    """The alternatives of both, or None if they differ."""
    joined = list(chosen)
    for index, need in enumerate(ties):
        if need == ANY:
            continue
        if joined[index] not in (ANY, need):
            return None
        joined[index] = need
    return joined


def plus(left: Sequence[int], right: Sequence[int]) -> list[int]:
    """The sums."""
    return [a + b for a, b in zip(left, right, strict=True)]


def most(left: Sequence[int], right: Sequence[int]) -> list[int]:
    """The greater ones."""
    return [a if a > b else b for a, b in zip(left, right, strict=True)]
