"""Arbitrary placements of a random spec, allowed or not, and what they put where."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from hybridspec.ir.graph import Flow, Graph, Region, Site, Stage
from hybridspec.ir.plan import Configuration, Decision, FleetMember, Host, Others, Store
from hybridspec.ir.verdict import Place

SERVICE = ("logs", "support", "control_plane", "operator")
KEPT = ("store", "ciphertext", "keys", "key_admin", "backup", *SERVICE)


class Placed(NamedTuple):
    """A plan as far as places go."""

    decisions: tuple[Decision, ...]
    stores: tuple[Store, ...]
    fleet: tuple[FleetMember, ...]


class Fact(NamedTuple):
    """Something that a placement puts somewhere: what, of which zone, on which facet, and where.

    `owned` says that the zone's own wall is about it as well, whatever its label says.
    """

    zone: str
    asset: str
    facet: str
    node: str
    place: Place
    owned: bool = False


def placed(graph: Graph, dice: random.Random) -> Placed:
    """Some region for each zone's store, and some host for each stage."""
    lived_in = {site.zone.name: site.zone for site in graph.sites}
    regions = {
        name: dice.choice(graph.regions) if dice.random() < 0.9 else None for name in lived_in
    }
    decisions = tuple(
        _decision(flow, site, regions[site.zone.name], dice)
        for flow in graph.flows for site in flow.sites
    )  # fmt: skip
    stores = tuple(
        Store(zone=lived_in[name], region=region, terms=(), elsewhere=tuple)
        for name, region in regions.items() if region is not None
    )  # fmt: skip
    return Placed(decisions, stores, tuple(_fleet(graph, decisions)))


def _decision(flow: Flow, site: Site, region: Region | None, dice: random.Random) -> Decision:
    device = site.devices[0].device_class
    hosts = tuple(
        (stage.name, Host(kind="cloud", name=region.label) if _up(stage, region, dice) and region
         else Host(kind="edge", name=device.name))
        for stage in flow.stages
    )  # fmt: skip
    edge = {name for name, host in hosts if host.kind == "edge"}
    held = {s.model.name for s in flow.stages if s.model is not None and s.name in edge}
    chosen = Configuration(
        device=device, region=region if len(edge) < len(hosts) else None, hosts=hosts,
        variants=tuple((name, "fp32") for name in sorted(held)),
        held=tuple((name, "fp32") for name in sorted(held)), legs=(), latency=None, demand=0,
        memory=0, uplink=0, waiting=0, terms=(), failures=(),
    )  # fmt: skip
    return Decision(site=site, flow=flow, chosen=chosen, second=lambda: None,
                    others=lambda: Others((), ()))  # fmt: skip


def _up(stage: Stage, region: Region | None, dice: random.Random) -> bool:
    if region is None or stage.place == "site" or stage.operation == "local-training":
        return False
    return stage.place == "cloud" or dice.random() < 0.5


def _fleet(graph: Graph, decisions: tuple[Decision, ...]) -> Iterator[FleetMember]:
    models = {model.name: model for model in graph.models}
    for device in graph.device_classes:
        mine = [d for d in decisions if d.chosen.device is device]
        held = sorted({pair for decision in mine for pair in decision.chosen.held})
        if mine:
            yield FleetMember(
                device_class=device, count=1, zones=tuple({d.site.zone for d in mine}),
                models=tuple((models[name], variant) for name, variant in held),
                flows=tuple({d.flow.name: d.flow for d in mine}.values()),
            )  # fmt: skip


def facts(graph: Graph, plan: Placed) -> Iterator[Fact]:
    """What the placement puts where, by the written rules, one place at a time."""
    for decision in plan.decisions:
        yield from _at_work(decision)
    for store in plan.stores:
        yield from _in_store(graph, store)
    for number, sink in enumerate(graph.observability.sinks):
        for zone in sorted({site.zone.name for site in graph.sites}):
            if sink.zone in (None, zone):
                there = Place(name=sink.type, countries=sink.countries,
                              recipient="own" if sink.zone else sink.type)  # fmt: skip
                yield Fact(zone, f"telemetry {number} ({sink.type})", "logs",
                           f"telemetry {number}@{zone}", there)  # fmt: skip


def _at_work(decision: Decision) -> Iterator[Fact]:
    site, flow, region = decision.site, decision.flow, decision.chosen.region
    zone, here = site.zone.name, Place(name=site.name, countries=(site.country,))
    yield Fact(zone, f"data {flow.data.name}", "process", f"data {flow.data.name}@{zone}", here)
    for stage in flow.stages:
        asset, node = f"{flow.name}.{stage.name}", f"stage {flow.name}.{stage.name}@{zone}"
        if dict(decision.chosen.hosts)[stage.name].kind == "edge" or region is None:
            yield Fact(zone, asset, "process", node, here)
            yield Fact(zone, asset, "logs", node, here)
            if stage.model is not None:
                name = f"model {stage.model.name}"
                yield Fact(zone, name, "model", name, here, owned=True)
            continue
        for facet in KEPT if stage.operation == "store" else ("process", *SERVICE):
            for place in in_cloud(region, facet):
                yield Fact(zone, asset, facet, node, place)
        for country in (site.country, region.country):
            ends = replace(_cloud(region, (country,)), recipient=region.cloud)
            yield Fact(zone, asset, "transit", node, ends)


def _in_store(graph: Graph, store: Store) -> Iterator[Fact]:
    zone, region = store.zone.name, store.region
    for flow in graph.flows:
        if all(site.zone.name != zone for site in flow.sites):
            continue
        for stage in flow.stages:
            node = f"stage {flow.name}.{stage.name}@{zone}"
            if stage.operation == "store":
                for facet in KEPT:
                    for place in in_cloud(region, facet):
                        yield Fact(zone, "zone store", facet, node, place)
            if stage.model is not None:
                name = f"model {stage.model.name}"
                for facet in (*KEPT, "model"):
                    for place in in_cloud(region, facet):
                        yield Fact(zone, name, facet, name, place, owned=True)


def in_cloud(region: Region, facet: str) -> Iterator[Place]:
    """Where a facet of what is in a region is: there, and wherever the operator takes it."""
    rows = [row for row in region.implicit if row.facet == facet and not row.avoided_by
            and row.service in ("*", *region.services)]  # fmt: skip
    for row in rows:
        place = _cloud(region, row.countries)
        sealed = row.carries == "ciphertext"
        yield replace(place, sealed=sealed, keys_in=(region.country,) if sealed else ())
    if facet == "key_admin":
        yield _cloud(region, region.administered_from)
    elif facet == "operator":
        yield _cloud(region, (region.operator_country,) if region.operator_country else ())
    elif facet == "ciphertext":
        yield replace(_cloud(region, (region.country,)), sealed=True, keys_in=(region.country,))
    elif facet not in ("support", "control_plane"):
        yield _cloud(region, (region.country,))


def _cloud(region: Region, countries: tuple[str, ...]) -> Place:
    return Place(name=f"region {region.label}", countries=countries, recipient=region.cloud,
                 operator=region.operator_country, partition=region.partition)  # fmt: skip
