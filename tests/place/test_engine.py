"""The engine against brute force and CP-SAT on random problems, and against itself."""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from place import brute_force
from place.compare import against, differences, edited, regrouped
from place.known import instance
from place.random_problems import problem, seeded
from placement.checker import check
from placement.monoliths import cp_sat

from hybridspec.place.engine import descend, halves
from hybridspec.place.engine import solve as solving
from hybridspec.place.engine.solve import Solved, solve
from hybridspec.place.problem import Impossible, Options, Problem

NIGHTLY = bool(os.environ.get("HYBRIDSPEC_NIGHTLY"))
SEEDS = 20_000 if NIGHTLY else 80
BARE = 8961
"""A problem with a limit below which a choice has no alternative left."""


def test_the_engine_is_exact() -> None:
    for seed in (*range(SEEDS), BARE):
        assert list(against(*instance(seed))) == [], seed


@settings(max_examples=2_000 if NIGHTLY else 30)
@given(st.randoms(use_true_random=False))
def test_the_engine_is_exact_wherever_dice_fall(dice: Random) -> None:
    assert list(differences(problem(dice))) == []


def test_large_amounts_are_exact() -> None:
    for seed in range(SEEDS // 8):
        assert list(differences(seeded(seed, scale=10**15 + 1))) == [], seed


@pytest.mark.parametrize("uniformity", [1, 50, 300, 1000])
def test_one_plan_for_a_class_unless_several_save_enough(uniformity: int) -> None:
    for seed in range(SEEDS // 8):
        assert list(differences(seeded(seed, uniformity=uniformity))) == [], seed


def test_cp_sat_says_the_same() -> None:
    for seed in range(SEEDS, SEEDS + (SEEDS // 24 if NIGHTLY else 1)):
        said, other = solve(seeded(seed)), cp_sat(seeded(seed), seconds=60, careful=True)
        assert isinstance(said, Impossible) == other.impossible, seed
        assert isinstance(said, Impossible) or said.answer.cost == other.cost, seed


def test_twice_is_the_same() -> None:
    for seed in range(SEEDS // 4):
        assert _said(seeded(seed)) == _said(seeded(seed)), seed


def test_an_edited_class_is_solved_from_the_answer_before_as_from_nothing() -> None:
    for seed in range(SEEDS // 2):
        before = solve(seeded(seed))
        if isinstance(before, Impossible):
            continue
        after = edited(before.problem, seed)
        again, fresh = solve(after, before=before), solve(after)
        assert isinstance(again, Impossible) == isinstance(fresh, Impossible), seed
        if isinstance(again, Solved) and isinstance(fresh, Solved):
            assert check(after, again.answer) == [], seed
            assert again.answer.cost == again.answer.bound == fresh.answer.cost, seed


def test_sites_that_leave_their_class_are_solved_alone_and_bounds_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(solving, "CLOSABLE", 0)
    quick = 0
    for seed in range(SEEDS):
        before = solve(seeded(seed))
        if isinstance(before, Impossible) or before.ground is None:
            continue
        after = regrouped(before.problem, seed)
        again = solving._edited(after, before)
        if again is None:
            continue
        quick, best = quick + 1, brute_force.solve(after)
        assert best is not None, seed
        assert check(after, again.answer) == [], seed
        assert again.answer.bound <= best.cost <= again.answer.cost, seed
    assert quick > SEEDS / 20


def test_it_is_exact_where_all_sites_are_put_together_of_halves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(descend, "QUICK", 0)
    monkeypatch.setattr(halves, "AT_ONCE", 3)
    for seed in range(SEEDS // 2):
        assert list(against(*instance(seed))) == [], seed


def _said(problem: Problem) -> object:
    said = solve(problem)
    return said if isinstance(said, Impossible) else said.answer


def test_small_integers_are_as_good_as_large_ones() -> None:
    for seed in range(SEEDS // 2):
        assert _said(_narrow(seeded(seed))) == _said(seeded(seed)), seed


def _narrow(of: Problem) -> Problem:
    """The problem with all its arrays in bytes, but for ceilings."""

    def narrow(options: Options) -> Options:
        changed = {
            name: getattr(options, name).astype(np.int8)
            for name in ("cost", "load", "units", "needs", "use")
        }
        return replace(options, ceiling=options.ceiling.astype(np.int16), **changed)

    classes = tuple(
        replace(one, pairs=tuple(replace(p, options=narrow(p.options)) for p in one.pairs))
        for one in of.classes
    )
    return replace(of, classes=classes)
