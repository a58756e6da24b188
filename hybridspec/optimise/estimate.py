"""Latency of a model on a board: kernel work times the board's constants, always an interval.

latency = MACs of each kernel kind x its picoseconds + bytes of weights x weight_ps
          + bytes of other tensors x byte_ps + operators x operator_us

The interval is the constants' own, from what they got wrong of networks that they were not fitted
to. It is wider for work that such networks had little of, and for what the file leaves open.
"""

from __future__ import annotations

from hybridspec.ir.graph import ModelFacts, Rates
from hybridspec.ir.kernel import KINDS
from hybridspec.ir.plan import Estimate
from hybridspec.ir.site import Rate
from hybridspec.optimise.runtime import floored

PASSES = {
    "normalise": 3, "filter": 1, "aggregate": 1, "window": 1, "redact": 2, "resize": 2,
    "local-training": 30,
}  # fmt: skip
"""How often a transform goes over its event; learning goes forth and back, ten epochs long."""
_CONVOLUTIONS = ("dense", "pointwise", "depthwise", "other")
_OPEN, _UNPRICED = (3, 2), (4, 1)
"""By what the interval is wider where sizes of tensors are unknown, and work of operators."""


def estimate(facts: ModelFacts, rates: Rates) -> Estimate:
    """Latency of one inference of batch 1, in microseconds, with its 90 % interval.

    Operators whose work nobody can tell count as operators alone: what comes out is a lower
    estimate, of which no plan may make use.
    """
    work = _priced(facts, rates) + facts.operators * rates.operator_us * 1_000_000
    wider = _UNPRICED if facts.unpriced else _OPEN if facts.unknown else (1, 1)
    return floored(_interval(int(work // 1_000_000) + 1, rates, wider), rates, facts.operators)


def kind_ps(rates: Rates, kind: str) -> Rate:
    """Picoseconds per MAC of a kernel kind."""
    own: Rate | None = getattr(rates, f"{kind}_ps", None)
    if own is not None:
        return own
    return rates.conv_ps if kind in _CONVOLUTIONS else rates.gemm_ps


def _priced(facts: ModelFacts, rates: Rates) -> Rate:
    """Picoseconds for all that a model computes and moves."""
    kernels = facts.kernels
    work: Rate = sum(getattr(kernels, kind) * kind_ps(rates, kind) for kind in KINDS)
    work += (facts.conv_macs - kernels.convolutions) * rates.conv_ps
    work += (facts.gemm_macs - kernels.products) * rates.gemm_ps
    if rates.weight_ps is None:
        return work + facts.moved * rates.byte_ps
    weights = min(facts.weights, facts.moved)
    return work + weights * rates.weight_ps + (facts.moved - weights) * rates.byte_ps


def _interval(mid: int, rates: Rates, wider: tuple[int, int]) -> Estimate:
    times, part = wider
    up = rates.spread * times // part
    down = (rates.spread if rates.spread_down is None else rates.spread_down) * times // part
    told = f"+-{up} %" if up == down else f"-{100 * down // (100 + down)}/+{up} %"
    return Estimate(
        low=max(1, mid * 100 // (100 + down)),
        mid=mid,
        high=mid * (100 + up) // 100 + 1,
        basis=f"estimated, {rates.runtime} {rates.precision}, {rates.threads} thread, "
        f"{told}: {rates.source}",
    )


def operation(name: str, size: int, rates: Rates) -> Estimate:
    """Latency of a built-in transform over one event of `size` bytes, in microseconds."""
    work = size * rates.byte_ps * 2 // 1_000_000 + rates.operator_us
    return _interval(int(PASSES[name] * work) + 1, rates, (1, 1))
