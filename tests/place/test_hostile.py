"""Absurd figures, such as huge loads, a million devices and nothing at all; CP-SAT knows better."""

from __future__ import annotations

import os
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from place.random_problems import seeded
from placement.checker import check
from placement.monoliths import cp_sat

from hybridspec.place.engine.solve import solve
from hybridspec.place.problem import (
    MAX_MONEY,
    Choice,
    Impossible,
    Options,
    Pair,
    Problem,
    Purchase,
    Resource,
    SiteClass,
)

SEEDS = 3_000 if os.environ.get("HYBRIDSPEC_NIGHTLY") else 60
LOST = 622
"""A problem of which CP-SAT's presolve loses the cheapest plans."""


def enlarged(problem: Problem, dice: Random) -> Problem:
    """The problem with loads in the thousands of millions and devices by the hundred thousand."""
    load, money, many = dice.choice((1, 10**9 + 7)), dice.choice((1, 10**12 + 39)), 10**6

    def options(of: Options) -> Options:
        return replace(of, load=of.load * load, cost=of.cost * money)

    def site(of: SiteClass) -> SiteClass:
        return replace(
            of,
            pairs=tuple(replace(pair, options=options(pair.options)) for pair in of.pairs),
            purchases=tuple(
                replace(item, most=many, cost=item.cost * dice.choice((1, money // many + 1)))
                for item in of.purchases
            ),
            resources=tuple(
                replace(item, base=item.base * load, unit=item.unit * max(1, load // 99_991))
                for item in of.resources
            ),
        )

    return replace(problem, classes=tuple(map(site, problem.classes)))


def test_absurd_figures_are_answered_exactly() -> None:
    for seed in (*range(SEEDS), LOST):
        problem = enlarged(seeded(seed), Random(seed))
        said, other = solve(problem), cp_sat(problem, seconds=60, careful=True)
        assert isinstance(said, Impossible) == other.impossible, seed
        if not isinstance(said, Impossible):
            assert check(problem, said.answer) == [], seed
            assert said.answer.cost == said.answer.bound == other.cost, seed


def _one(cost: int, *, load: int = 0, base: int = 0, sites: int = 1, use: int = 0, quota: int = 0,
         purchase: Purchase | None = None, units: int = 0,
         alternatives: int = 1) -> Problem:  # fmt: skip
    bought = () if purchase is None else (purchase,)
    pair = Pair(
        options=Options(
            cost=np.array([cost]), load=np.array([[load]]), ceiling=np.array([[1000]]),
            units=np.full((1, len(bought)), units), needs=np.array([[0]]), use=np.array([[use]]),
        ), choices=(0,), quotas=(0,),
    )  # fmt: skip
    choice = Choice(cost=np.zeros(alternatives, np.int64),
                    use=np.zeros((alternatives, 1), np.int64))  # fmt: skip
    return Problem(
        classes=(SiteClass(sites=sites, pairs=(pair,), purchases=bought,
                           resources=(Resource(base=base),)),),
        choices=(choice,), quotas=np.array([quota]),
    )  # fmt: skip


EDGES: dict[str, tuple[Problem, int | None]] = {
        "no sites at all": (_one(7, sites=0), 0),
        "a million sites": (_one(7, sites=10**6), 7 * 10**6),
        "a quota of nothing, of which nothing is taken": (_one(7), 7),
        "a quota of nothing": (_one(7, use=1), None),
        "a quota that is just enough": (_one(7, sites=1000, use=10**9, quota=10**12), 7000),
        "a quota that is one short": (_one(7, sites=1000, use=10**9, quota=10**12 - 1), None),
        "a quota below nothing": (_one(7, quota=-1), None),
        "nothing may be chosen": (_one(7, alternatives=0), None),
        "less than no room, and nobody loads it": (_one(7, base=-5), 7),
        "less than no room": (_one(7, base=-5, load=1), None),
        "a million devices": (_one(7, purchase=Purchase(cost=3, least=0, most=10**6), units=10**6),
                              7 + 3 * 10**6),
        "a device more than there may be": (
            _one(7, purchase=Purchase(cost=3, least=0, most=10**6), units=10**6 + 1), None),
        "more have to be bought than may be": (
            _one(7, purchase=Purchase(cost=3, least=2, most=1)), None),
        "nearly all the money there is": (_one(MAX_MONEY - 1), MAX_MONEY - 1),
        "no classes": (Problem(classes=(), choices=(), quotas=np.zeros(0, np.int64)), 0),
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
def test_edges(name: str) -> None:
    problem, cost = EDGES[name]
    said = solve(problem)
    if cost is None:
        assert isinstance(said, Impossible)
    else:
        assert not isinstance(said, Impossible)
        assert check(problem, said.answer) == []
        assert said.answer.cost == said.answer.bound == cost
