"""A second opinion on placement, worked out from the written rules by brute force.

It shares nothing with `place` but the types. Where the engine closes sets of stages and walks
longest paths, this module tries every stage on every host and lists every path. All sums are
exact fractions, rounded only where a rule says that something is counted in whole units.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product

from property import lateness
from property.costs import fleet_cost, store_cost
from property.leaks import (
    KEPT,
    astray,
    flows_of,
    forbidden,
    models_of,
    read_by,
    refused,
    rules_on,
    states,
    teachers,
)
from property.loads import Load, overload

from hybridspec.ir.graph import Flow, Graph, Region, Site, Stage, Zone
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Estimate

SECOND = 1_000_000
MONTH_SECONDS = Fraction(365 * 86_400, 12)
UNRELIEVED = ("HS0301", "HS0310", "HS0315", "HS0603")
"""Codes that no larger amount of anything cures."""


@dataclass(frozen=True)
class Way:
    """One assignment: the class that hosts the edge half, who runs each stage, and variants."""

    device: str
    hosts: tuple[tuple[str, str], ...]
    variants: tuple[tuple[str, str], ...]

    @property
    def cloud(self) -> set[str]:
        """The stages that run in the cloud."""
        return {name for name, kind in self.hosts if kind == "cloud"}


def ways(site: Site, flow: Flow, region: Region | None) -> list[Way]:
    """Every assignment that means something: each stage on each host, in each variant.

    A sink is pinned; what a cloud stage feeds stays in the cloud unless it is a sink; a feedback
    loop is not cut; without a region nothing runs in the cloud.
    """
    names = [stage.name for stage in flow.stages]
    models = sorted({(s.model.name, s.model.variants) for s in flow.stages if s.model is not None})
    found = []
    for devices in site.devices:
        for kinds in product(("edge", "cloud"), repeat=len(names)):
            hosts = dict(zip(names, kinds, strict=True))
            if _means_something(flow, hosts, region):
                found += [
                    Way(devices.device_class.name, tuple(hosts.items()),
                        tuple((m, v) for (m, _), v in zip(models, picked, strict=True)))
                    for picked in product(*(variants for _, variants in models))
                ]  # fmt: skip
    return found


def _means_something(flow: Flow, hosts: Mapping[str, str], region: Region | None) -> bool:
    for stage in flow.stages:
        here = hosts[stage.name]
        if here == "cloud" and region is None:
            return False
        if stage.kind == "sink":
            if here != {"site": "edge", "cloud": "cloud"}[stage.place]:
                return False
            continue
        if here == "edge" and any(hosts.get(source) == "cloud" for source in stage.inputs):
            return False
        if any(hosts[source] != here for source in stage.feedback):
            return False
    return True


class Case:
    """One way to run one flow at one site, looked at from every side."""

    def __init__(
        self, graph: Graph, table: LatencyTable, site: Site, flow: Flow, region: Region | None,
        way: Way,
    ) -> None:  # fmt: skip
        self.graph, self.table, self.site, self.flow = graph, table, site, flow
        self.region, self.way = region, way
        self.kinds = dict(way.hosts)
        self.devices = next(d for d in site.devices if d.device_class.name == way.device)
        self.device = self.devices.device_class
        self.count = max(1, self.devices.count - self.device.max_failed)
        self.stages = {stage.name: stage for stage in flow.stages}

    def time(self, stage: Stage) -> Estimate | None:
        """The estimate of a stage where it runs."""
        if stage.kind == "sink":
            return Estimate(low=0, mid=0, high=0, basis="")
        host = "cloud" if self.kinds[stage.name] == "cloud" else self.device.board.name
        if stage.model is not None:
            variant = dict(self.way.variants)[stage.model.name]
            return self.table.models.get((stage.model.name, host, variant))
        return self.table.operations.get((stage.operation, host, stage.input_size))

    def faults(self) -> set[str]:
        """The codes of all bounds that this way breaks on its own."""
        found = set()
        if any(self.time(stage) is None for stage in self.flow.stages):
            found.add("HS0603")
        for name in self.way.cloud:
            found |= self._sent_astray(name)
        if any(self.device.board.name in rule.boards
               for rule in rules_on(self.graph, self.site.zone, self.flow)):  # fmt: skip
            found.add("HS0315")
        if self.flow.bandwidth is not None and self._sent() * 8 > self.flow.bandwidth:
            found.add("HS0317")
        bound = self.flow.latency
        if bound is not None and max(self.slowest(), self._whole().slowest()) > bound.bound:
            found.add("HS0302")
        found |= self._overload()
        kept = self.site.zone.retention
        if kept is not None and self._sent() and self._whole()._away() > kept:
            found.add("HS0415")
        if self.flow.offline and self._needed_offline() & self.way.cloud:
            found.add("HS0304")
        return found

    def _sent_astray(self, name: str) -> set[str]:
        """By which codes a stage may not be in the cloud, or what it reads not be sent there."""
        if self.region is None:
            return {"HS0301"}
        graph, region = self.graph, self.region
        zones = {self.site.zone.name} | read_by(graph, self.flow, name)
        facets = KEPT if self.stages[name].place == "cloud" else ("process",)
        found = astray(graph, zones, facets, region, data=True)
        found |= astray(graph, zones, ("transit",), region, data=True)
        here = replace(region, country=self.site.country, name="", cloud="")
        found |= astray(graph, zones, ("transit",), here, data=True)
        return found | ({"HS0321"} if states(graph, zones, "transit") else set())

    def _overload(self) -> set[str]:
        return overload(self.site, {self.way.device: [self.load()]})

    def _whole(self) -> Case:
        """The same with every device at work."""
        found = copy(self)
        found.count = self.devices.count
        return found

    def lateness(self) -> lateness.Way:
        """What its latency depends on."""
        there = flows_of(self.graph, self.site)
        others = [f for f in there if f.name != self.flow.name]
        fewest = max(1, self.devices.count - self.device.max_failed)
        before = lateness.neighbours(self.table, others, self.device, self.devices.count, fewest)
        edge = [self.time(s) for n, s in self.stages.items() if self.kinds[n] == "edge"]
        job = sum(time.high for time in edge if time is not None)
        before = before.with_(lateness.Before(job=job))
        before = before.with_(lateness.packets(self.flow, self._products(), self.count))
        line, wide = Fraction(0), self.site.line
        if wide is not None:
            before = before.with_(lateness.on_the_line(self.table, others, self.site, wide))
            before = before.with_(lateness.gathered(self.flow, self._products(), self.count))
            line = Fraction(self.load().uplink * 8 * 1000 * 10, 8 * wide)
        busy = Fraction(self.load().busy * 1000 * 10, 7 * self.count * SECOND)
        wire = Fraction(self.device.uplink_bandwidth * 8 * self.count, 10)
        full = self.load().uplink * 8 * 1000 / wire
        return lateness.Way(
            flow=self.flow, site=self.site, device=self.device, kinds=self.kinds, time=self.time,
            before=before, batch=self._batch(), event=max(f.data.size for f in there),
            born=sum(math.ceil(f.data.rate * f.data.size * 8) for f in there),
            own=(math.ceil(busy), math.ceil(full), math.ceil(line)),
        )  # fmt: skip

    def slowest(self) -> int:
        """The upper end with nobody else there."""
        way = self.lateness()
        return way.slowest(*way.own)

    def _needed_offline(self) -> set[str]:
        """What alerts and the bounded stage depend on, by growing the set until it stands."""
        ends = {s.name for s in self.flow.stages if s.place == "site"}
        needed = ends | ({self.flow.latency.to} if self.flow.latency else set())
        while True:
            more = {
                source
                for name in needed
                for source in (*self.stages[name].inputs, *self.stages[name].feedback)
                if source in self.stages
            }
            if more <= needed:
                return needed
            needed |= more

    def load(self) -> Load:
        """Loads on the class, each rounded up to whole units."""
        busy = Fraction(0)
        weights = {}
        for name, stage in self.stages.items():
            estimate = self.time(stage)
            if self.kinds[name] == "edge" and estimate is not None:
                busy += stage.input_rate * estimate.high
            if self.kinds[name] == "edge" and stage.model is not None:
                entry = (stage.model.name, dict(self.way.variants)[stage.model.name])
                weights[entry] = self.table.memory[entry]
        sent = self._sent()
        away = self._away()
        return Load(
            busy=math.ceil(busy), memory=sum(weights.values()), uplink=math.ceil(sent),
            waiting=math.ceil(sent * away / SECOND), models=frozenset(m for m, _ in weights),
        )  # fmt: skip

    def bounded(self) -> Load:
        """Its loads, with what its latency allows others beside it."""
        few, all_of = self.lateness().ceilings(), self._whole().lateness().ceilings()
        busy, uplink, line = map(min, zip(few, all_of, strict=True))
        return replace(self.load(), busy_most=busy, uplink_most=uplink, line_most=line)

    def _batch(self) -> int:
        sync = self.flow.sync
        if sync is None:
            return 0
        if sync.largest is None or not self._sent():
            return sync.every
        return min(sync.every, math.ceil(sync.largest * self.count * SECOND / self._sent()))

    def _away(self) -> int:
        keeps = self.flow.when_offline == "buffer"
        return self._batch() + keeps * max(self.flow.offline, self.device.max_offline)

    def _products(self) -> list[tuple[Fraction, int]]:
        """Rate and size of all that leaves the site, each once however many cloud stages read."""
        senders = {
            source
            for name, stage in self.stages.items() if self.kinds[name] == "cloud"
            for source in stage.inputs
            if source not in self.stages or self.kinds[source] == "edge"
        }  # fmt: skip
        raw = self.flow.data.rate, self.flow.data.size
        made = {name: (s.output_rate, s.output_size) for name, s in self.stages.items()}
        return [made.get(sender, raw) for sender in sorted(senders)]

    def _sent(self) -> Fraction:
        """Bytes a second that leave the site."""
        return sum((rate * size for rate, size in self._products()), Fraction(0))

    def cost(self) -> int:
        """Micro-units over the horizon, each term rounded once."""
        seconds = Fraction(self.graph.horizon, SECOND)
        amounts = []
        for name, stage in self.stages.items():
            estimate, here = self.time(stage), self.kinds[name]
            if here == "edge" and estimate is not None:
                watts = Fraction(self.device.board.load_power - self.device.board.idle_power, 1000)
                busy_seconds = stage.input_rate * Fraction(estimate.mid, SECOND) * seconds
                hours = watts * busy_seconds / 3600 / 1000
                amounts.append(round(hours * self.site.energy_price))
            elif here == "cloud" and self.region is not None:
                amounts += self._cloud_terms(stage, estimate, seconds)
        return sum(amounts)

    def _cloud_terms(
        self, stage: Stage, estimate: Estimate | None, seconds: Fraction
    ) -> Iterator[int]:
        assert self.region is not None
        if stage.kind == "sink":
            kept = stage.retention or self.site.zone.retention
            months = seconds / MONTH_SECONDS
            monthly = stage.input_rate * stage.input_size * MONTH_SECONDS / 10**9
            stays = Fraction(kept, SECOND) / MONTH_SECONDS if kept is not None else None
            if stays is None or stays > months:
                volume = monthly * months * months / 2
            else:
                volume = monthly * months * stays
            yield round(volume * self.region.storage_price)
            return
        if estimate is not None:
            used = stage.input_rate * seconds * Fraction(estimate.mid, SECOND)
            yield round(used * self.region.inference_price)
        readers = [s.name for s in self.flow.stages if stage.name in s.inputs]
        if any(self.kinds[reader] == "edge" for reader in readers):
            volume = stage.output_rate * stage.output_size * seconds / 10**9
            yield round(volume * self.region.egress_price)


Uses = frozenset[tuple[str, str, str]]
"""What bundles hold: (device class, model, variant)."""


def uniform(uses: Uses) -> bool:
    """Whether every class holds each model in one variant: a class has one bundle."""
    return len({(device, model) for device, model, _ in uses}) == len(uses)


def uses_of(flow: Flow, way: Way) -> Uses:
    """What a way needs in the bundle of its class."""
    return frozenset(
        (way.device, stage.model.name, dict(way.variants)[stage.model.name])
        for stage in flow.stages
        if stage.model is not None and stage.name not in way.cloud
    )


def merged(first: Mapping[Uses, int], second: Mapping[Uses, int]) -> dict[Uses, int]:
    """The least cost of both for every content of the bundles that is uniform."""
    found: dict[Uses, int] = {}
    for (mine, cost), (other, more) in product(first.items(), second.items()):
        uses = mine | other
        if uniform(uses):
            found[uses] = min(found.get(uses, cost + more), cost + more)
    return found


def best(graph: Graph, table: LatencyTable) -> int | None:
    """The least cost over every region, host and variant; None where nothing is allowed."""
    if any(broken for broken in forbidden(graph)):
        return None
    costs: dict[Uses, int] = {frozenset(): fleet_cost(graph)}
    for zone in graph.zones:
        costs = merged(costs, best_zone(graph, table, zone))
    return min(costs.values(), default=None)


def best_zone(graph: Graph, table: LatencyTable, zone: Zone) -> dict[Uses, int]:
    """The least cost of a zone over the regions for its store, by what its bundles hold."""
    sites = [site for site in graph.sites if site.zone.name == zone.name]
    if not sites:
        return {frozenset(): 0}
    found: dict[Uses, int] = {}
    for region in regions_of(graph, zone):
        kept = store_cost(graph, region, zone) if region is not None else 0
        costs: dict[Uses, int] = {frozenset(): kept}
        for site in sites:
            mine: dict[Uses, int] = {}
            for cost, uses, _ in joint(graph, table, site, region):
                mine[uses] = min(mine.get(uses, cost), cost)
            costs = merged(costs, mine)
        for uses, cost in costs.items():
            found[uses] = min(found.get(uses, cost), cost)
    return found


def regions_of(graph: Graph, zone: Zone) -> list[Region | None]:
    """Regions that may hold all of what lies in a zone's region, and where training is pinned."""
    models = [model for model in models_of(graph, zone) if model.training is not None]
    jobs = [model.training for model in models]
    inside = [region for region in graph.regions if not refused(graph, zone, region)]
    fitting: list[Region | None] = [
        region for region in inside
        if all(job.region is None or job.region == region for job in jobs)
        and all(getattr(job, "cloud", None) in (None, region.cloud) for job in jobs)
        and not any(astray(graph, teachers(graph, model) | {zone.name}, ("process",), region,
                           data=True) for model in models)
    ]  # fmt: skip
    return fitting if inside or jobs else [None]


