"""Cuts a plan into the slice that each cloud and each device class's target emits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from urllib.parse import urlsplit

from hybridspec.base.units import DAY, HOUR, SECOND, YEAR
from hybridspec.ir.graph import Flow, Graph, Model, Region, Stage, StageKind, Zone
from hybridspec.ir.plan import (
    CloudService,
    CloudSlice,
    Decision,
    Destination,
    EdgeSlice,
    Existing,
    FleetMember,
    Plan,
    Store,
    TrainingJob,
    ZoneSlice,
)
from hybridspec.ir.runtime import steps

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_UNIT = 10**6
_BUSY = Fraction(7, 10)
"""How busy the instances of a service are at most, as the plan counts them."""
_TIMEOUT = 60
"""Seconds after which a request to a service is given up."""


def cloud_slices(graph: Graph, plan: Plan, plan_digest: str, name: str) -> tuple[CloudSlice, ...]:
    """One slice per cloud that holds a zone's store and that the stack deploys to, by name."""
    stack = next((stack for stack in graph.stacks if stack.name == name), None)
    wanted = stack.clouds if stack else ()
    by_cloud: dict[str, list[Store]] = {}
    for store in plan.stores:
        by_cloud.setdefault(store.region.cloud, []).append(store)
    return tuple(
        CloudSlice(
            spec=graph.name,
            owner=graph.owner,
            stack=name,
            backend=(stack.backend or "") if stack else "",
            config=stack.config if stack else (),
            cloud=cloud,
            provider=stores[0].region.provider,
            account=stores[0].region.account,
            partition=stores[0].region.partition,
            spec_digest=graph.spec_digest,
            plan_digest=plan_digest,
            zones=tuple(_zone(graph, plan, store) for store in stores),
            budget=_budget(graph, plan, cloud),
            currency=graph.currency,
            contact=graph.owner if _EMAIL.fullmatch(graph.owner) else "",
        )
        for cloud, stores in sorted(by_cloud.items())
        if not wanted or cloud in wanted
    )


