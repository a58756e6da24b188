"""The oracles agree with each other, and the checker with them: before any engine is asked."""

from __future__ import annotations

import os

import pytest
from place.answers import answered
from place.known import instance
from placement.checker import check, total
from placement.monoliths import cp_sat, highs

NIGHTLY = bool(os.environ.get("HYBRIDSPEC_NIGHTLY"))
SEEDS = 2_000 if NIGHTLY else 30


@pytest.mark.parametrize("solver", [cp_sat, highs])
def test_brute_force_and_the_monoliths_agree(solver: object) -> None:
    for seed in range(SEEDS):
        problem, best = instance(seed)
        said = solver(problem, seconds=60)  # type: ignore[operator]
        assert said.impossible == (best is None), seed
        assert said.cost == (best and best.cost), seed


def test_the_checker_finds_nothing_in_the_best_answer_and_the_same_cost() -> None:
    for seed in range(SEEDS):
        problem, best = instance(seed)
        if best is not None:
            answer = answered(problem, best)
            assert check(problem, answer) == [], seed
            assert total(problem, answer) == best.cost, seed


def test_about_every_third_problem_has_no_plan() -> None:
    impossible = sum(instance(seed)[1] is None for seed in range(150))
    assert 25 <= impossible <= 70
