"""Plans of whole sites, made where they would save most: columns of the master program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hybridspec.place.engine.block import BIG, Block
from hybridspec.place.engine.market import Market, only
from hybridspec.place.engine.master import Column, Mix, mix
from hybridspec.place.engine.pool import Plan
from hybridspec.place.engine.site import Found
from hybridspec.place.problem import ANY, Ints, Problem

ROUNDS = 30


@dataclass(slots=True, eq=False)
class Run:
    """What was found with some choices made: the best prices, a bound, and the last mix.

    `found` are the plans at the best prices, `bound` holds for answers with these choices only.
    """

    chosen: tuple[int, ...]
    room: list[int]
    fixed: int
    prices: Ints
    bound: float = float("-inf")
    found: list[Found] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    mix: Mix | None = None


@dataclass(eq=False)
class Generator:
    """All plans that were ever found, by class."""

    market: Market
    known: dict[tuple[int, tuple[int, ...]], Column] = field(default_factory=dict)

    def run(self, chosen: tuple[int, ...], prices: Ints, close: float) -> Run | None:
        """Find plans and prices until the mix is within a share of its bound; None: impossible."""
        market = self.market
        room = left_over(market.problem, chosen)
        fixed = sum(int(c.cost[a]) for c, a in zip(market.problem.choices, chosen, strict=True))
        run = Run(chosen, room, fixed, prices)
        run.columns = [c for c in self.known.values() if self._agrees(c, chosen)]
        used = {(c.of, c.plan.picked) for c in run.columns}
        dear = [2 * top for top in market.top]
        for number in range(ROUNDS):
            found = self._sites(chosen, prices)
            if found is None:
                return None
            value = self._value(found, prices, run)
            if value > run.bound:
                run.bound, run.prices, run.found = value, prices, found
            new = [c for i, f in enumerate(found) if (c := self._column(i, f, used)) is not None]
            run.columns += new
            if not prices.any() and (plain := self._plain(found, run)) is not None:
                run.mix = plain
                break
            run.mix = mix(run.columns, market.sites, room, dear)
            if run.mix is None or not new:
                break
            cost = run.mix.cost + fixed
            if not len(room) or cost - run.bound <= close * abs(cost):
                break
            wanted = run.mix.prices * float(1 << market.shift)
            if number and np.isfinite(run.bound):
                wanted = 0.7 * wanted + 0.3 * run.prices
            prices = market.held(np.rint(np.minimum(wanted, 2.0**57)).astype(np.int64))
        return run

    def _plain(self, found: Sequence[Found], run: Run) -> Mix | None:
        """The cheapest plans themselves, if the quotas suffice for them."""
        left, taken, cost = list(run.room), dict[tuple[int, tuple[int, ...]], int](), 0
        for index, (site, count) in enumerate(zip(found, self.market.sites, strict=True)):
            if site.value >= BIG:
                return None
            key = (index, site.picked)
            taken[key] = count
            cost += self.known[key].plan.cost * count
            for quota, amount in self.known[key].use:
                left[quota] -= amount * count
        if min(left, default=0) < 0:
            return None
        values = [float(taken.get((c.of, c.plan.picked), 0)) for c in run.columns]
        return Mix(np.array(values), np.zeros(len(left)), float(cost), 0.0)

    def _sites(self, chosen: Sequence[int], prices: Ints) -> list[Found] | None:
        """The cheapest plan of every class at some prices; None if a class has none."""
        found = []
        for index, block in enumerate(self.market.blocks):
            price = only(
                block, self.market.price(index, prices), [chosen[c] for c in block.choices]
            )
            site = self.market.visit(index, price)
            if site is None:
                return None
            found.append(site)
        return found

    def _value(self, found: Sequence[Found], prices: Ints, run: Run) -> float:
        """The bound of the answers with these choices."""
        total = sum(f.bound * n for f, n in zip(found, self.market.sites, strict=True))
        worth = sum(a * b for a, b in zip(run.room, prices.tolist(), strict=True))
        value: float = (total - worth) / (1 << self.market.shift) + run.fixed
        return value

    def _column(self, index: int, found: Found,
                used: set[tuple[int, tuple[int, ...]]]) -> Column | None:  # fmt: skip
        key = (index, found.picked)
        if key in used or found.value >= BIG:
            return None
        used.add(key)
        if key not in self.known:
            self.known[key] = column(self.market, index, found)
        return self.known[key]

    def _agrees(self, of: Column, chosen: Sequence[int]) -> bool:
        block = self.market.blocks[of.of]
        made = np.array([chosen[c] for c in block.choices], np.int64)
        needs = block.needs[list(of.plan.picked)]
        return bool(((needs == ANY) | (needs == made)).all())


def column(market: Market, index: int, found: Found) -> Column:
    """A plan of a class as a column."""
    block = market.blocks[index]
    use = uses(block, found.picked)
    rows = block.rows(np.array(found.picked, np.int64))
    taken = tuple(n for _, n in use)
    plan = Plan(market.cost(index, found), taken, found.picked, found.bought, rows)
    return Column(index, plan, tuple((q, n) for q, n in use if n))


def uses(block: Block, picked: Sequence[int]) -> list[tuple[int, int]]:
    """What a plan of a block takes of the problem's quotas."""
    taken = block.use[np.array(picked, np.int64)]
    return [(q, sum(amounts)) for q, amounts in zip(block.quotas, taken.T.tolist(), strict=True)]


def left_over(problem: Problem, chosen: Sequence[int]) -> list[int]:
    """What the choices leave of every quota."""
    room: list[int] = problem.quotas.tolist()
    for choice, alternative in zip(problem.choices, chosen, strict=True):
        room = [a - b for a, b in zip(room, choice.use[alternative].tolist(), strict=True)]
    return room
