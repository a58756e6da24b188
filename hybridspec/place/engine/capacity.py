"""What the devices of a site can carry, and how many of them each option needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hybridspec.place.problem import MAX_LOAD, WHOLE, Ints, SiteClass


def too_large(amounts: Ints) -> bool:
    """Whether amounts cannot be added up safely."""
    return int(amounts.max(initial=0)) >= MAX_LOAD


def capacities(of: SiteClass, bought: Sequence[int]) -> list[int]:
    """What there is of each resource where so many devices stand."""
    return [
        r.base + (r.unit * bought[r.purchase] if r.purchase is not None else 0)
        for r in of.resources
    ]


def usable(capacity: int, ceiling: int) -> int:
    """How much of a capacity may be loaded under a ceiling in permille."""
    return capacity * min(ceiling, WHOLE) // WHOLE


def alone(of: SiteClass, load: Ints, ceiling: Ints,
          units: Ints) -> tuple[Ints, NDArray[np.bool_]]:  # fmt: skip
    """How much of each purchase every option needs by itself, and whether it may have that."""
    counts = units.copy()
    for index, purchase in enumerate(of.purchases):
        np.maximum(counts[:, index], purchase.least, out=counts[:, index])
    fits = np.ones(len(load), np.bool_)
    for index, resource in enumerate(of.resources):
        amount = load[:, index]
        if not amount.any():
            continue
        level = ceiling[:, index]
        fits &= (amount <= 0) | (level > 0)
        needed = -((-amount * WHOLE) // np.maximum(level, 1))
        base = min(max(resource.base, -(2**60)), 2**60)
        if resource.purchase is None or resource.unit <= 0:
            fits &= (amount <= 0) | (needed <= base)
            continue
        count = -((base - needed) // min(resource.unit, 2**61))
        column = counts[:, resource.purchase]
        np.maximum(column, np.where(amount > 0, count, 0), out=column)
    for index, purchase in enumerate(of.purchases):
        fits &= counts[:, index] <= min(purchase.most, 2**62)
    return counts, fits
