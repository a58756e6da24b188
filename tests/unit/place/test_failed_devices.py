"""Devices that may have failed: the others carry everything, and there is always another."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from property.decide import decide, faults
from property.graphs import bound, data, device, flow, graph, site, stage, table, zone

from hybridspec.ir.graph import Flow, Graph, Sync
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Estimate
from hybridspec.place import shared

FRAMES = data(rate=Fraction(100))


def line(name: str = "watch", **fields: object) -> Flow:
    """A flow that stays at the site and keeps half a device busy."""
    of = stage("clean", "frames", input_rate=Fraction(100), output_rate=Fraction(100))
    return replace(flow(name, FRAMES, (), of), **fields)  # type: ignore[arg-type]


def plant(
    flows: int, failed: int, count: int, most: int | None = None, **fields: object
) -> tuple[Graph, LatencyTable]:
    """Flows that keep half a device busy each, on one class."""
    lab = site("lab", zone(), (device("box", max_failed=failed), count))
    lab = replace(lab, devices=tuple(replace(d, most=most) for d in lab.devices))
    made = graph(*(line(f"w{n}", sites=(lab,), **fields) for n in range(flows)))
    return made, table(made, lambda *_: Estimate(low=1, mid=2_000, high=5_000, basis=""))


@pytest.mark.parametrize(("flows", "failed"), product((1, 2, 3), (0, 1, 2)))
def test_one_more_is_there_for_each_that_may_fail(flows: int, failed: int) -> None:
    """Half a device each, and 70 % of a device may be used: 1, 2 and 3 devices at work."""
    needed = {1: 1, 2: 2, 3: 3}[flows] + failed
    good = plant(flows, failed, needed)
    plan, _ = decide(*good)
    assert plan is not None
    assert faults(*good, plan) == ()
    plan, findings = decide(*plant(flows, failed, needed - 1)) if needed > 1 else (None, ())
    assert plan is None
    for finding in findings:
        assert f"put {needed} `box` there" in (finding.help or "")


def test_as_many_are_bought_as_it_takes_without_those_that_failed() -> None:
    for failed in (0, 1, 2):
        made = plant(2, failed, 0, 6)
        plan, _ = decide(*made)
        assert plan is not None
        assert [one.count for one in plan.counts] == [2 + failed]
        assert plan.cost == plan.bound
        assert faults(*made, plan) == ()


def test_a_flow_that_hardly_works_has_another_device_too() -> None:
    made, _ = plant(1, 1, 1)
    plan, (finding,) = decide(made, table(made))
    assert plan is None
    assert finding.code == "HS0306"
    assert "may have failed, and no other is there" in finding.message
    assert finding.help == "put 2 `box` there"


def test_the_checker_takes_the_failed_ones_away() -> None:
    plan, _ = decide(*plant(2, 0, 2))
    assert plan is not None
    made, times = plant(2, 1, 2)
    assert "box at lab: too busy" in faults(made, times, plan)
    plan, _ = decide(*plant(1, 0, 1))
    assert plan is not None
    assert "w0 at lab: on devices that may all have failed" in faults(*plant(1, 1, 1), plan)


def test_a_failure_that_is_forgotten_beside_others_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = shared.rooms
    monkeypatch.setattr(shared, "rooms", lambda device: real(replace(device, max_failed=0)))
    made = plant(2, 1, 2)
    plan, _ = decide(*made)
    assert plan is not None
    assert "box at lab: too busy" in faults(*made, plan)


def test_a_bound_holds_with_all_and_with_those_that_are_left() -> None:
    """Two devices are half as full as one: what holds with both may not hold with one."""
    plan, _ = decide(*plant(1, 0, 2, latency=bound(10**6, "clean")))
    assert plan is not None
    assert plan.decisions[0].chosen.latency is not None
    limit = bound(plan.decisions[0].chosen.latency.high, "clean")
    plan, _ = decide(*plant(1, 0, 2, latency=limit))
    assert plan is not None
    made, times = plant(1, 1, 2, latency=limit)
    assert any("over its latency bound" in fault for fault in faults(made, times, plan))
    assert {finding.code for finding in decide(made, times)[1]} == {"HS0302"}


def test_what_waits_longest_with_every_device_is_not_kept_too_long() -> None:
    """A batch fills more slowly the more devices there are."""
    sync = Sync(every=10**12, largest=10**6)
    made, times = plant(1, 1, 2, sync=sync)
    assert decide(made, times)[0] is not None
