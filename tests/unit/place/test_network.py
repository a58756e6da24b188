"""The network of a site: what is born there fits onto it, and waits for it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from property.decide import decide, faults
from property.graphs import bound, data, device, flow, graph, site, stage, table, zone

from hybridspec.ir.graph import Graph
from hybridspec.ir.latency import LatencyTable

KILO = Fraction(1_000)


def cameras(lan: int | None, *sizes: int, limit: int = 10**6) -> tuple[Graph, LatencyTable]:
    """Flows of a thousand events a second of so many bytes each, which stay at the site."""
    lab = site("lab", zone(), (device("box"), 9), lan=lan)
    flows = []
    for number, size in enumerate(sizes):
        clean = stage("clean", f"d{number}", input_rate=KILO, output_rate=KILO, input_size=size)
        flows.append(flow(f"w{number}", data(f"d{number}", rate=KILO, size=size), (lab,), clean,
                          latency=bound(limit, "clean")))  # fmt: skip
    made = graph(*flows)
    return made, table(made)


def test_what_is_born_fits_up_to_four_fifths() -> None:
    """Two flows of 8 and 24 Mbit/s."""
    assert decide(*cameras(40_000_000, 1_000, 3_000))[0] is not None
    plan, (finding,) = decide(*cameras(39_999_999, 1_000, 3_000))
    assert plan is None
    assert finding.code == "HS0426"
    assert finding.help == "raise `lan_bandwidth` to 40Mbit/s, or let less be born there"


def test_an_event_is_sent_and_waits_for_the_largest_of_all() -> None:
    free, _ = decide(*cameras(None, 1_000))
    own, _ = decide(*cameras(80_000_000, 1_000))
    both, _ = decide(*cameras(80_000_000, 1_000, 6_000))
    times = []
    for plan in (free, own, both):
        assert plan is not None
        latency = plan.decisions[0].chosen.latency
        assert latency is not None
        times.append(latency.high)
    assert times[1] > times[0] + 100
    assert times[2] > times[1] + 600
    assert own is not None
    legs = plan.decisions[0].chosen.legs if plan is not None else ()
    assert [leg.name for leg in legs][:2] == ["site's network", "sensor"]


def test_the_checker_counts_all_that_is_born() -> None:
    plan, _ = decide(*cameras(None, 1_000, 3_000))
    assert plan is not None
    assert "lab: too narrow a network" in faults(*cameras(39_999_999, 1_000, 3_000), plan)
    assert faults(*cameras(40_000_000, 1_000, 3_000), plan) == ()


def test_the_checker_finds_flows_late_that_the_network_holds_up() -> None:
    made, times = cameras(None, 1_000, 3_000, limit=4_000)
    plan, _ = decide(made, times)
    assert plan is not None
    narrow = tuple(replace(one, lan=40_000_000) for one in made.sites)
    slow = replace(made, sites=narrow, flows=tuple(replace(f, sites=narrow) for f in made.flows))
    said = faults(slow, times, plan)
    assert any("over its latency bound" in fault for fault in said), said
    assert {finding.code for finding in decide(slow, times)[1]} == {"HS0302"}
