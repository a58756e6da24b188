"""Latency of a path: every leg at its share of the percentile, and nothing waited for left out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
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

from hybridspec.base.units import DAY, HOUR, SECOND
from hybridspec.ir.graph import DeviceClass, Flow, Sync
from hybridspec.ir.plan import Estimate, Leg
from hybridspec.place.ceiling import ceiling
from hybridspec.place.crowd import Crowd
from hybridspec.place.layout import Layout
from hybridspec.place.percentile import slowest, tail

FRAMES = data()
EU = zone()
FIXED = Estimate(low=1, mid=3, high=3, basis="t")
"""A stage that takes three microseconds, always."""


def layout(one: Flow, gateway: DeviceClass, *cloud: str, others: Crowd | None = None) -> Layout:
    """The flow at its site, with the named stages in the cloud."""
    of = graph(one, regions=(region(),))
    variants = tuple((m.name, "fp32") for m in of.models)
    return Layout(
        graph=of, table=table(of, lambda *_: FIXED), site=one.sites[0], flow=one, device=gateway,
        count=1, region=region(), cloud=frozenset(cloud), variants=variants, others=others,
    )  # fmt: skip


def at(gateway: DeviceClass, *stages: object, to: str, lan: int = 0, **fields: object) -> Flow:
    """A flow at one site with a bound."""
    lab = site("lab", EU, (gateway, 1), lan_rtt=lan)
    return flow("watch", FRAMES, (lab,), *stages, latency=bound(SECOND, to), **fields)  # type: ignore[arg-type]


def legs(made: Layout, busy: int = 0, full: int = 0) -> dict[str, Leg]:
    """The legs of the slowest path by name, at a utilisation in permille."""
    assert made.path is not None
    return {leg.name: leg for leg in made.path.legs((busy, full))}


def test_a_hop_takes_the_whole_round_trip_and_every_started_microsecond_of_sending() -> None:
    gateway = device(uplink_rtt=0, uplink_bandwidth=3_000_000)
    found = legs(layout(at(gateway, stage("scale", "frames"), to="scale"), gateway, "scale"))
    assert list(found) == ["sensor", "uplink", "upload", "service", "scale"]
    # 1,000 bytes at 3 Mbit/s take 2,666 2/3 us.
    assert found["upload"].estimate.high == 2_667


def test_legs_that_vary_share_the_chance_of_being_late() -> None:
    gateway = device(uplink_rtt=0)
    found = legs(layout(at(gateway, stage("scale", "frames"), to="scale"), gateway, "scale"))
    # The service and the queue of the uplink vary: each has to hold for 97.5 % of events.
    assert found["service"].estimate.high == slowest(8_000, 25_000, tail(Fraction(5, 200))) > 25_000


@pytest.mark.parametrize("name", ["sum", "tell"])
def test_an_event_waits_for_the_window_of_an_aggregate(name: str) -> None:
    gateway = device()
    each = stage("sum", "frames", operation="aggregate", output_rate=Fraction(1, 3))
    found = legs(layout(at(gateway, each, alert("tell", "sum"), to=name), gateway))
    assert found["window of sum"].estimate.high == 3 * SECOND
    assert found["window of sum"].estimate.low == 0


def test_what_a_window_emits_waits_for_the_device_again() -> None:
    gateway = device()
    each = stage("sum", "frames", operation="aggregate", output_rate=Fraction(1))
    made = layout(at(gateway, each, stage("see", "sum"), to="see"), gateway)
    assert made.path is not None
    names = [leg.name for leg in made.path.legs((500, 0))]
    assert names == ["sensor", "gateway", "sum", "window of sum", "gateway", "see"]


def test_a_device_runs_the_branches_of_an_event_one_after_the_other() -> None:
    gateway, net = device(), model()
    one = at(
        gateway, stage("fast", "frames"), infer("slow", net, "frames"),
        alert("tell", "fast", "slow"), to="tell",
    )  # fmt: skip
    made = layout(one, gateway)
    slow = {("detect", "pi", "fp32"): Estimate(low=5, mid=500, high=500, basis="t")}
    made.table.models.update(slow)  # type: ignore[attr-defined]
    found = legs(made)
    assert list(found) == ["sensor", "gateway", "fast", "slow", "tell"]
    assert made.path is not None
    assert made.path.high((0, 0)) == 503


def test_a_way_back_costs_a_hop_without_service_time() -> None:
    gateway = device(uplink_rtt=10_000)
    one = at(gateway, stage("scale", "frames"), alert("tell", "scale"), to="tell")
    found = legs(layout(one, gateway, "scale"))
    assert [*found] == ["sensor", "uplink", "upload", "service", "scale", "return", "tell"]
    late = slowest(5_000, 10_000, tail(Fraction(5, 400)))
    assert found["return"].estimate.high == late + 8


def test_a_batch_goes_behind_what_is_sent_at_once() -> None:
    gateway = device(uplink_bandwidth=8_000_000)
    others = Crowd(message=1_000, batches=50_000)
    one = at(gateway, stage("scale", "frames"), to="scale")
    at_once = legs(layout(one, gateway, "scale", others=others), full=500)
    # One packet of 1,500 bytes may be on its way, beside the queue of messages.
    assert 1_500 < at_once["uplink"].estimate.high < 50_000
    sent = replace(one, sync=Sync(every=HOUR, largest=20_000))
    found = legs(layout(sent, gateway, "scale", others=others), full=500)
    assert found["batch"].estimate.high == 2 * SECOND  # 20 kB at 10 kB/s
    assert found["uplink"].estimate.high > 70_000
    assert "at 8 Mbit/s" not in found["upload"].estimate.basis


def test_a_batch_leaves_by_the_clock_or_once_it_is_full() -> None:
    gateway = device()
    one = at(gateway, stage("scale", "frames"), to="scale")
    for largest, wait in ((None, HOUR), (10**9, HOUR), (1_000, SECOND // 10)):
        made = layout(replace(one, sync=Sync(every=HOUR, largest=largest)), gateway, "scale")
        assert made.batch == wait


def test_a_fuller_device_is_never_faster_and_a_ceiling_is_the_last_that_holds() -> None:
    gateway = device()
    one = at(gateway, stage("scale", "frames"), to="scale", lan=1_000)
    for limit in (2_000, 5_000, 20_000, 60_000):
        tight = replace(one, latency=bound(limit, "scale"))
        made = layout(tight, gateway, others=Crowd(job=4_000))
        assert made.path is not None
        highs = [made.path.high((busy, 0)) for busy in range(0, 1001, 10)]
        assert highs == sorted(highs)
        top = ceiling(made).busy
        assert made.path.high((top, 0)) <= limit
        assert top == 1000 or made.path.high((top + 1, 0)) > limit
    assert ceiling(layout(one, gateway, others=Crowd(job=4_000))).busy == 1000


def test_a_ceiling_leaves_room_on_both_devices_and_uplinks() -> None:
    gateway = device(uplink_bandwidth=10_000_000, uplink_rtt=0)
    stages = (stage("scale", "frames"), stage("see", "scale"))
    one = replace(at(gateway, *stages, to="see"), latency=bound(70_000, "see"))
    made = layout(one, gateway, "see", others=Crowd(job=9_000, message=9_000))
    found = ceiling(made)
    assert 100 < found.busy < 1000
    assert 100 < found.uplink < 1000
    assert made.path is not None
    assert made.path.high((found.busy, found.uplink)) <= 70_000
    assert made.path.high((found.busy + 1, found.uplink)) > 70_000
    assert made.path.high((found.busy, found.uplink + 1)) > 70_000


def test_a_higher_percentile_takes_longer() -> None:
    gateway = device()
    times = []
    for percentile in (500, 900, 950, 990, 999):
        of = replace(bound(SECOND, "scale"), percentile=percentile)
        one = replace(at(gateway, stage("scale", "frames"), to="scale", lan=2_000), latency=of)
        path = layout(one, gateway, "scale").path
        assert path is not None
        times.append(path.high((300, 300)))
    assert times == sorted(set(times))


def test_without_a_bound_there_is_no_path() -> None:
    gateway = device()
    lab = site("lab", EU, (gateway, 1))
    made = layout(flow("watch", FRAMES, (lab,), stage("scale", "frames")), gateway)
    assert made.path is None
    assert ceiling(made).busy == 1000


def test_nothing_that_is_huge_or_nothing_breaks_a_path() -> None:
    for rate, size, wire in ((Fraction(0), 1, 1), (Fraction(10**12), 10**12, 1),
                             (Fraction(1, 10**9), 10**15, 10**12)):  # fmt: skip
        gateway = device(uplink_bandwidth=wire, uplink_rtt=DAY)
        frames = replace(FRAMES, rate=rate, size=size)
        scale = stage("scale", "frames", input_rate=rate, output_rate=rate, input_size=size)
        one = replace(at(gateway, scale, to="scale", sync=Sync(every=DAY, largest=1)), data=frames)
        for cloud in ((), ("scale",)):
            made = layout(one, gateway, *cloud)
            assert made.path is not None
            assert made.path.high((min(made.used[0], 1000), min(made.used[1], 1000))) >= 0
            assert made.path.high(made.used) >= 0
            ceiling(made)
