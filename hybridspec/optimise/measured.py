"""Measurements in place of estimates: of the same model as they are, of others as a scale.

A board's constants are multiplied by what the measured models took by what was expected of them.
The interval narrows with their number, as it did for published networks on boards of which only
few were known; it never widens. What was measured at one size of those that a model leaves open
says nothing of the others: it neither stands for the model nor corrects others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from statistics import median

from hybridspec.ir.graph import ModelFacts, Rates
from hybridspec.ir.measurement import Timed
from hybridspec.ir.plan import Estimate
from hybridspec.ir.site import Rate
from hybridspec.optimise.estimate import estimate

_SCALED = (
    "conv_ps", "gemm_ps", "byte_ps", "operator_us", "dense_ps", "pointwise_ps", "depthwise_ps",
    "attention_ps", "recurrent_ps", "vector_ps", "weight_ps",
)  # fmt: skip
_NARROWED = ((10, 44), (5, 52), (3, 55), (1, 65))
"""Models measured, and the half-width of the 90 % interval in percent that is left with them."""
_LOWEST, _HIGHEST = Fraction(1, 50), Fraction(50)
"""A board that is faster or slower than expected by more was not measured: another one was."""


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


def rescaled(rates: Rates, timed: Sequence[Timed]) -> Rates:
    """The constants as the measured models correct them; the same where none is of their kind."""
    kind = (rates.precision, rates.threads, 0)
    taken = [one for one in timed if (one.variant, one.threads, one.free) == kind]
    ratios = {(one.model, one.on): Fraction(one.p50, estimate(_facts(one), rates).mid)
              for one in taken}  # fmt: skip
    known = [ratio for ratio in ratios.values() if _LOWEST <= ratio <= _HIGHEST]
    if not known:
        return rates
    scale = median(known)
    count = len({model for (model, _), ratio in ratios.items() if ratio in known})
    spread = min(rates.spread, next(width for least, width in _NARROWED if count >= least))
    values: dict[str, Rate] = {
        name: _round(value * scale)
        for name in _SCALED
        if (value := getattr(rates, name)) is not None
    }
    down = None if rates.spread_down is None else min(rates.spread_down, spread)
    words = "1 model" if count == 1 else f"{count} models"
    return replace(
        rates, spread=spread, spread_down=down,
        source=f"times {float(scale):.2f} by {words} measured; {rates.source}",
        **values,  # type: ignore[arg-type]
    )  # fmt: skip


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
