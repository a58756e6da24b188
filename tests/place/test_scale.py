"""Amounts up to what the engine takes: an answer is as exact there as where amounts are small.

What everything costs, takes and offers is multiplied, so that brute force on the small problem
knows the answer to the large one.
"""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from place.known import instance
from placement.checker import check

from hybridspec.place.engine.solve import runner_up, solve
from hybridspec.place.problem import (
    MAX_LOAD,
    MAX_MONEY,
    Impossible,
    Options,
    Pair,
    Problem,
    Resource,
    SiteClass,
)

SEEDS = 2_000 if os.environ.get("HYBRIDSPEC_NIGHTLY") else 40
LOST = (792, 1350, 1407)
"""Problems whose sites carry more than the largest single load."""
LARGEST = 2**60
"""Of capacities and of what is taken of a quota in all."""


def most(problem: Problem) -> tuple[int, int, int]:
    """What money, loads and uses of quotas may be multiplied by."""
    money = sum(int(c.cost.max(initial=0)) for c in problem.choices)
    use = max(1, int(problem.quotas.max(initial=0)), sum(
        int(c.use.max(initial=0)) for c in problem.choices))  # fmt: skip
    load, room = 1, 1
    for of in problem.classes:
        money += of.sites * sum(item.cost * item.most for item in of.purchases)
        room = max([room, *(abs(r.base) + 4 * r.unit for r in of.resources)])
        for options in (pair.options for pair in of.pairs):
            money += of.sites * int(options.cost.max(initial=0))
            use += of.sites * int(options.use.max(initial=0))
            load = max(load, int(options.load.max(initial=0)))
    return (MAX_MONEY - 1) // max(1, money), min((MAX_LOAD - 1) // load, LARGEST // room), (
        MAX_LOAD - 1
    ) // use  # fmt: skip


def scaled(problem: Problem, money: int, load: int, use: int) -> Problem:
    """The problem with all amounts multiplied."""

    def options(of: Options) -> Options:
        return replace(of, cost=of.cost * money, load=of.load * load, use=of.use * use)

    def pair(of: Pair) -> Pair:
        return replace(of, options=options(of.options))

    def site(of: SiteClass) -> SiteClass:
        return replace(
            of,
            pairs=tuple(map(pair, of.pairs)),
            purchases=tuple(replace(item, cost=item.cost * money) for item in of.purchases),
            resources=tuple(
                replace(item, base=item.base * load, unit=item.unit * load) for item in of.resources
            ),
        )

    return replace(
        problem,
        classes=tuple(map(site, problem.classes)),
        choices=tuple(
            replace(choice, cost=choice.cost * money, use=choice.use * use)
            for choice in problem.choices
        ),
        quotas=problem.quotas * use,
    )


def test_amounts_as_large_as_may_be_are_exact() -> None:
    for seed in (*range(SEEDS), *LOST):
        (problem, best), dice = instance(seed), Random(seed)
        money, load, use = (dice.choice((1, 10**9 + 7, limit)) for limit in most(problem))
        large = scaled(problem, money, load if seed not in LOST else most(problem)[1], use)
        said = solve(large)
        assert isinstance(said, Impossible) == (best is None), seed
        if best is None or isinstance(said, Impossible):
            continue
        assert check(large, said.answer) == [], seed
        assert said.answer.cost == said.answer.bound == best.cost * money, seed
        assert all(0 <= price < np.inf for price in said.answer.prices), seed
        for number, plans in enumerate(said.answer.plans):
            for pair, row in enumerate(plans[0].rows if plans else ()):
                differing = np.arange(len(large.classes[number].pairs[pair].options)) != row
                found = runner_up(said, number, pair, differing)
                assert found is None or 0 <= found[0] < MAX_MONEY, seed


@pytest.mark.parametrize("what", ["load", "use"])
def test_more_than_can_be_added_up_is_refused(what: str) -> None:
    options = Options(
        cost=np.array([1]), load=np.array([[0]]), ceiling=np.array([[1000]]),
        units=np.zeros((1, 0), np.int64), needs=np.zeros((1, 0), np.int64), use=np.array([[0]]),
    )  # fmt: skip
    pair = Pair(options=replace(options, **{what: np.array([[MAX_LOAD]])}), choices=(), quotas=(0,))
    site = SiteClass(sites=1, pairs=(pair,), purchases=(), resources=(Resource(base=2**62),))
    with pytest.raises(OverflowError):
        solve(Problem(classes=(site,), choices=(), quotas=np.array([2**62])))
