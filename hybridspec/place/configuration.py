"""Every way to run one flow at one site, with its cost and all bounds that it breaks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import ceil
from typing import NamedTuple, TypeAlias

from hybridspec.base.units import SECOND, Price
from hybridspec.ir.graph import (
    DeviceClass,
    Flow,
    Graph,
    Region,
    Site,
    SiteDevices,
    Stage,
    StageKind,
)
from hybridspec.ir.half import precision_and_cut
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Ceiling, Configuration, CostTerm
from hybridspec.ir.share import MAX_BUSY, MAX_UPLINK
from hybridspec.place import cost
from hybridspec.place.bounds import failures
from hybridspec.place.ceiling import ceiling, lower
from hybridspec.place.crowd import Crowd, crowds
from hybridspec.place.layout import Layout
from hybridspec.place.split import splits

MAX_CONFIGURATIONS = 20_000


class TooManyWays(Exception):
    """A flow has more ways to run than can be enumerated."""


@dataclass(frozen=True, slots=True, eq=False)
class Power:
    """An edge stage that keeps a device busy; what that costs depends on the site's energy."""

    device: DeviceClass
    busy: Fraction
    stage: str


_Billed: TypeAlias = dict[tuple[str, str, Fraction, int, int], tuple[CostTerm, ...]]


_Paid: TypeAlias = dict[tuple[str, int, int, int | None], tuple[CostTerm, ...]]


class Shared(NamedTuple):
    """Parts of the cost that many ways have: powers, and what a stage costs in a region.

    Powers are by device class, stage and share of time. `billed` is computing, by region and
    stage, its rate, and the middle and upper end of its time; `paid` is keeping and moving, by
    region, the flow and the stage of a graph, and how long it is kept.
    """

    powers: dict[tuple[str, str, Fraction], Power]
    billed: _Billed
    paid: _Paid

    def elsewhere(self, labels: Collection[str]) -> Shared:
        """The same without what is paid in some regions."""
        kept = set(labels).isdisjoint
        return Shared(
            self.powers, {key: of for key, of in self.billed.items() if kept(key[:1])},
            {key: of for key, of in self.paid.items() if kept(key[:1])},
        )  # fmt: skip


_Terms: TypeAlias = tuple[CostTerm, ...]

_Run: TypeAlias = tuple[Flow, frozenset[str], tuple[tuple[str, str], ...]]
"""A flow as it runs, its stages in the cloud, and the variant of each model."""

Twins: TypeAlias = dict[tuple[str, frozenset[str], tuple[tuple[str, str], ...]], Layout]
"""A layout by device class, stages in the cloud and variants, in whichever region."""

Known: TypeAlias = dict[tuple[Power, Price], CostTerm]
"""What is known to be paid for power at a price."""


@dataclass(frozen=True, slots=True)
class Way:
    """A configuration of all sites that differ in nothing but the price of energy.

    `unpriced` has no terms; `parts` are its terms, with powers where energy has to be priced.
    """

    unpriced: Configuration
    parts: tuple[CostTerm | Power, ...]
    label: str

    def priced(self, graph: Graph, site: Site, known: Known) -> Configuration:
        """The configuration at a site."""
        terms: list[CostTerm] = []
        watt_hours = Fraction(0)
        for part in self.parts:
            if isinstance(part, CostTerm):
                terms.append(part)
                continue
            watt_hours += 1000 * cost.kwh(graph, part.device, part.busy)
            term = known.get((part, site.energy_price))
            if term is None:
                term = cost.energy(graph, site, part.device, part.busy, part.stage)
                known[part, site.energy_price] = term
            terms.append(term)
        way = self.unpriced
        return Configuration(
            device=way.device, region=way.region, hosts=way.hosts, variants=way.variants,
            held=way.held, legs=way.legs, latency=way.latency, demand=way.demand,
            memory=way.memory, uplink=way.uplink, waiting=way.waiting, failures=way.failures,
            terms=tuple(terms), ceiling=way.ceiling, hosted=way.hosted, energy=round(watt_hours),
            emitted=way.emitted,
        )  # fmt: skip


def class_name(option: Configuration) -> str:
    """The device class that it runs on, or that lends its uplink; empty if there is none."""
    return option.device.name if option.device is not None else ""


