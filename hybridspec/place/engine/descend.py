"""The search of a box: prices for what its devices lack, then depth first over what may pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hybridspec.place.engine.block import BIG, Core
from hybridspec.place.engine.capacity import capacities, usable
from hybridspec.place.engine.duals import Box, Duals, Prices, ceil
from hybridspec.place.engine.halves import Halves
from hybridspec.place.engine.packed import PackedWalk
from hybridspec.place.engine.walk import Walk, WideWalk
from hybridspec.place.problem import ANY, Ints

QUICK = 100
"""Steps after which other ways pay."""

Memory: TypeAlias = dict[tuple[tuple[int, ...], tuple[int, ...]], dict[int, float]]
"""By least and most purchases of a box, what a unit of each resource is worth in it."""


@dataclass(frozen=True, slots=True)
class Descent:
    """What a search found: a plan if one is cheap enough, the least there can be, steps left."""

    picked: tuple[int, ...] | None
    bound: int
    left: int


def descend(core: Core, price: Ints, fees: Sequence[int], box: Box, limit: int,
            ranks: Ints | None, steps: int, memory: Memory | None = None) -> Descent:  # fmt: skip
    """The cheapest plan of a box below `limit`; with `ranks`, at most that, and the first.

    `memory` has prices for boxes of much the same search, and gets those of this one.
    """
    duals = Duals(core, price, fees, box)
    known = None if memory is None else memory.get((box.least, box.most))
    prices = duals.climb() if known is None else duals.at_prices(known)
    if memory is not None:
        memory[box.least, box.most] = duals.each()
    top = limit if ranks is not None else limit - 1
    if prices.floor > top:
        return Descent(None, ceil(prices.floor), steps)
    look = _Look(duals, limit, steps)
    look.walk(prices, max(QUICK, 2 * core.pairs))
    if look.unsettled:
        look.halves(prices, look.left // 4)
    if look.unsettled and len(duals.mu):
        better = duals.solve()
        prices = better if better.bound > prices.bound else prices
        if prices.floor > (look.value if ranks is not None else look.value - 1):
            look.cut = BIG
        else:
            look.halves(prices, look.left * 3 // 4)
    if look.unsettled:
        look.walk(prices, look.left)
    bound = max(ceil(prices.floor), min(look.value, look.cut))
    if ranks is not None and look.value < BIG and look.cut >= BIG:
        look.first(prices, ranks)
    return Descent(look.picked, bound, look.left)


@dataclass(slots=True)
class _Look:
    """What is known of a box: the best value below the limit, the least of what was left out."""

    duals: Duals
    value: int
    left: int
    picked: tuple[int, ...] | None = None
    cut: int = -BIG

    @property
    def unsettled(self) -> bool:
        """Whether there may be something better, and steps to look for it."""
        return self.cut < BIG and self.left > 0

    def walk(self, prices: Prices, steps: int) -> None:
        """Go depth first."""
        steps = min(steps, self.left)
        walk = _walk(self.duals, prices, self.value, None, steps)
        walk.run()
        self._heard(walk, steps)

    def halves(self, prices: Prices, steps: int) -> None:
        """Put halves together, if the box is plain enough for it."""
        if (rooms := plain_rooms(self.duals)) is None:
            return
        halves = Halves(self.duals, prices, rooms, spent(self.duals), self.value, steps)
        halves.run()
        self._heard(halves, steps)

    def first(self, prices: Prices, ranks: Ints) -> None:
        """Of the plans that are as cheap, the first."""
        walk = _walk(self.duals, prices, self.value, ranks, self.left)
        walk.run()
        self.picked, self.left = walk.best[1] or self.picked, walk.left

    def _heard(self, search: Walk | PackedWalk | Halves, steps: int) -> None:
        """What a search found; what any of them did not leave out is not left out."""
        self.value, picked = search.best
        self.picked = picked or self.picked
        self.cut = max(self.cut, search.cut)
        self.left -= steps - max(0, search.left)


def _walk(duals: Duals, prices: Prices, limit: int, ranks: Ints | None,
          steps: int) -> Walk | PackedWalk:  # fmt: skip
    """The walk that suits a box."""
    if _wide(duals):
        return WideWalk(duals, prices, limit, ranks, steps)
    if (rooms := _rooms(duals)) is not None:
        return PackedWalk(duals.core, duals, prices, rooms, spent(duals), limit, ranks, steps)
    return Walk(duals, prices, limit, ranks, steps)


def _wide(duals: Duals) -> bool:
    """Whether what is bought is still open, and costs."""
    return any(low < high and fee > 0 for low, high, fee in zip(
        duals.box.least, duals.box.most, duals.fees, strict=True))  # fmt: skip


def spent(duals: Duals) -> int:
    """What is bought in any case."""
    return sum(f * n for f, n in zip(duals.fees, duals.box.least, strict=True))


def plain_rooms(duals: Duals) -> list[int] | None:
    """The rooms of a box whose halves can be put together, or None if it is not plain enough."""
    large = int(abs(duals.plain).max(initial=0)) * duals.core.pairs >= 2 * BIG
    return None if large or _wide(duals) else _rooms(duals)


def _rooms(duals: Duals) -> list[int] | None:
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
