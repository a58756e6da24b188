"""The open generator: sites, models and what is asked of each pair, from a seed, in integers.

Nothing is taken from anybody's fleet: the ranges are those of `README.md`, wide enough that every
tier wins somewhere and that devices, uplinks, stores and quotas bind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hybridspec.place.problem import Ints

REGIONS, JURISDICTIONS, VARIANTS, STAGES = 9, 3, 5, 4
HORIZON = 3 * 365 * 86_400
"""Seconds that costs are counted over."""

ENDPOINTS = 3
SPEED = np.array([10, 24, 45, 150, 400])
"""Work a device does a second, in 10^9 operations: three kinds of endpoint, two of gateway."""
MEMORY = np.array([512, 1_024, 2_048, 8_192, 16_384])
WATTS = np.array([4, 8, 14, 35, 90])
CAPEX = np.array([0, 0, 0, 450_000_000, 1_600_000_000])
GATEWAYS = 4
CLOUD_SPEED = 1_500

WORK = np.array([1000, 900, 520, 360, 210])
"""Of every variant, in permille of the full model, as are the two below."""
SIZE = np.array([1000, 520, 270, 300, 180])
LOSS = np.array([0, 1, 9, 22, 45])

ON_SITE = 2
"""The strictest residency: raw data stays at the site; 1 keeps it in the jurisdiction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What the YAML says, as arrays: regions, models (M), sites (N) and pairs (N, M)."""

    name: str
    compute: Ints  # (9) micro-units for 10^15 operations
    storage: Ints  # (9) micro-units for 10^9 bytes
    fixed: Ints  # (9) micro-units for a store
    within: int  # micro-units for 10^9 bytes sent to another region of the jurisdiction
    abroad: int
    depth: Ints  # (M)
    work: Ints  # (M, 4) 10^6 operations
    payload: Ints  # (M, 5) bytes before each stage and after the last
    memory: Ints  # (M, 4) megabytes
    accuracy: Ints  # (M) permille
    sites: Ints  # (N, 8): `SITE` says what
    pairs: Ints  # (N, M, 4): `PAIR` says what
    quotas: Ints  # (9) 10^6 operations a second


SITE = ("jurisdiction", "endpoint", "endpoints", "gateway", "uplink", "data", "energy", "distance")
"""Device classes, counts, kbit/s, micro-units a GB and a kWh, milliseconds to the next region."""
PAIR = ("rate", "residency", "loss", "bound")
"""Inferences in 1,000 s; 0, 1, 2; permille below the full model's accuracy; milliseconds."""


def instance(name: str, sites: int, models: int, *, seed: int, kinds: int = 0) -> Instance:
    """A random instance; with `kinds`, its sites are copies of so many."""
    dice = np.random.default_rng(seed)

    def between(low: int, high: int, *shape: int) -> Ints:
        return dice.integers(low, high + 1, shape)

    depth = between(3, 4, models)
    shrink = between(150, 600, models, STAGES) / 1000
    payload = np.empty((models, STAGES + 1), dtype=np.int64)
    payload[:, 0] = between(60_000, 900_000, models)
    for stage in range(STAGES):
        payload[:, stage + 1] = np.maximum(200, payload[:, stage] * shrink[:, stage])
    made = _sites(between, kinds or sites), _pairs(between, dice, kinds or sites, models)
    if kinds:
        copies = np.sort(np.concatenate([np.arange(kinds), between(0, kinds - 1, sites - kinds)]))
        made = made[0][copies], made[1][copies]
    return Instance(
        name=name,
        compute=between(12_000, 60_000, REGIONS),
        storage=between(150_000, 400_000, REGIONS),
        fixed=between(100_000_000, 600_000_000, REGIONS),
        within=20_000,
        abroad=85_000,
        depth=depth,
        work=between(60, 1_600, models, STAGES) * np.array([1, 4, 3, 1]),
        payload=payload,
        memory=between(30, 480, models, STAGES),
        accuracy=between(880, 985, models),
        sites=made[0],
        pairs=made[1],
        quotas=np.full(REGIONS, 2**40),
    )


def _sites(between: Random, count: int) -> Ints:
    return np.stack([
        between(0, JURISDICTIONS - 1, count),
        between(0, ENDPOINTS - 1, count),
        between(1, 3, count),
        between(ENDPOINTS, len(SPEED) - 1, count),
        between(10, 80, count) * 1_000,
        between(10, 400, count),
        between(90_000, 420_000, count),
        between(8, 45, count),
    ], axis=1)  # fmt: skip


def _pairs(between: Random, dice: np.random.Generator, count: int, models: int) -> Ints:
    return np.stack([
        between(200, 6_000, count, models),
        dice.choice(3, (count, models), p=(0.3, 0.4, 0.3)),
        between(0, 24, count, models),  # how much below the model's own it may be
        np.exp(dice.uniform(np.log(40), np.log(500), (count, models))).astype(np.int64),
    ], axis=2)  # fmt: skip


class Random(Protocol):
    """The type of `between`."""

    def __call__(self, low: int, high: int, *shape: int) -> Ints:
        raise NotImplementedError