def ways(
    graph: Graph, table: LatencyTable, site: Site, flow: Flow, region: Region | None,
    shared: Shared, others: Mapping[str, Crowd], twins: Twins, before: Sequence[Way] = (),
) -> tuple[Way, ...]:  # fmt: skip
    """Every way to run a flow with cloud stages in `region`, at sites like `site`.

    `others` says for each device class what all other flows of the site could put in its way;
    `twins` are layouts of sites and flows like these with cloud stages in other regions. `before`
    are all these ways with other prices in the region, to which nothing else happens.

    Raises:
        TooManyWays: the flow branches so widely that enumeration would not end in time.
    """
    found: list[Way] = []
    for device, (run, cloud, variants) in product(site.devices, [*_runs(flow, region)]):
        if len(found) == MAX_CONFIGURATIONS:
            raise TooManyWays
        old = before[len(found)] if before else None
        if old is not None and old.unpriced.region is None:
            found.append(old)
            continue
        layout = Layout(
            graph=graph, table=table, site=site, flow=run, device=device.device_class,
            count=max(1, device.working), region=region, cloud=cloud, variants=variants,
            others=others.get(device.device_class.name),
        )  # fmt: skip
        layout.like(twins.setdefault((device.device_class.name, cloud, variants), layout))
        if old is not None:
            unpriced = replace(old.unpriced, region=region)
        else:
            unpriced = _configuration(layout)
            if device.most is not None or device.device_class.max_failed:
                unpriced = _at_worst(unpriced, layout, device)
        parts = tuple(
            shared.powers.setdefault((p.device.name, p.stage, p.busy), p)
            if isinstance(p, Power)
            else p
            for p in _parts(layout, shared, known=run is flow)
        )
        found.append(Way(unpriced, parts, old.label if old is not None else unpriced.label))
    return tuple(found)


def _at_worst(way: Configuration, layout: Layout, devices: SiteDevices) -> Configuration:
    """A way whose latency holds with as many devices as may stand there, and with few of them.

    With fewer than it needs by itself it is not run; in between it is no slower than at the ends.
    With all that stand there its load is the same, and so it is where fewest have to bear it.
    """
    if devices.most is not None:
        few = _fewest(way, layout, devices.count - layout.device.max_failed)
        other = _configuration(replace(layout, count=few))
        way = replace(_slower(way, other), waiting=max(way.waiting, other.waiting))
    if layout.count < devices.upto:
        way = _slower(way, _configuration(replace(layout, count=devices.upto)))
    return way


def _fewest(way: Configuration, layout: Layout, least: int) -> int:
    """The fewest devices that a way may have, where there are at least so many."""
    device, room = layout.device, layout.device.board.disk // 2
    needed = [
        least, 1, ceil(layout.demand / (MAX_BUSY * SECOND)),
        ceil(way.uplink * 8 / (MAX_UPLINK * device.uplink_bandwidth)),
        ceil(layout.waiting / room) if room else 1,
    ]  # fmt: skip
    return min(layout.count, max(needed))


def _slower(way: Configuration, other: Configuration) -> Configuration:
    """A way that holds its times with another number of devices as well."""
    slower = max(way, other, key=lambda one: one.latency.high if one.latency is not None else 0)
    known = {failure.code for failure in way.failures}
    late = [f for f in other.failures if f.code in ("HS0302", "HS0415") and f.code not in known]
    return replace(
        way, legs=slower.legs, latency=slower.latency, failures=(*way.failures, *late),
        ceiling=lower(way.ceiling, other.ceiling),
    )  # fmt: skip


def by_cost(
    graph: Graph, site: Site, found: Iterable[Way], known: Known
) -> tuple[Configuration, ...]:
    """The configurations of a site, sorted by cost and label."""
    priced = [(way.priced(graph, site, known), way.label) for way in found]
    return tuple(c for c, _ in sorted(priced, key=lambda pair: (pair[0].cost, pair[1])))


def configurations(
    graph: Graph, table: LatencyTable, site: Site, flow: Flow, region: Region | None
) -> tuple[Configuration, ...]:
    """Every configuration of a flow at one site, sorted by cost and label.

    Raises:
        TooManyWays: the flow branches so widely that enumeration would not end in time.
    """
    beside = [f for f in graph.flows if f.name != flow.name and site.name in
              {other.name for other in f.sites}]  # fmt: skip
    alone = [crowds(table, other, site) for other in beside]
    others = {d.device_class.name: sum((found[i] for found in alone), Crowd())
              for i, d in enumerate(site.devices)}  # fmt: skip
    return by_cost(
        graph, site, ways(graph, table, site, flow, region, Shared({}, {}, {}), others, {}), {}
    )


def _runs(flow: Flow, region: Region | None) -> Iterator[_Run]:
    """Every flow as it may run: whole, and with each model cut in two that may be."""
    whole = _variants(flow, "")
    for cloud in _cloud_sets(flow, region):
        yield from ((flow, cloud, variants) for variants in whole)
    for split in splits(flow) if region is not None else ():
        others = _variants(split.flow, split.model)
        for cloud in _cloud_sets(split.flow, region):
            if split.tail in cloud:
                for rest in others:
                    variants = sorted([*rest, (split.model, split.variant)])
                    yield split.flow, cloud, tuple(variants)


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


