"""The oracles agree with each other, and the checker with them: before any engine is asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial

import pytest
from place.answers import answered
from place.known import instance
from placement.checker import check, total
from placement.monoliths import Outcome, cp_sat, highs

NIGHTLY = bool(os.environ.get("HYBRIDSPEC_NIGHTLY"))
SEEDS = 2_000 if NIGHTLY else 30
CLOSE, EMPTY = 557, 565
"""A best plan that is cheaper than the next by less than a tolerance of HiGHS; no pairs at all."""


@pytest.mark.parametrize("solver", [partial(cp_sat, careful=True), highs], ids=["cp-sat", "highs"])
def test_brute_force_and_the_monoliths_agree(solver: Callable[..., Outcome]) -> None:
    for seed in (*range(SEEDS), CLOSE, EMPTY):
        problem, best = instance(seed)
        said = solver(problem, seconds=60)
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
