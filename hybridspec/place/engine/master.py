"""How many sites of each class follow which plan, so that the shared quotas suffice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hybridspec.place.engine.linear import Outcome, Program, solve_program
from hybridspec.place.engine.pool import Plan


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A plan of a class, with what it takes of every quota of the problem."""

    of: int
    plan: Plan
    use: tuple[tuple[int, int], ...]


def counts(columns: Sequence[Column], sites: Sequence[int], room: Sequence[int], *,
           gap: float = 0.0, nodes: int | None = None) -> list[int] | None:  # fmt: skip
    """How often each column is used in the cheapest whole-numbered mix, or None if none fits."""
    outcome = mix(columns, sites, room, whole=True, gap=gap, nodes=nodes)
    if outcome is None:
        return None
    found = np.rint(outcome.values).astype(np.int64).tolist()
    return found if holds(columns, sites, room, found) else None


def holds(columns: Sequence[Column], sites: Sequence[int], room: Sequence[int],
          found: Sequence[int]) -> bool:  # fmt: skip
    """Whether every site has a plan and no quota is exceeded, in integers."""
    left, served = list(room), list(sites)
    for column, count in zip(columns, found, strict=True):
        served[column.of] -= count
        for quota, amount in column.use:
            left[quota] -= amount * count
    return not any(served) and min(left, default=0) >= 0 and min(found, default=0) >= 0


def mix(columns: Sequence[Column], sites: Sequence[int], room: Sequence[int], *, whole: bool,
        gap: float = 0.0, nodes: int | None = None) -> Outcome | None:  # fmt: skip
    """The cheapest mix of columns; costs are counted from each class's cheapest, to stay exact."""
    least = [min((c.plan.cost for c in columns if c.of == index), default=0)
             for index in range(len(sites))]  # fmt: skip
    cost = np.array([float(c.plan.cost - least[c.of]) for c in columns])
    scale = max(1.0, float(cost.max(initial=0.0)) / 1e5)
    room_scale = np.array([max(1.0, abs(float(r))) for r in room])
    start, row, value = [0], list[int](), list[float]()
    for column in columns:
        row.append(column.of)
        value.append(1.0)
        for quota, amount in column.use:
            if amount:
                row.append(len(sites) + quota)
                value.append(amount / room_scale[quota])
        start.append(len(row))
    high = np.array([float(n) for n in sites] + [float(r) for r in room])
    high[len(sites) :] /= room_scale
    low = high.copy()
    low[len(sites) :] = -np.inf
    outcome = solve_program(Program(
        cost / scale, np.array([float(sites[c.of]) for c in columns]), low, high,
        np.array(start, np.int64), np.array(row, np.int64), np.array(value),
    ), whole=whole, gap=gap, nodes=nodes)  # fmt: skip
    if outcome is None:
        return None
    base = float(sum(a * b for a, b in zip(least, sites, strict=True)))
    prices = outcome.prices * scale
    prices[len(sites) :] /= room_scale
    prices[: len(sites)] += least
    return Outcome(outcome.values, prices, outcome.objective * scale + base,
                   outcome.bound * scale + base)  # fmt: skip
