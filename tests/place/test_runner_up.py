"""A runner-up is a plan whatever the search had to leave out, and the best where it says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random
from types import ModuleType

import numpy as np
import pytest
from place.brute_force import site_plans
from place.compare import priced
from place.known import instance

from hybridspec.place.engine import around, halves, other
from hybridspec.place.engine.other import other_plan
from hybridspec.place.engine.solve import Solved, solve

SEEDS = 2_000 if os.environ.get("HYBRIDSPEC_NIGHTLY") else 30
ENOUGH = 100
"""Steps with which small sites are searched to the end."""

ASKED: dict[str, tuple[tuple[ModuleType, str, float], ...]] = {
    "nothing is cut short": (),
    "a pair is looked at alone": ((other, "STEPS", 1),),
    "few plans of a half": ((halves, "LABELS", 3), (halves, "HALVINGS", 2)),
    "few plans are put together": (
        (halves, "AT_ONCE", 2), (halves, "STEP", 1), (other, "STEPS", 9),
    ),
    "one plan is taken for the best": ((around, "TRIES", 1),),
    "nothing is looked at twice": ((around, "FIRST", 0.5),),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_a_runner_up_that_is_said_to_be_the_best_is(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, limit, value in ASKED[name]:
        monkeypatch.setattr(module, limit, value)
    dice, exact = Random(name), 0
    for seed in range(SEEDS):
        problem, best = instance(seed)
        said = None if best is None else solve(problem)
        if isinstance(said, Solved):
            exact += sum(_asked(said, dice, seed))
    assert exact > SEEDS // 2


def _asked(said: Solved, dice: Random, seed: int) -> Iterator[bool]:
    """Whether each runner-up is exact; it is a plan, and the best if it is said to be."""
    for number, what in enumerate(said.problem.classes):
        plans, prices = said.answer.plans[number], said.answer.prices
        costs = {
            plan.rows: plan.cost + priced(what, plan.rows, prices)
            for plan in site_plans(what, said.answer.chosen, len(said.problem.quotas))
        }
        for pair, of in enumerate(what.pairs if plans else ()):
            banned = dice.choice(([], [dice.randrange(len(of.options))]))
            banned = [plans[0].rows[pair], *banned]
            found = other_plan(said, number, pair, ~np.isin(np.arange(len(of.options)), banned))
            least = [cost for rows, cost in costs.items() if rows[pair] not in banned]
            if found is None:
                assert not least or other.STEPS < ENOUGH, seed
                continue
            more, plan, exact = found
            assert plan.rows[pair] not in banned, seed
            assert min(least) - min(costs.values()) <= more, seed
            assert costs[plan.rows] <= min(costs.values()) + more, seed
            assert not exact or more == min(least) - min(costs.values()), seed
            yield exact
