"""The best alternative of every choice, by branching: exact, for what is left to decide.

It works at prices of quotas and with payments for choices that somebody found, or none: good ones
leave few alternatives worth looking at. Where all choices are made, payments cancel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

import numpy as np

from hybridspec.place.engine.api import Progress, Watch
from hybridspec.place.engine.block import BIG
from hybridspec.place.engine.generate import left_over, uses
from hybridspec.place.engine.joint import Alternative, Way, best_choices
from hybridspec.place.engine.market import Market, only
from hybridspec.place.engine.master import Column, counts
from hybridspec.place.engine.pool import Plan, TooMany, pool
from hybridspec.place.engine.site import Found, search
from hybridspec.place.problem import ANY, Ints, SitePlan

MANY = 60
"""Combinations of alternatives up to which each is looked at by itself."""
TOGETHER = 3_000
"""Combinations, class by class, up to which all are looked at in one program."""
VISITS = 8_000
"""Sites that are searched, at most."""
STEPS = 100_000
"""Of the search of one site."""


@dataclass(frozen=True, slots=True)
class Best:
    """An answer: cost, alternatives, and a plan per class for a number of its sites."""

    cost: int
    chosen: tuple[int, ...]
    plans: tuple[tuple[SitePlan, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Prices of quotas, what options of every class cost then, and what alternatives do.

    `open` are the alternatives of each choice that may be part of the best answer, `sites` the
    least that all sites cost less what the quotas are worth.
    """

    prices: Ints
    charged: Sequence[Ints]
    costs: Sequence[Sequence[int]]
    open: Sequence[Sequence[int]]
    sites: int

    @property
    def least(self) -> int:
        """The least that any answer costs, in the market's money."""
        return self.sites + sum(
            min(costs[a] for a in own) for costs, own in zip(self.costs, self.open, strict=True)
        )

    def below(self, market: Market, limit: int) -> Frame:
        """Without alternatives with which every answer costs more than a limit."""
        top, least, kept = limit << market.shift, self.least, []
        for costs, own in zip(self.costs, self.open, strict=True):
            rest = least - min(costs[a] for a in own)
            kept.append([a for a in own if rest + costs[a] <= top])
        return replace(self, open=kept)


def plain_frame(market: Market) -> Frame:
    """No prices and no payments."""
    prices = np.zeros(len(market.problem.quotas), np.int64)
    charged = [market.price(index, prices) for index in range(len(market.blocks))]
    everything = [list(range(len(c.cost))) for c in market.problem.choices]
    return Frame(prices, charged, market.choice_costs(prices), everything, -BIG)


