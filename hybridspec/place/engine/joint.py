"""Choices and plans in one integer program: for few sites whose quotas leave much to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hybridspec.place.engine.block import Floats
from hybridspec.place.engine.linear import Program, solve_program
from hybridspec.place.engine.pool import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A plan of a class, what it takes of the problem's quotas, and the alternatives it needs."""

    of: int
    plan: Plan
    use: tuple[tuple[int, int], ...]
    needs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Alternative:
    """An alternative of a choice that is still open: its cost and what it takes of quotas."""

    choice: int
    number: int
    cost: int
    use: tuple[int, ...]


def best_choices(ways: Sequence[Way], alternatives: Sequence[Alternative], sites: Sequence[int],
                 quotas: Sequence[int]) -> tuple[int, ...] | None:  # fmt: skip
    """The alternatives of the cheapest answer, or None if the program has none."""
    choices = max((a.choice for a in alternatives), default=-1) + 1
    table = _Table(sites, quotas, choices, sorted({(w.of, n) for w in ways for n in w.needs}))
    for way in ways:
        table.way(way)
    for one in alternatives:
        table.alternative(one)
    least = min((w.plan.cost for w in ways), default=0)
    cost = [float(w.plan.cost - least) for w in ways] + [float(a.cost) for a in alternatives]
    unit = max(1.0, max(cost, default=0.0) / 1e5)
    most = [float(sites[w.of]) for w in ways] + [1.0] * len(alternatives)
    outcome = solve_program(table.program(np.array(cost) / unit, np.array(most)), whole=True)
    if outcome is None:
        return None
    chosen = [0] * choices
    for one, taken in zip(alternatives, outcome.values[len(ways) :].tolist(), strict=True):
        if taken > 0.5:
            chosen[one.choice] = one.number
    return tuple(chosen)


class _Table:
    """The rows: sites, quotas, choices, and which alternatives the plans of a class need."""

    def __init__(self, sites: Sequence[int], quotas: Sequence[int], choices: int,
                 links: Sequence[tuple[int, tuple[int, int]]]) -> None:  # fmt: skip
        self.sites, self.quotas, self.choices = sites, quotas, choices
        self.scale = [max(1.0, abs(float(q))) for q in quotas]
        first = len(sites) + len(quotas) + choices
        self.links = {link: first + index for index, link in enumerate(links)}
        self.start, self.row, self.value = [0], list[int](), list[float]()

    def _add(self, number: int, amount: float) -> None:
        if amount:
            self.row.append(number)
            self.value.append(amount)

    def way(self, way: Way) -> None:
        """A plan of a class."""
        self._add(way.of, 1.0)
        for quota, amount in way.use:
            self._add(len(self.sites) + quota, amount / self.scale[quota])
        for need in way.needs:
            self._add(self.links[way.of, need], 1.0)
        self.start.append(len(self.row))

    def alternative(self, one: Alternative) -> None:
        """An alternative of a choice."""
        for quota, amount in enumerate(one.use):
            self._add(len(self.sites) + quota, amount / self.scale[quota])
        self._add(len(self.sites) + len(self.quotas) + one.choice, 1.0)
        for (of, need), number in self.links.items():
            if need == (one.choice, one.number):
                self._add(number, -float(self.sites[of]))
        self.start.append(len(self.row))

    def program(self, cost: Floats, most: Floats) -> Program:
        """The program of all that was added."""
        counts = np.array(self.sites, float)
        room = np.array(self.quotas, float) / np.array(self.scale)
        one, links = np.ones(self.choices), np.zeros(len(self.links))
        free, below = np.full(len(room), -np.inf), np.full(len(links), -np.inf)
        return Program(
            cost, most, np.concatenate([counts, free, one, below]),
            np.concatenate([counts, room, one, links]), np.array(self.start, np.int64),
            np.array(self.row, np.int64), np.array(self.value),
        )  # fmt: skip