def _zone(graph: Graph, plan: Plan, store: Store) -> ZoneSlice:
    zone = store.zone
    sinks = [
        (flow, stage)
        for flow in graph.flows
        if any(site.zone.name == zone.name for site in flow.sites)
        for stage in flow.stages
        if stage.place == "cloud"
    ]
    models = _models(graph, zone)
    fleet = [member for member in plan.fleet if zone.name in {z.name for z in member.zones}]
    return ZoneSlice(
        zone=zone.name,
        countries=zone.countries,
        regimes=zone.regimes,
        key_protection=zone.key_protection,
        region=store.region.name,
        country=store.region.country,
        retention_days=_days(zone.retention),
        least_days=-(-(zone.kept_at_least or 0) // DAY),
        device_classes=tuple(member.device_class.name for member in fleet),
        class_flows=tuple(
            (member.device_class.name, _flows(plan, zone, member.device_class.name))
            for member in fleet
        ),
        models=tuple(model.name for model in models),
        stores=tuple(
            (f"{flow.name}/{stage.name}", _days(stage.retention)) for flow, stage in sinks
        ),
        training=tuple(
            _training(model, store.region.training_instance)
            for model in models
            if model.training is not None
        ),
        services=tuple(_services(graph, plan, zone)),
        existing=_existing(store),
        offered=store.region.services,
        log_days=_days(_shortest(graph.observability.log_retention, zone.retention)),
        origin=zone.origin.ref,
        store_origin=sinks[0][1].origin.ref if sinks else zone.origin.ref,
        devices_origin=graph.device_classes[0].origin.ref,
    )


def _flows(plan: Plan, zone: Zone, device_class: str) -> tuple[str, ...]:
    """The flows of a zone that a device class runs; what no device runs, all at its site send."""
    return tuple(sorted({
        d.flow.name
        for d in plan.decisions
        if d.site.zone.name == zone.name
        and device_class in (
            [devices.device_class.name for devices in d.site.devices]
            if d.chosen.device is None else [d.chosen.device.name]
        )
    }))  # fmt: skip


def _days(retention: int | None) -> int | None:
    """Whole days, none of them too many; 0 for less than one."""
    return None if retention is None else retention // DAY


def _shortest(*times: int | None) -> int | None:
    return min((time for time in times if time is not None), default=None)


def _existing(store: Store) -> Existing:
    """What the zone of a store adopts in the account."""
    found = next((one for one in store.region.existing if one.zone == store.zone.name), None)
    if found is None:
        return Existing()
    return Existing(bucket=found.bucket, key=found.key, registry=found.registry,
                    origin=found.origin.ref)  # fmt: skip


def _budget(graph: Graph, plan: Plan, cloud: str) -> int:
    """What the plan counts for a cloud a month, rounded up to a whole unit of the currency."""
    parts = [
        *(store.terms for store in plan.stores if store.region.cloud == cloud),
        *(d.chosen.terms for d in plan.decisions
          if d.chosen.region is not None and d.chosen.region.cloud == cloud),
    ]  # fmt: skip
    paid = sum(term.amount for terms in parts for term in terms if term.side == "cloud")
    month = Fraction(paid * YEAR, 12 * graph.horizon)
    return -(-month // _UNIT) * _UNIT


def _services(graph: Graph, plan: Plan, zone: Zone) -> Iterator[CloudService]:
    """What each flow has computed in the region, for all sites of the zone together."""
    for flow in graph.flows:
        decisions = [d for d in plan.decisions if d.site.zone.name == zone.name
                     and d.flow.name == flow.name and _hosted(d)]  # fmt: skip
        if decisions:
            yield _service(flow, decisions)


def _hosted(decision: Decision) -> list[Stage]:
    """The stages that a site computes in the cloud."""
    hosts = dict(decision.chosen.hosts)
    return [stage for stage in decision.flow.stages
            if stage.kind is not StageKind.SINK and hosts[stage.name].kind == "cloud"]  # fmt: skip


def _service(flow: Flow, decisions: Sequence[Decision]) -> CloudService:
    stages = {stage.name: stage for decision in decisions for stage in _hosted(decision)}
    models = {stage.model.name: stage.model for stage in stages.values() if stage.model is not None}
    variants = dict(pair for decision in decisions for pair in decision.chosen.variants)
    machines = [term.machines for decision in decisions for term in decision.chosen.terms
                if term.machines is not None]  # fmt: skip
    count = sum(number for _, number in machines)
    busy = Fraction(sum(decision.chosen.hosted for decision in decisions), SECOND)
    own = flow.service
    return CloudService(
        flow=flow.name,
        stages=tuple((s.name, s.origin.ref) for s in flow.stages if s.name in stages),
        models=tuple((name, variants.get(name, "fp32")) for name in sorted(models)),
        image=own.image if own else "",
        port=own.port if own else 0,
        memory=sum(model.facts.size + model.facts.peak_activations for model in models.values()),
        timeout=_TIMEOUT,
        least=count,
        most=count or max(1, -(-busy // _BUSY)),
        machine=min((name for name, _ in machines), default=""),
        origin=own.origin.ref if own else flow.origin.ref,
    )


def _models(graph: Graph, zone: Zone) -> list[Model]:
    found = {
        stage.model.name: stage.model
        for flow in graph.flows
        if any(site.zone.name == zone.name for site in flow.sites)
        for stage in flow.stages
        if stage.model is not None
    }
    return [found[name] for name in sorted(found)]


def _training(model: Model, instance: str) -> TrainingJob:
    if model.training is None:
        raise ValueError(f"{model.name} has no training")
    return TrainingJob(
        model=model.name,
        image=model.training.image,
        instance=instance,
        hours=model.training.hours,
        every=max(1, model.training.every // HOUR),
        origin=model.training.origin.ref,
        drift=model.training.drift is not None or model.training.metric_below is not None,
        spot=model.training.spot,
    )


def edge_slice(
    graph: Graph, plan: Plan, member: FleetMember, hosts: Callable[[Region], tuple[str, ...]]
) -> EdgeSlice:
    """What a device class runs: its models, and the stages of each flow that stay at a site.

    `hosts` are those by which a device reaches a region.
    """
    placed = {
        (d.flow.name, stage): host
        for d in plan.decisions
        if d.chosen.device is not None and d.chosen.device.name == member.device_class.name
        for stage, host in d.chosen.hosts
        if host.kind == "edge"
    }
    return EdgeSlice(
        spec=graph.name,
        device_class=member.device_class.name,
        board=member.device_class.board.name,
        architecture=member.device_class.board.architecture,
        platform=member.device_class.platform,
        runtime=member.device_class.runtime,
        steps=tuple(
            step
            for model, variant in member.models
            for step in steps(member.device_class.runtime, model.name, variant, model.facts)
        ),
        models=tuple((model.name, variant) for model, variant in member.models),
        threads=1,
        stages=tuple(
            (flow, tuple(stage for stage in flow.stages if (flow.name, stage.name) in placed))
            for flow in member.flows
        ),
        destinations=tuple(_destinations(graph, plan, member, hosts)),
    )


def _destinations(
    graph: Graph, plan: Plan, member: FleetMember, hosts: Callable[[Region], tuple[str, ...]]
) -> Iterator[Destination]:
    """The stores and channels of the class's zones, and the sinks of their telemetry."""
    zones = sorted({zone.name for zone in member.zones})
    stores = {store.zone.name: store.region for store in plan.stores}
    for zone in zones:
        if (region := stores.get(zone)) is not None:
            for purpose in ("channel", "store"):
                yield Destination(purpose=purpose, zone=zone, hosts=hosts(region),
                                  countries=(region.country,))  # fmt: skip
        for sink in graph.observability.sinks:
            if sink.address and sink.zone in (None, zone):
                yield Destination(purpose="telemetry", zone=zone, hosts=(_host(sink.address),),
                                  countries=sink.countries)  # fmt: skip


def _host(address: str) -> str:
    """The host of an address, which may be one already."""
    return urlsplit(address if "//" in address else f"//{address}").hostname or ""
