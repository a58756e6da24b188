"""The checker's own sums: what a plan costs, worked out again from the graph.

It shares no code with `place/cost`: quantities are added up per configuration, zone and site as
exact fractions. Each term of a plan is rounded once, so that a sum may differ by half a micro-unit
for each of its terms, and by no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TypeAlias

from hybridspec.ir.graph import DeviceClass, Flow, Graph, Model, Region, Site, SiteDevices, Stage
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import CostTerm, Decision, Estimate, Plan, Store
from hybridspec.place.recheck_loads import figure, upload

_MICROS = 1_000_000
_YEAR_SECONDS = 365 * 24 * 3600


def recount(graph: Graph, table: LatencyTable, plan: Plan) -> list[str]:
    """Every part of the plan that costs something else than it says."""
    faults, known, asked = [], dict[tuple[object, ...], bool](), dict[int, tuple[object, ...]]()
    for decision in plan.decisions:
        site, flow, chosen = decision.site, decision.flow, decision.chosen
        if id(flow) not in asked:
            asked[id(flow)] = _asked(flow)
        key = (
            id(chosen), asked[id(flow)], id(chosen.device), id(site.zone), site.energy_price
        )  # fmt: skip
        if key not in known:
            known[key] = _differs(chosen.terms, _flow_cost(graph, table, decision))
        if known[key]:
            faults.append(f"{flow.name} at {site.name}: costs something else")
    around, stand = _around(graph), {(one.site, one.device): one.count for one in plan.counts}
    for store in plan.stores:
        sites = [site for site in graph.sites if site.zone.name == store.zone.name]
        devices = sum(_count(stand, site, here) for site in sites for here in site.devices)
        exact = _store_cost(graph, around, store, devices)
        if _differs(store.terms, exact, len(store.terms) * devices):
            faults.append(f"{store.zone.name}: its store costs something else")
    devices = sum(_count(stand, site, here) for site in graph.sites for here in site.devices)
    said = sum(term.amount for term in plan.fixed)
    if abs(said - _standing(graph, around, stand)) > 4 * devices + len(graph.sites):
        faults.append("the devices cost something else")
    return faults


def _asked(flow: Flow) -> tuple[object, ...]:
    """Everything of a flow that its cost depends on."""
    rate, sync = flow.data.rate, flow.sync
    stages = tuple(
        (s.name, s.kind, s.operation, s.model.name if s.model is not None else "", s.inputs,
         s.input_rate.as_integer_ratio(), s.input_size, s.output_rate.as_integer_ratio(),
         s.output_size, s.retention)
        for s in flow.stages
    )  # fmt: skip
    batch = (sync.every, sync.largest) if sync is not None else ()
    return (rate.as_integer_ratio(), flow.data.size, batch, stages)


_Models: TypeAlias = dict[str, dict[str, Model]]
"""The models of the flows of each site, by the names of both."""


def _around(graph: Graph) -> _Models:
    found: _Models = defaultdict(dict)
    for flow in graph.flows:
        mine = {stage.model.name: stage.model for stage in flow.stages if stage.model is not None}
        for site in flow.sites:
            found[site.name].update(mine)
    return found


def _differs(terms: Iterable[CostTerm], exact: Fraction, rounded: int = 0) -> bool:
    """Whether terms are another sum; `rounded` says how often parts of them were."""
    amounts = [term.amount for term in terms]
    return abs(sum(amounts) - exact) > Fraction(len(amounts) + rounded + 2, 2)


def _count(stand: Mapping[tuple[str, str], int], site: Site, here: SiteDevices) -> int:
    return stand.get((site.name, here.device_class.name), here.count)


def _seconds(graph: Graph) -> Fraction:
    return Fraction(graph.horizon, _MICROS)


def _months(graph: Graph) -> Fraction:
    return _seconds(graph) * 12 / _YEAR_SECONDS


def _flow_cost(graph: Graph, table: LatencyTable, decision: Decision) -> Fraction:
    """Energy of edge stages, use of the cloud, and metered traffic both ways."""
    chosen, flow, device = decision.chosen, decision.flow, decision.chosen.device
    if device is None:
        return Fraction(0)
    hosts = dict(chosen.hosts)
    kinds = {name: host.kind for name, host in hosts.items()}
    work, total = Fraction(0), Fraction(0)
    for stage in flow.stages:
        sink = stage.kind == "sink"
        took = None if sink else figure(decision, stage, hosts[stage.name], table)
        if kinds[stage.name] == "edge":
            work += stage.input_rate * _seconds(graph) * (took.mid if took else 0) / _MICROS
        else:
            total += _cloud_cost(graph, decision, stage, took, kinds)
    total += _messages(graph, decision, kinds)
    joules = work * (device.board.load_power - device.board.idle_power) / 1000
    total += joules / 3_600_000 * decision.site.energy_price
    gigabytes = upload(decision) * _seconds(graph) / 10**9
    return total + gigabytes * device.uplink_up_price


def _cloud_cost(
    graph: Graph, decision: Decision, stage: Stage, took: Estimate | None, kinds: dict[str, str]
) -> Fraction:
    region, device = decision.chosen.region, decision.chosen.device
    if region is None or device is None:
        return Fraction(0)
    if stage.kind == "sink":
        kept = stage.retention or decision.site.zone.retention or graph.horizon * 2
        mean = Fraction(graph.horizon, 2) if kept > graph.horizon else Fraction(kept)
        stands = stage.input_rate * stage.input_size * mean / _MICROS / 10**9
        return stands * _months(graph) * region.storage_price + _batches(graph, decision, stage)
    total = _computing(graph, region, stage, took) if took is not None else Fraction(0)
    through = stage.input_rate * stage.input_size + stage.output_rate * stage.output_size
    total += through * _seconds(graph) / 10**9 * _charged(region, "gb-processed")
    if any(stage.name in s.inputs and kinds[s.name] == "edge" for s in decision.flow.stages):
        back = stage.output_rate * stage.output_size * _seconds(graph) / 10**9
        total += back * (region.egress_price + device.uplink_down_price)
    return total


def _computing(graph: Graph, region: Region, stage: Stage, took: Estimate) -> Fraction:
    """The cheaper of paying for each request and of paying for machines by the hour."""
    requests = stage.input_rate * _seconds(graph)
    steps = (took.mid + region.billed_step - 1) // region.billed_step
    each = max(steps * region.billed_step, region.billed_least) * region.inference_price
    ways = [requests * (each + _charged(region, "million-requests")) / _MICROS]
    for machine in region.instances:
        needed = stage.input_rate * took.high * 10 / (7 * machine.vcpu * _MICROS)
        running = max(-(-needed.numerator // needed.denominator), 1)
        ways.append(running * machine.price * _seconds(graph) / 3600)
    return min(ways)


def _messages(graph: Graph, decision: Decision, kinds: dict[str, str]) -> Fraction:
    """What crosses between the site and stages that compute in the cloud, in messages."""
    flow, region = decision.flow, decision.chosen.region
    if region is None or "cloud" not in kinds.values():
        return Fraction(0)
    made = {s.name: (s.output_rate, s.output_size) for s in flow.stages}
    crossing = {
        name
        for stage in flow.stages for name in stage.inputs
        if (kinds[stage.name], kinds.get(name, "edge")) == ("edge", "cloud")
        or (kinds[stage.name] == "cloud" and stage.kind != "sink"
            and kinds.get(name, "edge") == "edge")
    }  # fmt: skip
    total = Fraction(0)
    for name in crossing:
        rate, size = made.get(name, (flow.data.rate, flow.data.size))
        if not rate:
            continue
        often = rate if flow.sync is None else min(rate, Fraction(_MICROS, flow.sync.every))
        for charge in region.charges:
            if charge.per == "million-messages":
                pieces = -(-(rate * size) // (often * charge.size)) if charge.size else 1
                total += often * max(pieces, 1) * _seconds(graph) * charge.price / _MICROS
    return total


def _charged(region: Region, per: str) -> Fraction:
    return sum((Fraction(one.price) for one in region.charges if one.per == per), Fraction(0))


def _batches(graph: Graph, decision: Decision, stage: Stage) -> Fraction:
    region, sync = decision.chosen.region, decision.flow.sync
    if region is None or sync is None:
        return Fraction(0)
    price = sum(charge.price for charge in region.charges if charge.per == "10k-writes")
    count = _seconds(graph) * min(stage.input_rate, Fraction(_MICROS, sync.every))
    return count * price / 10_000


def _store_cost(graph: Graph, around: _Models, store: Store, devices: int) -> Fraction:
    """Key, registry, training, services and the channel's traffic of a zone."""
    region, months = store.region, _months(graph)
    sites = [site for site in graph.sites if site.zone.name == store.zone.name]
    models = list({name: m for s in sites for name, m in around[s.name].items()}.values())
    trained = [model.training for model in models if model.training is not None]
    total = months * region.key_price
    for job in trained:
        total += Fraction(graph.horizon, job.every) * job.hours * region.training_price
    size = Fraction(sum(model.facts.size for model in models), 10**9)
    total += size * months * region.registry_price
    total += size * devices * _releases(graph, models) * region.egress_price
    counted = defaultdict(int, {"zone-month": 1, "device-month": devices,
                                "model-month": len(models), "job-month": len(trained)})  # fmt: skip
    return total + months * sum(charge.price * counted[charge.per] for charge in region.charges)


