"""How full devices and uplinks may get before a layout no longer keeps its bound on latency."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from hybridspec.ir.plan import Ceiling
from hybridspec.place.layout import Layout
from hybridspec.place.path import Path
from hybridspec.place.problem import WHOLE


def ceiling(layout: Layout) -> Ceiling:
    """The largest utilisations up to which the bound holds, found by bisection.

    What both may be at once is not one pair of numbers. First each gets the same share of what the
    flow leaves of it, then what is still possible goes to the devices, and the rest to the uplinks.
    A layout that is too slow alone has its own utilisations for a ceiling.
    """
    path = layout.path
    if path is None or _holds(path, WHOLE, WHOLE):
        return Ceiling()
    busy, full = (min(used, WHOLE) for used in layout.used)
    if not _holds(path, busy, full):
        return Ceiling(busy=busy, uplink=full)
    spare_time, spare_wire = WHOLE - busy, WHOLE - full
    even = _last(WHOLE, lambda part: _holds(
        path, busy + spare_time * part // WHOLE, full + spare_wire * part // WHOLE
    ))  # fmt: skip
    busy, full = busy + spare_time * even // WHOLE, full + spare_wire * even // WHOLE
    busy += _last(WHOLE - busy, lambda more: _holds(path, busy + more, full))
    full += _last(WHOLE - full, lambda more: _holds(path, busy, full + more))
    return Ceiling(busy=busy, uplink=full)


def _holds(path: Path, busy: int, full: int) -> bool:
    return path.high((busy, full)) <= path.bound.bound


def _last(most: int, holds: Callable[[int], bool]) -> int:
    """The largest number up to `most` for which it holds; for 0 it does."""
    return bisect_left(range(1, most + 1), True, key=lambda more: not holds(more))