def joint(
    graph: Graph, table: LatencyTable, site: Site, region: Region | None
) -> Iterator[tuple[int, Uses, tuple[Way, ...]]]:
    """Every joint assignment of a site that keeps all bounds: cost, bundles, one way per flow."""
    options = []
    for flow in flows_of(graph, site):
        cases = [Case(graph, table, site, flow, region, way) for way in ways(site, flow, region)]
        options.append(
            [(c.way, c.bounded(), c.cost(), uses_of(flow, c.way)) for c in cases if not c.faults()]
        )
    for chosen in product(*options):
        loads: dict[str, list[Load]] = {}
        for way, load, _, _ in chosen:
            loads.setdefault(way.device, []).append(load)
        uses: Uses = frozenset().union(*(held for _, _, _, held in chosen))
        if uniform(uses) and not overload(site, loads):
            yield sum(cost for _, _, cost, _ in chosen), uses, tuple(way for way, *_ in chosen)


def way_of(chosen: object) -> Way:
    """A plan's configuration as a way."""
    return Way(
        device=chosen.device.name,  # type: ignore[attr-defined]
        hosts=tuple((name, host.kind) for name, host in chosen.hosts),  # type: ignore[attr-defined]
        variants=tuple(sorted(chosen.variants)),  # type: ignore[attr-defined]
    )
