"""The next best plan of a site: what one of its pairs would do if it could not do what it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridspec.place.engine.api import Solved
from hybridspec.place.engine.around import Around, around
from hybridspec.place.engine.block import BIG, Block, make_block
from hybridspec.place.engine.descend import Memory
from hybridspec.place.engine.market import only
from hybridspec.place.engine.site import Found, plan_cost, search
from hybridspec.place.problem import Ints, SitePlan

STEPS = 5_000
"""Of the search for another plan of a site."""
TOGETHER = 8
"""Pairs for whose plans so many steps are taken together, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A class at the final prices and choices, and its cheapest plan there.

    `memory` is what that search learned; every question about the class begins with it, so that
    no answer depends on what was asked before.
    """

    block: Block
    price: Ints
    best: int | None
    around: Around | None
    memory: Memory

    def other(self, price: Ints, pair: int) -> Found | None:
        """The cheapest plan at prices that are higher for options of a pair."""
        block = self.block
        near = self._near(block.kinds(price), pair)
        if near is None:
            return search(block, price, steps=STEPS, memory=dict(self.memory))
        rows = block.cheapest(price, near.picked).tolist()
        if near.bound < near.value:
            return search(block, price, steps=STEPS, start=rows, memory=dict(self.memory))
        return Found(near.value, tuple(rows), near.bought, near.value)

    def _near(self, price: Ints, pair: int) -> Found | None:
        """The best of the plans around the cheapest, in kinds, with a bound of them all."""
        block, known = self.block, self.around
        if known is None:
            return None
        own = int(known.best[pair])
        plans = [p for p in (tuple(known.best.tolist()), known.picked[pair])
                 if p and price[p[pair]] < BIG]  # fmt: skip
        costs = [(cost, p) for p in plans
                 if (cost := plan_cost(block.core, price, np.array(p), block.fees))]  # fmt: skip
        if not costs:
            return None
        (value, bought), picked = min(costs)
        raised = np.flatnonzero(price > block.kinds(self.price))
        bound = known.bound[pair] if (raised == own).all() else -BIG
        return Found(value, picked, bought, min(bound, value))


def runner_up(solved: Solved, class_index: int, pair_index: int,
              differing: NDArray[np.bool_]) -> tuple[int, SitePlan] | None:  # fmt: skip
    """The cheapest plan of a site in which a pair takes a row that is `differing`.

    Choices and prices of quotas stay what they are in the answer. The amount is how much more it
    costs at those prices than the cheapest plan of the class does, which is never less than 0.
    Where pairs interact too widely to look at everything, it is the cheapest plan found.
    """
    found = other_plan(solved, class_index, pair_index, differing)
    return None if found is None else found[:2]


def other_plan(solved: Solved, class_index: int, pair_index: int,
               differing: NDArray[np.bool_]) -> tuple[int, SitePlan, bool] | None:  # fmt: skip
    """The same, and whether the search for it came to its end."""
    standing = _standing(solved, class_index)
    block, best = standing.block, standing.best
    kept = block.pair != pair_index
    kept[~kept] = differing[block.row[~kept]]
    other = standing.other(np.where(kept, standing.price, BIG), pair_index)
    if best is None or other is None or not other.picked:
        return None
    rows = block.rows(np.array(other.picked, np.int64))
    plan = SitePlan(sites=block.of.sites, rows=rows, bought=other.bought)
    return max(0, other.value - best), plan, other.bound >= other.value


def _standing(solved: Solved, index: int) -> Standing:
    """A class at the final prices and choices; the last one asked for is kept."""
    if solved.kept is None or solved.kept[0] != index:
        block = solved.blocks.get(index) or make_block(solved.problem.classes[index])
        made = [solved.answer.chosen[c] for c in block.choices]
        price = only(block, _priced(block, solved.answer.prices), made)
        solved.kept = index, _stand(block, price, _now(solved, index, block))
    return solved.kept[1]


def _stand(block: Block, price: Ints, now: Sequence[int] | None) -> Standing:
    """The cheapest plan of a class and what is around it, to begin with the plan in the answer."""
    memory: Memory = {}
    found = None if now is None else _around(block, price, now, memory)
    least = None if found is None else found.cost
    if found is None or not found.settled:
        best = search(block, price, memory=memory, start=now)
        if best is None or not best.picked:
            return Standing(block, price, None, None, memory)
        found, least = _around(block, price, best.picked, memory), best.value
    return Standing(block, price, least, found, memory)


def _around(block: Block, price: Ints, rows: Sequence[int], memory: Memory) -> Around | None:
    kinds, steps = block.kind[list(rows)], STEPS * min(block.pairs, TOGETHER)
    return around(block.core, block.kinds(price), block.fees, kinds, memory, steps)


def _now(solved: Solved, index: int, block: Block) -> Sequence[int] | None:
    """The first plan of a class in the answer, in rows of its block."""
    plans = solved.answer.plans[index]
    if not plans:
        return None
    rows = np.array(plans[0].rows, np.int64)
    found: list[int] = np.flatnonzero(block.row == rows[block.pair]).tolist()
    return found if len(found) == block.pairs > 0 else None


def _priced(block: Block, prices: Sequence[float]) -> Ints:
    """What options cost with what they take of the quotas."""
    price = block.cost.copy()
    for column, quota in enumerate(block.quotas):
        price += np.rint(block.use[:, column] * prices[quota]).astype(np.int64)
    return price
