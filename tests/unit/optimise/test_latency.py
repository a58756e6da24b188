"""Estimates: additive in the work, with an interval, and none where nobody can tell."""

from __future__ import annotations

from dataclasses import replace

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
from hybridspec.ir.latency import CLOUD
from hybridspec.optimise.latency import estimate, latency_table, operation

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
