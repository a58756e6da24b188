"""An estimate and one run on the host count half each: their errors have little in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import isqrt
from statistics import median

from hybridspec.ir.measurement import Timed
from hybridspec.ir.plan import Estimate


def scale_of(device: Sequence[Timed], host: Sequence[Timed], variant: str) -> Fraction | None:
    """How many times as long as the host the device takes, by the median model run on both.

    None where no model ran on both in this variant, on one thread.
    """
    alone = (variant, 1)
    here = {(one.model, one.free): one.p50 for one in host if (one.variant, one.threads) == alone}
    both = [
        Fraction(one.p50, here[one.model, one.free])
        for one in device
        if (one.variant, one.threads) == alone and (one.model, one.free) in here
    ]
    return median(both) if both else None


def blend(estimate: Estimate, host_run: int, scale: Fraction) -> Estimate:
    """The estimate drawn to what the host took, in microseconds, times the device's `scale`.

    `scale` is how many times as long as the host the device takes: of other models, in the same
    runtime, with one thread on both. The middle is the geometric mean; the interval keeps its ratio
    to it and holds both figures.
    """
    other = max(1, int(host_run * scale))
    mid = max(1, isqrt(estimate.mid * other))
    return replace(
        estimate,
        low=min(max(1, estimate.low * mid // estimate.mid), other, estimate.mid),
        mid=mid,
        high=max(estimate.high * mid // estimate.mid + 1, other, estimate.mid),
        basis=f"{estimate.basis}; half by {host_run} us on the host times {float(scale):.2f}",
    )
