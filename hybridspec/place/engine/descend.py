"""The search of a box: prices for what its devices lack, then depth first over what may pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hybridspec.place.engine.block import BIG, Core
from hybridspec.place.engine.capacity import capacities, usable
from hybridspec.place.engine.duals import Box, Duals, Prices, ceil
from hybridspec.place.engine.packed import PackedWalk
from hybridspec.place.engine.walk import Walk, WideWalk
from hybridspec.place.problem import ANY, Ints

QUICK = 400
"""Steps after which better prices pay."""


@dataclass(frozen=True, slots=True)
class Descent:
    """What a search found: a plan if one is cheap enough, the least there can be, steps left."""

    picked: tuple[int, ...] | None
    bound: int
    left: int


def descend(core: Core, price: Ints, fees: Sequence[int], box: Box, limit: int,
            ranks: Ints | None, steps: int) -> Descent:  # fmt: skip
    """The cheapest plan of a box below `limit`; with `ranks`, at most that, and the first."""
    duals = Duals(core, price, fees, box)
    prices = duals.climb()
    top = limit if ranks is not None else limit - 1
    if prices.floor > top:
        return Descent(None, ceil(prices.floor), steps)
    value, picked, cut, left = _walk(duals, prices, limit, None, min(steps, QUICK))
    left += steps - min(steps, QUICK)
    if cut < BIG and left > 0 and len(duals.mu):
        better = duals.solve()
        prices = better if better.bound > prices.bound else prices
        if prices.floor > (value if ranks is not None else value - 1):
            cut = BIG
        else:
            found, other, cut, left = _walk(duals, prices, value, None, left)
            value, picked = found, other or picked
    bound = max(ceil(prices.floor), min(value, cut))
    if ranks is not None and value < BIG and cut >= BIG:
        _, other, _, left = _walk(duals, prices, value, ranks, left)
        picked = other or picked
    return Descent(picked, bound, left)


def _walk(duals: Duals, prices: Prices, limit: int, ranks: Ints | None,
          steps: int) -> tuple[int, tuple[int, ...] | None, int, int]:  # fmt: skip
    """The best value below the limit, its plan, the least that was not looked at, steps left."""
    if prices.floor > limit:
        return limit, None, BIG, steps
    box, core = duals.box, duals.core
    wide = any(low < high and fee > 0
               for low, high, fee in zip(box.least, box.most, duals.fees, strict=True))  # fmt: skip
    if wide:
        walk: Walk | PackedWalk = WideWalk(duals, prices, limit, ranks, steps)
    elif (rooms := _plain_rooms(duals)) is not None:
        spent = sum(f * n for f, n in zip(duals.fees, box.least, strict=True))
        walk = PackedWalk(core, duals, prices, rooms, spent, limit, ranks, steps)
    else:
        walk = Walk(duals, prices, limit, ranks, steps)
    walk.run()
    return (*walk.best, walk.cut, walk.left)


def _plain_rooms(duals: Duals) -> list[int] | None:
    """How much of each tight resource there is, if that is the same for every kind of the box.

    None if kinds have different ceilings, or need different alternatives of a choice.
    """
    core = duals.core
    ties = core.ties[duals.at]
    for column in ties.T:
        needed = column[column != ANY]
        if len(needed) and (needed != needed[0]).any():
            return None
    rooms = capacities(core.of, duals.box.most)
    ceilings = core.ceiling[duals.at][:, duals.tight]
    if len(duals.tight) and (ceilings != ceilings[0]).any():
        return None
    return [usable(rooms[r], int(c)) for r, c in zip(duals.tight, ceilings[0], strict=True)]
