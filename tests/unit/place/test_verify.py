"""The independent checker: every corruption of a sound plan is a fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from property.graphs import (
    alert,
    at,
    board,
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
    store,
    table,
    training,
    zone,
)

from hybridspec.base.diagnostic import Sink
from hybridspec.base.units import DAY, HOUR
from hybridspec.ir.governance import Policy
from hybridspec.ir.graph import Graph, Region
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.law import FACETS
from hybridspec.ir.plan import Decision, Host, Plan
from hybridspec.place.place import place
from hybridspec.place.verify import verify

EU = zone("eu", "DE", "FR")
US = zone("us", "US")
ABROAD = region("us-one", "US")
DEAR = region("dear", "FR", key_price=10**9, inference_price=10**6)
NET = model()
GATEWAY, SERVER, OTHER = device("gateway"), device("server"), device("other")
LAB = site("lab", EU, (GATEWAY, 1), (SERVER, 1))
PLANT = site("plant", US, (OTHER, 1))


UNSTATED = ("transit", "key_admin", "logs", "support", "control_plane", "operator")
"""Nobody says where these are in the plan below."""

CURSED = Policy(
    name="cursed", zones=(), categories=("system",), countries=(), regions=(), boards=("cursed",),
    reason="test", origin=at(90),
)  # fmt: skip


def made() -> tuple[Graph, LatencyTable, Plan]:
    """Two zones; one has a flow that branches, feeds back, alerts, stores and trains."""
    adapt = stage("adapt", "scale", feedback=("scale",))
    learnt = replace(NET, training=training())
    watch = flow(
        "watch", data(), (LAB,), stage("scale", "frames"), adapt, infer("see", learnt, "adapt"),
        alert("tell", "see"), store("keep", "see"), latency=bound(40_000, "tell"), offline=HOUR,
    )  # fmt: skip
    count = flow("count", data("ticks"), (PLANT,), stage("sum", "ticks"), store("kept", "sum"))
    of = graph(watch, count, regions=(region(inference_price=10**6), DEAR, ABROAD),
               policies=(CURSED,))  # fmt: skip
    plan, sink = place(of, table(of), Sink()), Sink()
    assert plan is not None, sink.findings
    return of, table(of), plan


GRAPH, TABLE, PLAN = made()


def faults(plan: Plan, of: Graph = GRAPH, figures: LatencyTable = TABLE) -> str:
    """What the checker says, as one text."""
    return "; ".join(verify(of, figures, plan))


def watch(change: Callable[[Decision], Decision]) -> Plan:
    """The plan with its first decision changed."""
    return replace(PLAN, decisions=(change(PLAN.decisions[0]), *PLAN.decisions[1:]))


def chosen(**fields: object) -> Plan:
    """The plan with fields of its first chosen configuration changed."""
    return watch(lambda d: replace(d, chosen=replace(d.chosen, **fields)))  # type: ignore[arg-type]


def hosts(**moved: Host) -> Plan:
    """The plan with stages of its first flow moved."""
    decision = PLAN.decisions[0]
    return chosen(hosts=tuple((n, moved.get(n, h)) for n, h in decision.chosen.hosts))


def kept_in(where: Region) -> Plan:
    """The plan with the cloud half of its first flow in another region."""
    there = Host(kind="cloud", name=where.label)
    return watch(lambda d: replace(d, chosen=replace(
        d.chosen, region=where,
        hosts=tuple((n, there if h.kind == "cloud" else h) for n, h in d.chosen.hosts),
    )))  # fmt: skip


CLOUD = Host(kind="cloud", name=PLAN.stores[0].region.label)
EDGE = PLAN.decisions[0].chosen.hosts[0][1]


def test_a_sound_plan_has_no_fault() -> None:
    assert faults(PLAN) == ""
    assert EDGE.kind == "edge"
    assert [host.kind for _, host in PLAN.decisions[0].chosen.hosts][-1] == "cloud"


ROW = PLAN.residency[0]
CORRUPT: dict[str, tuple[Plan, str]] = {
    "a decision is missing": (replace(PLAN, decisions=PLAN.decisions[:1]), "exactly once"),
    "a decision is made twice": (
        replace(PLAN, decisions=(*PLAN.decisions, PLAN.decisions[0])), "exactly once"),
    "the site is abroad": (
        watch(lambda d: replace(d, site=replace(d.site, country="US"))), "outside its zone"),
    "cloud stages are abroad": (kept_in(ABROAD), "watch.keep (store) leaves out"),
    "cloud stages have no region": (chosen(region=None), "outside the zone"),
    "cloud stages are away from the store": (kept_in(DEAR), "away from"),
    "the class stands elsewhere": (chosen(device=OTHER), "does not stand"),
    "there is no class": (chosen(device=None), "does not stand"),
    "a host is misnamed": (hosts(scale=Host(kind="edge", name="server")), "names another host"),
    "a cloud host is misnamed": (hosts(keep=Host(kind="cloud", name="x")), "names another host"),
    "a stage has no host": (
        chosen(hosts=PLAN.decisions[0].chosen.hosts[1:]), "not every stage"),
    "a variant is unknown": (chosen(variants=(("detect", "int4"),)), "variant"),
    "a model has no variant": (chosen(variants=()), "variant"),
    "a sink is misplaced": (hosts(tell=CLOUD), "wrong place"),
    "a store is at the site": (hosts(keep=EDGE), "wrong place"),
    "data comes back from the cloud to a stage": (hosts(scale=CLOUD), "back from the cloud"),
    "a loop is cut": (hosts(adapt=CLOUD, see=CLOUD), "loop"),
    "an alert needs the cloud": (hosts(see=CLOUD), "offline"),
    "the cost is not the sum": (replace(PLAN, cost=PLAN.cost + 1), "sum of its terms"),
    "the bound is above the cost": (replace(PLAN, bound=PLAN.cost + 1), "bound is above"),
    "a store is missing": (replace(PLAN, stores=PLAN.stores[:1]), "store"),
    "a store is doubled": (replace(PLAN, stores=(*PLAN.stores, PLAN.stores[0])), "store"),
    "a store is abroad": (
        replace(PLAN, stores=(replace(PLAN.stores[0], region=ABROAD), PLAN.stores[1])), "store"),
    "a row is missing": (
        replace(PLAN, residency=PLAN.residency[1:]), "is missing"),
    "a row is there twice": (
        replace(PLAN, residency=(ROW, *PLAN.residency)), "about the same"),
    "a row is about nothing": (
        replace(PLAN, residency=(ROW._replace(asset="x"), *PLAN.residency)), "about nothing"),
    "a gap is called satisfied": (
        replace(PLAN, residency=tuple(
            r._replace(verdict="satisfied") if r.facet == "support" else r
            for r in PLAN.residency)), "does not hold"),
    "nobody waived a row": (
        replace(PLAN, residency=(ROW._replace(verdict="waived"), *PLAN.residency[1:])),
        "waived by nobody"),
    "a row has no certificate": (
        replace(PLAN, residency=(ROW._replace(certificate=None), *PLAN.residency[1:])),
        "no certificate"),
    "a row is violated": (
        replace(PLAN, residency=(ROW._replace(verdict="violated"), *PLAN.residency[1:])), "row"),
    "a row calls a place abroad satisfied": (
        replace(PLAN, residency=(ROW._replace(countries=("US",), verdict="satisfied"),
                                 *PLAN.residency[1:])), "row"),
    "a row calls an unknown place satisfied": (
        replace(PLAN, residency=(ROW._replace(countries=(), verdict="satisfied"),
                                 *PLAN.residency[1:])), "row"),
    "the matrix leaves a site out": (
        replace(PLAN, residency=tuple(
            r._replace(places=tuple(p for p in r.places if p != "site lab"))
            for r in PLAN.residency)), "leaves out site lab"),
    "the matrix leaves a store out": (
        replace(PLAN, residency=tuple(
            r._replace(places=tuple(p for p in r.places if p != "region aws/us-one"))
            for r in PLAN.residency)), "leaves out region aws/us-one"),
    "the matrix leaves a country out": (
        replace(PLAN, residency=tuple(
            r._replace(countries=r.countries[1:]) for r in PLAN.residency)),
        "leaves out a country"),
    "a board is forbidden": (
        chosen(device=replace(GATEWAY, board=board("cursed"))), "against policy cursed"),
    "a flow has less bandwidth": (
        watch(lambda d: replace(d, flow=replace(d.flow, bandwidth=1))), "more than its bandwidth"),
    "an event is too large": (
        watch(lambda d: replace(d, flow=replace(d.flow, stages=(
            replace(d.flow.stages[0], output_size=10**12), *d.flow.stages[1:])))),
        "too little memory for an event of"),
    "a bundle is missing": (replace(PLAN, fleet=()), "bundle"),
    "a bundle has two variants of a model": (
        replace(PLAN, fleet=tuple(
            replace(m, models=tuple((model, v) for model, _ in m.models for v in ("fp32", "int8")))
            for m in PLAN.fleet)), "two variants"),
    "a bundle lacks a model": (
        replace(PLAN, fleet=tuple(replace(m, models=()) for m in PLAN.fleet)), "bundle"),
}  # fmt: skip


@pytest.mark.parametrize("name", CORRUPT)
def test_a_corrupt_plan_has_the_fault_that_was_put_into_it(name: str) -> None:
    plan, words = CORRUPT[name]
    assert words in faults(plan)


def test_a_bound_is_checked_at_the_upper_end() -> None:
    time = PLAN.decisions[0].chosen.latency
    assert time is not None
    for limit, late in ((time.high, False), (time.high - 10, True)):  # it counts in floats
        one = replace(PLAN.decisions[0].flow, latency=bound(limit, "tell"))
        plan = watch(lambda d, one=one: replace(d, flow=one))  # type: ignore[misc]
        assert ("over its latency bound" in faults(plan)) == late


@pytest.mark.parametrize("part", ["models", "operations", "memory"])
def test_missing_figures_are_a_fault(part: str) -> None:
    assert faults(PLAN, figures=replace(TABLE, **{part: {}})) != ""


def overloaded(**fields: object) -> str:
    """Faults of a plan whose devices have shrunk since it was made."""
    shrunk = replace(GATEWAY, **fields)  # type: ignore[arg-type]
    lab = replace(LAB, devices=(replace(LAB.devices[0], device_class=shrunk), LAB.devices[1]))
    of = replace(GRAPH, sites=(lab, PLANT))
    return faults(chosen(device=shrunk), of)


def test_shared_limits_are_checked() -> None:
    assert "memory" in overloaded(board=board(memory=400))
    assert "uplink" in overloaded(uplink_bandwidth=50_000)
    assert "disk" in overloaded(board=board(disk=10_000), max_offline=DAY)
    slow = {key: replace(value, high=90_000) for key, value in TABLE.operations.items()}
    assert "too busy" in faults(PLAN, figures=replace(TABLE, operations=slow))


def test_weights_in_a_shared_bundle_are_checked() -> None:
    plant = replace(PLANT, devices=LAB.devices)
    of = replace(GRAPH, sites=(LAB, plant))
    assert "model detect (model) leaves out" in faults(PLAN, of).replace("site plant (", "")


@pytest.mark.parametrize("facet", FACETS)
def test_a_facet_that_a_zone_states_is_judged_again(facet: str) -> None:
    """A zone that asks for what the plan does not give: every facet of it is noticed."""
    for stated in (("FR",), ("DE", "FR")):
        less = replace(EU, facets=((facet, stated),))
        lab = replace(LAB, zone=less)
        flows = tuple(replace(f, sites=(lab,)) if f.sites == (LAB,) else f for f in GRAPH.flows)
        of = replace(GRAPH, zones=(less, US), sites=(lab, PLANT), flows=flows)
        known = stated == ("DE", "FR") and facet not in UNSTATED
        assert (faults(PLAN, of) == "") == known, (facet, stated)


def test_training_is_checked_against_its_pin() -> None:
    job = training(region=DEAR)
    learnt = replace(PLAN.decisions[0].flow.stages[2].model, training=job)  # type: ignore[type-var]
    stages = tuple(replace(s, model=learnt) if s.model else s
                   for s in PLAN.decisions[0].flow.stages)  # fmt: skip
    one = replace(GRAPH.flows[0], stages=stages)
    of = replace(GRAPH, flows=(one, GRAPH.flows[1]), models=(learnt,))
    assert "store" in faults(PLAN, of)


def test_loads_of_two_flows_add_up() -> None:
    lab = site("lab", EU, (GATEWAY, 1))
    busy = Fraction(150_000)
    flows = [
        flow(f"f{i}", data(rate=busy), (lab,), stage("s", "frames", input_rate=busy))
        for i in range(2)
    ]
    plans = [place(graph(one), table(graph(one)), Sink()) for one in flows]
    assert all(plan is not None for plan in plans)
    assert all(first is not second for first, second in pairwise(plans))
    both = replace(plans[0], decisions=(*plans[0].decisions, *plans[1].decisions))  # type: ignore[type-var, union-attr]
    assert "too busy" in faults(both, graph(*flows), table(graph(*flows)))


def test_energy_is_counted_again_by_what_was_measured() -> None:
    slow = {
        (NET.name, device, variant): replace(entry, low=entry.mid, mid=entry.mid * 100,
                                             high=entry.mid * 101)
        for (name, _, variant), entry in TABLE.models.items() if name == NET.name
        for device in ("gateway", "server")
    }  # fmt: skip
    known = replace(TABLE, measured=slow)
    plan, sink = place(GRAPH, known, Sink()), Sink()
    assert plan is not None, sink.findings
    assert plan.decisions[0].chosen.energy > PLAN.decisions[0].chosen.energy
    assert faults(plan, figures=known) == ""
