"""Cuts a plan into the slice that each cloud and each device class's target emits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from hybridspec.base.units import DAY, HOUR
from hybridspec.ir.graph import Graph, Model, Region, StageKind, Zone
from hybridspec.ir.plan import (
    CloudSlice,
    Destination,
    EdgeSlice,
    FleetMember,
    Plan,
    Store,
    TrainingJob,
    ZoneSlice,
)
from hybridspec.ir.runtime import steps


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
    return ZoneSlice(
        zone=zone.name,
        countries=zone.countries,
        regimes=zone.regimes,
        key_protection=zone.key_protection,
        region=store.region.name,
        country=store.region.country,
        retention_days=_days(zone.retention),
        least_days=-(-(zone.kept_at_least or 0) // DAY),
        device_classes=tuple(
            member.device_class.name
            for member in plan.fleet
            if zone.name in {z.name for z in member.zones}
        ),
        models=tuple(model.name for model in models),
        stores=tuple(
            (f"{flow.name}/{stage.name}", _days(stage.retention)) for flow, stage in sinks
        ),
        hosted=_hosted(plan, zone),
        training=tuple(
            _training(model, store.region.training_instance)
            for model in models
            if model.training is not None
        ),
        origin=zone.origin.ref,
        store_origin=sinks[0][1].origin.ref if sinks else zone.origin.ref,
        devices_origin=graph.device_classes[0].origin.ref,
    )


def _days(retention: int | None) -> int | None:
    """Whole days, none of them too many; 0 for less than one."""
    return None if retention is None else retention // DAY


def _hosted(plan: Plan, zone: Zone) -> tuple[tuple[str, str], ...]:
    """The stages that some site of the zone computes in the cloud."""
    return tuple(sorted({
        (f"{decision.flow.name}/{stage.name}", stage.origin.ref)
        for decision in plan.decisions
        if decision.site.zone.name == zone.name
        for stage in decision.flow.stages
        if stage.kind is not StageKind.SINK
        and dict(decision.chosen.hosts)[stage.name].kind == "cloud"
    }))  # fmt: skip


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
