"""Small problems get the best answer there is, proven, or are called impossible."""

from __future__ import annotations

from place.known import instance
from placement.checker import check

from hybridspec.place.engine.solve import Solved, solve
from hybridspec.place.problem import Impossible

SEEDS = 150


def test_small_problems_are_solved_and_proven() -> None:
    for seed in range(SEEDS):
        problem, best = instance(seed)
        said = solve(problem)
        if best is None:
            assert isinstance(said, Impossible), seed
            continue
        assert isinstance(said, Solved), seed
        assert check(problem, said.answer) == [], seed
        assert (said.answer.cost, said.answer.bound) == (best.cost, best.cost), seed


def test_equal_costs_are_settled_by_the_order_of_rows_where_no_quota_binds() -> None:
    for seed in range(SEEDS):
        problem, best = instance(seed)
        said = solve(problem)
        if len(problem.quotas) or best is None:
            continue
        assert isinstance(said, Solved)
        assert said.answer.chosen == best.chosen, seed
        rows = tuple(tuple(plan.rows for plan in plans for _ in range(plan.sites))
                     for plans in said.answer.plans)  # fmt: skip
        assert rows == best.rows, seed
