"""Placement against brute force on random small graphs: verdict, cost, runner-up, rejections."""

from __future__ import annotations

from itertools import product

import pytest
from property import leaks, oracle
from property.decide import Decided, decide, decided, faults
from property.graphs import Instance, instance

from hybridspec.ir.graph import Graph
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Configuration, Decision, Plan

SEEDS = 400
CHUNK = 50


def differences(made: Instance, known: Decided | None = None) -> list[str]:
    """Every way in which the engine and the oracle disagree on an instance."""
    graph, table = made.graph, made.table
    plan, findings = known or decide(graph, table)
    best = oracle.best(graph, table)
    if plan is None or best is None:
        if (plan is None) != (best is None):
            codes = sorted({f.code for f in findings})
            return [f"verdict: engine {codes or 'feasible'}, oracle {best}"]
        return []
    found = [f"verify: {fault}" for fault in faults(graph, table, plan)]
    if plan.cost != best:
        found.append(f"cost: engine {plan.cost}, oracle {best}")
    if plan.cost != plan.bound:
        found.append(f"bound: {plan.bound} of cost {plan.cost}")
    found += [
        f"store: {store.zone.name} in {store.region.label}" for store in plan.stores
        if store.region not in oracle.regions_of(graph, store.zone)
        or sum(t.amount for t in store.terms) != oracle.store_cost(graph, store.region, store.zone)
    ]  # fmt: skip
    for decision in plan.decisions:
        found += [f"decision: {decision.flow.name} at {decision.site.name}: {what}"
                  for what in _decision(made, plan, decision)]  # fmt: skip
    return found + [f"leak: {leak}" for leak in leaks.leaks(graph, plan)]


def _decision(made: Instance, plan: Plan, decision: Decision) -> list[str]:
    site, flow = decision.site, decision.flow
    region = next((s.region for s in plan.stores if s.zone.name == site.zone.name), None)
    found = []
    mine = [f.name for f in oracle.flows_of(made.graph, site)].index(flow.name)
    chosen = oracle.way_of(decision.chosen)
    others = frozenset().union(*(oracle.uses_of(d.flow, oracle.way_of(d.chosen))
                                 for d in plan.decisions if d.site.name != site.name))  # fmt: skip
    plans = [(cost, taken)
             for cost, uses, taken in oracle.joint(made.graph, made.table, site, region)
             if oracle.uniform(others | uses)]  # fmt: skip
    least = min(cost for cost, _ in plans)
    if chosen not in {taken[mine] for cost, taken in plans if cost == least}:
        found.append("another way is cheaper for the site")
    second = min((cost for cost, taken in plans if taken[mine] != chosen), default=None)
    delta = None if second is None else second - least
    if decision.runner_up_delta != delta or (delta or 0) < 0:
        found.append(f"runner-up: engine {decision.runner_up_delta}, oracle {delta}")
    if decision.runner_up is not None and oracle.way_of(decision.runner_up) == chosen:
        found.append("the runner-up is what was chosen")
    if any(option.cost < decision.chosen.cost for option in decision.dearer):
        found.append("something dearer is cheaper")
    found += [what for option in decision.rejected for what in _rejected(made, decision, option)]
    here = [option for option in decision.rejected if option.region in (None, region)]
    every = {oracle.way_of(option) for option in (decision.chosen, *decision.dearer, *here)}
    if every != set(oracle.ways(site, flow, region)):
        found.append("not every way is chosen, dearer or rejected")
    return found


def _rejected(made: Instance, decision: Decision, option: Configuration) -> list[str]:
    site, flow, way = decision.site, decision.flow, oracle.way_of(option)
    case = oracle.Case(made.graph, made.table, site, flow, option.region, way)
    codes = {failure.code for failure in option.failures}
    if codes == {"HS0401"} and not case.faults():
        return []  # the joint optimum, which is compared above, does without it
    if not codes or codes != case.faults():
        return [f"rejects {option.label} for {sorted(codes)}, oracle {sorted(case.faults())}"]
    return []


def flat(graph: Graph, table: LatencyTable) -> int | None:
    """The least cost over the whole product of regions, sites, flows, hosts and variants."""
    if any(oracle.forbidden(graph)):
        return None
    costs = []
    for regions in product(*(oracle.regions_of(graph, zone) for zone in graph.zones)):
        placed = dict(zip((zone.name for zone in graph.zones), regions, strict=True))
        plans = [list(oracle.joint(graph, table, site, placed[site.zone.name]))
                 for site in graph.sites]  # fmt: skip
        kept = oracle.fleet_cost(graph) + sum(
            oracle.store_cost(graph, region, zone)
            for zone in graph.zones
            if (region := placed[zone.name]) is not None
            and any(site.zone.name == zone.name for site in graph.sites)
        )
        costs += [
            kept + sum(cost for cost, _, _ in whole) for whole in product(*plans)
            if oracle.uniform(frozenset().union(*(uses for _, uses, _ in whole)))
        ]  # fmt: skip
    return min(costs, default=None)


@pytest.mark.parametrize("start", range(0, SEEDS, CHUNK))
def test_the_engine_agrees_with_brute_force(start: int) -> None:
    for seed in range(start, start + CHUNK):
        found = differences(*decided(seed))
        assert not found, f"seed {seed}: " + "; ".join(found[:5])


def test_the_instances_are_worth_comparing() -> None:
    """Each verdict a fifth, every bound, both hosts and shared devices a fifteenth of the time."""
    plans = [decided(seed)[1] for seed in range(300)]
    good = [plan for plan, _ in plans if plan is not None]
    codes = {finding.code for _, findings in plans for finding in findings}
    codes |= {failure.code for plan in good for decision in plan.decisions
              for option in decision.rejected for failure in option.failures}  # fmt: skip
    assert 60 <= len(good) <= 240
    assert {"HS0301", "HS0302", "HS0303", "HS0304", "HS0306", "HS0310", "HS0603"} <= codes
    assert sum(any(h.kind == "cloud" for d in p.decisions for _, h in d.chosen.hosts)
               for p in good) >= 20  # fmt: skip
    assert sum(len(p.decisions) > len({d.site.name for d in p.decisions}) for p in good) >= 20


def test_zone_by_zone_and_site_by_site_is_no_worse_than_everything_at_once() -> None:
    compared = 0
    for seed in range(150):
        made = instance(seed)
        size = 1
        for site in made.graph.sites:
            for region in oracle.regions_of(made.graph, site.zone):
                size *= max(1, len(list(oracle.joint(made.graph, made.table, site, region))))
        if size < 3_000:
            best = oracle.best(made.graph, made.table)
            assert flat(made.graph, made.table) == best, f"seed {seed}"
            compared += best is not None
    assert compared > 15
