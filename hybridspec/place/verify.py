"""The independent checker: feasibility and cost of a plan, worked out again from the graph.

It shares no code with the engine beyond the types: it recomputes loads, bounds and the sum of
costs in its own way, so that a fault in one of the two shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from hybridspec.ir.graph import Graph, Region, Stage
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Decision, Plan
from hybridspec.law.claim import claims
from hybridspec.place.alike import alike, each
from hybridspec.place.recheck import recheck
from hybridspec.place.recheck_loads import away_for, shared, stage_time, times, upload
from hybridspec.place.recheck_shared import counted, exclusive, quotas, settled
from hybridspec.place.recount import recount
from hybridspec.place.verify_split import faults_of_split


def verify(graph: Graph, table: LatencyTable, plan: Plan) -> tuple[str, ...]:
    """Every way in which the plan breaks its graph, one sentence each; empty if it holds."""
    return verify_bounds(graph, table, plan) or verify_cost(graph, table, plan)


def verify_bounds(graph: Graph, table: LatencyTable, plan: Plan) -> tuple[str, ...]:
    """All that `verify` finds but for what the plan costs."""
    faults: list[str] = []
    wanted = {(site.name, flow.name) for flow in graph.flows for site in flow.sites}
    made = [(d.site.name, d.flow.name) for d in plan.decisions]
    if sorted(made) != sorted(wanted):
        faults.append("not every flow is placed exactly once at each of its sites")
    groups = alike(plan)
    misshapen = each(groups, lambda decision: [
        *faults_of_split(graph, decision), *_shape(decision)])  # fmt: skip
    if misshapen:
        return (*faults, *misshapen)
    stores = {store.zone.name: store.region for store in plan.stores}
    faults.extend(each(groups, lambda decision: [
        *_residency(decision, stores), *_figures(decision, table), *_offline(decision),
        *_policies(graph, decision), *_budget(decision), *_kept(decision),
        *_roomy(decision, table),
    ]))  # fmt: skip
    faults.extend(_stores(graph, plan))
    faults.extend(recheck(graph, claims(graph).law.labels, plan, groups))
    faults.extend(_bundles(plan))
    faults.extend(counted(graph, plan))
    faults.extend(exclusive(graph, plan))
    graph = settled(graph, plan)
    faults.extend(shared(graph, table, plan))
    faults.extend(quotas(graph, plan, groups, lambda decision, stage: stage_time(
        decision, stage, table)))  # fmt: skip
    return tuple(faults)


def verify_cost(graph: Graph, table: LatencyTable, plan: Plan) -> tuple[str, ...]:
    """Every amount of a feasible plan that is another one; empty if it costs what it says."""
    return (*_cost(plan), *recount(settled(graph, plan), table, plan))


def _shape(decision: Decision) -> list[str]:
    """Whether every stage has one host that exists, and every model a variant of its own."""
    label, chosen = f"{decision.flow.name} at {decision.site.name}", decision.chosen
    device = chosen.device
    if device is None or device.name not in {d.device_class.name for d in decision.site.devices}:
        return [f"{label}: its device class does not stand there"]
    hosts, variants = dict(chosen.hosts), dict(chosen.variants)
    if [name for name, _ in chosen.hosts] != [stage.name for stage in decision.flow.stages]:
        return [f"{label}: not every stage has one host"]
    faults = []
    for stage in decision.flow.stages:
        host = hosts[stage.name]
        region = chosen.region.label if chosen.region is not None else host.name
        if host.name != (region if host.kind == "cloud" else device.name):
            faults.append(f"{label}: {stage.name} names another host")
        if stage.model is not None and variants.get(stage.model.name) not in stage.model.variants:
            faults.append(f"{label}: {stage.name} runs a variant that its model does not have")
        back = any(hosts[i].kind == "cloud" for i in stage.inputs if i in hosts)
        if host.kind == "edge" and stage.kind != "sink" and back:
            faults.append(f"{label}: data comes back from the cloud to {stage.name}")
        if any(hosts[i].kind != host.kind for i in stage.feedback):
            faults.append(f"{label}: a loop through {stage.name} is cut")
    return faults


def _residency(decision: Decision, stores: Mapping[str, Region]) -> list[str]:
    """Cloud stages run where the zone's store is, and sinks where they belong; see `recheck`."""
    zone, label = decision.site.zone, f"{decision.flow.name} at {decision.site.name}"
    faults = []
    if decision.site.country not in zone.allowed("process"):
        faults.append(f"{label}: the site is outside its zone")
    region, kinds = decision.chosen.region, dict(decision.chosen.hosts)
    if any(host.kind == "cloud" for host in kinds.values()):
        if region is None:
            faults.append(f"{label}: cloud stages outside the zone")
        if region != stores.get(zone.name):
            faults.append(f"{label}: cloud stages away from the zone's store")
    for stage in decision.flow.stages:
        kind = kinds[stage.name].kind
        if (stage.place == "cloud" and kind != "cloud") or (
            stage.place == "site" and kind != "edge"
        ):
            faults.append(f"{label}: sink {stage.name} is in the wrong place")
    return faults


