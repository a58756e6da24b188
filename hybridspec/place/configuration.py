"""Every way to run one flow at one site, with its cost and all bounds that it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from math import ceil

from hybridspec.ir.graph import Flow, Graph, Region, Site, StageKind
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Configuration, CostTerm
from hybridspec.place import cost
from hybridspec.place.bounds import failures
from hybridspec.place.layout import Layout
from hybridspec.place.path import path, total

MAX_CONFIGURATIONS = 20_000


class TooManyWays(Exception):
    """A flow has more ways to run than can be enumerated."""


def configurations(
    graph: Graph, table: LatencyTable, site: Site, flow: Flow, region: Region | None
) -> tuple[Configuration, ...]:
    """Every configuration with cloud stages in `region`, sorted by cost and label.

    Raises:
        TooManyWays: the flow branches so widely that enumeration would not end in time.
    """
    found: list[Configuration] = []
    for device, cloud, variants in product(
        site.devices, _cloud_sets(flow, region), _variants(flow)
    ):
        if len(found) == MAX_CONFIGURATIONS:
            raise TooManyWays
        found.append(_configuration(Layout(
            graph=graph, table=table, site=site, flow=flow, device=device.device_class,
            count=device.count, region=region, cloud=cloud, variants=variants,
        )))  # fmt: skip
    return tuple(sorted(found, key=lambda c: (c.cost, c.label)))


def _cloud_sets(flow: Flow, region: Region | None) -> list[frozenset[str]]:
    """Sets of stages that can run in the cloud: what follows a cloud stage stays there."""
    sets: set[frozenset[str]] = {frozenset()}
    pinned = {stage.name for stage in flow.stages if stage.place == "site"}
    for stage in flow.stages if region is not None else ():
        if stage.kind is not StageKind.SINK:
            forced = _forced(flow, stage.name)
            if forced.isdisjoint(pinned):
                sets |= {chosen | forced for chosen in sets}
        if len(sets) > MAX_CONFIGURATIONS:
            raise TooManyWays
    return sorted(sets, key=lambda chosen: (len(chosen), sorted(chosen)))


def _forced(flow: Flow, name: str) -> frozenset[str]:
    """The stages that go to the cloud with `name`: what it feeds, and its feedback loops."""
    movable = {stage.name: stage for stage in flow.stages if stage.kind is not StageKind.SINK}
    found: set[str] = set()
    queue = [name]
    while queue:
        here = queue.pop()
        if here not in found:
            found.add(here)
            queue.extend(n for n, s in movable.items() if here in (*s.inputs, *s.feedback))
            queue.extend(movable[here].feedback)
    return frozenset(found)


def _variants(flow: Flow) -> list[tuple[tuple[str, str], ...]]:
    models = {stage.model.name: stage.model for stage in flow.stages if stage.model is not None}
    choices = [[(name, v) for v in models[name].variants] for name in sorted(models)]
    ways = 1
    for choice in choices:
        ways *= len(choice)
        if ways > MAX_CONFIGURATIONS:
            raise TooManyWays
    return list(product(*choices))


def _configuration(layout: Layout) -> Configuration:
    legs = path(layout)
    return Configuration(
        device=layout.device,
        region=layout.region if layout.uses_cloud else None,
        hosts=tuple(layout.hosts.items()),
        variants=layout.variants,
        held=layout.held,
        legs=legs,
        latency=total(legs),
        demand=layout.demand,
        memory=layout.memory,
        uplink=ceil(layout.uplink),
        waiting=ceil(layout.waiting),
        terms=tuple(_terms(layout)),
        failures=failures(layout),
    )


def _terms(layout: Layout) -> Iterator[CostTerm]:
    graph, region = layout.graph, layout.region
    for stage in layout.flow.stages:
        estimate = layout.estimate(stage)
        if layout.host(stage).kind == "edge":
            busy = layout.busy(stage, estimate.mid) if estimate is not None else Fraction(0)
            if busy:
                yield cost.energy(graph, layout.site, layout.device, busy, stage.name)
            continue
        if region is None:
            continue
        if stage.kind is StageKind.SINK:
            yield cost.storage(graph, region, stage, stage.retention or layout.site.zone.retention)
            continue
        if estimate is not None:
            yield cost.inference(graph, region, stage, estimate)
        fed = (s for s in layout.flow.stages if stage.name in s.inputs)
        if any(layout.host(after).kind == "edge" for after in fed):
            yield cost.returned(graph, region, stage, stage.output_rate)
