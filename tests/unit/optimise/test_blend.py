"""A run on the host draws an estimate half the way, and the interval holds both."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from hybridspec.ir.plan import Estimate
from hybridspec.optimise.blend import blend

ESTIMATE = Estimate(low=500, mid=1_000, high=2_000, basis="estimated")


def test_a_host_run_draws_an_estimate_half_the_way() -> None:
    found = blend(ESTIMATE, 100, Fraction(40))
    assert (found.low, found.mid, found.high) == (1_000, 2_000, 4_001)
    assert "on the host" in found.basis


@given(st.integers(1, 10**7), st.fractions(min_value=Fraction(1, 100), max_value=100))
def test_the_interval_holds_both_figures(run: int, scale: Fraction) -> None:
    found = blend(ESTIMATE, run, scale)
    assert found.low <= min(found.mid, ESTIMATE.mid)
    assert found.high >= max(found.mid, ESTIMATE.mid, int(run * scale))
