"""How many devices carry what stands at a site."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hybridspec.place.problem import WHOLE, Purchase, Resource


class Stand(Protocol):
    """What may be bought for a site, and what there is at it."""

    @property
    def purchases(self) -> tuple[Purchase, ...]:
        """In the order of the problem."""

    @property
    def resources(self) -> tuple[Resource, ...]:
        """In the order of the problem."""


def bought_for(of: Stand, loads: Sequence[int], ceilings: Sequence[int],
               least: Sequence[int]) -> tuple[int, ...] | None:  # fmt: skip
    """The fewest devices that carry loads under ceilings, or None if there may not be as many."""
    bought = [
        p.most if p.cost < 0 else max(p.least, n) for p, n in zip(of.purchases, least, strict=True)
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
