"""The cheapest joint plan of one site under given prices: boxes of purchases, then a search.

Prices are part of the integer `price` of each option, so what is found is exact, and so is its
bound unless the search gives up after `STEPS`; then the bound is what is known of the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from hybridspec.place.engine.block import (
    BIG,
    Block,
    Bools,
    bought_for,
    fitting,
)
from hybridspec.place.engine.descend import Descent, descend
from hybridspec.place.problem import ANY, Ints

STEPS = 200_000
MAX_BOXES = 64


@dataclass(frozen=True, slots=True)
class Found:
    """The best plan of a site, if any was found, and the least that any plan can cost."""

    value: int
    picked: tuple[int, ...]
    bought: tuple[int, ...]
    bound: int


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """Plans with at least `least` and at most `most` of each purchase, and what they cost."""

    least: tuple[int, ...]
    most: tuple[int, ...]
    alive: Bools
    picked: Ints
    bound: int


def search(block: Block, price: Ints, alive: Bools, fees: Sequence[int], *,
           limit: int | None = None, first: bool = False,
           steps: int = STEPS) -> Found | None:  # fmt: skip
    """The cheapest plan that uses options that are `alive`, or None if there is none.

    `fees` are the prices of the purchases. Plans that cost `limit` or more need not be found. Among
    equally cheap plans it is the one with the smallest rows if it is to be the `first`.
    """
    best: Found | None = None
    bounds: list[int] = []
    left = steps
    boxes = _boxes(block, price, alive, fees)
    for box in boxes:
        ceiling = limit if best is None else best.value
        if ceiling is not None and (box.bound > ceiling or (box.bound == ceiling and not first)):
            bounds.append(box.bound)
            continue
        found, bound, left = _best_in(block, price, box, fees, ceiling, first, left)
        bounds.append(bound)
        if found is not None and (
            best is None or (found.value, found.picked) < (best.value, best.picked)
        ):
            best = found
    if best is not None:
        return Found(best.value, best.picked, best.bought, min([best.value, *bounds]))
    bound = min(bounds, default=BIG)
    return None if bound >= BIG or not bounds else Found(BIG, (), (), bound)


def _best_in(block: Block, price: Ints, box: Box, fees: Sequence[int], limit: int | None,
             first: bool, steps: int) -> tuple[Found | None, int, int]:  # fmt: skip
    """The best plan of a box below a limit, the box's bound, and the steps that are left."""
    quick = plan_cost(block, price, box.picked, fees)
    if quick is not None:
        value, bought = quick
        if value == box.bound:
            return Found(value, tuple(box.picked.tolist()), bought, value), value, steps
        if limit is not None and value >= limit:
            quick = None
    descent = descend(block, price, box.alive, fees, box.least, box.most, limit=limit,
                      start=None if quick is None else (quick[0], box.picked), first=first,
                      steps=steps)  # fmt: skip
    bound = max(box.bound, descent.bound)
    if descent.picked is None:
        return None, bound, descent.left
    return _found(block, price, descent, fees, bound), min(bound, descent.value), descent.left


def _found(block: Block, price: Ints, descent: Descent, fees: Sequence[int], bound: int) -> Found:
    assert descent.picked is not None
    checked = plan_cost(block, price, np.array(descent.picked, np.int64), fees)
    assert checked is not None
    return Found(checked[0], descent.picked, checked[1], bound)


def plan_cost(block: Block, price: Ints, picked: Ints,
              fees: Sequence[int]) -> tuple[int, tuple[int, ...]] | None:  # fmt: skip
    """What rows of a block cost together with the devices they need; None if they do not fit."""
    if not agree(block, picked):
        return None
    loads = [sum(column) for column in block.load[picked].T.tolist()]
    ceilings = [min(column, default=0) for column in block.ceiling[picked].T.tolist()]
    units = [max(column, default=0) for column in block.units[picked].T.tolist()]
    bought = bought_for(block.of, loads, ceilings, units)
    if bought is None:
        return None
    spent = sum(fee * count for fee, count in zip(fees, bought, strict=True))
    return sum(price[picked].tolist()) + spent, bought


