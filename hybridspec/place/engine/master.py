"""How many sites of each class follow which plan, so that the shared quotas suffice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hybridspec.place.engine.block import Floats
from hybridspec.place.engine.linear import Outcome, Program, solve_program
from hybridspec.place.engine.pool import Plan
from hybridspec.place.problem import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A plan of a class, with what it takes of every quota of the problem."""

    of: int
    plan: Plan
    use: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Mix:
    """The cheapest mix of columns: of each how many sites, and what quotas are worth.

    `lacking` is how many sites have no plan because quotas do not suffice for the columns.
    """

    values: Floats
    prices: Floats
    cost: float
    lacking: float


def mix(columns: Sequence[Column], sites: Sequence[int], room: Sequence[int],
        dear: Sequence[int]) -> Mix | None:  # fmt: skip
    """The cheapest mix in fractions; a site without a plan costs as much as `dear` says."""
    program, scale, base = _program(columns, sites, room, dear)
    outcome = solve_program(program)
    if outcome is None:
        return None
    return _mix(outcome, len(columns), len(sites), scale, base, room)


def _mix(outcome: Outcome, columns: int, sites: int, scale: float, base: float,
         room: Sequence[int]) -> Mix:  # fmt: skip
    prices = -outcome.prices[sites:] * scale / _room_scale(room)
    return Mix(outcome.values[:columns], np.maximum(prices, 0.0),
               outcome.objective * scale + base, float(outcome.values[columns:].sum()))  # fmt: skip


def counts(columns: Sequence[Column], sites: Sequence[int], room: Sequence[int], *,
           gap: float = 0.0, nodes: int | None = None) -> list[int] | None:  # fmt: skip
    """How often each column is used in the cheapest whole-numbered mix, or None if none fits."""
    program, _, _ = _program(columns, sites, room, None)
    outcome = solve_program(program, whole=True, gap=gap, nodes=nodes)
    if outcome is None:
        return None
    found: list[int] = np.rint(outcome.values).astype(np.int64).tolist()
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


def _room_scale(room: Sequence[int]) -> Floats:
    return np.array([max(1.0, abs(float(r))) for r in room])


def _program(columns: Sequence[Column], sites: Sequence[int], room: Sequence[int],
             dear: Sequence[int] | None) -> tuple[Program, float, float]:  # fmt: skip
    """The program, its unit of money and what it leaves out: each class's cheapest column."""
    of = np.array([c.of for c in columns], np.int64)
    least = [0] * len(sites)
    for column in sorted(columns, key=lambda c: -c.plan.cost):
        least[column.of] = column.plan.cost
    cost = [float(c.plan.cost - least[c.of]) for c in columns]
    missing = range(len(sites)) if dear is not None else range(0)
    cost += [float(dear[i] - least[i]) for i in missing if dear is not None]
    scale = max(1.0, max(cost, default=0.0) / 1e5)
    of = np.concatenate([of, np.array(missing, np.int64)])
    amounts, room_scale = _amounts(columns, len(room)), _room_scale(room)
    shares = np.zeros((len(of), len(room)))
    shares[: len(columns)] = amounts / room_scale
    used = shares != 0
    rows = np.concatenate(
        [of[:, None], np.broadcast_to(np.arange(len(sites), len(sites) + len(room)), used.shape)],
        axis=1,
    )
    kept = np.concatenate([np.ones((len(of), 1), dtype=bool), used], axis=1)
    values = np.concatenate([np.ones((len(of), 1)), shares], axis=1)
    high = np.concatenate([np.array(sites, float), np.array(room, float) / room_scale])
    low = np.concatenate([np.array(sites, float), np.full(len(room), -np.inf)])
    program = Program(
        np.array(cost) / scale, np.array(sites, float)[of], low, high,
        np.concatenate([[0], np.cumsum(kept.sum(axis=1))]), rows[kept], values[kept],
    )  # fmt: skip
    return program, scale, float(sum(a * b for a, b in zip(least, sites, strict=True)))


def _amounts(columns: Sequence[Column], quotas: int) -> Ints:
    table = np.zeros((len(columns), quotas), np.int64)
    for index, column in enumerate(columns):
        for quota, amount in column.use:
            table[index, quota] = amount
    return table
