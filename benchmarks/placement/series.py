"""The instances of the table by name: drawn, made solvable, and with quotas that bind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from placement import instances as kit
from placement.instances import Instance, instance
from placement.ways import BUSY, Ways, problem

from hybridspec.place.problem import Ints, SiteClass

SHAPES = {
    "10": (5, 2, 0),
    "100": (25, 4, 0),
    "1000": (125, 8, 0),
    "10000-templated": (1_250, 8, 36),
    "10000": (1_250, 8, 0),
}
"""Sites, models, and how many kinds of sites there are, if they are not all distinct."""
QUOTA = 0.6
"""Of what regions would be asked for without quotas, each has so much."""


def named(name: str, seed: int = 1) -> Instance:
    """The instance of a name and a seed."""
    sites, models, kinds = SHAPES[name]
    return with_quotas(loosened(instance(name, sites, models, seed=seed, kinds=kinds)))


def loosened(drawn: Instance) -> Instance:
    """The instance with the bounds of pairs without a way loosened until they have one."""
    everywhere = np.arange(len(drawn.sites))
    while True:
        stuck = np.stack([
            (Ways(drawn, depth, everywhere, 0 * everywhere + model, False).broken() != 0).all(
                axis=(1, 2)
            )
            for model, depth in enumerate(drawn.depth.tolist())
        ], axis=1)  # fmt: skip
        if not stuck.any():
            return drawn
        pairs = drawn.pairs.copy()
        pairs[stuck, kit.PAIR.index("bound")] *= 2
        pairs[stuck, kit.PAIR.index("rate")] = pairs[stuck, kit.PAIR.index("rate")] // 2 + 1
        pairs[stuck, kit.PAIR.index("loss")] = 60
        drawn = replace(drawn, pairs=pairs)


def with_quotas(drawn: Instance) -> Instance:
    """The instance with regions that have 60 % of what sites would take of them, one by one.

    A site is filled greedily, pair by pair, a gateway's price counted by the share that is taken.
    No region has less than a ninth of all that is taken, so that there is somewhere to go.
    """
    free = problem(drawn)
    taken = np.zeros(len(free.quotas))
    for what in free.classes:
        taken += what.sites * _greedy(what, len(taken))
    quotas = np.maximum(taken * QUOTA, taken.sum() / len(taken))
    return replace(drawn, quotas=quotas.astype(np.int64))


def _greedy(what: SiteClass, quotas: int) -> Ints:
    bought = what.purchases[0].most
    left = np.array([item.base + item.unit * bought for item in what.resources])
    taken = np.zeros(quotas, dtype=np.int64)
    for pair in what.pairs:
        share = pair.options.load[:, 2] / BUSY
        fits = (pair.options.load <= left).all(axis=1)
        cost = pair.options.cost + share * what.purchases[0].cost + np.where(fits, 0, 1e15)
        row = int(np.argmin(cost))
        left -= pair.options.load[row]
        taken[list(pair.quotas)] += pair.options.use[row]
    return taken
