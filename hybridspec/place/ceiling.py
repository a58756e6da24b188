"""How full devices and uplinks may get before a layout no longer keeps its bound on latency."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from hybridspec.ir.plan import Ceiling
from hybridspec.place.layout import Layout
from hybridspec.place.path import Path, Used
from hybridspec.place.problem import WHOLE


def ceiling(layout: Layout) -> Ceiling:
    """The largest utilisations up to which the bound holds, found by bisection.

    What all may be at once is not one row of numbers. First each gets the same share of what the
    flow leaves of it, then what is still possible goes to the devices, what then is to the uplinks,
    and the rest to the line that the devices of the site share, if they do. A layout that is too
    slow alone has its own utilisations for a ceiling.
    """
    path = layout.path
    if path is None or _holds(path, (WHOLE,) * len(layout.used)):
        return Ceiling()
    alone = tuple(min(used, WHOLE) for used in layout.used)
    if not _holds(path, alone):
        return _ceiling(alone)

    def even(part: int) -> Used:
        return tuple(used + (WHOLE - used) * part // WHOLE for used in alone)

    found = even(_last(WHOLE, lambda part: _holds(path, even(part))))
    for which in range(len(found)):
        found = _raised(path, found, which)
    return _ceiling(found)


def lower(one: Ceiling, other: Ceiling) -> Ceiling:
    """Up to which both hold."""
    return Ceiling(busy=min(one.busy, other.busy), uplink=min(one.uplink, other.uplink),
                   line=min(one.line, other.line))  # fmt: skip


def _raised(path: Path, used: Used, which: int) -> Used:
    """As full as one of them may get with the others as they are."""

    def by(more: int) -> Used:
        return (*used[:which], used[which] + more, *used[which + 1 :])

    return by(_last(WHOLE - used[which], lambda more: _holds(path, by(more))))


def _ceiling(used: Used) -> Ceiling:
    return Ceiling(busy=used[0], uplink=used[1], line=used[2] if len(used) > 2 else WHOLE)


def _holds(path: Path, used: Used) -> bool:
    return path.high(used) <= path.bound.bound


def _last(most: int, holds: Callable[[int], bool]) -> int:
    """The largest number up to `most` for which it holds; for 0 it does."""
    return bisect_left(range(1, most + 1), True, key=lambda more: not holds(more))
