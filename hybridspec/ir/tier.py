"""Connectivity tiers: device classes that are out of reach for about as long, and their window."""

from __future__ import annotations

from dataclasses import dataclass

from hybridspec.base.units import DAY

BANDS = (("online", 7 * DAY), ("intermittent", 30 * DAY), ("remote", 2**62))
"""Tiers with the longest absence, courier included, of their classes, in microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One tier: `window` is how long its online metadata holds, in microseconds.

    That is also its freeze window: the longest time for which somebody between channel and device
    can hide a release by repeating old metadata.
    """

    name: str
    device_classes: tuple[str, ...]
    window: int
