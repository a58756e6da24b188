"""The search of a box: prices for what its devices lack, then depth first over what may pay.

A bound that floats helped to find is lowered by more than they can be wrong before it cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hybridspec.place.engine.block import BIG, Bools, Core, Floats
from hybridspec.place.engine.capacity import capacities, usable
from hybridspec.place.engine.walk import Walk, WideWalk
from hybridspec.place.problem import Ints

ROUNDS = 30
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


@dataclass(frozen=True, slots=True)
class Descent:
    """What a search found: a plan if one is cheap enough, the least there can be, steps left."""

    picked: tuple[int, ...] | None
    bound: int
    left: int


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """A bound of a box, and by how much each option is dearer than the best of its pair."""

    bound: float
    dearer: Floats
    error: float


def descend(core: Core, price: Ints, fees: Sequence[int], box: Box, limit: int,
            ranks: Ints | None, steps: int) -> Descent:  # fmt: skip
    """The cheapest plan of a box below `limit`; with `ranks`, at most that, and the first."""
    tight = _tight(core, box)
    prices = _prices(core, price, fees, box, tight, limit)
    margin = prices.bound - prices.error
    floor = int(np.ceil(min(margin, BIG)))
    if margin > limit or (margin > limit - 1 and ranks is None):
        return Descent(None, floor, steps)
    wide = any(low < high and fee > 0
               for low, high, fee in zip(box.least, box.most, fees, strict=True))  # fmt: skip
    kind = WideWalk if wide else Walk
    walk = kind(core, price, fees, box, tight, prices, limit, None, steps)
    walk.run()
    value, picked = walk.best
    bound = max(floor, min(value, walk.cut))
    left = walk.left
    if ranks is not None and value < BIG and left > 0:
        walk = kind(core, price, fees, box, tight, prices, value, ranks, left)
        walk.run()
        picked, left = walk.best[1] or picked, walk.left
    return Descent(picked, bound, left)


def _tight(core: Core, box: Box) -> list[int]:
    """The resources that plans of the box may exhaust."""
    rooms = capacities(core.of, box.most)
    heaviest = np.maximum.reduceat(np.where(box.alive[:, None], core.load, 0), core.starts[:-1])
    ceilings = core.ceiling[box.alive].min(axis=0).tolist()
    return [
        r for r, load in enumerate(heaviest.sum(axis=0).tolist())
        if load > 0 and load > usable(rooms[r], ceilings[r])
    ]  # fmt: skip


def _prices(core: Core, price: Ints, fees: Sequence[int], box: Box, tight: Sequence[int],
            limit: int) -> Prices:  # fmt: skip
    """Raise a Lagrangian bound of a box by prices of the resources that may fall short."""
    starts = core.starts[:-1]
    loads, bases, own = _shares(core, box, tight)
    plain = np.where(box.alive, price.astype(float), np.inf)
    counts = np.array(list(zip(box.least, box.most, strict=True)), dtype=float).reshape(-1, 2)
    dear = np.array(fees, dtype=float)
    mu = np.zeros(len(bases))
    best, dearer, size = -np.inf, plain, 0.0
    step, sizes = 1.0, np.diff(core.starts)
    for _ in range(ROUNDS):
        value = plain + loads @ mu
        lowest = np.minimum.reduceat(value, starts)
        net = dear - mu @ own
        stand = np.where(net > 0, counts[:, 0], counts[:, 1])
        bound = float(lowest.sum() + net @ stand - mu @ bases)
        spaced = np.repeat(lowest, sizes)
        if bound > best:
            best = bound
            dearer = value - spaced
            size = float(np.abs(lowest).sum() + np.abs(net) @ stand + mu @ np.abs(bases))
        else:
            step *= 0.6
        spread = abs(bound) * 0.02 + 1.0 if limit >= BIG else float(limit) - bound
        if not len(bases) or spread <= 0:
            break
        at = np.flatnonzero(value == spaced)
        rows = at[np.searchsorted(at, starts)]
        lack = loads[rows].sum(axis=0) - bases - own @ stand
        lack = np.where((lack < 0) & (mu <= 0), 0.0, lack)
        length = float(lack @ lack)
        if length < 1e-18 or step < 1e-3:
            break
        mu = np.maximum(0.0, mu + lack * (step * spread / length))
    size += float(np.abs(plain[box.alive]).max(initial=0.0))
    return Prices(best, dearer, SLACK * size * (len(starts) + len(bases) + 8) + 1e-6)


def _shares(core: Core, box: Box,
            tight: Sequence[int]) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Of tight resources: loads, bases, and what each purchase brings, as shares of all there is.

    Those that are not there before something is bought are left out: nobody may need them.
    """
    rooms, lowest = capacities(core.of, box.most), capacities(core.of, box.least)
    priced = [r for r in tight if lowest[r] >= 0 and rooms[r] > 0]
    scale = np.array([float(rooms[r]) for r in priced])
    own = np.zeros((len(priced), len(core.of.purchases)))
    for index, number in enumerate(priced):
        resource = core.of.resources[number]
        if resource.purchase is not None:
            own[index, resource.purchase] = resource.unit / rooms[number]
    bases = np.array([float(core.of.resources[r].base) for r in priced]) / scale
    return core.load[:, priced] / scale, bases, own
