"""The best alternative of every choice, by branching: exact, for problems that are small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hybridspec.place.engine.api import Progress, SearchTooLarge, Watch
from hybridspec.place.engine.block import BIG, Block
from hybridspec.place.engine.master import Column, counts
from hybridspec.place.engine.pool import TooMany, pool
from hybridspec.place.engine.site import Found, search
from hybridspec.place.problem import ANY, Ints, Problem, SitePlan

MAX_NODES = 20_000


@dataclass(frozen=True, slots=True)
class Best:
    """An answer: cost, alternatives, and a plan per class for a number of its sites."""

    cost: int
    chosen: tuple[int, ...]
    plans: tuple[tuple[SitePlan, ...], ...]


@dataclass(slots=True, eq=False)
class Branching:
    """The search over choices, the first one first, the smallest alternative first."""

    problem: Problem
    blocks: Sequence[Block]
    watch: Watch | None = None
    best: Best | None = None
    cut: int = BIG
    stopped: bool = False
    nodes: int = 0
    _found: dict[tuple[int, tuple[int, ...]], Found | None] = field(default_factory=dict)

    def run(self) -> None:
        """Look at every alternative that may still be part of a cheaper answer."""
        self._visit(())
        if self.best is None and self.cut < BIG:
            raise SearchTooLarge(self.cut)

    @property
    def bound(self) -> int:
        """The least that any answer costs."""
        return min(self.cut, BIG if self.best is None else self.best.cost)

    def _visit(self, chosen: tuple[int, ...]) -> None:
        least = self._least(chosen)
        if least is None or (self.best is not None and least >= self.best.cost):
            return
        if self.nodes >= MAX_NODES or self.stopped:
            self.cut = min(self.cut, least)
            return
        self.nodes += 1
        if len(chosen) == len(self.problem.choices):
            self._decide(chosen, least)
            return
        for alternative in range(len(self.problem.choices[len(chosen)].cost)):
            self._visit((*chosen, alternative))

    def _least(self, chosen: tuple[int, ...]) -> int | None:
        """The least that answers cost that begin so; None if there are none."""
        total = 0
        for index, choice in enumerate(self.problem.choices):
            costs = choice.cost.tolist()
            total += costs[chosen[index]] if index < len(chosen) else min(costs)
        for index, block in enumerate(self.blocks):
            found = self._site(index, chosen)
            if found is None:
                return None
            total += block.of.sites * found.bound
        return total

    def _site(self, index: int, chosen: tuple[int, ...]) -> Found | None:
        block = self.blocks[index]
        made = tuple(chosen[c] if c < len(chosen) else ANY for c in block.choices)
        key = (index, made)
        if key not in self._found:
            self._found[key] = search(block, only(block, block.cost, made),
                                      first=len(chosen) == len(self.problem.choices))  # fmt: skip
        return self._found[key]

    def _decide(self, chosen: tuple[int, ...], least: int) -> None:
        room = left_over(self.problem, chosen)
        found = [self._site(index, chosen) for index in range(len(self.blocks))]
        fixed = sum(int(c.cost[a]) for c, a in zip(self.problem.choices, chosen, strict=True))
        best: Best | None = None
        plans: list[tuple[SitePlan, ...]] = []
        for block, site in zip(self.blocks, found, strict=True):
            if site is None or not block.of.sites:
                plans.append(())
                continue
            if site.value >= BIG:
                self.cut = min(self.cut, least)
                return
            rows = block.rows(np.array(site.picked, np.int64))
            plans.append((SitePlan(sites=block.of.sites, rows=rows, bought=site.bought),))
            for quota, amount in uses(block, site.picked):
                room[quota] -= amount * block.of.sites
        if min(room, default=0) >= 0:
            cost = fixed + sum(
                b.of.sites * f.value for b, f in zip(self.blocks, found, strict=True) if f
            )
            best = Best(cost, chosen, tuple(plans))
            if cost > least:
                self.cut = min(self.cut, least)
        else:
            best = self._mixed(chosen, fixed, least)
        if best is not None and (self.best is None or best.cost < self.best.cost):
            self.best = best
            if self.watch is not None:
                self.stopped |= self.watch(Progress(best.cost, min(least, best.cost)))

    def _mixed(self, chosen: tuple[int, ...], fixed: int, least: int) -> Best | None:
        """The best whole-numbered mix of all plans that could pay."""
        columns = []
        room = left_over(self.problem, chosen)
        if min(room, default=0) < 0:
            return None
        spare = BIG if self.best is None else self.best.cost - least
        for index, block in enumerate(self.blocks):
            if not block.of.sites:
                continue
            site = self._site(index, chosen)
            assert site is not None
            made = tuple(chosen[c] for c in block.choices)
            price = only(block, block.cost, made)
            try:
                plans = pool(block, price, block.fees, min(BIG, site.bound + spare))
            except TooMany:
                self.cut = min(self.cut, least)
                return None
            for plan in plans:
                use = tuple((q, n) for q, n in zip(block.quotas, plan.use, strict=True) if n)
                columns.append(Column(index, plan, use))
        sites = [block.of.sites for block in self.blocks]
        taken = counts(columns, sites, room)
        if taken is None:
            return None
        cost = fixed + sum(c.plan.cost * n for c, n in zip(columns, taken, strict=True))
        return Best(cost, chosen, site_plans(self.blocks, columns, taken))


def only(block: Block, price: Ints, made: Sequence[int]) -> Ints:
    """Prices at which options that need other alternatives are out of reach.

    `ANY` stands for a choice that is still open.
    """
    for column, alternative in enumerate(made):
        if alternative != ANY:
            needs = block.needs[:, column]
            price = np.where((needs == ANY) | (needs == alternative), price, BIG)
    return price


def left_over(problem: Problem, chosen: Sequence[int]) -> list[int]:
    """What the choices leave of every quota."""
    room: list[int] = problem.quotas.tolist()
    for choice, alternative in zip(problem.choices, chosen, strict=True):
        room = [a - b for a, b in zip(room, choice.use[alternative].tolist(), strict=True)]
    return room


def uses(block: Block, picked: Sequence[int]) -> list[tuple[int, int]]:
    """What a plan of a block takes of the problem's quotas."""
    taken = block.use[np.array(picked, np.int64)]
    return [(q, sum(column)) for q, column in zip(block.quotas, taken.T.tolist(), strict=True)]


def site_plans(blocks: Sequence[Block], columns: Sequence[Column],
               taken: Sequence[int]) -> tuple[tuple[SitePlan, ...], ...]:  # fmt: skip
    """The columns that are used, by class, in the order of their rows."""
    plans: list[list[SitePlan]] = [[] for _ in blocks]
    for column, count in zip(columns, taken, strict=True):
        if count:
            rows = blocks[column.of].rows(np.array(column.plan.picked, np.int64))
            plans[column.of].append(SitePlan(sites=count, rows=rows, bought=column.plan.bought))
    return tuple(tuple(sorted(own, key=lambda plan: plan.rows)) for own in plans)
