"""A search that has to give up early still says a bound that holds and a plan that is one."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import ModuleType

import pytest
from place.known import instance
from placement.checker import check

from hybridspec.place.engine import (
    branch,
    descend,
    fleet,
    generate,
    halves,
    market,
    pool,
    site,
    solve,
)
from hybridspec.place.engine import round as rounding
from hybridspec.place.engine.api import SearchTooLarge
from hybridspec.place.problem import Impossible

SEEDS = 2_000 if os.environ.get("HYBRIDSPEC_NIGHTLY") else 30
Limit = tuple[ModuleType, str, int]

LIMITS: dict[str, tuple[Limit, ...]] = {
    "nothing is closed": ((solve, "CLOSABLE", 0),),
    "no site is searched": ((branch, "VISITS", 0),),
    "few sites are searched": ((branch, "VISITS", 4), (solve, "CLOSABLE", 0)),
    "sites are hardly searched": (
        (branch, "STEPS", 1), (market, "STEPS", 1), (fleet, "HARD_STEPS", 2),
        (solve, "CLOSABLE", 0),
    ),
    "sites are searched a little": (
        (branch, "STEPS", 4), (market, "STEPS", 4), (fleet, "HARD_STEPS", 5),
    ),
    "one box": ((site, "MAX_BOXES", 1),),
    "halves are cut short": (
        (descend, "QUICK", 0), (halves, "LABELS", 3), (halves, "HALVINGS", 2),
        (halves, "AT_ONCE", 2), (halves, "STEP", 1), (branch, "STEPS", 30), (market, "STEPS", 30),
    ),
    "one round of columns": ((generate, "ROUNDS", 1), (fleet, "OUTER", 1), (solve, "CLOSABLE", 0)),
    "few labels": ((pool, "MAX_LABELS", 2),),
    "classes are rounded apart": (
        (rounding, "SMALL", 0), (rounding, "LOOSE", 0), (solve, "CLOSABLE", 0),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_what_is_said_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, limit, value in LIMITS[name]:
        monkeypatch.setattr(module, limit, value)
    for seed in range(SEEDS):
        _holds(seed)


def _holds(seed: int, watch: Callable[[object], bool] | None = None) -> bool:
    problem, best = instance(seed)
    try:
        said = solve.solve(problem, progress=watch)
    except SearchTooLarge as large:
        assert best is None or large.bound <= best.cost, seed  # noqa: PT017
        return False
    if isinstance(said, Impossible):
        assert best is None, seed
        return False
    assert best is not None, seed
    assert said.answer.bound <= best.cost <= said.answer.cost, seed
    assert check(problem, said.answer) == [], seed
    return said.answer.stopped


def test_who_stops_gets_the_best_so_far() -> None:
    stopped = [_holds(seed, lambda heard: True) for seed in range(SEEDS)]
    assert any(stopped)


def test_bounds_and_costs_that_are_heard_only_get_better() -> None:
    for seed in range(SEEDS):
        heard: list[tuple[int, int]] = []

        def watch(said: object, heard: list[tuple[int, int]] = heard) -> bool:
            heard.append((said.cost, said.bound))  # type: ignore[attr-defined]
            return False

        _holds(seed, watch)
        costs = [cost for cost, _ in heard if cost is not None]
        assert costs == sorted(costs, reverse=True), seed
        bounds = [bound for _, bound in heard]
        assert bounds == sorted(bounds), seed
        assert not costs or max(bounds) <= min(costs), seed
