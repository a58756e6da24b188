"""The exact search of a site: shared limits, ties, and its own limit."""

from __future__ import annotations

from fractions import Fraction

from property.graphs import (
    board,
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
    zone,
)

from hybridspec.base.diagnostic import Sink
from hybridspec.base.units import DAY
from hybridspec.ir.graph import Flow, Graph, Region, Site
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Configuration
from hybridspec.place.configuration import configurations
from hybridspec.place.place import place

EU = zone()
FRAMES = data()


def options(
    of: Graph, figures: LatencyTable, where: Site, region: Region | None
) -> list[list[Configuration]]:
    """The admissible configurations of every flow."""
    return [
        [c for c in configurations(of, figures, where, one, region) if not c.failures]
        for one in of.flows
    ]


def clash(where: Site, *flows: Flow, regions: tuple[Region, ...] = ()) -> tuple[Graph, list[str]]:
    """A graph whose flows each fit alone, and the codes that placing both gives."""
    of = graph(*flows, regions=regions)
    for one in flows:
        alone = Sink()
        assert place(graph(one, regions=regions), table(of), alone) is not None, alone.findings
    together = Sink()
    place(of, table(of), together)
    return of, [finding.code for finding in together.findings]


def test_flows_share_the_disk_on_which_events_wait_for_the_network() -> None:
    # Each flow keeps 1,000 B x 10/s over a day: 864 MB, of the 1 GB that half the disk gives.
    small = device(board=board(disk=2 * 10**9), max_offline=DAY)
    lab = site("lab", EU, (small, 1))
    flows = [flow(name, FRAMES, (lab,), store("keep", "frames")) for name in ("one", "two")]
    _, codes = clash(lab, *flows, regions=(region(),))
    assert codes == ["HS0401"]


def test_flows_share_the_memory_of_each_device() -> None:
    small = device(board=board(memory=1_500))
    lab = site("lab", EU, (small, 9))
    flows = [flow(n, FRAMES, (lab,), infer("see", model(f"net-{n}", variants=("fp32",)), "frames"))
             for n in ("one", "two")]  # fmt: skip
    assert clash(lab, *flows)[1] == ["HS0401"]


def test_flows_share_the_time_of_the_devices() -> None:
    busy = data(rate=Fraction(150_000))
    lab = site("lab", EU, (device(), 1))
    flows = [
        flow(n, busy, (lab,), stage("scale", "frames", input_rate=busy.rate)) for n in "ab"
    ]  # fmt: skip
    assert clash(lab, *flows)[1] == ["HS0401"]


def test_flows_share_the_uplink() -> None:
    # 80 kbit/s each, of the 96 that an uplink of 120 may carry.
    lab = site("lab", EU, (device(uplink_bandwidth=120_000), 1))
    flows = [flow(n, FRAMES, (lab,), store("keep", "frames")) for n in ("one", "two")]
    assert clash(lab, *flows, regions=(region(),))[1] == ["HS0401"]


def test_many_flows_with_equal_places_are_placed_without_trying_all_of_them() -> None:
    lab = site("lab", EU, (device("a"), 1), (device("b"), 1), energy_price=0)
    names = [f"f{i:02}" for i in range(24)]
    of = graph(*(flow(name, FRAMES, (lab,), stage("scale", "frames")) for name in names))
    sink = Sink()
    plan = place(of, table(of), sink)
    assert plan is not None, [finding.code for finding in sink.findings]
    assert {d.chosen.label for d in plan.decisions} == {"scale@a"}


def test_many_flows_that_cannot_fit_are_given_up_at_once() -> None:
    lab = site("lab", EU, (device("a"), 1), (device("b"), 1))
    names = [f"f{i:02}" for i in range(15)]  # each keeps a tenth of a device busy, of 1.4
    busy = stage("scale", "frames", input_rate=Fraction(100_000, 3))
    of = graph(*(flow(name, FRAMES, (lab,), busy) for name in names))
    sink = Sink()
    assert place(of, table(of), sink) is None
    assert [finding.code for finding in sink.findings] == ["HS0401"]
    assert "put 2 `b` there" in sink.findings[0].help


def test_a_class_without_memory_takes_none_from_the_others() -> None:
    none = device("a", board=board("none", memory=100, reserved_memory=900))
    lab = site("lab", EU, (none, 1), (device("b", board=board("some", memory=2_000)), 1))
    of = graph(*(
        flow(n, FRAMES, (lab,), infer("see", model(f"m{n}", variants=("fp32",)), "frames"))
        for n in "xy"
    ))  # fmt: skip
    sink = Sink()
    assert place(of, table(of), sink) is not None, sink.findings
