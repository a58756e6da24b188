"""Devices that hold one model at a time: flows share it, or run somewhere else."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from property import oracle
from property.decide import decide, faults
from property.graphs import (
    Instance,
    board,
    data,
    device,
    flow,
    graph,
    infer,
    model,
    region,
    site,
    table,
    zone,
)
from property.test_place import differences

from hybridspec.ir.graph import Flow, Graph, Site
from hybridspec.ir.latency import LatencyTable
from hybridspec.place import shared
from hybridspec.place.conflict_find import conflicts

EU, FRAMES = zone(), data()
NPU = device("npu", one_model=True, board=board("tpu", load_power=2_500))
BOX = device("box", board=board("pi", load_power=9_000))


def watch(name: str, where: Site, *models: str) -> Flow:
    """A flow that runs models one after the other, each in one variant."""
    before, stages = "frames", []
    for number, of in enumerate(models):
        stages.append(infer(f"s{number}", model(of, variants=("fp32",)), before))
        before = f"s{number}"
    return flow(name, FRAMES, (where,), *stages)


def lab(*flows: tuple[str, ...], both: bool = False, cloud: bool = False) -> Graph:
    """Flows with their models at a site with one device that holds one model, or another too."""
    where = site("lab", EU, (NPU, 1), *([(BOX, 1)] if both else []))
    names = [watch(f"w{n}", where, *models) for n, models in enumerate(flows)]
    return graph(*names, regions=(region(),) if cloud else ())


def solved(of: Graph) -> list[str]:
    """Where each flow runs."""
    plan, _ = decide(of, table(of))
    assert plan is not None
    assert faults(of, table(of), plan) == ()
    return [dict(d.chosen.hosts)["s0"].name for d in plan.decisions]


def test_flows_share_the_one_model() -> None:
    assert solved(lab(("a",), ("a",), ("a",), both=True)) == ["npu", "npu", "npu"]


def test_another_model_runs_elsewhere() -> None:
    assert sorted(solved(lab(("a",), ("b",), both=True))) == ["box", "npu"]
    assert sorted(solved(lab(("a",), ("b",), ("a",), ("b",), both=True))) == [
        "box", "box", "npu", "npu",
    ]  # fmt: skip


def test_a_flow_of_two_models_has_a_finding_at_the_line_of_the_device() -> None:
    made = lab(("a", "b"))
    plan, (finding,) = decide(made, table(made))
    assert plan is None
    assert finding.code == "HS0425"
    assert "runs `a`, `b` on `npu`, which holds one model at a time" in finding.message
    assert solved(lab(("a", "b"), cloud=True)) in (["npu"], ["aws/eu-one"])


def test_two_models_of_two_flows_have_one_together() -> None:
    made = lab(("a",), ("b",))
    plan, (finding,) = decide(made, table(made))
    assert plan is None
    assert finding.code == "HS0401"
    assert "`npu` holds one model at a time" in (finding.help or "")
    (conflict,) = conflicts(made, table(made)).conflicts
    assert "devices.npu.one_model" in {claim.key for claim in conflict.claims}
    assert len(conflict.claims) == 3


def test_the_checker_counts_models_and_not_flows() -> None:
    lax = lab(("a",), ("b",))
    where = replace(lax.sites[0], devices=tuple(
        replace(d, device_class=replace(d.device_class, one_model=False))
        for d in lax.sites[0].devices
    ))  # fmt: skip
    lax = replace(lax, sites=(where,), flows=tuple(replace(f, sites=(where,)) for f in lax.flows))
    plan, _ = decide(lax, table(lax))
    assert plan is not None
    made = lab(("a",), ("b",))
    assert "npu at lab: more models than the one that it holds" in faults(made, table(made), plan)


def random_lab(seed: int) -> Instance:
    """Up to four flows with up to two of three models each, with the cloud or without."""
    rng = random.Random(seed)
    flows = [tuple(rng.sample("abc", rng.choice((1, 1, 1, 2)))) for _ in range(rng.randint(2, 4))]
    made = lab(*flows, both=rng.random() < 0.6, cloud=rng.random() < 0.5)
    drawn = table(made)
    memory = {key: rng.choice((10**3, 4 * 10**8)) for key in drawn.memory}
    figures: LatencyTable = replace(drawn, memory=memory)
    return Instance(seed, made, figures)


def test_it_agrees_with_brute_force() -> None:
    found = {"placed": 0, "impossible": 0}
    for seed in range(60):
        made = random_lab(seed)
        assert differences(made) == [], f"seed {seed}"
        best = oracle.best(made.graph, made.table)
        found["placed" if best is not None else "impossible"] += 1
    assert min(found.values()) > 5, found


def test_brute_force_sees_it_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "exclusive", lambda *_: iter(()))
    assert any(differences(random_lab(seed)) for seed in range(60))
