"""A model is cut where that is cheaper, and every part of placement tells of both halves."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from property.graphs import (
    data,
    device,
    facts,
    flow,
    graph,
    infer,
    model,
    region,
    site,
    store,
    zone,
)

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.graph import Cut, Graph, Model, Rates, Tensor
from hybridspec.ir.half import head_variant
from hybridspec.ir.plan import Decision, Plan
from hybridspec.optimise.latency import latency_table
from hybridspec.place.place import place
from hybridspec.place.split import as_run, splits
from hybridspec.place.verify import verify

SLOW = Rates(runtime="onnxruntime", precision="fp32", threads=1, conv_ps=10_000, gemm_ps=10_000,
             byte_ps=0, operator_us=0, spread=10, source="t")  # fmt: skip
TENSOR = Tensor(name="narrow", dtype="float32", shape=(1, 16))
CUT = Cut(tensor=TENSOR, size=64, weights=1_000, conv_macs=1_000_000, gemm_macs=0, moved=10,
          operators=1, peak_activations=10)  # fmt: skip


def wide(split: bool = True) -> Model:
    """A model whose work comes after a tensor that is small; the rest is too slow for a device."""
    known = facts(conv_macs=1_000_000_000, gemm_macs=0, weights=4_000_000, cuts=(CUT,))
    halves = (head_variant("fp32", 0),) if split else ()
    return model(facts=known, variants=("fp32", *halves))


def asked(net: Model) -> Graph:
    """Large events over a narrow uplink: neither the whole model here nor all data there."""
    gate = replace(device(uplink_bandwidth=2_000_000), board=replace(device().board, rates=(SLOW,)))
    lab = site("lab", zone(), (gate, 1))
    frames = data(size=100_000, rate=Fraction(10))
    return graph(
        flow("watch", frames, (lab,), infer("see", net, "frames"), store("keep", "see")),
        regions=(region(),),
    )  # fmt: skip


def planned(net: Model) -> tuple[Graph, Plan | None, Sink]:
    """The plan of what is asked."""
    of, sink = asked(net), Sink()
    plan = place(of, latency_table(of), sink)
    return of, plan, sink


def decided() -> tuple[Graph, Plan, Decision]:
    of, plan, sink = planned(wide())
    assert plan is not None, sink.findings
    return of, plan, plan.decisions[0]


def test_whole_it_fits_nowhere() -> None:
    _, plan, sink = planned(wide(split=False))
    assert plan is None
    assert sink.findings


def test_cut_it_runs_in_both_places() -> None:
    of, plan, decision = decided()
    hosts = {name: host.kind for name, host in decision.chosen.hosts}
    assert hosts == {"see.head": "edge", "see": "cloud", "keep": "cloud"}
    assert decision.chosen.variants == (("detect", "fp32-head0"),)
    assert decision.chosen.held == (("detect", "fp32-head0"),)
    assert decision.chosen.uplink == 640  # ten tensors of 64 bytes, and not ten frames
    assert [stage.name for stage in decision.flow.stages] == ["see.head", "see", "keep"]
    (member,) = plan.fleet
    assert [(m.name, variant) for m, variant in member.models] == [("detect", "fp32-head0")]
    assert verify(of, latency_table(of), plan) == ()
    assert {term.name.split()[0] for term in decision.chosen.terms} >= {"energy", "inference"}


def test_both_halves_are_rows_of_the_matrix() -> None:
    _, plan, _ = decided()
    rows = {(row.asset, row.facet): row.places for row in plan.residency}
    assert rows["watch.see", "process"] == ("region aws/eu-one", "site lab")
    assert rows["watch.see", "transit"] == ("region aws/eu-one", "site lab")
    assert "site lab" in rows["model detect", "model"]


def test_a_model_of_two_stages_or_of_a_loop_stays_whole() -> None:
    net, frames, lab = wide(), data(), site("lab", zone(), (device(), 1))
    twice = flow("f", frames, (lab,), infer("a", net, "frames"), infer("b", net, "a"))
    assert [*splits(twice)] == []
    loop = replace(infer("a", net, "frames"), feedback=("a",))
    assert [*splits(flow("f", frames, (lab,), loop))] == []
    pinned = replace(infer("a", net, "frames"), place="site")
    assert [*splits(flow("f", frames, (lab,), pinned))] == []
    assert as_run(twice, (("detect", "fp32"),)) is twice


def test_the_checker_finds_halves_that_are_none() -> None:
    of, plan, decision = decided()
    head, tail, keep = decision.flow.stages
    wrong = {
        "the halves do not carry the tensor": (replace(head, output_size=63), tail, keep),
        "the first half reads something else": (replace(head, inputs=("other",)), tail, keep),
        "the rest of the flow is another": (head, replace(tail, output_size=7), keep),
        "other stages than the spec's": (head, tail),
        "not one model is cut": (replace(tail, inputs=("frames",)), keep),
    }
    for why, stages in wrong.items():
        other = replace(decision, flow=replace(decision.flow, stages=stages))
        faults = verify(of, latency_table(of), replace(plan, decisions=(other,)))
        assert any(why in fault for fault in faults), why
