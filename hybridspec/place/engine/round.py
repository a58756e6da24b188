"""Whole sites from a mix in fractions: most are whole already, and the rest is a small program."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridspec.place.engine.master import Column, Mix, counts, holds

SMALL = 1_200
"""Columns up to which the integer program takes all of them."""
LOOSE = 40
"""Classes that may change besides those that the mix splits."""
NODES = 2_000
GAP = 2e-5


def rounded(columns: Sequence[Column], sites: Sequence[int], room: Sequence[int],
            mix: Mix | None) -> list[int] | None:  # fmt: skip
    """How many sites follow each column, near the mix; None if none is found."""
    if mix is None:
        return None
    plain: list[int] = np.rint(mix.values).astype(np.int64).tolist()
    if float(np.abs(mix.values - plain).max(initial=0.0)) < 1e-7 and holds(
        columns, sites, room, plain
    ):
        return plain
    if len(columns) <= SMALL:
        return counts(columns, sites, room, gap=GAP, nodes=NODES)
    return _partly(columns, sites, room, mix)


def _partly(columns: Sequence[Column], sites: Sequence[int], room: Sequence[int],
            mix: Mix) -> list[int] | None:  # fmt: skip
    """Keep what is whole but for some classes, and let the integer program settle those."""
    split = np.abs(mix.values - np.rint(mix.values)) > 1e-7
    loose = {columns[i].of for i in np.flatnonzero(split).tolist()}
    amounts = [sum(n * mix.prices[q] for q, n in c.use) for c in columns]
    regret: dict[int, float] = {}
    best = {c.of: c.plan.cost + a for c, a, v in zip(columns, amounts, mix.values, strict=True)
            if v > 0.5}  # fmt: skip
    for column, amount, value in zip(columns, amounts, mix.values, strict=True):
        if value < 1e-7 and column.of in best:
            more = column.plan.cost + amount - best[column.of]
            regret[column.of] = min(regret.get(column.of, np.inf), more)
    loose |= set(sorted(regret, key=lambda of: (regret[of], of))[:LOOSE])
    left = list(room)
    whole: list[int] = np.rint(mix.values).astype(np.int64).tolist()
    for column, count in zip(columns, whole, strict=True):
        if column.of not in loose:
            for quota, amount in column.use:
                left[quota] -= amount * count
    inner = [i for i, c in enumerate(columns) if c.of in loose]
    if min(left, default=0) < 0:
        return None
    found = counts([columns[i] for i in inner],
                   [n if i in loose else 0 for i, n in enumerate(sites)], left,
                   gap=GAP, nodes=NODES)  # fmt: skip
    if found is None:
        return None
    for index, count in zip(inner, found, strict=True):
        whole[index] = count
    return whole if holds(columns, sites, room, whole) else None
