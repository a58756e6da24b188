"""Placement as a whole: the zone's store, pinned training, and what is said if nothing fits."""

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
    stage,
    store,
    table,
    training,
    zone,
)

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.ir.graph import Graph, Region, Site, Training
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Plan
from hybridspec.place import candidates
from hybridspec.place import place as placing
from hybridspec.place.engine.solve import SearchTooLarge
from hybridspec.place.explain import no_common_region
from hybridspec.place.place import place
from hybridspec.place.verify import verify

EU = zone()
FRAMES = data()
LAB = site("lab", EU, (device(), 1))
DEAR = region("dear", "DE", training_price=900_000)
CHEAP = region("cheap", "FR", training_price=1)
OTHER = region("other", "DE", cloud="second", training_price=800_000)


def placed(of: Graph) -> tuple[Plan | None, tuple[Diagnostic, ...]]:
    """The plan and the findings."""
    sink = Sink()
    plan = place(of, table(of), sink)
    if plan is not None:
        assert verify(of, table(of), plan) == ()
    return plan, sink.findings


def trained(job: Training, *regions: Region, second: Training | None = None) -> Graph:
    """A flow whose model is trained as `job` says."""
    stages = [infer("see", model(training=job), "frames")]
    if second is not None:
        stages.append(infer("hear", model("listen", training=second), "frames"))
    return graph(flow("watch", FRAMES, (LAB,), *stages), regions=regions)


def chosen(of: Graph) -> str:
    """The region of the only store."""
    plan, findings = placed(of)
    assert plan is not None, findings
    return plan.stores[0].region.label


def test_without_a_pin_training_is_where_it_is_cheapest() -> None:
    assert chosen(trained(training(), DEAR, CHEAP, OTHER)) == "aws/cheap"


def test_a_pinned_region_of_training_holds_the_store() -> None:
    assert chosen(trained(training(region=DEAR), DEAR, CHEAP, OTHER)) == "aws/dear"


def test_a_pinned_cloud_of_training_holds_the_store() -> None:
    assert chosen(trained(training(cloud="second"), DEAR, CHEAP, OTHER)) == "second/other"


@pytest.mark.parametrize(
    "clash", [training(region=CHEAP), training(cloud="second"), training(cloud="nowhere")]
)
def test_pins_that_no_region_fits_are_no_placement(clash: Training) -> None:
    plan, findings = placed(trained(training(region=DEAR), DEAR, CHEAP, OTHER, second=clash))
    assert plan is None
    assert [finding.code for finding in findings] == ["HS0310"]
    assert "`detect`" in findings[0].message


def test_training_without_a_region_in_the_zone_is_no_placement() -> None:
    plan, findings = placed(trained(training(), region("us-one", "US")))
    assert plan is None
    assert [finding.code for finding in findings] == ["HS0310"]


def test_a_region_named_twice_is_one_region() -> None:
    of = graph(flow("watch", FRAMES, (LAB,), store("keep", "frames")),
               regions=(CHEAP, replace(CHEAP)))  # fmt: skip
    assert chosen(of) == "aws/cheap"


def test_a_zone_without_regions_needs_none_while_everything_runs_at_its_sites() -> None:
    plan, _ = placed(graph(flow("watch", FRAMES, (LAB,), stage("scale", "frames"))))
    assert plan is not None
    assert plan.stores == ()


def test_what_is_cheaper_alone_but_not_together_is_rejected_and_not_called_dearer() -> None:
    # Energy is free, so both flows want the device; it carries one of them.
    lab = site("lab", EU, (device(), 1), energy_price=0)
    busy = data(size=1, rate=Fraction(200_000))
    flows = [flow(n, busy, (lab,), stage("scale", "frames", input_rate=busy.rate)) for n in "ab"]
    plan, _ = placed(graph(*flows, regions=(DEAR,)))
    assert plan is not None
    moved = next(d for d in plan.decisions if d.chosen.region is not None)
    assert moved.dearer == ()
    (crowded,) = moved.rejected
    assert crowded.cost < moved.chosen.cost
    assert [failure.code for failure in crowded.failures] == ["HS0401"]


def test_sites_that_are_alike_are_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    real = candidates.ways

    def counted(of: Graph, figures: LatencyTable, where: Site, *rest: object) -> object:
        asked.append(where.name)
        return real(of, figures, where, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(candidates, "ways", counted)
    alike = tuple(site(f"s{i}", EU, (device(), 1)) for i in range(200))
    plan, _ = placed(graph(flow("watch", FRAMES, alike, stage("scale", "frames"))))
    assert plan is not None
    assert len(plan.decisions) == 200
    assert asked == ["s0"]


def test_a_search_that_finds_no_plan_in_time_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: object) -> None:
        raise SearchTooLarge(7)

    monkeypatch.setattr(placing, "decide", endless)
    plan, findings = placed(graph(flow("watch", FRAMES, (LAB,), stage("scale", "frames"))))
    assert plan is None
    assert [finding.code for finding in findings] == ["HS0402"]


@pytest.mark.parametrize("price", [{"inference_price": 2**61}, {"key_price": 2**61}])
def test_amounts_that_cannot_be_added_up_are_a_finding(price: dict[str, int]) -> None:
    absurd = region(**price)
    kept, seen = store("keep", "frames"), infer("see", model(), "frames")
    plan, findings = placed(graph(flow("w", FRAMES, (LAB,), kept, seen), regions=(absurd,)))
    assert plan is None
    assert [finding.code for finding in findings] == ["HS0420"]


def test_sites_that_need_their_store_in_different_regions_are_named() -> None:
    found = no_common_region(EU, {"aws/a": [LAB], "aws/b": [LAB, LAB]})
    assert found.code == "HS0310"
    assert [note.message for note in found.notes] == [
        "with the store in aws/a, `lab` has no plan",
        "with the store in aws/b, `lab` and `lab` has no plan",
    ]
