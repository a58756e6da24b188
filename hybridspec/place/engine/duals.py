"""Prices of what a site's devices lack: a bound of a box, and which options may still pay.

Any prices give a bound; good ones come from going along one price at a time, which is quick, or
from the linear program, which is exact. Bounds are lowered by more than floats can be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hybridspec.place.engine.block import BIG, Bools, Core, Floats
from hybridspec.place.engine.capacity import capacities, usable
from hybridspec.place.engine.linear import Program, solve_program
from hybridspec.place.problem import Ints

CYCLES = 3
TANGENTS = 12
SLACK = 1e-12
"""How wrong a sum of floats may be, relative to the sum of their amounts."""


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Plans with at least `least` and at most `most` of each purchase, and what they cost.

    `alive` are the kinds that may be used, `picked` each pair's cheapest, `bound` their cost.
    """

    least: tuple[int, ...]
    most: tuple[int, ...]
    alive: Bools
    picked: Ints
    bound: int


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """A bound of a box, and by how much each kind of `at` is dearer than the best of its pair."""

    bound: float
    error: float
    dearer: Floats

    @property
    def floor(self) -> float:
        """What no plan costs less than."""
        return self.bound - self.error

    @property
    def even(self) -> Floats:
        """How much dearer, in steps so large that what should be equal is, and never more."""
        step = max(1e-6, abs(self.bound) * 1e-9)
        return np.asarray(np.floor(self.dearer / step + 1e-3) * step - step * 1e-2).clip(0.0)