def _policies(graph: Graph, decision: Decision) -> list[str]:
    """No site and no board that a policy forbids for the data that is there."""
    faults = []
    zone, category = decision.site.zone.name, decision.flow.data.category.split(".")
    used = {decision.site.country}
    if decision.chosen.device is not None:
        used.add(f"board {decision.chosen.device.board.name}")
    for policy in graph.policies:
        parents = [path.split(".") for path in policy.categories] or [[]]
        bound = any(category[: len(parent)] == parent for parent in parents)
        plain = policy.condition is None and not policy.regimes
        forbidden = {
            *(policy.countries if plain else ()),
            *(f"board {name}" for name in policy.boards),
        }
        bound = bound and policy.severity == "error" and zone in (policy.zones or (zone,))
        if bound and (not policy.facets or "process" in policy.facets) and used & forbidden:
            faults.append(f"{decision.flow.name} at {decision.site.name}: against policy "
                          f"{policy.name}")  # fmt: skip
    return faults


def _budget(decision: Decision) -> list[str]:
    limit = decision.flow.bandwidth
    if limit is None or upload(decision) * 8 <= limit:
        return []
    return [f"{decision.flow.name} at {decision.site.name}: sends more than its bandwidth"]


def _roomy(decision: Decision, table: LatencyTable) -> list[str]:
    """Whatever a stage reads and makes of one event has room on its device beside the models."""
    device, variants = decision.chosen.device, dict(decision.chosen.variants)
    kinds = {name: host.kind for name, host in decision.chosen.hosts}
    here = [stage for stage in decision.flow.stages if kinds[stage.name] == "edge"]
    if device is None:
        return []
    models = {stage.model.name for stage in here if stage.model is not None}
    free = device.board.memory - device.board.reserved_memory
    free -= sum(table.memory.get((name, variants[name]), 0) for name in models)
    return [f"{decision.flow.name} at {decision.site.name}: too little memory for an event of "
            f"{stage.name}" for stage in here
            if stage.input_size + stage.output_size > max(free, 2**20)]  # fmt: skip


def _kept(decision: Decision) -> list[str]:
    """Nothing waits longer for the network than its zone keeps it."""
    device, limit = decision.chosen.device, decision.site.zone.retention
    if device is None or limit is None:
        return []
    if away_for(decision, device, Fraction(0), 0) <= limit:  # however little a batch may hold
        return []
    sent = upload(decision)
    if not sent:
        return []
    count = next(d.count for d in decision.site.devices if d.device_class.name == device.name)
    if not count or away_for(decision, device, sent, count) <= limit:
        return []
    return [f"{decision.flow.name} at {decision.site.name}: waits longer than it may be kept"]


