"""All plans of one site that could be part of a best answer: labels, extended pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hybridspec.place.engine.block import BIG, Block, Floats
from hybridspec.place.engine.capacity import capacities
from hybridspec.place.engine.duals import Duals
from hybridspec.place.engine.site import boxes, plan_cost, search
from hybridspec.place.problem import WHOLE, Ints

ENDLESS = 2**62
"""More of a resource than there can be loads."""
MAX_LABELS = 20_000


@dataclass(frozen=True, slots=True)
class Plan:
    """A way to run one site: its cost without prices, what it takes of the block's quotas.

    `picked` are rows of the block, `rows` those of the pairs' own options.
    """

    cost: int
    use: tuple[int, ...]
    picked: tuple[int, ...]
    bought: tuple[int, ...]
    rows: tuple[int, ...]


class TooMany(Exception):
    """More partial plans than are kept."""


def pool(block: Block, price: Ints, fees: Sequence[int], cutoff: int) -> list[Plan]:
    """Plans that cost `cutoff` at most at these prices and are not dominated in cost and use.

    Options that are not to be used are at `BIG`; the others need one alternative of each choice.

    Raises:
        TooMany: more than `MAX_LABELS` partial plans.
    """
    if block.empty:
        return []
    if not block.pairs:
        found = search(block, block.cost)
        return [] if found is None else [Plan(found.value, (), (), found.bought, ())]
    core, plans = block.core, list[Plan]()
    kinds = block.kinds(price)
    for box in boxes(core, kinds, fees, kinds < BIG):
        duals = Duals(core, kinds, fees, box)
        duals.climb()
        prices = duals.solve() if len(duals.mu) > 1 else duals.bound(duals.mu)
        slack = cutoff - prices.floor
        if slack < 0:
            continue
        dearer = np.full(len(kinds), np.inf)
        dearer[duals.at] = prices.dearer
        more = dearer[block.kind] + (price - kinds[block.kind])
        more[price >= BIG] = np.inf
        wide = any(low < high and fee > 0
                   for low, high, fee in zip(box.least, box.most, fees, strict=True))  # fmt: skip
        columns = list(range(len(block.of.resources))) if wide else duals.tight
        labels = Labels.empty(block, columns)
        rooms = capacities(block.of, box.most)
        for index in range(block.pairs):
            start, end = int(block.starts[index]), int(block.starts[index + 1])
            rows = start + np.flatnonzero(more[start:end] <= slack)
            labels = labels.extended(block, rows, more[rows], slack, rooms, columns, wide)
        plans += _plans(block, labels, price, fees, cutoff)
    return _undominated(plans)


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Partial plans: how much dearer than the least, cost, what they take of what, and rows."""

    dearer: Floats
    cost: Ints
    load: Ints
    ceiling: Ints
    alone: Ints
    use: Ints
    picked: Ints

    @staticmethod
    def empty(block: Block, columns: Sequence[int]) -> Labels:
        """The plan of nothing; only some resources are of interest."""
        return Labels(
            np.zeros(1), np.zeros(1, np.int64), np.zeros((1, len(columns)), np.int64),
            np.full((1, len(columns)), WHOLE, np.int64),
            np.zeros((1, len(block.of.purchases)), np.int64),
            np.zeros((1, len(block.quotas)), np.int64), np.zeros((1, 0), np.int64),
        )  # fmt: skip

    def extended(self, block: Block, rows: Ints, dearer: Floats, slack: float,
                 rooms: Sequence[int], columns: Sequence[int], wide: bool) -> Labels:  # fmt: skip
        """Every label with each of the rows, but for what is too dear, too much, or dominated."""
        more = self.dearer[:, None] + dearer[None]
        old, new = np.nonzero(more <= slack)
        if len(old) > MAX_LABELS * 10:
            raise TooMany
        core, kinds = block.core, block.kind[rows][new]
        load = self.load[old] + core.load[kinds][:, columns]
        ceiling = np.minimum(self.ceiling[old], core.ceiling[kinds][:, columns])
        room = np.array([min(max(rooms[c], -1), ENDLESS) for c in columns], np.int64)
        usable = room // WHOLE * ceiling + room % WHOLE * ceiling // WHOLE
        fits = ((load <= 0) | (load <= usable)).all(axis=1)
        old, new, kinds = old[fits], new[fits], kinds[fits]
        alone = np.maximum(self.alone[old], core.alone[kinds]) if wide else self.alone[old]
        labels = Labels(
            more[old, new], self.cost[old] + block.cost[rows[new]], load[fits], ceiling[fits],
            alone, self.use[old] + block.use[rows[new]],
            np.concatenate([self.picked[old], rows[new][:, None]], axis=1),
        )  # fmt: skip
        return labels.thinned()

    def thinned(self) -> Labels:
        """Without those that another is at least as good as in everything, the smaller first."""
        if len(self.cost) > MAX_LABELS:
            raise TooMany
        order = np.lexsort((*self.picked.T[::-1], self.cost))
        traits = np.concatenate([self.load, -self.ceiling, self.alone, self.use], axis=1)[order]
        kept: list[int] = []
        left = np.arange(len(order))
        while len(left):
            first, left = left[0], left[1:]
            kept.append(int(first))
            left = left[~(traits[first] <= traits[left]).all(axis=1)]
        at = order[np.array(kept, np.int64)]
        return Labels(self.dearer[at], self.cost[at], self.load[at], self.ceiling[at],
                      self.alone[at], self.use[at], self.picked[at])  # fmt: skip


def _plans(block: Block, labels: Labels, price: Ints, fees: Sequence[int],
           cutoff: int) -> list[Plan]:  # fmt: skip
    """Whole plans with what has to be bought for them, if they are cheap enough."""
    found = []
    for cost, use, picked in zip(
        labels.cost.tolist(), labels.use.tolist(), labels.picked.tolist(), strict=True
    ):
        rows = np.array(picked, np.int64)
        whole = plan_cost(block.core, block.kinds(price), block.kind[rows], fees)
        if whole is None:
            continue
        bought = whole[1]
        spent = sum(fee * n for fee, n in zip(fees, bought, strict=True))
        if sum(price[rows].tolist()) + spent <= cutoff:
            capital = sum(p.cost * n for p, n in zip(block.of.purchases, bought, strict=True))
            found.append(Plan(cost + capital, tuple(use), tuple(picked), bought, block.rows(rows)))
    return found


def _undominated(found: list[Plan]) -> list[Plan]:
    """The plans for which no cheaper one takes as little, cheapest first."""
    found.sort(key=lambda plan: (plan.cost, plan.picked))
    kept: list[Plan] = []
    for plan in found:
        if not any(all(a <= b for a, b in zip(k.use, plan.use, strict=True)) for k in kept):
            kept.append(plan)
    return kept