@dataclass(slots=True, eq=False)
class Branching:
    """The search over choices, the first one first, the smallest alternative first.

    Answers that cost more than `limit` are of no use, and none costs less than `floor`; `known` is
    the cost of an answer that was found before.
    """

    market: Market
    frame: Frame
    limit: int | None = None
    watch: Watch | None = None
    floor: int = 0
    known: int | None = None
    best: Best | None = None
    cut: int = BIG
    stopped: bool = False
    visits: int = 0
    _found: dict[tuple[int, tuple[int, ...]], Found | None] = field(default_factory=dict)
    _pools: dict[tuple[int, tuple[int, ...]], tuple[int, list[Plan]]] = field(default_factory=dict)
    _firsts: dict[tuple[int, tuple[int, ...]], Found | None] = field(default_factory=dict)

    def run(self) -> None:
        """Look at every alternative that may still be part of a cheaper answer."""
        self._visit(())

    def deepen(self, limits: Sequence[int | None]) -> None:
        """Look for answers below one limit after the other, until there is one."""
        everything = self.frame
        for limit in limits:
            self.limit, self.cut = limit, BIG
            self.frame = everything if limit is None else everything.below(self.market, limit)
            combinations = prod(map(len, self.frame.open))
            if combinations > MANY:
                self._together()
            elif combinations:  # else some choice has no alternative that costs so little
                self.run()
            if self.best is not None or self.cut < BIG:
                return

    def _together(self) -> None:
        """Find the choices of the cheapest answer by one program, and the answer for them."""
        market, ways, least = self.market, list[Way](), self.market.least(self.frame.least)
        spare, open_ = self._spare(least), self.frame.open
        if sum(prod(len(open_[c]) for c in b.choices) for b in market.blocks) > TOGETHER:
            self.cut = min(self.cut, least)
            return
        for index, block in enumerate(market.blocks):
            for made in product(*(open_[c] for c in block.choices)):
                chosen = dict(zip(block.choices, made, strict=True))
                site = self._site(index, ())
                assert site is not None
                needs = tuple(chosen.items())
                try:
                    plans = self._pool(index, chosen, min(BIG, site.bound + spare))
                except TooMany:
                    self.cut = min(self.cut, least)
                    return
                for plan in plans:
                    use = tuple((q, n) for q, n in zip(block.quotas, plan.use, strict=True) if n)
                    ways.append(Way(index, plan, use, needs))
        alternatives = [
            Alternative(c, a, int(market.problem.choices[c].cost[a]),
                        tuple(market.problem.choices[c].use[a].tolist()))
            for c, own in enumerate(open_) for a in own
        ]  # fmt: skip
        found = best_choices(ways, alternatives, market.sites, market.problem.quotas.tolist())
        if found is not None:
            self._decide(found, least)

    @property
    def bound(self) -> int:
        """The least that any answer costs, if one costs no more than the limit."""
        return self.cut if self.best is None else min(self.cut, self.best.cost)

    def _visit(self, chosen: tuple[int, ...]) -> None:
        least = self._least(chosen)
        if least is None or not self._may_pay(least):
            return
        if self.visits >= VISITS or self.stopped:
            self.cut = min(self.cut, least)
            return
        if len(chosen) == len(self.market.problem.choices):
            self._decide(chosen, least)
            return
        for alternative in self.frame.open[len(chosen)]:
            self._visit((*chosen, alternative))

    def _may_pay(self, least: int) -> bool:
        if self.best is not None and least >= self.best.cost:
            return False
        return self.limit is None or least <= self.limit

    def _least(self, chosen: tuple[int, ...]) -> int | None:
        """The least that answers cost that begin so; None if there are none."""
        market = self.market
        total = -market.quota_worth(self.frame.prices)
        for index, costs in enumerate(self.frame.costs):
            made = index < len(chosen)
            total += costs[chosen[index]] if made else min(costs[a] for a in self.frame.open[index])
        for index in range(len(market.blocks)):
            found = self._site(index, chosen)
            if found is None:
                return None
            total += market.sites[index] * found.bound
        return market.least(total)

    def _site(self, index: int, chosen: tuple[int, ...]) -> Found | None:
        block = self.market.blocks[index]
        made = tuple(chosen[c] if c < len(chosen) else ANY for c in block.choices)
        key = (index, made)
        if key not in self._found:
            self.visits += 1
            self._tell()
            price = only(block, self.frame.charged[index], made)
            self._found[key] = search(block, price, fees=self.market.fees(index), steps=STEPS)
        return self._found[key]

    def _decide(self, chosen: tuple[int, ...], least: int) -> None:
        """The best answer with these choices."""
        best = self._apart(chosen, least)
        if best is None:
            best = self._mixed(chosen, least)
        if best is not None and self._may_pay(best.cost):
            self.best = best
            self._tell()

    def _tell(self) -> None:
        if self.watch is not None:
            cost = self.known if self.best is None else self.best.cost
            self.stopped |= self.watch(Progress(cost, self.floor))

    def _apart(self, chosen: tuple[int, ...], least: int) -> Best | None:
        """Every class with its cheapest plan, if the quotas suffice for that."""
        market, plans = self.market, list[tuple[SitePlan, ...]]()
        room = left_over(market.problem, chosen)
        cost = _fixed(market, chosen)
        for index, block in enumerate(market.blocks):
            found = self._first(index, chosen)
            if found is None or found.value >= BIG:
                self.cut = min(self.cut, least)
                return None
            if found.bound < found.value:
                self.cut = min(self.cut, least)
            rows = block.rows(np.array(found.picked, np.int64))
            plans.append((SitePlan(sites=market.sites[index], rows=rows, bought=found.bought),))
            cost += found.value * market.sites[index]
            for quota, amount in uses(block, found.picked):
                room[quota] -= amount * market.sites[index]
        return Best(cost, chosen, tuple(plans)) if min(room, default=0) >= 0 else None

    def _first(self, index: int, chosen: Sequence[int]) -> Found | None:
        """The cheapest plan of a class without prices, the first of equals."""
        block = self.market.blocks[index]
        made = tuple(chosen[c] for c in block.choices)
        key = (index, made)
        if key not in self._firsts:
            self.visits += 1
            price = only(block, block.cost, made)
            self._firsts[key] = search(block, price, first=True, steps=STEPS)
        return self._firsts[key]

    def _mixed(self, chosen: tuple[int, ...], least: int) -> Best | None:
        """The best whole-numbered mix of all plans that could pay."""
        market, columns = self.market, list[Column]()
        room = left_over(market.problem, chosen)
        if min(room, default=0) < 0:
            return None
        spare = self._spare(least)
        for index, block in enumerate(market.blocks):
            site = self._site(index, chosen)
            assert site is not None
            try:
                plans = self._pool(index, chosen, min(BIG, site.bound + spare))
            except TooMany:
                self.cut = min(self.cut, least)
                return None
            for plan in plans:
                use = tuple((q, n) for q, n in zip(block.quotas, plan.use, strict=True) if n)
                columns.append(Column(index, plan, use))
        taken = counts(columns, market.sites, room)
        if taken is None:
            return None
        cost = _fixed(market, chosen)
        cost += sum(c.plan.cost * n for c, n in zip(columns, taken, strict=True))
        return Best(cost, chosen, site_plans(len(market.blocks), columns, taken))

    def _pool(self, index: int, chosen: Sequence[int] | dict[int, int],
              cutoff: int) -> list[Plan]:  # fmt: skip
        """All plans of a class that cost so much at most and may be of use."""
        block = self.market.blocks[index]
        made = tuple(chosen[c] for c in block.choices)
        known = self._pools.get((index, made))
        if known is None or known[0] < cutoff:
            price = only(block, self.frame.charged[index], made)
            known = cutoff, pool(block, price, self.market.fees(index), cutoff)
            self._pools[index, made] = known
        return known[1]

    def _spare(self, least: int) -> int:
        """How much dearer than the bound an answer may be, in the market's money."""
        top = self.limit if self.best is None else self.best.cost
        return BIG if top is None else (top - least + 1) << self.market.shift


def _fixed(market: Market, chosen: Sequence[int]) -> int:
    """What the choices themselves cost."""
    return sum(int(c.cost[a]) for c, a in zip(market.problem.choices, chosen, strict=True))


def site_plans(classes: int, columns: Sequence[Column],
               taken: Sequence[int]) -> tuple[tuple[SitePlan, ...], ...]:  # fmt: skip
    """The columns that are used, by class, in the order of their rows."""
    plans: list[list[SitePlan]] = [[] for _ in range(classes)]
    for column, count in zip(columns, taken, strict=True):
        if count:
            plan = column.plan
            plans[column.of].append(SitePlan(sites=count, rows=plan.rows, bought=plan.bought))
    return tuple(tuple(sorted(own, key=lambda plan: plan.rows)) for own in plans)