def agree(block: Block, picked: Ints) -> bool:
    """Whether rows of a block depend on one alternative of each choice."""
    return all(
        len({need for need in column if need != ANY}) < 2
        for column in block.needs[picked].T.tolist()
    )


def _boxes(block: Block, price: Ints, alive: Bools, fees: Sequence[int]) -> list[Box]:
    """All plans, split by what is bought where that costs and is little, cheapest bound first."""
    if not block.pairs:
        bought = bought_for(block.of, [0] * len(block.of.resources),
                            [0] * len(block.of.resources), [0] * len(fees))  # fmt: skip
        if bought is None:
            return []
        spent = sum(fee * count for fee, count in zip(fees, bought, strict=True))
        return [Box(bought, bought, alive, np.zeros(0, np.int64), spent)]
    if (np.diff(block.starts) == 0).any():
        return []
    boxes = []
    for least, most in _ranges(block, alive, fees):
        fits = alive & fitting(block.of, block.load, block.ceiling, block.units, most)
        masked = np.where(fits, price, BIG)
        lowest = np.minimum.reduceat(masked, block.starts[:-1])
        if int(lowest.max()) >= BIG:
            continue
        picked = _first_at(masked, lowest, block.starts)
        spent = sum(fee * count for fee, count in zip(fees, least, strict=True))
        boxes.append(Box(least, most, fits, picked, sum(lowest.tolist()) + spent))
    return sorted(boxes, key=lambda box: (box.bound, box.least))


def _first_at(masked: Ints, lowest: Ints, starts: Ints) -> Ints:
    """The first row of each pair that has the pair's lowest value."""
    at = np.flatnonzero(masked == np.repeat(lowest, np.diff(starts)))
    return at[np.searchsorted(at, starts[:-1])]


def _ranges(block: Block, alive: Bools,
            fees: Sequence[int]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:  # fmt: skip
    """Least and most of the purchases of every box."""
    of = block.of
    highest = useful(block, alive)
    least = tuple(p.most if fee < 0 else p.least for p, fee in zip(of.purchases, fees, strict=True))
    most = tuple(
        p.most if fee <= 0 else high
        for p, fee, high in zip(of.purchases, fees, highest, strict=True)
    )
    if any(low > high for low, high in zip(least, most, strict=True)):
        return
    apart = [i for i, fee in enumerate(fees) if fee > 0 and most[i] > least[i]]
    size = 1
    for index in apart:
        size *= most[index] - least[index] + 1
    if size > MAX_BOXES:
        yield least, most
        return
    for counts in product(*(range(least[i], most[i] + 1) for i in apart)):
        low, high = list(least), list(most)
        for index, count in zip(apart, counts, strict=True):
            low[index] = high[index] = count
        yield tuple(low), tuple(high)


def useful(block: Block, alive: Bools) -> list[int]:
    """How many of each purchase can be of use at most: no plan needs more."""
    of = block.of
    most = [p.least for p in of.purchases]
    if not alive.any():
        return most
    if of.purchases:
        needed = block.units[alive].max(axis=0).tolist()
        most = [max(n, m) for n, m in zip(needed, most, strict=True)]
    heaviest = np.maximum.reduceat(np.where(alive[:, None], block.load, 0), block.starts[:-1])
    for index, resource in enumerate(of.resources):
        if resource.purchase is None or resource.unit <= 0:
            continue
        load = sum(heaviest[:, index].tolist())
        if load <= 0:
            continue
        loaded = alive & (block.load[:, index] > 0)
        ceiling = min(1000, max(1, int(block.ceiling[alive, index].min())))
        if not loaded.any():
            continue
        count = -((resource.base + (-load * 1000 // ceiling)) // resource.unit)
        most[resource.purchase] = max(most[resource.purchase], count)
    return [min(n, p.most) for n, p in zip(most, of.purchases, strict=True)]
