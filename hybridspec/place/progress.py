"""Says how far a long search is, and ends one that is not to go on once it has a plan."""

from __future__ import annotations

import time
from collections.abc import Callable

from hybridspec.base.units import format_money
from hybridspec.place.engine.api import Progress, Watch

QUIET = 2.0
"""Seconds that a search takes before anybody hears of it, and between two words of it."""


def telling(
    say: Callable[[str], None], currency: str, clock: Callable[[], float] = time.monotonic,
    stop: Callable[[], bool] = lambda: False, owned: Callable[[], int] = lambda: 0,
) -> Watch:  # fmt: skip
    """A watch that tells `say`, and stops the search when `stop` says so and there is a plan.

    `stop` is asked only once there is one. `owned` is what every plan costs beside what is
    searched for.
    """
    last = clock()

    def watch(found: Progress) -> bool:
        nonlocal last
        now = clock()
        if now - last >= QUIET:
            last = now
            say(_words(found, owned(), currency))
        return found.cost is not None and stop()

    return watch


def _words(found: Progress, owned: int, currency: str) -> str:
    bound = format_money(found.bound + owned, currency)
    if found.cost is None:
        return "placing: no plan yet" + (f", and none below {bound}" if found.bound > 0 else "")
    cost = found.cost + owned
    if found.bound <= 0 < found.cost:
        return f"placing: {format_money(cost, currency)}, no bound yet"
    share = f"{100 * (found.cost - found.bound) / cost:.3g} %" if cost else "0 %"
    return f"placing: {format_money(cost, currency)}, none below {bound}, gap {share}"


def paced(
    say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
) -> Callable[[str], None]:
    """Passes on what is said, but nothing at first and then no more often than people can read."""
    last = clock()

    def told(words: str) -> None:
        nonlocal last
        if clock() - last >= QUIET:
            last = clock()
            say(words)

    return told
