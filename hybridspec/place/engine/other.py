"""The next best plan of a site: what one of its pairs would do if it could not do what it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridspec.place.engine.api import Solved
from hybridspec.place.engine.block import BIG, Block, make_block
from hybridspec.place.engine.descend import Memory
from hybridspec.place.engine.market import only
from hybridspec.place.engine.site import Found, plan_cost, search
from hybridspec.place.problem import Ints, SitePlan

STEPS = 5_000
"""Of the search for another plan of a site."""
TRIED = 6
"""Kinds of a pair that are put into the best plan, to begin with the cheapest."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A class at the final prices and choices, and its cheapest plan there.

    `memory` is what that search learned; every question about the class begins with it, so that
    no answer depends on what was asked before.
    """

    block: Block
    price: Ints
    best: Found | None
    memory: Memory

    def other(self, price: Ints, pair: int) -> Found | None:
        """The cheapest plan at other prices of a pair's options."""
        start = None if self.best is None else self._exchanged(price, pair, self.best)
        return search(self.block, price, steps=STEPS, start=start, memory=dict(self.memory))

    def _exchanged(self, price: Ints, pair: int, best: Found) -> Sequence[int] | None:
        """The best plan with the cheapest of another kind that goes with the rest."""
        block = self.block
        if not best.picked:
            return None
        kinds, core = block.kinds(price), block.core
        first, end = int(core.starts[pair]), int(core.starts[pair + 1])
        picked, found = block.kind[list(best.picked)], list[tuple[int, int]]()
        for kind in (first + np.argsort(kinds[first:end], kind="stable")[:TRIED]).tolist():
            picked[pair] = kind
            known = plan_cost(core, kinds, picked, block.fees) if kinds[kind] < BIG else None
            if known is not None:
                found.append((known[0], kind))
        if not found:
            return None
        (row,) = block.cheapest(price, [min(found)[1]]).tolist()
        return [*best.picked[:pair], row, *best.picked[pair + 1 :]]


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
    return max(0, other.value - best.value), plan, other.bound >= other.value


def _standing(solved: Solved, index: int) -> Standing:
    """A class at the final prices and choices; the last one asked for is kept."""
    if solved.kept is None or solved.kept[0] != index:
        block = solved.blocks.get(index) or make_block(solved.problem.classes[index])
        made = [solved.answer.chosen[c] for c in block.choices]
        price = only(block, _priced(block, solved.answer.prices), made)
        memory: Memory = {}
        best = search(block, price, memory=memory, start=_now(solved, index, block))
        solved.kept = index, Standing(block, price, best, memory)
    return solved.kept[1]


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
