"""Published networks through the product's own code: what measuring a few of them is worth.

A device that nobody knows has constants in the middle of all others; in 8 bit, those that it has
in floating point, as far off as they are elsewhere. Some networks measured there correct them, as
`hybridspec.optimise.measured` does, and another network is estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np
from estimator.fit import NOISE, STRANGE, Prior, pooled
from estimator.judge import Error, Group, fit_group
from estimator.nets import built
from estimator.table import FEATURES, Config, Numbers, Table

from hybridspec.ir.graph import ModelFacts, Rates
from hybridspec.ir.kernel import KINDS, Kernels
from hybridspec.ir.measurement import Timed
from hybridspec.optimise.measured import AXES, applied, learned, parts
from hybridspec.optimise.posterior import Variation, deviation, shares

SPREAD = 500
"""Percent: an interval of the middle row by itself so wide that only measuring narrows it."""


def facts(name: str) -> ModelFacts:
    """What the product knows of a network."""
    layers = built(name).layers
    kernels = Kernels(**{kind: sum(x.macs for x in layers if x.kind == kind) for kind in KINDS})
    weights = 4 * sum(x.weights for x in layers)
    return ModelFacts(
        digest=name, size=weights, opset=0, inputs=(), outputs=(), parameters=0, weights=weights,
        conv_macs=kernels.convolutions, gemm_macs=kernels.products, kernels=kernels,
        moved=weights + 4 * sum(x.read + x.written for x in layers), operators=len(layers),
        peak_activations=0, unknown=(), unpriced=(),
    )  # fmt: skip


def timed(name: str, precision: str, ms: float) -> Timed:
    """A published latency as `hybridspec model measure` writes it."""
    own = facts(name)
    return Timed(
        model=name, variant=precision, threads=1, p50=max(1, round(1000 * ms)),
        p95=max(1, round(1000 * ms)), on="2026-11-01", kernels=own.kernels, moved=own.moved,
        weights=own.weights, operators=own.operators, architecture="",
    )  # fmt: skip


def rates(mean: Numbers, precision: str, spread: int = SPREAD) -> Rates:
    """Constants as a row of the catalogue."""
    cost = {name: Fraction(float(np.exp(log))).limit_denominator(10**9)
            for name, log in zip(FEATURES, mean, strict=True)}  # fmt: skip
    return Rates(
        runtime="onnxruntime", precision=precision, threads=1, spread=spread, source="the middle",
        conv_ps=1000 * cost["other"], byte_ps=1000 * cost["byte"], operator_us=cost["operator"],
        weight_ps=1000 * cost["weight"], vector_ps=0, recurrent_ps=4000 * cost["weight"],
        **{f"{kind}_ps": 1000 * cost[kind]
           for kind in ("dense", "pointwise", "depthwise", "gemm", "attention")},
    )  # fmt: skip


def variation(prior: Prior, low: float = -1.645, high: float = 1.645) -> Variation:
    """How devices differ, on the product's axes; recurrent work does as reading weights does."""
    index = [FEATURES.index("weight" if axis == "recurrent" else axis) for axis in AXES]
    found = prior.covariance[np.ix_(index, index)]
    place = AXES.index("recurrent")
    found[place, place] += STRANGE
    return Variation(found.tolist(), NOISE, low, high)


def measured_devices(
    table: Table, group: Group, count: int = 3, draws: int = 4, seed: int = 1
) -> list[Error]:
    """Estimates on devices of which only `count` networks were measured.

    What is known beforehand knows neither the device nor the network that is estimated.
    """
    random = np.random.default_rng(seed)
    found: list[Error] = []
    for net in sorted({net for c in group.configs for net in table[c]}):
        known = fit_group(table, group, net)
        for device in sorted({c.device for c in known.fits}):
            others = [c for c in known.fits if c.device != device]
            prior = pooled(
                [known.works[c] for c in others], [known.fits[c] for c in others],
                [known.centres[c] for c in others], tied=not group.floats,
            )  # fmt: skip
            for config in (c for c in known.fits if c.device == device and net in table[c]):
                rest = [n for n in table[config] if n != net]
                sets = [*combinations(rest, count)]
                middle = Prior(prior.mean + known.centres[config], prior.covariance)
                drawn = random.choice(len(sets), min(draws, len(sets)), replace=False)
                found += [_judged(table[config], config, net, sets[i], middle) for i in drawn]
    return found


def _judged(
    took: dict[str, float], config: Config, net: str, few: Sequence[str], prior: Prior
) -> Error:
    precision = "int8" if config.precision == "int8" else "fp32"
    correction = learned(
        rates(prior.mean, precision), [timed(n, precision, took[n]) for n in few], variation(prior)
    )
    assert correction is not None
    log = float(np.log(applied(facts(net), correction).mid / (1000 * took[net])))
    own = parts(facts(net), correction.rates)
    unsure = deviation(shares(own, [0.0] * len(own)), correction.left, NOISE)
    return Error(config, net, log, unsure)
