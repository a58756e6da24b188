"""Measurements in place of estimates: of the same model as they are, of others as corrections.

Measured models correct the constants of a board kind by kind: as much as each kind had a share in
them, and as kinds vary together from device to device. What they say of another model is the surer
the more it resembles them, and its interval says how sure; it is never wider than without them.
What was measured at one size of those that a model leaves open says nothing of the others: it
neither stands for the model nor corrects others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from hybridspec.ir.graph import ModelFacts, Rates
from hybridspec.ir.measurement import Timed
from hybridspec.ir.plan import Estimate
from hybridspec.ir.site import Rate
from hybridspec.optimise.estimate import estimate, kind_ps
from hybridspec.optimise.posterior import (
    Matrix,
    Sample,
    Variation,
    deviation,
    factors,
    shares,
)
from hybridspec.optimise.variation import VARIATION

KINDS = ("dense", "pointwise", "depthwise", "other", "gemm", "attention", "recurrent")
"""Kernel kinds that are corrected; products of one row go with `gemm`."""
AXES = (*KINDS, "weight", "byte", "operator")
_LOWEST, _HIGHEST = Fraction(1, 50), Fraction(50)
"""A board that is faster or slower than expected by more was not measured: another one was."""
_WIDEST = 500
"""Percent; what a row of a catalogue may state."""


class Correction(NamedTuple):
    """Constants as measured models correct them, and how sure that is."""

    rates: Rates
    left: Matrix
    variation: Variation


def opened(facts: ModelFacts) -> bool:
    """Whether an input has an open size other than the batch's."""
    return any(size < 1 for tensor in facts.inputs for size in tensor.shape[1:])


def exact(timed: Sequence[Timed], facts: ModelFacts, variant: str, where: str) -> Estimate | None:
    """What the model itself took in this variant, on one thread; the last day counts."""
    wanted = (facts.digest, variant, 1, 0)
    own = [one for one in timed if (one.model, one.variant, one.threads, one.free) == wanted]
    if not own or opened(facts):
        return None
    last = max(own, key=lambda one: (one.on, one.p50))
    return Estimate(
        low=max(1, last.p50 * last.p50 // last.p95), mid=last.p50, high=max(last.p50, last.p95),
        basis=f"measured on {where}, {variant}, on {last.on}",
    )  # fmt: skip


def corrected(facts: ModelFacts, rates: Rates, timed: Sequence[Timed]) -> Estimate:
    """The estimate of a model that was not measured, by those that were."""
    correction = learned(rates, timed)
    return estimate(facts, rates) if correction is None else applied(facts, correction)


def learned(
    rates: Rates, timed: Sequence[Timed], variation: Variation | None = None
) -> Correction | None:
    """What measured models say of a board's constants; None where none is of their kind.

    Of a model that was measured more than once the last day counts.
    """
    variation = variation or VARIATION.get(rates.precision, VARIATION["fp32"])
    own = (rates.precision, rates.threads, 0)
    last = {one.model: one for one in sorted(timed, key=lambda one: (one.on, one.p50))
            if (one.variant, one.threads, one.free) == own}  # fmt: skip
    known = [(_facts(one), one.p50) for one in last.values()]
    samples = [Sample(parts(facts, rates), float(p50))
               for facts, p50 in known if _plausible(facts, p50, rates)]  # fmt: skip
    if not samples:
        return None
    logs, left = factors(samples, variation.covariance, variation.noise)
    times = {axis: Fraction(round(math.exp(log) * 10**4), 10**4)
             for axis, log in zip(AXES, logs, strict=True)}  # fmt: skip
    return Correction(_times(rates, times, len(samples)), left, variation)


def applied(facts: ModelFacts, correction: Correction) -> Estimate:
    """A model's estimate by corrected constants, with the interval that they leave it."""
    rates, left, (_, noise, low, high) = correction
    own = parts(facts, rates)
    if not any(own):
        return estimate(facts, rates)
    unsure = deviation(shares(own, [0.0] * len(own)), left, noise)
    down, up = (_percent(end * unsure) for end in (-low, high))
    known = rates.spread if rates.spread_down is None else rates.spread_down
    return estimate(
        facts, replace(rates, spread=min(up, rates.spread), spread_down=min(down, known))
    )


def parts(facts: ModelFacts, rates: Rates) -> list[float]:
    """Microseconds of a model by what is corrected, as a board's constants expect them."""
    own = facts.kernels
    work: dict[str, Rate] = {kind: getattr(own, kind) * kind_ps(rates, kind) for kind in KINDS}
    work["gemm"] += own.vector * kind_ps(rates, "vector")
    work["gemm"] += (facts.gemm_macs - own.products) * rates.gemm_ps
    work["other"] += (facts.conv_macs - own.convolutions) * rates.conv_ps
    apart = 0 if rates.weight_ps is None else min(facts.weights, facts.moved)
    work["weight"] = apart * (rates.weight_ps or 0)
    work["byte"] = (facts.moved - apart) * rates.byte_ps
    work["operator"] = facts.operators * rates.operator_us * 10**6
    return [float(work[axis]) / 1e6 for axis in AXES]


def _plausible(facts: ModelFacts, p50: int, rates: Rates) -> bool:
    ratio = Fraction(p50, estimate(facts, rates).mid)
    return any(parts(facts, rates)) and _LOWEST <= ratio <= _HIGHEST


def _times(rates: Rates, times: Mapping[str, Fraction], count: int) -> Rates:
    """The constants, each times the factor of its kind."""
    values: dict[str, Rate] = {
        f"{kind}_ps": _round(kind_ps(rates, kind) * times[kind])
        for kind in KINDS
        if kind != "other"
    }
    values["conv_ps"] = _round(rates.conv_ps * times["other"])
    values["byte_ps"] = _round(rates.byte_ps * times["byte"])
    values["operator_us"] = _round(rates.operator_us * times["operator"])
    for name, axis in (("vector_ps", "gemm"), ("weight_ps", "weight")):
        if (value := getattr(rates, name)) is not None:
            values[name] = _round(value * times[axis])
    least, most = (float(end(times.values())) for end in (min, max))
    words = "1 model" if count == 1 else f"{count} models"
    return replace(
        rates, source=f"times {least:.2f} to {most:.2f} by {words} measured; {rates.source}",
        **values,  # type: ignore[arg-type]
    )  # fmt: skip


def _percent(log: float) -> int:
    return max(1, min(_WIDEST, round(100 * (math.exp(log) - 1))))


def _round(value: Rate) -> Fraction:
    """To a millionth, so that numbers stay short."""
    return Fraction(round(Fraction(value) * 10**6), 10**6)


def _facts(one: Timed) -> ModelFacts:
    """The facts of a model of which only the work is known."""
    return ModelFacts(
        digest=one.model, size=0, opset=0, inputs=(), outputs=(), parameters=0,
        weights=one.weights, conv_macs=one.kernels.convolutions, gemm_macs=one.kernels.products,
        moved=one.moved, operators=one.operators, peak_activations=0, unknown=(), unpriced=(),
        kernels=one.kernels,
    )  # fmt: skip
