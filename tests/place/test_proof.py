"""The second opinion on that there is no plan: never wrong, also over many sites with quotas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from place.known import instance

from hybridspec.place.conflict_check import HIGHS, PROOF, second_opinion
from hybridspec.place.conflict_proof import proven
from hybridspec.place.engine.feasible import feasible
from hybridspec.place.problem import Options, Pair, Problem, Resource, SiteClass

SEEDS = range(70)


def test_what_is_proved_is_true_and_most_of_what_is_true_is_proved() -> None:
    none = proved = 0
    for seed in SEEDS:
        problem, best = instance(seed)
        said = proven(problem)
        assert best is None or not said, seed
        none, proved = none + (best is None), proved + said
    assert none > 20
    assert proved >= 0.8 * none


def test_a_plan_that_fits_exactly_is_never_refuted() -> None:
    for seed in SEEDS:
        problem, best = instance(seed)
        if best is None or not len(problem.quotas):
            continue
        low, high = 0, int(problem.quotas[0])
        while low < high:  # the least of the first quota with which there is a plan
            tried = (low + high) // 2
            low, high = (low, tried) if feasible(_with(problem, tried)) else (tried + 1, high)
        assert not proven(_with(problem, low)), seed


def _with(problem: Problem, room: int) -> Problem:
    quotas = problem.quotas.copy()
    quotas[0] = room
    return replace(problem, quotas=quotas)


def fleet(classes: int, sites: int, ways: int, room: int) -> Problem:
    """Alike sites, each with two flows that take at least 3 and 2 of one quota."""

    def pair(least: int) -> Pair:
        use = least + np.arange(ways)[::-1, None]
        made = Options(
            cost=np.arange(ways, dtype=np.int64), load=np.full((ways, 1), 1),
            ceiling=np.full((ways, 1), 1000),
            units=np.zeros((ways, 0), np.int64), needs=np.zeros((ways, 0), np.int64),
            use=use.astype(np.int64),
        )  # fmt: skip
        return Pair(options=made, choices=(), quotas=(0,))

    one = SiteClass(sites=sites, pairs=(pair(3), pair(2)), purchases=(),
                    resources=(Resource(base=2),))  # fmt: skip
    return Problem(classes=(one,) * classes, choices=(), quotas=np.array([room]))


def test_a_quota_over_thousands_of_sites_is_one_short() -> None:
    needed = 5 * 40 * 250
    assert second_opinion(fleet(40, 250, 100, needed - 1)) == PROOF
    assert not proven(fleet(40, 250, 100, needed))
    assert feasible(fleet(40, 250, 5, needed))


def test_where_nobody_can_tell_nothing_is_said() -> None:
    said = {second_opinion(instance(seed)[0]) for seed in SEEDS if instance(seed)[1] is None}
    assert PROOF in said
    assert said <= {PROOF, HIGHS, "", "every way was looked at"}
