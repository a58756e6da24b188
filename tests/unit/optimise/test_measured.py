"""Measurements: they correct what they tell of, by kernel kind, and say how sure that is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from property.graphs import facts

from hybridspec.ir.graph import ModelFacts, Rates
from hybridspec.ir.kernel import Kernels
from hybridspec.ir.measurement import Timed
from hybridspec.optimise.estimate import estimate
from hybridspec.optimise.measured import corrected, learned, parts

RATES = Rates(
    runtime="onnxruntime", precision="fp32", threads=1, conv_ps=40, gemm_ps=30, byte_ps=50,
    operator_us=5, spread=300, source="made up", dense_ps=20, pointwise_ps=30, depthwise_ps=60,
    attention_ps=40, recurrent_ps=60, weight_ps=20,
)  # fmt: skip
SLOW = replace(RATES, depthwise_ps=180)
"""A device whose depthwise convolutions alone are three times as slow as expected."""


def net(name: str, **macs: int) -> ModelFacts:
    kernels = Kernels(**macs)
    return facts(
        digest=name, conv_macs=kernels.convolutions, gemm_macs=kernels.products, kernels=kernels,
        moved=10**6, weights=10**5, operators=20,
    )  # fmt: skip


DENSE = net("a" * 64, dense=10**9, pointwise=10**8)
DEPTHWISE = net("b" * 64, depthwise=10**9, pointwise=10**8)
MIXED = net("c" * 64, dense=10**8, depthwise=10**8, pointwise=10**8)
ATTENTION = net("d" * 64, attention=10**9, gemm=10**8)


def took(model: ModelFacts, rates: Rates, on: str = "2026-10-01", **other: object) -> Timed:
    p50 = estimate(model, rates).mid
    said = {"variant": "fp32", "threads": 1, "p50": p50, "p95": p50, "on": on}
    return Timed(
        model=model.digest, kernels=model.kernels, moved=model.moved, weights=model.weights,
        operators=model.operators, architecture="arm64", **{**said, **other},  # type: ignore[arg-type]
    )  # fmt: skip


def test_each_kernel_kind_is_corrected_by_what_it_took() -> None:
    timed = [took(one, SLOW) for one in (DENSE, DEPTHWISE, MIXED)]
    for model in (net("e" * 64, dense=3 * 10**8), net("f" * 64, depthwise=3 * 10**8)):
        found, truth = corrected(model, RATES, timed), estimate(model, SLOW).mid
        assert found.mid == pytest.approx(truth, rel=0.25)
        assert found.low <= truth <= found.high
        assert "3 models measured" in found.basis


def test_kinds_that_nobody_measured_go_along_as_devices_do() -> None:
    slow = replace(RATES, conv_ps=160, dense_ps=80, pointwise_ps=120, depthwise_ps=240)
    found = corrected(ATTENTION, RATES, [took(one, slow) for one in (DENSE, DEPTHWISE, MIXED)])
    assert 1.5 < found.mid / estimate(ATTENTION, RATES).mid < 4


def test_an_estimate_is_the_surer_the_more_a_model_resembles_the_measured() -> None:
    timed = [took(one, SLOW) for one in (DENSE, MIXED)]
    near, far = (corrected(one, RATES, timed) for one in (net("e" * 64, dense=10**8), ATTENTION))
    assert near.high / near.mid < far.high / far.mid <= 4.01
    fewer = corrected(net("e" * 64, dense=10**8), RATES, timed[1:])
    assert near.high / near.mid < fewer.high / fewer.mid


def test_an_interval_never_grows_by_measuring() -> None:
    sure = replace(RATES, spread=20, spread_down=10)
    found = corrected(ATTENTION, sure, [took(DENSE, SLOW)])
    assert found.high <= found.mid * 120 // 100 + 1
    assert found.low >= found.mid * 100 // 110


@pytest.mark.parametrize("other", [
    {"variant": "int8"}, {"threads": 4}, {"free": 64}, {"p50": 1, "p95": 1},
    {"p50": 10**9, "p95": 10**9},
])  # fmt: skip
def test_what_was_measured_otherwise_or_elsewhere_corrects_nothing(other: dict[str, int]) -> None:
    assert learned(RATES, [took(DENSE, SLOW, **other)]) is None
    assert corrected(MIXED, RATES, [took(DENSE, SLOW, **other)]) == estimate(MIXED, RATES)


def test_the_last_day_counts_and_the_order_does_not() -> None:
    new, old = took(DENSE, SLOW, on="2026-11-01"), took(DENSE, RATES, p50=1_000_000)
    other = took(MIXED, SLOW)
    assert corrected(DEPTHWISE, RATES, [new, old, other]) == corrected(
        DEPTHWISE, RATES, [other, new])  # fmt: skip


def test_constants_by_few_kinds_are_corrected_too() -> None:
    plain = replace(
        RATES, dense_ps=None, pointwise_ps=None, depthwise_ps=None, attention_ps=None,
        recurrent_ps=None, weight_ps=None,
    )  # fmt: skip
    twice = replace(plain, conv_ps=80, gemm_ps=60, byte_ps=100, operator_us=10)
    found = corrected(MIXED, plain, [took(DENSE, twice), took(DEPTHWISE, twice)])
    assert found.mid == pytest.approx(estimate(MIXED, twice).mid, rel=0.15)


def test_a_model_that_does_nothing_is_estimated_as_before() -> None:
    nothing = facts(conv_macs=0, gemm_macs=0, moved=0, weights=0, operators=0)
    assert corrected(nothing, RATES, [took(DENSE, SLOW)]).mid == 1
    free = replace(RATES, byte_ps=0, operator_us=0, weight_ps=0)
    assert parts(nothing, free) == [0.0] * len(parts(nothing, free))
    assert learned(free, [took(nothing, RATES, p50=1, p95=1)]) is None
