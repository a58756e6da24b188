"""Brute force's best as an `Answer`, so that the checker can be asked about it."""

from __future__ import annotations

from itertools import groupby

from place.brute_force import Best, site_plans

from hybridspec.place.problem import Answer, Problem, SitePlan


def answered(problem: Problem, best: Best) -> Answer:
    """The answer, with its cost as bound and no prices."""
    quotas = len(problem.quotas)
    plans = []
    for what, rows in zip(problem.classes, best.rows, strict=True):
        bought = {plan.rows: plan.bought for plan in site_plans(what, best.chosen, quotas)}
        plans.append(tuple(SitePlan(sites=len(list(same)), rows=one, bought=bought[one])
                           for one, same in groupby(rows)))  # fmt: skip
    return Answer(
        plans=tuple(plans), chosen=best.chosen, cost=best.cost, bound=best.cost,
        prices=(0.0,) * quotas,
    )  # fmt: skip
