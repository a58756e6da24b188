"""Sizes and amounts at the edge get an answer, or are refused, and never something in between."""

from __future__ import annotations

import numpy as np
import pytest

from hybridspec.place.engine.feasible import feasible
from hybridspec.place.engine.solve import Solved, solve
from hybridspec.place.problem import (
    ANY,
    Choice,
    Impossible,
    Options,
    Pair,
    Problem,
    Purchase,
    Resource,
    SiteClass,
)


def options(*rows: tuple[int, int, int], needs: int = ANY, use: int = 0) -> Options:
    """Options by cost, load and units, with one resource, purchase, choice and quota."""
    count = len(rows)
    column = np.array(rows, np.int64).reshape(count, 3)
    return Options(
        cost=column[:, 0],
        load=column[:, 1:2],
        ceiling=np.full((count, 1), 1000),
        units=column[:, 2:3],
        needs=np.full((count, 1), needs),
        use=np.full((count, 1), use),
    )


def problem(own: Options, *, pairs: int = 1, sites: int = 1, cost: int = 1, most: int = 4,
            unit: int = 10, quota: int = 0) -> Problem:  # fmt: skip
    """One class of alike pairs."""
    pair = Pair(options=own, choices=(0,), quotas=(0,))
    return Problem(
        classes=(SiteClass(
            sites=sites, pairs=(pair,) * pairs,
            purchases=(Purchase(cost=cost, least=0, most=most),),
            resources=(Resource(base=0, unit=unit, purchase=0),),
        ),),
        choices=(Choice(cost=np.array([0]), use=np.array([[0]])),),
        quotas=np.array([quota]),
    )  # fmt: skip


def cost(of: Problem) -> int:
    """The cost of a proven answer."""
    said = solve(of)
    assert isinstance(said, Solved)
    assert said.answer.bound == said.answer.cost
    return said.answer.cost


def test_a_pair_without_options_is_impossible() -> None:
    assert solve(problem(options())) == Impossible(classes=(0,))
    assert not feasible(problem(options()))


def test_no_pairs_and_no_sites_cost_nothing() -> None:
    assert cost(problem(options(), pairs=0)) == 0
    assert cost(problem(options(), sites=0)) == 0


def test_a_million_devices_at_a_site() -> None:
    own = options((0, 10_000_000, 0))
    assert cost(problem(own, most=10**6)) == 10**6
    assert cost(problem(own, pairs=3, most=10**7)) == 3 * 10**6
    assert solve(problem(own, pairs=3, most=10**6)) == Impossible(classes=(0,))


def test_a_million_sites_of_a_class_with_a_quota() -> None:
    assert cost(problem(options((7, 1, 1), use=1), sites=10**6, quota=10**6)) == 8 * 10**6
    said = solve(problem(options((7, 1, 1), use=1), sites=10**6, quota=10**6 - 1))
    assert isinstance(said, Impossible)


def test_a_quota_of_nothing_leaves_what_takes_nothing() -> None:
    assert cost(problem(options((7, 1, 1)), pairs=5)) == 36
    assert isinstance(solve(problem(options((7, 1, 1), use=1))), Impossible)


def test_amounts_near_the_limit_are_exact() -> None:
    assert cost(problem(options((2**58 + 1, 1, 0)), pairs=3)) == 3 * (2**58 + 1) + 1


def test_loads_that_cannot_be_added_up_are_refused() -> None:
    with pytest.raises(OverflowError):
        solve(problem(options((1, 2**60, 0))))


def test_a_thousand_pairs_at_one_site() -> None:
    assert cost(problem(options((0, 1, 1), (5, 0, 0)), pairs=1_000, cost=3)) == 12 + 960 * 5


def test_whoever_watches_may_stop() -> None:
    said = solve(problem(options((7, 1, 1))), progress=lambda _: True)
    assert isinstance(said, Solved)
    assert said.answer.stopped
