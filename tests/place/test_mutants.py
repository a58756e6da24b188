"""Faults put into the engine on purpose: the comparison with brute force has to notice each.

Run with `-s` to see which problem showed a fault, and how.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from place.compare import against
from place.known import instance
from place.mutants import MUTANTS, Patch

SEEDS = 1_000
SHOWN = {"ceilings a permille high": 190, "choices take nothing": 54, "counts are not whole": 34}
"""Problems that are known to show a fault which few do; they are looked at first."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_in_the_engine_is_noticed(
    name: str, monkeypatch: Patch, record_property: Callable[[str, object], None]
) -> None:
    MUTANTS[name](monkeypatch)
    first = SHOWN.get(name, 0)
    for seed in (*range(first, SEEDS), *range(first)):
        try:
            found = next(against(*instance(seed)), "")
        except (AssertionError, IndexError, ValueError) as fault:
            found = f"crash: {type(fault).__name__}"
        if found:
            record_property("killed", f"{name}: problem {seed}, {found}")
            print(f"{name:45} problem {seed:3}, {found.split(':')[0]}")
            return
    pytest.fail(f"{name}: survives {SEEDS} problems")


def test_there_are_enough_faults() -> None:
    assert len(MUTANTS) >= 40
