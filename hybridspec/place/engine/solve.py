"""The least-cost answer to a problem: plans of every class, choices, a proven bound."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hybridspec.place.engine.api import Progress, SearchTooLarge, Solved, Watch
from hybridspec.place.engine.block import BIG, Block, make_block
from hybridspec.place.engine.branch import Branching, only
from hybridspec.place.engine.site import search
from hybridspec.place.problem import Answer, Impossible, Problem, SitePlan


def solve(problem: Problem, *, progress: Watch | None = None,
          before: Solved | None = None) -> Solved | Impossible:  # fmt: skip
    """The cheapest answer that the search finds, with a bound that no answer can undercut.

    `before` is the answer to a problem that differs in some classes. `progress` hears of every
    better plan and bound; the search ends when it returns true.

    Raises:
        SearchTooLarge: the search ended before any plan was found.
    """
    del before
    blocks = [make_block(of) for of in problem.classes]
    alone = tuple(index for index, block in enumerate(blocks) if not _possible(block))
    if alone:
        return Impossible(classes=alone)
    branching = Branching(problem, blocks, progress)
    branching.run()
    best = branching.best
    if best is None:
        return Impossible(classes=())
    answer = Answer(
        plans=best.plans,
        chosen=best.chosen,
        cost=best.cost,
        bound=min(best.cost, branching.bound),
        prices=(0.0,) * len(problem.quotas),
        stopped=branching.stopped,
    )
    return Solved(problem, answer)


def _possible(block: Block) -> bool:
    """Whether a site of the class has any plan."""
    if not block.of.sites:
        return True
    return search(block, block.cost) is not None


def runner_up(solved: Solved, class_index: int, pair_index: int,
              differing: NDArray[np.bool_]) -> tuple[int, SitePlan] | None:  # fmt: skip
    """The cheapest plan of a site in which a pair takes a row that is `differing`.

    Choices and prices of quotas stay what they are in the answer. The amount is how much more it
    costs at those prices than the cheapest plan of the class does, which is never less than 0.
    """
    block = make_block(solved.problem.classes[class_index])
    made = [solved.answer.chosen[c] for c in block.choices]
    price = block.cost.copy()
    for column, quota in enumerate(block.quotas):
        price += np.rint(block.use[:, column] * solved.answer.prices[quota]).astype(np.int64)
    price = only(block, price, made)
    best = search(block, price)
    kept = block.pair != pair_index
    kept[~kept] = differing[block.row[~kept]]
    other = search(block, np.where(kept, price, BIG), first=True)
    if best is None or other is None or not other.picked:
        return None
    rows = block.rows(np.array(other.picked, np.int64))
    return other.value - best.value, SitePlan(sites=block.of.sites, rows=rows, bought=other.bought)


__all__ = ["Progress", "SearchTooLarge", "Solved", "runner_up", "solve"]
