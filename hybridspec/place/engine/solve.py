"""The least-cost answer to a problem: plans of every class, choices, a proven bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from hybridspec.place.engine.again import Ground, carried, edit
from hybridspec.place.engine.api import Progress, SearchTooLarge, Solved, Watch
from hybridspec.place.engine.block import BIG, Block, make_block
from hybridspec.place.engine.branch import Best, Branching, plain_frame, site_plans
from hybridspec.place.engine.fleet import WIDE, Fleet
from hybridspec.place.engine.market import Market
from hybridspec.place.engine.other import runner_up
from hybridspec.place.engine.site import search
from hybridspec.place.engine.uniform import uniform
from hybridspec.place.problem import Answer, Impossible, Problem, SitePlan

FEW = 64
"""Combinations of alternatives that are looked at one by one, if there are no quotas."""
STEPS = (1, 4, 16, 64, 256)
"""How far above the bound an answer is looked for, in permille of it, one after the other."""
STEPS_ALONE = 2_000
"""Of the search whether a site has any plan: if that is not clear by then, it may have one."""
FEW_OTHERS = 20
"""One class in so many may be another for an answer to be made from the one before."""
CLOSABLE = 400
"""Pairs of a problem that is worth being solved to the end."""


def solve(problem: Problem, *, progress: Watch | None = None,
          before: Solved | None = None) -> Solved | Impossible:  # fmt: skip
    """The cheapest answer that the search finds, with a bound that no answer can undercut.

    `before` is the answer to a problem that differs in some classes. `progress` hears of every
    better plan and bound; the search ends when it returns true.

    Raises:
        SearchTooLarge: the search ended before any plan was found.
        OverflowError: loads or uses of quotas are too large to be added up.
    """
    if before is not None and (again := _edited(problem, before)) is not None:
        return again
    live = [index for index, of in enumerate(problem.classes) if of.sites > 0]
    blocks = [make_block(problem.classes[index]) for index in live]
    market = Market(replace(problem, classes=tuple(b.of for b in blocks)), blocks)
    posed = all(len(choice.cost) for choice in problem.choices)
    result = _decide(market, progress) if posed else None
    if result is None:
        return Impossible(classes=tuple(map(live.__getitem__, _helpless(blocks))))
    best = uniform(market, result.best)
    plans: list[tuple[SitePlan, ...]] = [() for _ in problem.classes]
    for index, own in zip(live, best.plans, strict=True):
        plans[index] = own
    answer = Answer(
        plans=tuple(plans),
        chosen=best.chosen,
        cost=best.cost,
        bound=min(best.cost, result.bound),
        prices=result.prices,
        stopped=result.stopped,
    )
    ground = result.ground if len(live) == len(problem.classes) else None
    return Solved(problem, answer, ground, dict(zip(live, blocks, strict=True)))


def _edited(problem: Problem, before: Solved) -> Solved | None:
    """The answer if few classes are others than before, and it is as good as a new one."""
    if (
        before.ground is None
        or before.answer.stopped
        or any(of.sites < 1 for of in problem.classes)
    ):
        return None
    kept = carried(before.problem, problem, before.ground)
    if kept is None or len(kept.others) > max(1, len(problem.classes) // FEW_OTHERS):
        return None
    edited = edit(problem, kept.ground, kept.others)
    if edited is None or edited.cost - edited.bound > WIDE * abs(edited.cost):
        return None
    plans = site_plans(len(problem.classes), edited.ground.columns, edited.ground.counts)
    if problem.uniformity and any(len(own) > 1 for own in plans):
        return None
    answer = replace(before.answer, plans=plans, cost=edited.cost,
                     bound=min(edited.cost, edited.bound))  # fmt: skip
    return Solved(problem, answer, edited.ground)


@dataclass(frozen=True, slots=True)
class Result:
    """The best answer that was found, the bound, and prices of quotas in micro-units."""

    best: Best
    bound: int
    prices: tuple[float, ...]
    stopped: bool
    ground: Ground | None = None


def _decide(market: Market, watch: Watch | None) -> Result | None:
    """Small problems to the end, large ones as far as it pays; None: there is no answer."""
    problem = market.problem
    free = (0.0,) * len(problem.quotas)
    if not free and prod(len(c.cost) for c in problem.choices) <= FEW:
        if _helpless(market.blocks):
            return None
        branching = Branching(market, plain_frame(market), watch=watch)
        branching.run()
        return _result(branching, None, free, -BIG)
    fleet = Fleet(market, watch)
    fleet.run()
    if fleet.best is None and _helpless(market.blocks):
        return None
    known = None
    if fleet.best is not None:
        plans = site_plans(len(market.blocks), fleet.best.run.columns, fleet.best.counts)
        known = Best(fleet.best.cost, fleet.best.run.chosen, plans)
    prices = tuple(p / (1 << market.shift) for p in fleet.prices.tolist())
    pairs = sum(block.pairs * block.of.sites for block in market.blocks)
    if fleet.stopped or (pairs > CLOSABLE and known is not None):
        if known is None:
            raise SearchTooLarge(max(0, fleet.bound))
        return Result(known, fleet.bound, prices, fleet.stopped, fleet.ground())
    cost = None if known is None else known.cost
    branching = Branching(market, fleet.frame(), None, watch, max(0, fleet.bound), cost)
    branching.deepen(_limits(fleet.bound, cost))
    return _result(branching, known, prices, fleet.bound)


def _helpless(blocks: Sequence[Block]) -> list[int]:
    """The blocks whose sites have no plan, whatever is chosen and whatever quotas leave."""
    return [index for index, block in enumerate(blocks)
            if search(block, block.cost, steps=STEPS_ALONE) is None]  # fmt: skip


def _limits(bound: int, cost: int | None) -> list[int | None]:
    """Costs to look below, further and further from the bound, and at last the one that is known.

    Close limits leave little to look at, and the first below which there is an answer is enough.
    """
    limits: list[int | None] = []
    if bound > 0:
        limits += [bound + bound * step // 1000 for step in STEPS]
    if cost is not None:
        limits = [limit for limit in limits if limit is not None and limit < cost]
    return [*limits, cost]


def _result(branching: Branching, known: Best | None, prices: tuple[float, ...],
            bound: int) -> Result | None:  # fmt: skip
    """The better of two answers."""
    best = branching.best
    if best is None and known is None:
        if branching.cut < BIG:
            raise SearchTooLarge(max(bound, branching.cut))
        return None
    if best is None:
        assert known is not None
        return Result(known, bound, prices, branching.stopped)
    if known is not None and known.cost < best.cost:
        best = known
    return Result(best, max(bound, branching.bound), prices, branching.stopped)


__all__ = ["Progress", "SearchTooLarge", "Solved", "runner_up", "solve"]