def _offline(decision: Decision) -> list[str]:
    if not decision.flow.offline:
        return []
    kinds = {name: host.kind for name, host in decision.chosen.hosts}
    stages = {stage.name: stage for stage in decision.flow.stages}
    ends = {s.name for s in decision.flow.stages if s.place == "site"}
    if decision.flow.latency is not None:
        ends.add(decision.flow.latency.to)
    before: set[str] = set()
    while ends:
        before |= ends
        ends = {s for n in ends for s in (*stages[n].inputs, *stages[n].feedback)
                if s in stages} - before  # fmt: skip
    if any(kinds[name] == "cloud" for name in before):
        return [f"{decision.flow.name} at {decision.site.name}: needs the cloud while offline"]
    return []


def _figures(decision: Decision, table: LatencyTable) -> list[str]:
    label = f"{decision.flow.name} at {decision.site.name}"
    faults = [f"{label}: no latency figures for {stage.name}"
              for stage, _, time in times(decision, table) if time is None]  # fmt: skip
    hosts, variants = dict(decision.chosen.hosts), dict(decision.chosen.variants)
    faults += [
        f"{label}: no memory figures for {stage.name}" for stage in decision.flow.stages
        if stage.model is not None and hosts[stage.name].kind == "edge"
        and (stage.model.name, variants[stage.model.name]) not in table.memory
    ]  # fmt: skip
    return faults


def _stores(graph: Graph, plan: Plan) -> list[str]:
    """One store for each zone that has to have one, and where training is pinned."""
    faults = []
    names = [store.zone.name for store in plan.stores]
    stages = _stages(graph)
    for zone in graph.zones:
        needed = any(
            stage.place == "cloud" or (stage.model is not None and stage.model.training is not None)
            for stage in stages[zone.name]
        )
        if names.count(zone.name) not in ((1,) if needed else (0, 1)):
            faults.append(f"{zone.name}: not one store for the zone")
    for store in plan.stores:
        if store.zone.key_protection not in ("software", *store.region.key_protection):
            faults.append(f"{store.zone.name}: its store cannot protect keys as it has to")
        for stage in stages.get(store.zone.name, ()):
            job = stage.model.training if stage.model is not None else None
            if job is not None and (
                job.region not in (None, store.region)
                or job.cloud not in (None, store.region.cloud)
            ):
                faults.append(f"{store.zone.name}: its store is not where training is pinned")
    return faults


def _stages(graph: Graph) -> Mapping[str, list[Stage]]:
    """The stages of the flows that run in each zone."""
    found: dict[str, list[Stage]] = {zone.name: [] for zone in graph.zones}
    for flow in graph.flows:
        for zone in {site.zone.name for site in flow.sites}:
            found[zone] += flow.stages
    return found


def _bundles(plan: Plan) -> list[str]:
    """Every class gets what it runs, in one variant."""
    held = {(member.device_class.name, model.name, variant)
            for member in plan.fleet for model, variant in member.models}  # fmt: skip
    run = {(d.chosen.hosts, d.chosen.variants, d.flow.name, d.site.zone.name): d
           for d in plan.decisions}.values()  # fmt: skip
    pairs = [(device, name) for device, name, _ in held]
    faults = [
        f"the bundle of {device} has two variants of {name}"
        for device, name in sorted(set(pairs)) if pairs.count((device, name)) > 1
    ]  # fmt: skip
    for decision in run:
        hosts, variants = dict(decision.chosen.hosts), dict(decision.chosen.variants)
        for stage in decision.flow.stages:
            if stage.model is None or hosts[stage.name].kind == "cloud":
                continue
            name, device = stage.model.name, hosts[stage.name].name
            if (device, name, variants[name]) not in held:
                faults.append(f"the bundle of {device} lacks {name}")
    return faults


def _cost(plan: Plan) -> list[str]:
    amounts = [term.amount for term in plan.fixed]
    for store in plan.stores:
        amounts += [term.amount for term in store.terms]
    for decision in plan.decisions:
        amounts += [term.amount for term in decision.chosen.terms]
    if sum(amounts) != plan.cost:
        return ["the cost is not the sum of its terms"]
    return ["the bound is above the cost"] if plan.bound > plan.cost else []
