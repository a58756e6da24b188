"""Quotas of cloud accounts: what a plan counts against them, and what is said where it cannot."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from property.graphs import (
    data,
    device,
    flow,
    graph,
    infer,
    model,
    region,
    site,
    table,
    training,
    zone,
)

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.ir.graph import Flow, Graph
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Estimate, Plan
from hybridspec.place import decide
from hybridspec.place.place import place
from hybridspec.place.verify import verify
from hybridspec.report.cost import cost

EU = zone()
FRAMES = data(rate=Fraction(10))
LAB, PLANT = (site(name, EU, (device(), 1), energy_price=900_000_000) for name in ("lab", "plant"))


def placed(of: Graph) -> tuple[Plan | None, tuple[Diagnostic, ...]]:
    """The plan and the findings."""
    sink, known = Sink(), slow(of)
    plan = place(of, known, sink)
    if plan is not None:
        assert verify(of, known, plan) == ()
    return plan, sink.findings


def slow(of: Graph) -> LatencyTable:
    """Ten milliseconds for everything everywhere."""
    return table(of, lambda *_: Estimate(low=10_000, mid=10_000, high=10_000, basis="t"))


def watching(quota: int | None, **fields: object) -> Graph:
    """A flow at two sites where power is dear; each keeps a tenth of an inference going."""
    seen = infer("see", model(variants=("fp32",), **fields), "frames")
    return graph(flow("watch", FRAMES, (LAB, PLANT), seen),
                 regions=(region(inference_quota=quota, inference_price=1),))  # fmt: skip


def two_zones() -> list[Flow]:
    """A flow in each of two zones, with a model that is trained there."""
    second = site("second", zone("de", "DE"), (device("other"), 1))
    return [
        flow(name, FRAMES, (where,), infer("see", model(name, training=training()), "frames"))
        for name, where in (("one", LAB), ("two", second))
    ]


def hosts(plan: Plan | None) -> list[str]:
    """Where the stage of each site runs."""
    assert plan is not None
    return [host.kind for decision in plan.decisions for _, host in decision.chosen.hosts]


def test_a_quota_that_is_not_stated_binds_nothing() -> None:
    plan, _ = placed(watching(None))
    assert hosts(plan) == ["cloud", "cloud"]
    assert plan is not None
    assert plan.quotas == ()


def test_what_a_plan_takes_of_a_quota_is_listed() -> None:
    plan, _ = placed(watching(1))
    assert plan is not None
    (quota,) = plan.quotas
    assert (quota.kind, quota.used, quota.stated) == ("inference_concurrency", 200_000, 1)


def test_sites_that_find_no_room_in_a_quota_run_at_the_edge_and_say_why() -> None:
    busy = infer("see", model(variants=("fp32",)), "frames", input_rate=Fraction(60))
    of = graph(flow("watch", FRAMES, (LAB, PLANT), busy),
               regions=(region(inference_quota=1, inference_price=1),))  # fmt: skip
    plan, _ = placed(of)
    assert sorted(hosts(plan)) == ["cloud", "edge"]
    assert plan is not None
    full = next(d for d in plan.decisions if d.chosen.region is None)
    assert [f.code for option in full.rejected for f in option.failures] == ["HS0422"]
    assert full.runner_up is None
    moved = next(d for d in plan.decisions if d.chosen.region is not None)
    assert moved.runner_up is not None


def test_a_quota_of_nothing_keeps_everything_at_the_edge() -> None:
    plan, _ = placed(watching(0))
    assert hosts(plan) == ["edge", "edge"]


def test_a_flow_that_needs_more_than_the_quota_is_told_how_much() -> None:
    where = site("lab", EU, (device(board=device().board), 1))
    tiny = replace(where.devices[0].device_class, board=replace(where.devices[0].device_class.board,
                                                                memory=0))  # fmt: skip
    of = graph(flow("watch", FRAMES, (site("lab", EU, (tiny, 1)),),
                    infer("see", model(), "frames", input_rate=Fraction(150))),
               regions=(region(inference_quota=2),))  # fmt: skip
    plan, findings = placed(of)
    assert plan is None
    assert [f.code for f in findings] == ["HS0422"]
    assert "raised to 3" in findings[0].help


def test_sites_that_fit_only_apart_are_told_the_least_quota() -> None:
    tiny = replace(device(), board=replace(device().board, memory=0))
    sites = tuple(site(f"s{i}", EU, (tiny, 1)) for i in range(5))
    seen = infer("see", model(), "frames", input_rate=Fraction(60))
    of = graph(flow("watch", FRAMES, sites, seen), regions=(region(inference_quota=1),))
    plan, findings = placed(of)
    assert plan is None
    (finding,) = findings
    assert finding.code == "HS0422"
    assert "at least 5" in finding.message  # five times 0.6 of what 70 % of it may be


def test_training_of_two_zones_shares_the_quota_of_a_region() -> None:
    flows = two_zones()
    assert placed(graph(*flows, regions=(region(training_quota=2),)))[0] is not None
    plan, findings = placed(graph(*flows, regions=(region(training_quota=1),)))
    assert plan is None
    assert [f.code for f in findings] == ["HS0422"]
    assert "raised to 2" in findings[0].help


def test_clouds_that_name_one_account_share_its_quotas() -> None:
    same = {"country": "DE", "account": "123", "training_quota": 1}
    both = (region("one", **same), region("one", cloud="again", **same))
    of = graph(*two_zones(), regions=both)
    assert placed(of)[0] is None
    apart = (both[0], replace(both[1], account="456"))
    assert placed(replace(of, regions=apart))[0] is not None


def test_a_plan_over_its_quotas_fails_its_check() -> None:
    for quota in ("inference_quota", "training_quota"):
        seen = infer("see", model(variants=("fp32",), training=training()), "frames")
        of = graph(flow("watch", FRAMES, (LAB, PLANT), seen),
                   regions=(region(inference_price=1),))  # fmt: skip
        plan, _ = placed(of)
        assert plan is not None
        less = replace(of, regions=(replace(of.regions[0], **{quota: 0}),))
        assert any("than its quota" in fault for fault in verify(less, slow(of), plan))


def test_alike_sites_are_parted_only_where_that_saves_more_than_uniformity_is_worth() -> None:
    busy = infer("see", model(variants=("fp32",)), "frames", input_rate=Fraction(60))
    of = graph(flow("watch", FRAMES, (LAB, PLANT), busy),
               regions=(region(inference_quota=1, inference_price=1),))  # fmt: skip
    assert sorted(hosts(placed(of)[0])) == ["cloud", "edge"]
    assert hosts(placed(replace(of, uniformity=1_000))[0]) == ["edge", "edge"]


def test_a_search_that_is_ended_gives_the_plan_it_has_and_what_it_may_lack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decide, "solve_small", lambda _: None)  # which nobody has to end
    of = watching(1)
    whole, early = (
        place(of, slow(of), Sink(), stop=lambda end=end: end)  # type: ignore[misc]
        for end in (False, True)
    )
    assert whole is not None
    assert early is not None
    assert (whole.stopped, early.stopped) == (False, True)
    assert early.bound <= whole.cost <= early.cost
    assert ("ended early" in cost(early)["proof"]) == (early.gap > 0)
    with_gap = replace(early, bound=early.cost - 1)
    assert cost(with_gap)["proof"].endswith("; the search was ended early")
