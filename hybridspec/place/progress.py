"""Says how far a long search is: the cheapest plan so far, the proven bound, and the gap."""

from __future__ import annotations

import time
from collections.abc import Callable

from hybridspec.base.units import format_money
from hybridspec.place.engine.api import Progress, Watch

QUIET = 2.0
"""Seconds that a search takes before anybody hears of it, and between two words of it."""


def telling(
    say: Callable[[str], None], currency: str, clock: Callable[[], float] = time.monotonic
) -> Watch:
    """A watch that tells `say`, and never stops the search."""
    last = clock()

    def watch(found: Progress) -> bool:
        nonlocal last
        now = clock()
        if now - last >= QUIET:
            last = now
            say(_words(found, currency))
        return False

    return watch


def _words(found: Progress, currency: str) -> str:
    bound = format_money(found.bound, currency)
    if found.cost is None:
        return f"placing: no plan yet, and none below {bound}"
    gap = found.cost - found.bound
    share = f"{100 * gap / found.cost:.3g} %" if found.cost else "0 %"
    return f"placing: {format_money(found.cost, currency)}, none below {bound}, gap {share}"