@dataclass(slots=True, eq=False)
class Duals:
    """The resources that plans of a box may exhaust, and prices for them."""

    core: Core
    price: Ints
    fees: Sequence[int]
    box: Box
    at: Ints = field(init=False)
    starts: Ints = field(init=False)
    sizes: Ints = field(init=False)
    tight: list[int] = field(init=False)
    plain: Floats = field(init=False)
    loads: Floats = field(init=False)
    bases: Floats = field(init=False)
    own: Floats = field(init=False)
    mu: Floats = field(init=False)
    priced: list[int] = field(init=False)
    scale: Floats = field(init=False)

    def __post_init__(self) -> None:
        core, box = self.core, self.box
        self.at = np.flatnonzero(box.alive)
        pair_starts = np.searchsorted(self.at, core.starts)
        self.starts, self.sizes = pair_starts[:-1], np.diff(pair_starts)
        self.plain = self.price[self.at].astype(float)
        own_loads = core.load[self.at]
        rooms = capacities(core.of, box.most)
        lowest = capacities(core.of, box.least)
        ceilings = core.ceiling[self.at]
        least, most = ceilings.min(axis=0).tolist(), ceilings.max(axis=0).tolist()
        heaviest = np.maximum.reduceat(own_loads, self.starts).sum(axis=0).tolist()
        self.tight = [
            r for r, load in enumerate(heaviest) if load > 0 and load > usable(rooms[r], least[r])
        ]
        # What is not there before something is bought may be lacking: nobody may need it.
        priced = [r for r in self.tight if lowest[r] >= 0 and usable(rooms[r], most[r]) > 0]
        scale = np.array([float(usable(rooms[r], most[r])) for r in priced])
        self.priced, self.scale = priced, scale
        self.loads = own_loads[:, priced] / scale
        self.own = np.zeros((len(priced), len(self.fees)))
        self.bases = np.zeros(len(priced))
        for index, number in enumerate(priced):
            resource = core.of.resources[number]
            share = most[number] / 1000 / scale[index]
            self.bases[index] = resource.base * share
            if resource.purchase is not None:
                self.own[index, resource.purchase] = resource.unit * share
        self.mu = np.zeros(len(priced))

    def each(self) -> dict[int, float]:
        """The price of a unit of each resource."""
        return dict(zip(self.priced, (self.mu / self.scale).tolist(), strict=True))

    def at_prices(self, each: dict[int, float]) -> Prices:
        """The bound at prices of units that were good for much the same box."""
        self.mu = np.array([each.get(number, 0.0) for number in self.priced]) * self.scale
        return self.bound(self.mu)

    def bound(self, mu: Floats) -> Prices:
        """The bound at some prices."""
        value = self.plain + self.loads @ mu
        lowest = np.minimum.reduceat(value, self.starts)
        net = np.array(self.fees, dtype=float) - mu @ self.own
        stand = self._stand(net)
        least = float(lowest.sum() + net @ stand - mu @ self.bases)
        size = float(np.abs(lowest).sum() + np.abs(net) @ stand + mu @ np.abs(self.bases)
                     + np.abs(self.plain).max(initial=0.0))  # fmt: skip
        error = SLACK * size * (len(lowest) + len(mu) + 8) + 1e-6
        return Prices(least, error, value - np.repeat(lowest, self.sizes))

    def _stand(self, net: Floats) -> Floats:
        return np.where(net > 0, np.array(self.box.least, float), np.array(self.box.most, float))

    def climb(self) -> Prices:
        """Prices that no change of one alone makes better."""
        value = self.plain + self.loads @ self.mu
        for _ in range(CYCLES):
            moved = False
            for index in range(len(self.mu)):
                before = float(self.mu[index])
                base = value - self.loads[:, index] * before
                after = self._along(index, base)
                moved |= abs(after - before) > 1e-9 * (1 + after)
                self.mu[index] = after
                value = base + self.loads[:, index] * after
            if not moved or len(self.mu) == 1:
                break
        return self.bound(self.mu)

    def _along(self, index: int, base: Floats) -> float:
        """The best price of one resource while the others keep theirs: where two tangents meet."""
        column = self.loads[:, index]
        rest = self.mu.copy()
        rest[index] = 0.0

        def look(x: float) -> tuple[float, float]:
            value = base + column * x
            lowest = np.minimum.reduceat(value, self.starts)
            hit = np.flatnonzero(value == np.repeat(lowest, self.sizes))
            rows = hit[np.searchsorted(hit, self.starts)]
            rest[index] = x
            net = np.array(self.fees, dtype=float) - rest @ self.own
            stand = self._stand(net)
            room = float(self.bases[index] + self.own[index] @ stand)
            return (float(lowest.sum() + net @ stand) - float(rest @ self.bases),
                    float(column[rows].sum()) - room)  # fmt: skip

        left = 0.0
        at_left, up = look(left)
        if up <= 0:
            return left
        right = max(float(self.mu[index]), float(self.plain.mean()) * 0.2, 1.0)
        at_right, down = look(right)
        for _ in range(60):
            if down <= 0:
                break
            left, at_left, up, right = right, at_right, down, right * 3
            at_right, down = look(right)
        for _ in range(TANGENTS):
            if up - down <= 1e-12:
                break
            middle = (at_right - at_left + up * left - down * right) / (up - down)
            at_middle, slope = look(middle)
            if at_middle >= at_left + up * (middle - left) - 1e-9 * abs(at_left):
                return middle
            if slope > 0:
                left, at_left, up = middle, at_middle, slope
            else:
                right, at_right, down = middle, at_middle, slope
        return left if at_left > at_right else right

    def solve(self) -> Prices:
        """The prices of the linear program, or those there are if it says that nothing fits."""
        pairs, tight, fees = len(self.starts), len(self.mu), len(self.fees)
        scale = float(np.abs(self.plain).max(initial=1.0)) or 1.0
        used = self.loads != 0
        row = np.repeat(np.arange(pairs), self.sizes)[:, None]
        rows = np.concatenate(
            [row, np.broadcast_to(np.arange(pairs, pairs + tight), used.shape)], 1
        )
        kept = np.concatenate([np.ones_like(row, dtype=bool), used], axis=1)
        values = np.concatenate([np.ones(row.shape), self.loads], axis=1)
        counts = kept.sum(axis=1)
        bought = [np.flatnonzero(self.own[:, p]) for p in range(fees)]
        start = np.concatenate([[0], np.cumsum([*counts.tolist(), *map(len, bought)])])
        least, most = np.array(self.box.least, float), np.array(self.box.most, float)
        high = np.concatenate([np.ones(pairs), self.bases + self.own @ least])
        low = np.concatenate([np.ones(pairs), np.full(tight, -np.inf)])
        outcome = solve_program(Program(
            np.concatenate([self.plain, np.array(self.fees, float)]) / scale,
            np.concatenate([np.ones(len(self.at)), most - least]), low, high,
            start, np.concatenate([rows[kept], *(pairs + b for b in bought)]).astype(np.int64),
            np.concatenate([values[kept], *(-self.own[b, p] for p, b in enumerate(bought))]),
        ))  # fmt: skip
        climbed = self.bound(self.mu)
        if outcome is None:
            return climbed
        mu = np.maximum(0.0, -outcome.prices[pairs:] * scale)
        solved = self.bound(mu)
        if solved.bound <= climbed.bound:
            return climbed
        self.mu = mu
        return solved


def ceil(least: float) -> int:
    """The least integer that is not below."""
    return BIG if least >= BIG else -int(-least // 1)
