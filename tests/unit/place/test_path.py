"""Latency of a path: every leg at its upper end, and nothing that an event waits for left out."""

from __future__ import annotations

from fractions import Fraction

from property.graphs import (
    alert,
    bound,
    data,
    device,
    flow,
    graph,
    infer,
    model,
    region,
    site,
    stage,
    table,
    zone,
)

from hybridspec.base.units import DAY, SECOND
from hybridspec.ir.graph import DeviceClass, Flow
from hybridspec.ir.plan import Estimate
from hybridspec.place.layout import Layout
from hybridspec.place.path import path, total

FRAMES = data()
EU = zone()


def layout(one: Flow, gateway: DeviceClass, *cloud: str) -> Layout:
    """The flow at its site, with the named stages in the cloud."""
    of = graph(one, regions=(region(),))
    variants = tuple((m.name, "fp32") for m in of.models)
    return Layout(
        graph=of, table=table(of), site=one.sites[0], flow=one, device=gateway, count=1,
        region=region(), cloud=frozenset(cloud), variants=variants,
    )  # fmt: skip


def at(gateway: DeviceClass, *stages: object, to: str) -> Flow:
    """A flow at one site with a bound."""
    lab = site("lab", EU, (gateway, 1))
    return flow("watch", FRAMES, (lab,), *stages, latency=bound(SECOND, to))  # type: ignore[arg-type]


def test_a_hop_takes_the_whole_round_trip_and_every_started_microsecond_of_sending() -> None:
    gateway = device(uplink_rtt=7, uplink_bandwidth=3_000_000)
    one = at(gateway, stage("scale", "frames"), to="scale")
    upload = next(leg for leg in path(layout(one, gateway, "scale")) if leg.name == "upload")
    # 1,000 bytes at 3 Mbit/s take 2,666 2/3 us; the service may take 25 ms.
    assert upload.estimate.high == 7 + 2_667 + 25_000


def test_an_event_waits_for_the_window_of_an_aggregate() -> None:
    gateway = device()
    daily = stage("daily", "frames", operation="aggregate", output_rate=Fraction(1, 86_400))
    one = at(gateway, daily, alert("tell", "daily"), to="tell")
    time = total(path(layout(one, gateway)))
    assert time is not None
    assert time.high == 1_000 + 3 + DAY
    assert time.low < SECOND


def test_the_window_counts_where_the_aggregate_itself_is_bounded() -> None:
    gateway = device()
    each_three = stage("sum", "frames", operation="aggregate", output_rate=Fraction(1, 3))
    time = total(path(layout(at(gateway, each_three, to="sum"), gateway)))
    assert time is not None
    assert time.high == 1_000 + 3 + 3 * SECOND


def test_the_slowest_branch_decides() -> None:
    gateway, net = device(), model()
    one = at(
        gateway, stage("fast", "frames"), infer("slow", net, "frames"),
        alert("tell", "fast", "slow"), to="tell",
    )  # fmt: skip
    made = layout(one, gateway)
    slow = {("detect", "pi", "fp32"): Estimate(low=5, mid=50, high=500, basis="t")}
    made.table.models.update(slow)  # type: ignore[attr-defined]
    assert [leg.name for leg in path(made)] == ["sensor", "slow", "tell"]


def test_a_way_back_costs_a_hop_without_service_time() -> None:
    gateway = device(uplink_rtt=10_000)
    one = at(gateway, stage("scale", "frames"), alert("tell", "scale"), to="tell")
    legs = path(layout(one, gateway, "scale"))
    assert [leg.name for leg in legs] == ["sensor", "upload", "scale", "return", "tell"]
    assert legs[3].estimate.high == 10_000 + 8


def test_without_a_bound_there_is_no_path() -> None:
    gateway = device()
    lab = site("lab", EU, (gateway, 1))
    made = layout(flow("watch", FRAMES, (lab,), stage("scale", "frames")), gateway)
    assert path(made) == ()
    assert total(path(made)) is None