def _variants(flow: Flow, apart: str) -> list[tuple[tuple[str, str], ...]]:
    """Whole variants of the models, in all combinations, but for the model `apart`."""
    models = {stage.model.name: stage.model for stage in flow.stages if stage.model is not None}
    choices = [
        [(name, v) for v in models[name].variants if precision_and_cut(v)[1] is None]
        for name in sorted(models) if name != apart
    ]  # fmt: skip
    ways = 1
    for choice in choices:
        ways *= len(choice)
        if ways > MAX_CONFIGURATIONS:
            raise TooManyWays
    return list(product(*choices))


def _configuration(layout: Layout) -> Configuration:
    path = layout.path
    legs = path.legs(layout.used) if path is not None else ()
    broken = failures(layout)
    return Configuration(
        device=layout.device,
        region=layout.region if layout.uses_cloud else None,
        hosts=tuple(layout.hosts.items()),
        variants=layout.variants,
        held=layout.held,
        legs=legs,
        latency=path.total(legs) if path is not None else None,
        demand=layout.demand,
        memory=layout.memory,
        uplink=ceil(layout.uplink),
        waiting=ceil(layout.waiting),
        hosted=layout.hosted,
        terms=(),
        failures=broken,
        ceiling=Ceiling() if broken else ceiling(layout),
        emitted=_emitted(layout),
    )


def _emitted(layout: Layout) -> int | None:
    """Grams of what runs in the cloud over the horizon; None where some figure is not known."""
    total, region = Fraction(0), layout.region
    for stage in layout.flow.stages:
        estimate = layout.estimate(stage)
        if layout.host(stage).kind == "edge" or stage.kind is StageKind.SINK or region is None:
            continue
        grams = cost.inference_carbon(layout.graph, region, stage, estimate)
        if grams is None:
            return None
        total += grams
    return round(total)


def _talk(layout: Layout) -> dict[str, tuple[Fraction, int]]:
    """Rate and size of what devices and computing cloud stages tell each other, each once."""
    made = {s.name: s for s in layout.flow.stages if layout.host(s).kind == "cloud"}
    found: dict[str, tuple[Fraction, int]] = {}
    for stage in layout.flow.stages:
        if stage.name not in made:
            found |= {n: (made[n].output_rate, made[n].output_size)
                      for n in stage.inputs if n in made}  # fmt: skip
        elif stage.kind is not StageKind.SINK:
            found |= {n: layout.sent[n] for n in stage.inputs if n in layout.sent}
    return found


def _moved(layout: Layout, region: Region, stage: Stage, shared: Shared, *, known: bool) -> _Terms:
    """What keeping or moving a stage's data costs; the flow and its stages live if it is `known`.

    That a graph keeps them says that no other gets their ids.
    """
    kept = stage.retention or layout.site.zone.retention
    key = (region.label, id(layout.flow), id(stage), kept)
    if known and key in shared.paid:
        return shared.paid[key]
    graph = layout.graph
    if stage.kind is StageKind.SINK:
        found = (cost.storage(graph, region, stage, kept),
                 *cost.writes(graph, region, layout.flow, stage))  # fmt: skip
    else:
        found = tuple(cost.processed(graph, region, stage))
    if known:
        shared.paid[key] = found
    return found


def _parts(layout: Layout, shared: Shared, *, known: bool) -> Iterator[CostTerm | Power]:
    graph, region, billed = layout.graph, layout.region, shared.billed
    yield from cost.sent(graph, layout.device, layout.uplink)
    for stage in layout.flow.stages:
        estimate = layout.estimate(stage)
        if layout.host(stage).kind == "edge":
            busy = layout.busy(stage, estimate.mid) if estimate is not None else Fraction(0)
            if busy:
                yield Power(layout.device, busy, stage.name)
            continue
        if region is None:
            continue
        if stage.kind is StageKind.SINK:
            yield from _moved(layout, region, stage, shared, known=known)
            continue
        if estimate is not None:
            key = (region.label, stage.name, stage.input_rate, estimate.mid, estimate.high)
            if key not in billed:
                billed[key] = cost.inference(graph, region, stage, estimate)
            yield from billed[key]
        yield from _moved(layout, region, stage, shared, known=known)
        fed = (s for s in layout.flow.stages if stage.name in s.inputs)
        if any(layout.host(after).kind == "edge" for after in fed):
            yield cost.returned(graph, region, stage, stage.output_rate)
            yield from cost.received(graph, layout.device, stage)
    if region is not None and layout.uses_cloud:
        yield from cost.messages(graph, region, layout.flow, _talk(layout))
