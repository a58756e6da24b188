"""All plans of one site that could be part of a best answer: labels, extended pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hybridspec.place.engine.block import BIG, Block
from hybridspec.place.engine.capacity import bought_for, capacities
from hybridspec.place.problem import WHOLE, Ints

MAX_LABELS = 20_000


@dataclass(frozen=True, slots=True)
class Plan:
    """A way to run one site: what it costs without prices, what it takes of the block's quotas."""

    cost: int
    use: tuple[int, ...]
    picked: tuple[int, ...]
    bought: tuple[int, ...]


class TooMany(Exception):
    """More partial plans than are kept."""


def pool(block: Block, price: Ints, fees: Sequence[int], cutoff: int) -> list[Plan]:
    """Plans that cost `cutoff` at most at these prices and are not dominated in cost and use.

    Options that are not to be used are at `BIG`; the others need one alternative of each choice.

    Raises:
        TooMany: more than `MAX_LABELS` partial plans.
    """
    of = block.of
    most = capacities(of, [p.most for p in of.purchases])
    if block.empty:
        return []
    lowest = np.minimum.reduceat(price, block.starts[:-1]) if block.pairs else price
    if int(lowest.max(initial=0)) >= BIG:
        return []
    least = sum(fee * (p.most if fee < 0 else p.least)
                for fee, p in zip(fees, of.purchases, strict=True))  # fmt: skip
    slack = cutoff - least - sum(lowest.tolist())
    if slack < 0:
        return []
    labels = Labels.empty(block)
    for index in range(block.pairs):
        start, end = int(block.starts[index]), int(block.starts[index + 1])
        own = price[start:end]
        rows = start + np.flatnonzero((own < BIG) & (own - lowest[index] <= min(slack, BIG)))
        labels = labels.extended(block, rows, price[rows] - lowest[index], slack, most)
    return _plans(block, labels, price, fees, cutoff)


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Partial plans: how much dearer than the least, cost, loads, ceilings, units, use, rows."""

    dearer: Ints
    cost: Ints
    load: Ints
    ceiling: Ints
    units: Ints
    use: Ints
    picked: Ints

    @staticmethod
    def empty(block: Block) -> Labels:
        """The plan of nothing."""
        resources, purchases = len(block.of.resources), len(block.of.purchases)
        return Labels(
            np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros((1, resources), np.int64),
            np.full((1, resources), WHOLE, np.int64), np.zeros((1, purchases), np.int64),
            np.zeros((1, len(block.quotas)), np.int64), np.zeros((1, 0), np.int64),
        )  # fmt: skip

    def extended(self, block: Block, rows: Ints, dearer: Ints, slack: int,
                 most: Sequence[int]) -> Labels:  # fmt: skip
        """Every label with each of the rows, but for what is too dear, too much, or dominated."""
        old = np.repeat(np.arange(len(self.dearer)), len(rows))
        new = np.tile(np.arange(len(rows)), len(self.dearer))
        more = self.dearer[old] + dearer[new]
        kept = more <= slack
        old, new, more = old[kept], new[kept], more[kept]
        core, kinds = block.core, block.kind[rows]
        load = self.load[old] + core.load[kinds[new]]
        ceiling = np.minimum(self.ceiling[old], core.ceiling[kinds[new]])
        fits = np.ones(len(old), np.bool_)
        for index, room in enumerate(most):
            fits &= (load[:, index] <= 0) | (load[:, index] <= min(max(room, -1), BIG))
        if int(fits.sum()) > MAX_LABELS * 10:
            raise TooMany
        old, new = old[fits], new[fits]
        labels = Labels(
            more[fits], self.cost[old] + block.cost[rows[new]], load[fits], ceiling[fits],
            np.maximum(self.units[old], core.alone[kinds[new]]),
            self.use[old] + block.use[rows[new]],
            np.concatenate([self.picked[old], rows[new][:, None]], axis=1),
        )  # fmt: skip
        return labels.thinned()

    def thinned(self) -> Labels:
        """Without those that another is at least as good as in everything, the smaller first."""
        if len(self.dearer) > MAX_LABELS:
            raise TooMany
        order = np.lexsort((*self.picked.T[::-1], self.cost))
        columns = np.concatenate([self.load, -self.ceiling, self.units, self.use], axis=1)[order]
        kept: list[int] = []
        for index in range(len(order)):
            before = np.array(kept, np.int64)
            if not (columns[before] <= columns[index]).all(axis=1).any():
                kept.append(index)
        at = order[np.array(kept, np.int64)]
        return Labels(self.dearer[at], self.cost[at], self.load[at], self.ceiling[at],
                      self.units[at], self.use[at], self.picked[at])  # fmt: skip


def _plans(block: Block, labels: Labels, price: Ints, fees: Sequence[int],
           cutoff: int) -> list[Plan]:  # fmt: skip
    """Whole plans, cheapest first, without those that are dearer and take as much."""
    of = block.of
    found = []
    for load, ceiling, units, use, picked in zip(
        labels.load.tolist(), labels.ceiling.tolist(), labels.units.tolist(), labels.use.tolist(),
        labels.picked.tolist(), strict=True,
    ):  # fmt: skip
        bought = bought_for(of, load, ceiling, units)
        rows = np.array(picked, np.int64)
        if bought is None:
            continue
        spent = sum(fee * n for fee, n in zip(fees, bought, strict=True))
        if sum(price[rows].tolist()) + spent > cutoff:
            continue
        capital = sum(p.cost * n for p, n in zip(of.purchases, bought, strict=True))
        cost = sum(block.cost[rows].tolist()) + capital
        found.append(Plan(cost, tuple(use), tuple(picked), bought))
    found.sort(key=lambda plan: (plan.cost, plan.picked))
    kept: list[Plan] = []
    for plan in found:
        if not any(all(a <= b for a, b in zip(k.use, plan.use, strict=True)) for k in kept):
            kept.append(plan)
    return kept
