"""Faults put into the engine on purpose: the comparison with brute force has to notice each.

Run with `-s` to see which problem showed a fault, and how.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from place import brute_force
from place.brute_force import Best
from place.compare import against
from place.mutants import MUTANTS, Patch
from place.random_problems import seeded

from hybridspec.place.problem import Problem

SEEDS = 1_000


@cache
def instance(seed: int) -> tuple[Problem, Best | None]:
    """A problem and its best answer."""
    problem = seeded(seed)
    return problem, brute_force.solve(problem)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_in_the_engine_is_noticed(
    name: str, monkeypatch: Patch, record_property: Callable[[str, object], None]
) -> None:
    MUTANTS[name](monkeypatch)
    for seed in range(SEEDS):
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