def _releases(graph: Graph, models: Iterable[Model]) -> Fraction:
    every = {m.training.every for m in models if m.training} | {graph.release_every}
    return sum((Fraction(graph.horizon, one) for one in every if one), Fraction(0))


def _standing(graph: Graph, around: _Models, stand: Mapping[tuple[str, str], int]) -> Fraction:
    """What stands at all sites, and their connections."""
    known: dict[tuple[object, ...], Fraction] = {}
    total = _months(graph) * sum(site.uplink_month for site in graph.sites)
    for site in graph.sites:
        for devices in site.devices:
            of = devices.device_class
            key = (id(of), site.energy_price, site.name if of.uplink_down_price else "")
            if key not in known:
                known[key] = _one(graph, site, of, list(around[site.name].values()))
            total += _count(stand, site, devices) * known[key]
    return total


def _one(graph: Graph, site: Site, of: DeviceClass, models: list[Model]) -> Fraction:
    """One device of a class at a site."""
    years, board = _seconds(graph) / _YEAR_SECONDS, of.board
    lives = (graph.horizon + board.life - 1) // board.life
    visits = of.failures * years
    visits += Fraction(graph.horizon, of.visit_every) if of.visit_every else 0
    size = Fraction(sum(model.facts.size for model in models), 10**9)
    return (
        board.price * (lives * (1 + of.spares) + of.failures * years)
        + Fraction(board.idle_power, 10**6) * _seconds(graph) / 3600 * site.energy_price
        + _months(graph) * of.uplink_month
        + visits * of.visit_price
        + size * _releases(graph, models) * of.uplink_down_price
    )
