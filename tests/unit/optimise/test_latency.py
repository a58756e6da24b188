"""Estimates: additive in the work, with an interval, and none where nobody can tell."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from property.graphs import (
    board,
    data,
    device,
    facts,
    flow,
    graph,
    infer,
    model,
    site,
    stage,
    zone,
)

from hybridspec.ir.graph import Graph, ModelFacts, Rates
from hybridspec.ir.kernel import KINDS, Kernels
from hybridspec.ir.latency import CLOUD
from hybridspec.optimise.estimate import estimate, operation
from hybridspec.optimise.latency import latency_table

RATES = Rates(
    runtime="onnxruntime", precision="fp32", threads=1, conv_ps=20, gemm_ps=30, byte_ps=100,
    operator_us=7, spread=80, source="made up",
)  # fmt: skip
WORK = facts(conv_macs=10**9, gemm_macs=2 * 10**9, moved=10**8, operators=50)


def one(net_facts: ModelFacts = WORK, rates: tuple[Rates, ...] = (RATES,)) -> Graph:
    """A flow with a transform and a model on one board."""
    lab = site("lab", zone(), (device(board=board(rates=rates)), 1))
    net = model(facts=net_facts)
    return graph(flow("w", data(), (lab,), stage("scale", "frames"), infer("see", net, "scale")))


def test_every_kind_of_work_has_its_price() -> None:
    found = estimate(WORK, RATES)
    assert found.mid == 20_000 + 60_000 + 10_000 + 350 + 1
    assert found.high == found.mid * 180 // 100 + 1
    assert found.low == found.mid * 100 // 180
    assert "+-80 %" in found.basis


def test_every_kernel_kind_has_a_price_of_its_own_where_it_is_known() -> None:
    own = replace(
        RATES, dense_ps=Fraction(1, 2), pointwise_ps=2, depthwise_ps=3, attention_ps=5,
        recurrent_ps=7, weight_ps=11,
    )  # fmt: skip
    one = dict.fromkeys(KINDS, 10**9)
    work = facts(conv_macs=4 * 10**9, gemm_macs=3 * 10**9, kernels=Kernels(**one), operators=0,
                 weights=10**8, moved=3 * 10**8)  # fmt: skip
    kinds = Fraction(1, 2) + 2 + 3 + 20 + 30 + 5 + 7
    assert estimate(work, own).mid == 1_000 * kinds + 100 * 11 + 200 * 100 + 1
    assert estimate(work, RATES).mid == 1_000 * (4 * 20 + 3 * 30) + 300 * 100 + 1


def test_an_interval_may_reach_further_up_than_down() -> None:
    found = estimate(WORK, replace(RATES, spread_down=25))
    assert found.low == found.mid * 100 // 125
    assert found.high == found.mid * 180 // 100 + 1
    assert "-20/+80 %" in found.basis


def test_work_that_nobody_can_tell_widens_the_interval_by_four() -> None:
    wide = estimate(replace(WORK, unpriced=("Loop",)), RATES)
    assert wide.high == wide.mid * 420 // 100 + 1


def test_unknown_sizes_widen_the_interval_by_half_again() -> None:
    wide = estimate(replace(WORK, unknown=("Resize",)), RATES)
    assert wide.mid == estimate(WORK, RATES).mid
    assert wide.high == wide.mid * 220 // 100 + 1
    assert "+-120 %" in wide.basis


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**11), st.integers(0, 10**5),
    st.integers(1, 500), st.booleans(),
)  # fmt: skip
def test_an_interval_holds_its_middle_and_grows_with_the_work(
    conv: int, gemm: int, moved: int, operators: int, spread: int, open_sizes: bool
) -> None:
    rates = replace(RATES, spread=spread)
    work = facts(conv_macs=conv, gemm_macs=gemm, moved=moved, operators=operators,
                 unknown=("TopK",) if open_sizes else ())  # fmt: skip
    found = estimate(work, rates)
    assert 1 <= found.low <= found.mid <= found.high
    assert found.high * 100 >= found.mid * (100 + spread)
    for more in ("conv_macs", "gemm_macs", "moved", "operators"):
        grown = replace(work, **{more: getattr(work, more) + 10**6})
        assert estimate(grown, rates).high > found.high


@pytest.mark.parametrize("name", ["normalise", "filter", "aggregate"])
def test_a_transform_takes_longer_on_larger_events(name: str) -> None:
    small, large = operation(name, 100, RATES), operation(name, 10**7, RATES)
    assert 1 <= small.low <= small.mid <= small.high < large.low


def test_the_table_holds_every_host_and_variant() -> None:
    int8 = replace(RATES, precision="int8", conv_ps=10)
    found = latency_table(one(rates=(RATES, int8)))
    assert set(found.models) == {("detect", h, v) for h in ("pi", CLOUD) for v in ("fp32", "int8")}
    assert set(found.operations) == {("normalise", h, 1000) for h in ("pi", CLOUD)}
    assert set(found.memory) == {("detect", "fp32"), ("detect", "int8")}


def test_figures_of_other_runtimes_and_threads_are_no_figures() -> None:
    strange = (replace(RATES, runtime="ncnn"), replace(RATES, threads=4))
    assert {host for _, host, _ in latency_table(one(rates=strange)).models} == {CLOUD}


def test_a_model_of_unknown_work_has_no_estimate_anywhere() -> None:
    assert latency_table(one(replace(WORK, unpriced=("Loop",)))).models == {}
