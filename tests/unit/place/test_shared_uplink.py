"""One uplink for all devices of a site: what they send together, how long it waits, who says so."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest
from property.decide import decide, faults
from property.graphs import (
    bound,
    data,
    device,
    flow,
    graph,
    region,
    site,
    store,
    table,
    zone,
)
from property.mutants import without_load

from hybridspec.base.units import parse_bandwidth
from hybridspec.ir.graph import Graph, Sync
from hybridspec.ir.latency import LatencyTable
from hybridspec.place.conflict_find import conflicts
from hybridspec.place.explain_slack import slacks

MBIT = 10**6


def two(line: int | None, *, limit: int | None = None) -> tuple[Graph, LatencyTable]:
    """Two flows, 0.8 Mbit/s each, at a site with two classes of devices."""
    lab = site("lab", zone(), (device("left"), 1), (device("right"), 2), line=line)
    flows = []
    for name in ("one", "two"):
        kept = store("kept", f"d-{name}", input_size=10_000)
        of = flow(name, data(f"d-{name}", size=10_000), (lab,), kept)
        flows.append(replace(of, latency=None if limit is None else bound(limit, "kept")))
    made = graph(*flows, regions=(region(),))
    return made, table(made)


def test_what_fits_alone_may_not_fit_together_whatever_devices_send_it() -> None:
    assert decide(*two(None))[0] is not None
    assert decide(*two(2 * MBIT))[0] is not None
    plan, (finding,) = decide(*two(2 * MBIT - 1))
    assert plan is None
    assert finding.code == "HS0401"
    assert finding.help == "raise `uplink.shared` to 2000kbit/s, or move a flow to other sites"


def test_what_does_not_fit_alone_is_told_at_the_line() -> None:
    plan, findings = decide(*two(MBIT // 2))
    assert plan is None
    assert {finding.code for finding in findings} == {"HS0424"}
    wide = re.search(r"raise `uplink.shared` to (\S+)", findings[0].help or "")
    assert wide is not None
    assert parse_bandwidth(wide[1]) == MBIT


def test_the_repair_of_the_conflict_is_the_narrowest_line_that_does() -> None:
    (conflict,) = conflicts(*two(2 * MBIT - 1000)).conflicts
    assert "sites.lab.uplink.shared" in {claim.key for claim in conflict.claims}
    assert ("raise the uplink that `lab` shares to 2000kbit/s",) in {
        r.words for r in conflict.repairs
    }


def test_the_checker_counts_what_all_classes_send() -> None:
    plan, _ = decide(*two(None))
    assert plan is not None
    made, times = two(2 * MBIT - 1)
    assert "lab: too narrow a shared uplink" in faults(made, times, plan)
    assert faults(*two(2 * MBIT), decide(*two(2 * MBIT))[0]) == ()


def test_a_line_that_is_forgotten_beside_others_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    without_load(monkeypatch, 4)
    plan, _ = decide(*two(2 * MBIT - 1))
    assert plan is not None
    assert "lab: too narrow a shared uplink" in faults(*two(2 * MBIT - 1), plan)


def test_a_flow_waits_behind_messages_of_other_classes() -> None:
    """Alone, an event takes so long; beside another class's it has to wait for the line too."""
    made, times = two(20 * MBIT, limit=10**6)
    plan, _ = decide(made, times)
    assert plan is not None
    first = plan.decisions[0].chosen
    assert [leg.name for leg in first.legs if leg.kind == "queue"] == ["uplink", "shared uplink"]
    assert first.latency is not None
    tight = two(20 * MBIT, limit=first.latency.high)
    plan, _ = decide(*tight)
    if plan is not None:
        assert faults(*tight, plan) == ()


@pytest.mark.parametrize("sync", [None, Sync(every=10**6, largest=None)])
def test_the_checker_finds_flows_late_that_the_line_holds_up(sync: Sync | None) -> None:
    wide, times = two(None, limit=80_000 if sync is None else 1_200_000)
    flows = tuple(replace(one, sync=sync) for one in wide.flows)
    wide = replace(wide, flows=flows)
    plan, _ = decide(wide, times)
    assert plan is not None
    sites = tuple(replace(one, line=2_100_000) for one in wide.sites)
    narrow = replace(wide, sites=sites, flows=tuple(replace(f, sites=sites) for f in flows))
    said = faults(narrow, times, plan)
    assert any("over its latency bound" in fault for fault in said), said
    assert not any("too narrow" in fault for fault in said)


def test_slack_is_what_all_flows_leave_of_the_line() -> None:
    made, times = two(4 * MBIT)
    plan, _ = decide(made, times)
    assert plan is not None
    one, other = plan.decisions
    (line,) = (s for s in slacks(one.site, one.flow, one.chosen, [other.chosen])
               if s.code == "HS0424")  # fmt: skip
    assert (line.used, line.limit, line.with_others) == (1_600_000, 3_200_000, True)
    assert line.key == "sites.lab.uplink.shared"
    assert Fraction(line.left, line.limit) == Fraction(1, 2)
