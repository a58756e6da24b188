"""The independent checker: feasibility and cost of a plan, worked out again from the graph.

It shares no code with the engine beyond the types: it recomputes loads, bounds and the sum of
costs in its own way, so that a fault in one of the two shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil

from hybridspec.ir.graph import DeviceClass, Graph, Region, Site, SiteDevices, Stage
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Decision, Host, Plan
from hybridspec.law.claim import claims
from hybridspec.place.alike import alike, each
from hybridspec.place.recheck import recheck
from hybridspec.place.recheck_latency import Line, Network, late, line_of, network_of
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
    ]))  # fmt: skip
    faults.extend(_stores(graph, plan))
    faults.extend(recheck(graph, claims(graph).law.labels, plan, groups))
    faults.extend(_bundles(plan))
    faults.extend(counted(graph, plan))
    faults.extend(exclusive(graph, plan))
    graph = settled(graph, plan)
    faults.extend(_shared(graph, table, plan))
    faults.extend(quotas(graph, plan, groups, lambda decision, stage: _stage_time(
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
    if limit is None or _upload(decision) * 8 <= limit:
        return []
    return [f"{decision.flow.name} at {decision.site.name}: sends more than its bandwidth"]


def _stage_time(decision: Decision, name: str, table: LatencyTable) -> int | None:
    return next(time for stage, _, time in _times(decision, table) if stage.name == name)


def _times(
    decision: Decision, table: LatencyTable
) -> Iterator[tuple[Stage, Host, int | None]]:  # fmt: skip
    """Every stage, its host, and how long it takes there, if that is known."""
    device, variants = decision.chosen.device, dict(decision.chosen.variants)
    for stage, (_, host) in zip(decision.flow.stages, decision.chosen.hosts, strict=True):
        on_cloud = host.kind == "cloud"
        where = "cloud" if on_cloud or device is None else device.board.name
        if stage.kind == "sink":
            yield stage, host, 0
            continue
        if stage.model is not None:
            model, variant = stage.model.name, variants[stage.model.name]
            own = (model, device.name if device and not on_cloud else "", variant)
            found = table.measured.get(own) or table.models.get((model, where, variant))
        else:
            found = table.operations.get((stage.operation, where, stage.input_size))
        yield stage, host, None if found is None else found.high


def _kept(decision: Decision) -> list[str]:
    """Nothing waits longer for the network than its zone keeps it."""
    device, limit, flow = decision.chosen.device, decision.site.zone.retention, decision.flow
    if device is None or limit is None:
        return []
    longest = max(flow.offline, device.max_offline) if flow.when_offline == "buffer" else 0
    if longest + (flow.sync.every if flow.sync is not None else 0) <= limit:
        return []
    sent = _upload(decision)
    if not sent:
        return []
    count = next(d.count for d in decision.site.devices if d.device_class.name == device.name)
    if not count or _away(decision, device, sent, count) <= limit:
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
              for stage, _, time in _times(decision, table) if time is None]  # fmt: skip
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


def _shared(graph: Graph, table: LatencyTable, plan: Plan) -> list[str]:
    """Loads of all flows on one class at one site: time, memory, uplink and disk."""
    loads: dict[tuple[str, str], list[tuple[Fraction, ...]]] = defaultdict(list)
    there: dict[tuple[str, str], list[Decision]] = defaultdict(list)
    for group in alike(plan):
        device = group[0].chosen.device
        if device is not None:
            same = _loads(group[0], device, table)
            for decision in group:
                loads[decision.site.name, device.name].append(same)
                there[decision.site.name, device.name].append(decision)
    faults: list[str] = []
    good: set[tuple[object, ...]] = set()
    for site in graph.sites:
        line, narrow = _line(site, there, loads, table)
        network, full = _network(site, there)
        faults += [*narrow, *full]
        for devices in site.devices:
            key = site.name, devices.device_class.name
            case = (line, network, id(devices.device_class), devices.count, *map(id, loads[key]))
            if devices.count and case not in good:
                found = _overloaded(site, devices, loads[key])
                for count in _counts(devices):
                    found += late(there[key], devices.device_class, count, table,
                                  _filled(devices, count, loads[key]), line, network)  # fmt: skip
                faults += found
                good |= set() if found else {case}
    return faults


def _counts(devices: SiteDevices) -> list[int]:
    """How many devices there are to work: all, and all but those that may have failed."""
    few = devices.count - devices.device_class.max_failed
    return sorted({devices.count, few} - {n for n in (few,) if n < 1})


def _overloaded(
    site: Site, devices: SiteDevices, loads: Sequence[tuple[Fraction, ...]]
) -> list[str]:  # fmt: skip
    """What the devices of a class cannot carry when as many have failed as may."""
    device, board, count = devices.device_class, devices.device_class.board, _counts(devices)[0]
    limits: tuple[tuple[str, Fraction | int], ...] = (
        ("too busy", Fraction(7, 10) * 1_000_000 * count),
        ("too little memory", board.memory - board.reserved_memory),
        ("too narrow an uplink", Fraction(8, 10) * device.uplink_bandwidth * count / 8),
        ("too little disk while offline", board.disk // 2 * count),
    )
    return [f"{device.name} at {site.name}: {what}"
            for (what, limit), load in zip(limits, _sum(loads), strict=True)
            if load > limit]  # fmt: skip


def _filled(
    devices: SiteDevices, count: int, loads: Sequence[tuple[Fraction, ...]]
) -> tuple[float, float]:  # fmt: skip
    """Which share of their time and of their uplinks so many devices give."""
    busy, _, sent, _ = _sum(loads)
    wide = devices.device_class.uplink_bandwidth
    return min(0.7, float(busy) / 1e6 / count), min(0.8, float(sent) * 8 / wide / count)


def _sum(loads: Sequence[tuple[Fraction, ...]]) -> list[Fraction]:
    return [sum(column, Fraction(0)) for column in zip((Fraction(0),) * 4, *loads, strict=True)]


def _line(
    site: Site, there: Mapping[tuple[str, str], list[Decision]],
    loads: Mapping[tuple[str, str], list[tuple[Fraction, ...]]], table: LatencyTable,
) -> tuple[Line | None, list[str]]:  # fmt: skip
    """The uplink that all devices of the site share, if they do, and whether it is too narrow."""
    if site.line is None:
        return None, []
    names = [devices.device_class.name for devices in site.devices]
    sent = sum((one[2] for name in names for one in loads[site.name, name]), Fraction(0))
    narrow = sent * 8 > Fraction(4, 5) * site.line
    mine = [(there[site.name, d.device_class.name], d.device_class, d.count) for d in site.devices]
    line = line_of(site.line, mine, table)
    return line, [f"{site.name}: too narrow a shared uplink"] * narrow


def _network(
    site: Site, there: Mapping[tuple[str, str], list[Decision]]
) -> tuple[Network | None, list[str]]:  # fmt: skip
    """The network of the site, if it has a limit, and whether more is born than it carries."""
    if site.lan is None:
        return None, []
    names = [devices.device_class.name for devices in site.devices]
    found = network_of(site.lan, (one for name in names for one in there[site.name, name]))
    return found, [f"{site.name}: too narrow a network"] * (found.used > 0.8 + 1e-9)


def _loads(decision: Decision, device: DeviceClass, table: LatencyTable) -> tuple[Fraction, ...]:
    """Busy microseconds a second, bytes of memory, bytes a second up, bytes kept offline."""
    busy: list[tuple[Fraction, int]] = []
    used: set[tuple[str, str]] = set()
    for stage, host, time in _times(decision, table):
        if host.kind == "edge":
            busy.append((stage.input_rate, time if time is not None else 10**9))
            if stage.model is not None:
                used.add((stage.model.name, dict(decision.chosen.variants)[stage.model.name]))
    memory = Fraction(sum(table.memory.get(entry, 10**18) for entry in used))
    sent = _upload(decision)
    few = next(_counts(d)[0] for d in decision.site.devices if d.device_class.name == device.name)
    away = _away(decision, device, sent, few)
    return _total(busy), memory, sent, sent * away / 1_000_000 if away and sent else Fraction(0)


def _away(decision: Decision, device: DeviceClass, sent: Fraction, devices: int) -> Fraction:
    """Microseconds in which what so many devices send to the cloud piles up."""
    keeps = decision.flow.when_offline == "buffer"
    away = Fraction(max(decision.flow.offline, device.max_offline) if keeps else 0)
    sync = decision.flow.sync
    if sync is not None and sync.largest is not None and sent:
        away += min(sync.every, ceil(sync.largest * devices * 1_000_000 / sent))
    elif sync is not None:
        away += sync.every
    return away


def _upload(decision: Decision) -> Fraction:
    """Bytes a second from the site to the cloud, whatever is read there counted once."""
    kinds = {name: host.kind for name, host in decision.chosen.hosts}
    made = {s.name: (s.output_rate, s.output_size) for s in decision.flow.stages}
    read = {i for s in decision.flow.stages if kinds[s.name] == "cloud" for i in s.inputs}
    raw = decision.flow.data.rate, decision.flow.data.size
    return _total(made.get(name, raw) for name in read if kinds.get(name) != "cloud")


def _total(parts: Iterable[tuple[Fraction, int]]) -> Fraction:
    """The sum of products; those of one denominator are added up as integers."""
    found: dict[int, int] = {}
    for rate, times in parts:
        found[rate.denominator] = found.get(rate.denominator, 0) + rate.numerator * times
    exact = [Fraction(numerator, denominator) for denominator, numerator in found.items()]
    return exact[0] if len(exact) == 1 else sum(exact, Fraction(0))


def _cost(plan: Plan) -> list[str]:
    amounts = [term.amount for term in plan.fixed]
    for store in plan.stores:
        amounts += [term.amount for term in store.terms]
    for decision in plan.decisions:
        amounts += [term.amount for term in decision.chosen.terms]
    if sum(amounts) != plan.cost:
        return ["the cost is not the sum of its terms"]
    return ["the bound is above the cost"] if plan.bound > plan.cost else []
