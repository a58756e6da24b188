"""A second opinion on whether a problem has a plan: a proof, else one integer program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from hybridspec.place.conflict_proof import proven
from hybridspec.place.engine.block import Floats
from hybridspec.place.engine.linear import Program, solve_program
from hybridspec.place.problem import ANY, WHOLE, Pair, Problem, SiteClass

MAX_ROWS = 4_000
"""Ways up to which a second opinion is asked for; beyond, it would take longer than the first."""


HIGHS = "an integer program (HiGHS)"
EVERY = "every way was looked at"
PROOF = "weights of the bounds, worked out in whole numbers"


def second_opinion(problem: Problem | None) -> str:
    """Who else finds that a problem has no plan; empty if nobody could tell.

    `None` is a problem in which some flow has no way at all.
    """
    if problem is None or not all(len(pair.options) for of in problem.classes for pair in of.pairs):
        return EVERY
    if proven(problem):
        return PROOF
    said = impossible(problem)
    if said is False:
        raise AssertionError("two engines disagree on whether there is a plan")
    return HIGHS if said else ""


def impossible(problem: Problem) -> bool | None:
    """Whether an integer program finds no plan either; None if it is not asked or cannot tell.

    The whole problem is one program, which shares nothing with the search of the engine. What it
    takes for a plan is checked in integers, since its own arithmetic is not exact.
    """
    if len(problem.quotas) and any(of.sites > 1 for of in problem.classes):
        return None  # sites of a class may go different ways then, which is another program
    if sum(len(pair.options) for of in problem.classes for pair in of.pairs) > MAX_ROWS:
        return None
    made = _Monolith(problem)
    found = solve_program(made.program(), whole=True)
    if found is None:
        return True
    if len(problem.quotas):
        return None  # its arithmetic is not exact, and the quotas are not added up again here
    return False if _keeps(problem, made.rows(found.values)) else None


@dataclass
class _Monolith:
    """A problem as columns and rows of 0 and 1: a way of each pair, an alternative of each choice.

    There are no purchases in it, and one site of each class.
    """

    problem: Problem
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        first = 0
        self.starts: dict[tuple[int, int], int] = {}
        for of, pair, options in self._pairs():
            self.starts[of, pair] = first
            first += len(options.options)
        self.chosen: list[int] = []
        for choice in self.problem.choices:
            self.chosen.append(first)
            first += len(choice.cost)
        self.columns = first

    def _pairs(self) -> Iterator[tuple[int, int, Pair]]:
        for of, made in enumerate(self.problem.classes):
            for index, pair in enumerate(made.pairs):
                yield of, index, pair

    def program(self) -> Program:
        """All of it."""
        for choice, first in zip(self.problem.choices, self.chosen, strict=True):
            self._row([(first + n, 1.0) for n in range(len(choice.cost))], 1.0, 1.0)
        for of, index, pair in self._pairs():
            first = self.starts[of, index]
            self._row([(first + n, 1.0) for n in range(len(pair.options))], 1.0, 1.0)
            self._needs(pair, first)
        for of, made in enumerate(self.problem.classes):
            for resource in range(len(made.resources)):
                self._room(of, made, resource)
        for quota in range(len(self.problem.quotas)):
            self._quota(quota)
        order = sorted(self.entries)
        start = np.searchsorted([column for column, _, _ in order], range(self.columns + 1))
        return Program(
            cost=np.zeros(self.columns), most=np.ones(self.columns), low=np.array(self.low),
            high=np.array(self.high), start=start.astype(np.int64),
            row=np.array([row for _, row, _ in order], np.int64),
            value=np.array([value for _, _, value in order]),
        )  # fmt: skip

    def _row(self, cells: Sequence[tuple[int, float]], low: float, high: float) -> None:
        self.entries += [(column, len(self.low), value) for column, value in cells]
        self.low.append(low)
        self.high.append(high)

    def _needs(self, pair: Pair, first: int) -> None:
        """A way is taken only with the alternatives that it depends on."""
        for column, choice in enumerate(pair.choices):
            needs = pair.options.needs[:, column]
            for alternative in sorted(set(needs.tolist()) - {ANY}):
                rows = np.flatnonzero(needs == alternative).tolist()
                cells = [(first + row, 1.0) for row in rows]
                self._row([*cells, (self.chosen[choice] + alternative, -1.0)], -np.inf, 0.0)

    def _room(self, of: int, made: SiteClass, resource: int) -> None:
        """What all take stays below the ceiling of every way that is taken."""
        base = made.resources[resource].base
        cells: list[tuple[int, float]] = []
        tops: dict[tuple[int, int], list[int]] = {}
        for index, pair in enumerate(made.pairs):
            first, options = self.starts[of, index], pair.options
            for row in np.flatnonzero(options.load[:, resource]).tolist():
                load, top = int(options.load[row, resource]), int(options.ceiling[row, resource])
                if load * WHOLE > max(base, 0) * top:
                    self._row([(first + row, 1.0)], 0.0, 0.0)
                else:
                    cells.append((first + row, load / base))
                    tops.setdefault((index, top), []).append(first + row)
        if not cells:
            return
        self._row(cells, -np.inf, 1.0)
        for (_, top), rows in sorted(tops.items()):
            if top < WHOLE:  # with such a way, all of it has to stay below; without one, below 1
                lower = dict.fromkeys(rows, 1 - top / WHOLE)
                known = dict(cells)
                self._row([(c, known[c] + lower.get(c, 0.0)) for c in known], -np.inf, 1.0)

    def _quota(self, quota: int) -> None:
        """What all ways and all choices take of a quota; a share of it, since it may be large."""
        room = max(1, int(self.problem.quotas[quota]))
        cells = [
            (self.starts[of, index] + row, int(pair.options.use[row, column]) / room)
            for of, index, pair in self._pairs() for column, which in enumerate(pair.quotas)
            if which == quota for row in range(len(pair.options))
        ]  # fmt: skip
        for choice, first in zip(self.problem.choices, self.chosen, strict=True):
            cells += [(first + n, int(used) / room) for n, used in enumerate(choice.use[:, quota])]
        self._row(cells, -np.inf, int(self.problem.quotas[quota]) / room)

    def rows(self, values: Floats) -> list[list[int]]:
        """The way of each pair, class by class."""
        return [
            [int(np.argmax(values[self.starts[of, n] :][: len(pair.options)]))
             for n, pair in enumerate(made.pairs)]
            for of, made in enumerate(self.problem.classes)
        ]  # fmt: skip


def _keeps(problem: Problem, rows: Sequence[Sequence[int]]) -> bool:
    """Whether ways fit together, in integers."""
    made: dict[int, int] = {}
    for of, chosen in zip(problem.classes, rows, strict=True):
        for pair, row in zip(of.pairs, chosen, strict=True):
            for column, choice in enumerate(pair.choices):
                need = int(pair.options.needs[row, column])
                if need != ANY and made.setdefault(choice, need) != need:
                    return False
        for number, resource in enumerate(of.resources):
            mine = [(int(p.options.load[row, number]), int(p.options.ceiling[row, number]))
                    for p, row in zip(of.pairs, chosen, strict=True)]  # fmt: skip
            load = sum(taken for taken, _ in mine)
            top = min((top for taken, top in mine if taken), default=WHOLE)
            if load and load * WHOLE > resource.base * top:
                return False
    return True
