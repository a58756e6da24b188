"""A problem at given prices of its quotas: what every site does then, and what that proves.

Prices are integers in a money of their own, `2**shift` to a micro-unit, so that bounds are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hybridspec.place.engine.block import BIG, Block
from hybridspec.place.engine.site import Found, search, useful
from hybridspec.place.problem import ANY, Ints, Problem

STEPS = 2_000
"""Of the search of one site, while prices are still to be found."""
MAX_SHIFT = 14


@dataclass(eq=False)
class Market:
    """The blocks of a problem, and what is remembered of their plans."""

    problem: Problem
    blocks: Sequence[Block]
    sites: list[int] = field(init=False)
    top: list[int] = field(init=False)
    shift: int = field(init=False)
    steps: int = STEPS
    last: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sites = [block.of.sites for block in self.blocks]
        self.top = [_top(block) for block in self.blocks]
        self.shift = max(0, min(MAX_SHIFT, 54 - max(self.top, default=1).bit_length()))

    def fees(self, index: int) -> list[int]:
        """What purchases of a class cost, in the market's money."""
        return [fee << self.shift for fee in self.blocks[index].fees]

    def price(self, index: int, prices: Ints) -> Ints:
        """What options of a class cost with what they take of the quotas."""
        block = self.blocks[index]
        total = block.cost << self.shift
        for column, quota in enumerate(block.quotas):
            if prices[quota]:
                total = total + block.use[:, column].astype(np.int64) * prices[quota]
        return np.asarray(np.minimum(total, BIG))

    def held(self, prices: Ints) -> Ints:
        """The prices, lowered to where nothing overflows."""
        most = np.ones(len(prices), np.int64)
        for block in self.blocks:
            if len(block.use):
                np.maximum.at(most, list(block.quotas), block.use.max(axis=0))
        return np.asarray(np.minimum(prices, 2**57 // np.maximum(1, most * max(1, len(prices)))))

    def visit(self, index: int, price: Ints,
              start: Sequence[int] | None = None) -> Found | None:  # fmt: skip
        """The cheapest plan of a class, from one that is given or the last one found."""
        found = search(self.blocks[index], price, fees=self.fees(index), steps=self.steps,
                       start=self.last.get(index) if start is None else start)  # fmt: skip
        if found is not None and found.picked:
            self.last[index] = found.picked
        return found

    def cost(self, index: int, found: Found) -> int:
        """What a plan of a class costs in micro-units, without prices."""
        block = self.blocks[index]
        spent = sum(fee * count for fee, count in zip(block.fees, found.bought, strict=True))
        return spent + sum(map(int, block.cost[list(found.picked)]))

    def choice_costs(self, prices: Ints) -> list[list[int]]:
        """What every alternative of each choice costs with what it takes of the quotas."""
        return [
            [(cost << self.shift) + _worth(use, prices)
             for cost, use in zip(c.cost.tolist(), c.use.tolist(), strict=True)]
            for c in self.problem.choices
        ]  # fmt: skip

    def quota_worth(self, prices: Ints) -> int:
        """What all quotas are worth."""
        return _worth(self.problem.quotas.tolist(), prices)

    def least(self, total: int) -> int:
        """The least whole micro-units that are not below a sum of the market's money."""
        return -(-total >> self.shift)


def _worth(amounts: Sequence[int], prices: Ints) -> int:
    return sum(a * p for a, p in zip(amounts, prices.tolist(), strict=True))


def _top(block: Block) -> int:
    """More than any plan of a site costs."""
    if block.empty:
        return 1
    dearest = np.maximum.reduceat(block.cost, block.starts[:-1]).tolist() if block.pairs else []
    counts = useful(block.core, np.ones(len(block.heads), np.bool_))
    total: int = 1 + sum(map(abs, dearest))
    for fee, count, purchase in zip(block.fees, counts, block.of.purchases, strict=True):
        total += abs(fee) * max(count, purchase.most if fee < 0 else 0)
    return total


def only(block: Block, price: Ints, made: Sequence[int]) -> Ints:
    """Prices at which options that need other alternatives are out of reach.

    `ANY` stands for a choice that is still open.
    """
    for column, alternative in enumerate(made):
        if alternative != ANY:
            needs = block.needs[:, column]
            price = np.where((needs == ANY) | (needs == alternative), price, BIG)
    return price
