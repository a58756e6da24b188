"""Every bound on both sides of its edge, and what it says when it is broken."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from property.graphs import (
    alert,
    board,
    bound,
    data,
    device,
    facts,
    flow,
    graph,
    infer,
    model,
    region,
    site,
    stage,
    store,
    table,
    zone,
)

from hybridspec.base.units import DAY, HOUR
from hybridspec.ir.graph import DeviceClass, Region, Stage
from hybridspec.ir.plan import Estimate, Failure
from hybridspec.place.bounds import failures
from hybridspec.place.layout import Layout

EU = zone()
FRAMES = data()


def layout(
    gateway: DeviceClass, *stages: Stage, cloud: tuple[str, ...] = (), count: int = 1,
    where: Region | None = None, high: int = 3, memory: int = 1_000, **fields: object,
) -> Layout:  # fmt: skip
    """A flow at one site with every estimate at `high`."""
    lab = site("lab", EU, (gateway, count))
    one = flow("watch", FRAMES, (lab,), *stages, **fields)
    of = graph(one, regions=(where,) if where else ())
    figures = table(of, lambda *_: Estimate(low=0, mid=high, high=high, basis="t"), memory)
    return Layout(
        graph=of, table=figures, site=lab, flow=one, device=gateway, count=count, region=where,
        cloud=frozenset(cloud), variants=tuple((m.name, "fp32") for m in of.models),
    )  # fmt: skip


def codes(made: Layout) -> list[str]:
    """The codes of all failures."""
    return [failure.code for failure in failures(made)]


def only(made: Layout) -> Failure:
    """The one failure of a layout."""
    (failure,) = failures(made)
    return failure


def test_a_store_without_a_region_is_no_placement() -> None:
    made = layout(device(), store("keep", "frames"))
    assert codes(made) == ["HS0310"]


def test_memory_that_nobody_has_figures_for_is_not_zero() -> None:
    made = layout(device(), infer("see", model(), "frames"))
    unknown = replace(made, table=replace(made.table, memory={}))
    assert codes(unknown) == ["HS0603"]


@pytest.mark.parametrize("missing", ["models", "operations"])
def test_a_latency_that_nobody_has_figures_for_is_not_zero(missing: str) -> None:
    made = layout(device(), stage("scale", "frames"), infer("see", model(), "scale"))
    unknown = replace(made, table=replace(made.table, **{missing: {}}))
    assert codes(unknown) == ["HS0603"]


def test_a_model_whose_work_nobody_can_tell_says_which_operators_hide_it() -> None:
    hidden = model(facts=facts(unpriced=("Conv", "Loop")))
    made = layout(device(), infer("see", hidden, "frames"))
    unknown = replace(made, table=replace(made.table, models={}))
    assert only(unknown).code == "HS0603"
    assert "`Conv`, `Loop`" in only(unknown).message
    assert "sizes" in only(unknown).remedy


def test_a_sink_takes_no_time_of_its_own() -> None:
    made = layout(device(), alert("tell", "frames"))
    assert codes(replace(made, table=replace(made.table, models={}, operations={}))) == []


def test_a_region_outside_the_zone_is_refused_once_it_is_used() -> None:
    abroad = region("us-one", "US")
    assert codes(layout(device(), stage("scale", "frames"), where=abroad)) == []
    made = layout(device(), stage("scale", "frames"), cloud=("scale",), where=abroad)
    assert codes(made) == ["HS0301"]


@pytest.mark.parametrize(("limit", "broken"), [(1_146, []), (1_145, ["HS0302"])])
def test_the_bound_is_met_only_at_the_upper_end(limit: int, broken: list[str]) -> None:
    made = layout(device(), stage("scale", "frames"), latency=bound(limit, "scale"))
    assert codes(made) == broken


@pytest.mark.parametrize(("free", "broken"), [(1_000, []), (999, ["HS0303"])])
def test_models_fit_beside_what_the_board_keeps_for_itself(free: int, broken: list[str]) -> None:
    small = device(board=board(memory=free + 500, reserved_memory=500))
    assert codes(layout(small, infer("see", model(), "frames"))) == broken


@pytest.mark.parametrize(("free", "broken"), [(3_001_000, []), (3_000_999, ["HS0303"])])
def test_an_event_has_room_beside_the_models(free: int, broken: list[str]) -> None:
    small = device(board=board(memory=free + 500, reserved_memory=500))
    see = replace(infer("see", model(), "frames"), input_size=2_000_000, output_size=1_000_000)
    made = layout(small, see)
    assert codes(made) == broken
    assert codes(replace(made, device=device(board=board(memory=1_000)))) == ["HS0303"]
    few = replace(infer("see", model(), "frames"), input_size=2**20, output_size=0)
    assert codes(layout(device(board=board(memory=1_000)), few)) == []


def test_an_event_that_no_board_could_hold_is_rather_a_mistake() -> None:
    (huge,) = failures(layout(device(), replace(stage("scale", "frames"), input_size=10**18,
                                                output_size=10**18)))  # fmt: skip
    assert huge.message == (
        "holds 1818989 TiB of one event in `scale`, which it reads and makes, but Board pi has "
        "953.67 MiB of memory free"
    )
    assert huge.remedy == "look for a mistake in `size` of `frames`"


def test_a_model_in_two_stages_is_in_memory_once() -> None:
    small, net = device(board=board(memory=1_000)), model()
    assert codes(layout(small, infer("see", net, "frames"), infer("again", net, "see"))) == []


@pytest.mark.parametrize(("high", "broken"), [(70_000, []), (70_001, ["HS0306"])])
def test_a_device_may_be_busy_for_seven_tenths_of_its_time(high: int, broken: list[str]) -> None:
    assert codes(layout(device(), stage("scale", "frames"), high=high)) == broken
    assert codes(layout(device(), stage("scale", "frames"), high=2 * high, count=2)) == broken


@pytest.mark.parametrize(("wire", "broken"), [(100_000, []), (99_999, ["HS0306"])])
def test_flows_may_fill_eight_tenths_of_the_uplinks(wire: int, broken: list[str]) -> None:
    narrow = device(uplink_bandwidth=wire)
    assert codes(layout(narrow, store("keep", "frames"), where=region())) == broken


@pytest.mark.parametrize(
    ("offline", "absence", "disk", "broken"),
    [
        (0, HOUR, 72_000_000, []),
        (0, HOUR, 71_999_998, ["HS0304"]),
        (HOUR, 0, 72_000_000, []),
        (HOUR, 0, 71_999_998, ["HS0304"]),
        (HOUR, DAY, 72_000_000, ["HS0304"]),
    ],
)
def test_what_waits_for_the_network_fits_on_half_the_disk(
    offline: int, absence: int, disk: int, broken: list[str]
) -> None:
    kept = device(board=board(disk=disk), max_offline=absence)
    made = layout(kept, store("keep", "frames"), where=region(), offline=offline)
    assert codes(made) == broken


def test_what_must_work_offline_needs_nothing_from_the_cloud() -> None:
    stages = (stage("scale", "frames"), alert("tell", "scale"))
    away = layout(device(), *stages, cloud=("scale",), where=region(), offline=HOUR)
    assert only(away).code == "HS0304"
    assert "`scale`" in only(away).message
    assert codes(layout(device(), *stages, cloud=("scale",), where=region())) == []


def test_a_bounded_stage_must_work_offline_as_well() -> None:
    made = layout(
        device(), stage("scale", "frames"), cloud=("scale",), where=region(), offline=HOUR,
        latency=bound(DAY, "scale"),
    )  # fmt: skip
    assert codes(made) == ["HS0304"]


def test_feedback_from_the_cloud_breaks_an_offline_alert() -> None:
    made = layout(
        device(), stage("adapt", "frames"), stage("see", "frames", feedback=("adapt",)),
        alert("tell", "see"), cloud=("adapt",), where=region(), offline=HOUR,
    )  # fmt: skip
    assert codes(made) == ["HS0304"]


def test_a_store_may_wait_for_the_network_while_the_alert_does_not() -> None:
    made = layout(device(), alert("tell", "frames"), store("keep", "frames"), where=region(),
                  offline=HOUR)  # fmt: skip
    assert codes(made) == []


def test_a_raw_asset_is_sent_once_however_many_cloud_stages_read_it() -> None:
    stages = (stage("one", "frames"), stage("two", "frames"))
    made = layout(device(), *stages, cloud=("one", "two"), where=region())
    assert made.uplink == Fraction(10_000)
