"""One site class as arrays over the options of all its pairs, and what its devices can carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hybridspec.place.problem import ANY, WHOLE, Ints, SiteClass

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

BIG = 2**61
"""Above every load that can be admitted and every sum of costs."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The options of a class, one after the other; `starts` (pairs + 1) says where each begins.

    `needs` and `use` have a column for each of `choices` and `quotas`, which are the problem's
    numbers of what any pair of the class depends on. `alive` marks the options that fit alone, with
    as many devices as there may be.
    """

    of: SiteClass
    starts: Ints
    cost: Ints
    load: Ints
    ceiling: Ints
    units: Ints
    choices: tuple[int, ...]
    needs: Ints
    quotas: tuple[int, ...]
    use: Ints
    alive: Bools

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return len(self.starts) - 1

    def rows(self, picked: Ints) -> tuple[int, ...]:
        """Rows of the pairs' own options, from rows of the block."""
        return tuple((picked - self.starts[:-1]).tolist())


def make_block(of: SiteClass) -> Block:
    """Lay the options of a class out in one piece."""
    options = [pair.options for pair in of.pairs]
    starts = np.zeros(len(options) + 1, np.int64)
    np.cumsum([len(o) for o in options], out=starts[1:])
    choices = tuple(sorted({c for pair in of.pairs for c in pair.choices}))
    quotas = tuple(sorted({q for pair in of.pairs for q in pair.quotas}))
    joined = _joined([o.load for o in options], len(of.resources))
    ceiling = _joined([o.ceiling for o in options], len(of.resources))
    units = _joined([o.units for o in options], len(of.purchases))
    needs = _spread([(p.options.needs, p.choices) for p in of.pairs], starts, choices, ANY)
    use = _spread([(p.options.use, p.quotas) for p in of.pairs], starts, quotas, 0)
    most = [p.most for p in of.purchases]
    alive = fitting(of, joined, ceiling, units, most)
    cost = np.concatenate([o.cost for o in options]) if options else np.zeros(0, np.int64)
    return Block(of, starts, cost, joined, ceiling, units, choices, needs, quotas, use, alive)


def _joined(parts: Sequence[Ints], width: int) -> Ints:
    return np.concatenate(parts) if parts else np.zeros((0, width), np.int64)


def _spread(parts: Sequence[tuple[Ints, tuple[int, ...]]], starts: Ints,
            columns: tuple[int, ...], empty: int) -> Ints:  # fmt: skip
    """Columns of single pairs as columns of the class."""
    laid = np.full((int(starts[-1]), len(columns)), empty, np.int64)
    at = {column: index for index, column in enumerate(columns)}
    for index, (values, own) in enumerate(parts):
        for column, number in enumerate(own):
            laid[starts[index] : starts[index + 1], at[number]] = values[:, column]
    return laid


def fitting(of: SiteClass, load: Ints, ceiling: Ints, units: Ints, bought: Sequence[int]) -> Bools:
    """Which options fit alone where so many devices stand."""
    fits = np.ones(len(load), np.bool_)
    for index, count in enumerate(bought):
        fits &= units[:, index] <= count
    for index, capacity in enumerate(capacities(of, bought)):
        column, limits = load[:, index], ceiling[:, index]
        loaded = column > 0
        if not loaded.any():
            continue
        if int(limits.min()) >= WHOLE:
            fits &= ~loaded | (column <= min(max(capacity, -1), BIG))
            continue
        levels, which = np.unique(np.minimum(limits, WHOLE), return_inverse=True)
        room = [min(max(usable(capacity, level), -1), BIG) for level in levels.tolist()]
        fits &= ~loaded | (column <= np.array(room, np.int64)[which])
    return fits


def capacities(of: SiteClass, bought: Sequence[int]) -> list[int]:
    """What there is of each resource where so many devices stand."""
    return [
        r.base + (r.unit * bought[r.purchase] if r.purchase is not None else 0)
        for r in of.resources
    ]


def usable(capacity: int, ceiling: int) -> int:
    """How much of a capacity may be loaded under a ceiling in permille."""
    return capacity * min(ceiling, WHOLE) // WHOLE


def bought_for(of: SiteClass, loads: Sequence[int], ceilings: Sequence[int],
               units: Sequence[int]) -> tuple[int, ...] | None:  # fmt: skip
    """The fewest devices that carry loads under ceilings, or None if there may not be as many."""
    bought = [
        p.most if p.cost < 0 else max(p.least, n) for p, n in zip(of.purchases, units, strict=True)
    ]
    for resource, load, ceiling in zip(of.resources, loads, ceilings, strict=True):
        if load <= 0:
            continue
        if ceiling <= 0:
            return None
        capacity = -(-load * WHOLE // min(ceiling, WHOLE))
        if resource.purchase is None or resource.unit <= 0:
            if resource.base < capacity:
                return None
            continue
        count = -((resource.base - capacity) // resource.unit)
        bought[resource.purchase] = max(bought[resource.purchase], count)
    if any(n > p.most for n, p in zip(bought, of.purchases, strict=True)):
        return None
    return tuple(bought)
