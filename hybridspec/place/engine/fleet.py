"""Large coupled problems: choices by what everybody's pairs say, prices by columns, one bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from hybridspec.place.engine.again import Ground
from hybridspec.place.engine.api import Progress, Watch
from hybridspec.place.engine.block import BIG, Floats
from hybridspec.place.engine.branch import Frame, plain_frame
from hybridspec.place.engine.consent import (
    Payments,
    Views,
    charged,
    payments,
    raised,
    received,
    tally,
    views,
)
from hybridspec.place.engine.generate import Generator, Run
from hybridspec.place.engine.market import Market
from hybridspec.place.engine.round import rounded
from hybridspec.place.problem import ANY, Ints

OUTER = 6
CLOSE = 1e-4
"""The gap of a mix in fractions at which columns are enough, as a share of the cost."""
WIDE = 3e-4
"""The gap at which sites are searched harder."""
SHARE = 0.5
RAISES = 8
HARD_STEPS = 20_000
"""Of the search of one site, once prices are known and the gap is still wide."""
"""Of the advantage of what is chosen, how much pairs are paid to see it."""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """A feasible answer: its cost, what is chosen, and columns with their numbers of sites."""

    cost: int
    run: Run
    counts: tuple[int, ...]


Kept: TypeAlias = tuple[Ints, Sequence[Views | None], Payments, Sequence[Sequence[int]], int]
"""Prices, views, payments, what alternatives cost then, and the least that sites do."""


@dataclass(eq=False)
class Fleet:
    """The search of a large problem."""

    market: Market
    watch: Watch | None = None
    best: Offer | None = None
    bound: int = -BIG
    prices: Ints = field(init=False)
    stopped: bool = False
    open: list[list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.generator = Generator(self.market)
        self._kept: Kept | None = None
        self._parts: tuple[Run, list[int]] | None = None
        self.prices = np.zeros(len(self.market.problem.quotas), np.int64)
        self.open = [list(range(len(c.cost))) for c in self.market.problem.choices]

    def run(self) -> None:
        """Find an answer and a bound."""
        chosen = self._first()
        tried: set[tuple[int, ...]] = set()
        while chosen is not None and chosen not in tried and len(tried) < OUTER:
            tried.add(chosen)
            run = self.generator.run(chosen, self.prices, CLOSE)
            if run is None:
                break
            wanted = self._judge(run)
            if wanted in tried and self._gap() > WIDE and self.market.steps < HARD_STEPS:
                self.market.steps = HARD_STEPS
                tried.clear()
                wanted = run.chosen if self.best is None else self.best.run.chosen
            chosen = wanted
            if self.stopped:
                break

    def _judge(self, run: Run) -> tuple[int, ...]:
        """Take what is good of a run; what to choose next."""
        self._offer(run)
        self.prices = run.prices
        return self._consent(run)

    def _gap(self) -> float:
        """How far the bound is from the cost, as a share of it."""
        if self.best is None:
            return 1.0
        return (self.best.cost - self.bound) / max(1, abs(self.best.cost))

    def _first(self) -> tuple[int, ...] | None:
        """What to choose where quotas cost nothing."""
        market = self.market
        seen: list[Views | None] = []
        for index, block in enumerate(market.blocks):
            price = market.price(index, self.prices)
            found = market.visit(index, price) if block.choices else None
            if block.choices and found is None:
                return None
            seen.append(None if found is None else
                        views(market, index, price, [ANY] * len(block.choices), found.bought or
                              [p.least for p in block.of.purchases]))  # fmt: skip
        return tuple(int(np.argmin(t)) for t in tally(market, seen, self.prices))

    def _offer(self, run: Run) -> None:
        """Round the mix to whole sites."""
        counts = rounded(run.columns, self.market.sites, run.room, run.mix)
        if counts is None:
            return
        cost = run.fixed + sum(c.plan.cost * n for c, n in zip(run.columns, counts, strict=True))
        if self.best is None or cost < self.best.cost:
            self.best = Offer(cost, run, tuple(counts))
            self._tell()

    def _tell(self) -> None:
        if self.watch is not None:
            cost = None if self.best is None else self.best.cost
            self.stopped |= self.watch(Progress(cost, max(self.bound, 0)))

    def _consent(self, run: Run) -> tuple[int, ...]:
        """Bound everything at the run's prices; what to choose next."""
        market, prices = self.market, run.prices
        seen: list[Views | None] = []
        for index, block in enumerate(market.blocks):
            made = [run.chosen[c] for c in block.choices]
            price = market.price(index, prices)
            bought = run.found[index].bought or [p.least for p in block.of.purchases]
            seen.append(views(market, index, price, made, bought) if block.choices else None)
        totals = tally(market, seen, prices)
        wanted = tuple(int(np.argmin(t)) for t in totals)
        self._bound(run, seen, totals)
        return wanted

    def _bound(self, run: Run, seen: Sequence[Views | None], totals: Sequence[Floats]) -> None:
        """Raise the bound, and leave out alternatives with which nothing cheaper is possible."""
        market = self.market
        paid = payments(market, seen, totals, run.chosen, SHARE)
        costs = received(market, seen, paid, run.prices)
        least = -market.quota_worth(run.prices)
        spare = [[a - own[chosen] for a in own]
                 for own, chosen in zip(costs, run.chosen, strict=True)]  # fmt: skip
        parts = []
        for index, view in enumerate(seen):
            bound = run.found[index].bound
            if view is not None:
                bound = self._site_bound(run, index, view, paid, spare)
            parts.append(bound * market.sites[index])
        least += sum(parts)
        costs = received(market, seen, paid, run.prices)
        if self._close(least, costs):
            self._kept = (run.prices, seen, paid, costs, least)
            self._parts = (run, parts)

    def _site_bound(self, run: Run, index: int, view: Views, paid: Payments,
                    spare: Sequence[list[int]]) -> int:  # fmt: skip
        """The least that a site costs if its pairs choose for themselves and pay for it."""
        market, block, best = self.market, self.market.blocks[index], -BIG
        plain = market.price(index, run.prices)
        start = run.found[index].picked
        for _ in range(RAISES):
            price = charged(block, plain, view, paid.of[index])
            found = market.visit(index, price, start=start)
            assert found is not None
            best = found.bound
            loss = run.found[index].bound - found.bound
            if loss <= 0 or not raised(market, index, view, paid.of[index], found.picked,
                                       run.chosen, loss, spare):  # fmt: skip
                break
        return best

    def _close(self, sites: int, costs: Sequence[Sequence[int]]) -> bool:
        """Note which alternatives may still be part of something cheaper; is the bound better?"""
        market = self.market
        least = sites + sum(min(c[a] for a in own) for c, own in zip(costs, self.open, strict=True))
        better = market.least(least) > self.bound
        self.bound = max(self.bound, market.least(least))
        if self.best is not None:
            top = self.best.cost << market.shift
            for index, own in enumerate(self.open):
                rest = least - min(costs[index][a] for a in own)
                self.open[index] = [a for a in own if rest + costs[index][a] <= top]
        self._tell()
        return better

    def ground(self) -> Ground | None:
        """What the answer rests on, if it and the bound are of one run's choices."""
        if self._kept is None or self._parts is None or self.best is None:
            return None
        market, (prices, seen, paid, costs, _), (run, parts) = self.market, self._kept, self._parts
        if run.chosen != self.best.run.chosen:
            return None
        summed = [
            {} if view is None else {
                choice: [sum(column) * n for column in own.T.tolist()]
                for choice, own in zip(block.choices, given, strict=True)
            }
            for block, view, given, n in zip(
                market.blocks, seen, paid.of, market.sites, strict=True
            )
        ]  # fmt: skip
        dear = [2 * top for top in market.top]
        return Ground(market.shift, prices, run.chosen, self.best.run.columns, dear, parts, summed,
                      costs, self.best.counts)  # fmt: skip

    def frame(self) -> Frame:
        """What the best bound rests on."""
        market = self.market
        if self._kept is None:
            return plain_frame(market)
        prices, seen, paid, costs, sites = self._kept
        made = []
        for index, block in enumerate(market.blocks):
            price, view = market.price(index, prices), seen[index]
            made.append(price if view is None else charged(block, price, view, paid.of[index]))
        return Frame(prices, made, costs, self.open, sites)
