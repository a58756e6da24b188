"""One plan for all sites of a class, unless several save more than uniformity is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hybridspec.place.engine.block import Block
from hybridspec.place.engine.branch import Best
from hybridspec.place.engine.generate import left_over, uses
from hybridspec.place.engine.market import Market
from hybridspec.place.problem import SitePlan


def uniform(market: Market, best: Best) -> Best:
    """The answer with classes on one of their plans where that costs little and quotas allow it.

    Little is `uniformity` permille of what the class costs with one plan.
    """
    permille = market.problem.uniformity
    if not permille or all(len(own) < 2 for own in best.plans):
        return best
    room = left_over(market.problem, best.chosen)
    for block, own in zip(market.blocks, best.plans, strict=True):
        for plan in own:
            _take(room, block, plan, plan.sites)
    plans, cost = list(best.plans), best.cost
    for index, (block, own) in enumerate(zip(market.blocks, best.plans, strict=True)):
        if len(own) < 2:
            continue
        split = sum(_cost(block, plan) * plan.sites for plan in own)
        for plan in sorted(own, key=lambda plan: (_cost(block, plan), plan.rows)):
            whole = _cost(block, plan) * block.of.sites
            left = list(room)
            for one in own:
                _take(left, block, one, -one.sites)
            _take(left, block, plan, block.of.sites)
            if min(left, default=0) >= 0 and (whole - split) * 1000 <= permille * whole:
                plans[index], room = (replace(plan, sites=block.of.sites),), left
                cost += whole - split
                break
    return Best(cost, best.chosen, tuple(plans))


def _rows(block: Block, plan: SitePlan) -> list[int]:
    """The rows of the block that a plan takes."""
    return [
        int(np.flatnonzero((block.pair == pair) & (block.row == row))[0])
        for pair, row in enumerate(plan.rows)
    ]


def _cost(block: Block, plan: SitePlan) -> int:
    spent = sum(fee * n for fee, n in zip(block.fees, plan.bought, strict=True))
    return spent + sum(map(int, block.cost[_rows(block, plan)]))


def _take(room: list[int], block: Block, plan: SitePlan, sites: int) -> None:
    """Leave less of the quotas by what so many sites take."""
    for quota, amount in uses(block, _rows(block, plan)):
        room[quota] -= amount * sites
