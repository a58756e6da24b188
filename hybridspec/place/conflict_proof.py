"""Proves that a problem has no plan: weights of its bounds under which no way is light enough.

A linear program proposes the weights; whether they prove it is then worked out in whole numbers,
so that nothing rests on floats: if what all take together, weighed, is more than the weighed room
even where every flow goes the lightest way, some bound is broken whatever is chosen. Where ways
that are mixed would fit, one way is taken or left, and both are to be refuted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from hybridspec.place.engine.block import Floats
from hybridspec.place.engine.linear import Program, solve_program
from hybridspec.place.part import unmetered
from hybridspec.place.problem import ANY, WHOLE, Ints, Pair, Problem, SiteClass

MAX_WAYS = 200_000
"""Ways up to which a proof is looked for; beyond, it would take minutes."""
MAX_WORK = 400_000
"""Ways in all linear programs that are solved for one proof, and how many these are at most."""
MAX_PROGRAMS = 60
_FINE = 2**30

Left = Mapping[int, frozenset[int]]
"""Columns of a block that are left out, by the number of the block."""


def proven(problem: Problem) -> bool:
    """Whether it is proved, in whole numbers, that there is no plan; else nothing is known."""
    ways = sum(len(pair.options) for of in problem.classes for pair in of.pairs)
    if ways > MAX_WAYS:
        return False
    if _Sum(problem).refuted():
        return True
    if all(of.sites == 1 for of in problem.classes):
        return False
    # What is possible everywhere at once is possible at one site of each class.
    alone = tuple(replace(of, sites=1) for of in problem.classes)
    return _Sum(unmetered(replace(problem, classes=alone))).refuted()


@dataclass(frozen=True, slots=True)
class _Block:
    """Columns that together are `total`: the ways of a pair, or the alternatives of a choice.

    A block that is `loose` has one column, of up to `total`: devices to buy.
    """

    first: int
    size: int
    total: int
    loose: bool = False


@dataclass
class _Sum:
    """A problem summed up over the sites of each class: every plan keeps its rows, `a x <= b`."""

    problem: Problem
    blocks: list[_Block] = field(default_factory=list)
    cells: list[tuple[int, int, int]] = field(default_factory=list)
    room: list[int] = field(default_factory=list)
    width: int = 0

    def __post_init__(self) -> None:
        self.chosen = [self._block(len(choice.cost), 1) for choice in self.problem.choices]
        self.quota = [self._row([], int(room)) for room in self.problem.quotas]
        for choice, block in zip(self.problem.choices, self.chosen, strict=True):
            for row, column in zip(*np.nonzero(choice.use), strict=True):
                self._cell(block.first + int(row), self.quota[column], int(choice.use[row, column]))
        for of in self.problem.classes:
            self._class(of)
        self.cells.sort()

    def _block(self, size: int, total: int, *, loose: bool = False) -> _Block:
        made = _Block(self.width, size, total, loose)
        self.blocks.append(made)
        self.width += size
        return made

    def _cell(self, column: int, row: int, value: int) -> None:
        self.cells.append((column, row, value))

    def _row(self, cells: list[tuple[int, int]], room: int) -> int:
        self.room.append(room)
        for column, value in cells:
            self._cell(column, len(self.room) - 1, value)
        return len(self.room) - 1

    def _class(self, of: SiteClass) -> None:
        bought = [self._block(1, of.sites * (p.most - p.least), loose=True) for p in of.purchases]
        ways = [self._block(len(pair.options), of.sites) for pair in of.pairs]
        for pair, block in zip(of.pairs, ways, strict=True):
            self._needs(of, pair, block)
            for number, purchase in enumerate(bought):
                cells = _cells(block, pair.options.units[:, number])
                least = of.sites * of.purchases[number].least
                self._row([*cells, (purchase.first, -1)] if cells else [], least)
            for column, quota in enumerate(pair.quotas):
                for at, used in _cells(block, pair.options.use[:, column]):
                    self._cell(at, self.quota[quota], used)
        for number in range(len(of.resources)):
            self._resource(of, number, ways, bought)

    def _needs(self, of: SiteClass, pair: Pair, block: _Block) -> None:
        for column, choice in enumerate(pair.choices):
            needs = pair.options.needs[:, column]
            for alternative in sorted(set(needs.tolist()) - {ANY}):
                cells = _cells(block, (needs == alternative).astype(np.int64))
                self._row([*cells, (self.chosen[choice].first + alternative, -of.sites)], 0)

    def _resource(
        self, of: SiteClass, number: int, ways: list[_Block], bought: list[_Block]
    ) -> None:
        """All that is taken stays below the ceiling of each way, so far as sums can say that."""
        resource = of.resources[number]
        base = resource.base
        cells: list[tuple[int, int]] = []
        for pair, block in zip(of.pairs, ways, strict=True):
            cells += [
                (at, WHOLE * load) for at, load in _cells(block, pair.options.load[:, number])
            ]
        if resource.purchase is not None:
            base += resource.unit * of.purchases[resource.purchase].least
            cells.append((bought[resource.purchase].first, -WHOLE * resource.unit))
        if base < 0:
            for pair, block in zip(of.pairs, ways, strict=True):
                for at, load in _cells(block, pair.options.load[:, number]):
                    if load * WHOLE > base and resource.unit == 0:
                        self._row([(at, 1)], 0)
            return
        self._row(cells, WHOLE * base * of.sites)
        for pair, block in zip(of.pairs, ways, strict=True):
            lower = base * (WHOLE - pair.options.ceiling[:, number].astype(object))
            if any(lower):
                more: dict[int, int] = defaultdict(int, dict(cells))
                for at, value in enumerate(lower):
                    more[block.first + at] += int(value)
                self._row([cell for cell in more.items() if cell[1]], WHOLE * base * of.sites)

    def refuted(self) -> bool:
        """Whether every branch is proved to hold no plan."""
        left: list[Left] = [{}]
        most = min(MAX_PROGRAMS, 1 + MAX_WORK // max(1, self.width))
        for _ in range(most):
            out = left.pop()
            weights, values = self._weights(out)
            if self._too_heavy(weights, out):
                if not left:
                    return True
                continue
            branches = self._branches(values, out)
            if not branches:
                return False
            left += branches
        return False

    def _weights(self, out: Left) -> tuple[list[int], Floats]:
        """Weights of the rows under which what is taken is heavy, and ways that break least."""
        size = [max(1, abs(room)) for room in self.room]
        for _, row, value in self.cells:
            size[row] = max(size[row], abs(value))
        rows, blocks = len(self.room), [b for b in self.blocks if not b.loose]
        most = np.array([float(b.total) for b in self.blocks for _ in range(b.size)])
        for block, gone in out.items():
            most[[self.blocks[block].first + at for at in gone]] = 0.0
        entries = [(column, row, value / size[row]) for column, row, value in self.cells]
        entries += [(b.first + at, rows + number, 1.0)
                    for number, b in enumerate(blocks) for at in range(b.size)]  # fmt: skip
        entries += [(self.width + row, row, -1.0) for row in range(rows)]
        entries.sort()
        start = np.searchsorted([column for column, _, _ in entries],
                                range(self.width + rows + 1))  # fmt: skip
        totals = [float(block.total) for block in blocks]
        found = solve_program(Program(
            cost=np.concatenate([np.zeros(self.width), np.ones(rows)]),
            most=np.concatenate([most, np.full(rows, np.inf)]),
            low=np.array([-np.inf] * rows + totals),
            high=np.array([room / size[row] for row, room in enumerate(self.room)] + totals),
            start=start.astype(np.int64), row=np.array([row for _, row, _ in entries], np.int64),
            value=np.array([value for _, _, value in entries]),
        ))  # fmt: skip
        if found is None:
            return [0] * rows, np.zeros(self.width)
        weights = [int(max(0.0, -price) * _FINE) * (2**64 // size[row])
                   for row, price in enumerate(found.prices[:rows])]  # fmt: skip
        return weights, found.values[: self.width]

    def _too_heavy(self, weights: list[int], out: Left) -> bool:
        """Whether the lightest ways weigh more than the room, in whole numbers."""
        heavy = [0] * self.width
        for column, row, value in self.cells:
            if weights[row]:
                heavy[column] += weights[row] * value
        least = 0
        for number, block in enumerate(self.blocks):
            gone = out.get(number, frozenset())
            open_ = [heavy[block.first + at] for at in range(block.size) if at not in gone]
            if not open_ and block.total:
                return True
            lightest = min(open_, default=0)
            least += block.total * (min(0, lightest) if block.loose else lightest)
        return least > sum(w * room for w, room in zip(weights, self.room, strict=True))

    def _branches(self, values: Floats, out: Left) -> list[Left]:
        """A way taken and the same way left, in the block whose ways are mixed most; or none.

        Where none are, sums say less than the bounds of a site do, and any block will do.
        """
        worst, found = -1.0, None
        for number, block in enumerate(self.blocks):
            if block.total != 1 or block.loose:
                continue
            if block.size - len(out.get(number, ())) < 2:
                continue
            mine = values[block.first : block.first + block.size]
            at = int(np.argmax(mine))
            if 1 - float(mine[at]) > worst:
                worst, found = 1 - float(mine[at]), (number, at)
        if found is None:
            return []
        number, at = found
        gone = out.get(number, frozenset())
        others = frozenset(range(self.blocks[number].size)) - {at}
        return [{**out, number: gone | {at}}, {**out, number: gone | others}]


def _cells(block: _Block, values: Ints) -> list[tuple[int, int]]:
    """The columns of a block that have a value, with it."""
    return [(block.first + at, int(values[at])) for at in np.flatnonzero(values).tolist()]
