"""The question whether there is any plan, with statements of the spec left out."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np

from hybridspec.ir.graph import Flow, Region, Site, Zone
from hybridspec.ir.plan import Configuration
from hybridspec.place.arrays import free, frozen, ints, table
from hybridspec.place.candidates import Candidates, trains_in
from hybridspec.place.configuration import class_name
from hybridspec.place.conflict_quick import Take, fit
from hybridspec.place.conflict_statement import (
    Statement,
    allowed,
    bundle,
    latency,
    line,
    pinned,
    quota,
    runs,
    shared,
    statement_of,
)
from hybridspec.place.engine.feasible import feasible
from hybridspec.place.permits import holds, trains
from hybridspec.place.problem import (
    ANY,
    WHOLE,
    Choice,
    Options,
    Pair,
    Problem,
    Resource,
    SiteClass,
)
from hybridspec.place.quota import INFERENCE, TRAINING, Limit, limits, trained
from hybridspec.place.shared import LINE, Column, everything, single

_RESOURCES = ("busy", "memory", "uplink", "disk", "line", "model")
_BOUNDLESS = 2**50
"""Room for everything: no load of a spec reaches it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A way in numbers: the statements that it breaks, what it takes, and what it depends on.

    `hosted` is what it takes of the quota of work in its region.
    """

    breaks: frozenset[Statement]
    load: tuple[int, ...]
    ceiling: tuple[int, ...]
    region: int
    held: frozenset[tuple[tuple[str, str], str]]
    hosted: int


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A flow at sites that are alike, with every way that there is, broken ones included."""

    says: Statement
    bound: Statement | None
    ways: tuple[_Way, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Sites that are alike: the zone that they share, their resources and their flows."""

    zone: Zone
    sites: int
    resources: tuple[tuple[Statement, int], ...]
    flows: tuple[_Asked, ...]


@dataclass(slots=True)
class Relaxed:
    """Sites of a graph, in groups that are alike, and every statement that binds them.

    `kept` says which statements hold; whatever a statement forbids is allowed without it.
    """

    candidates: Candidates
    places: tuple[_Place, ...] = ()
    statements: tuple[Statement, ...] = ()
    limited: bool = False
    asked: dict[frozenset[Statement], bool] = field(default_factory=dict)

    @classmethod
    def of(cls, candidates: Candidates, groups: Sequence[Sequence[Site]]) -> Relaxed:
        """The question about some sites, in groups of those that are alike."""
        places = tuple(_place(candidates, sites) for sites in groups)
        found: set[Statement] = set()
        for place in places:
            found.update(statement for statement, _ in place.resources)
            for asked in place.flows:
                found.add(asked.says)
                found.update(statement for way in asked.ways for statement in way.breaks)
                if asked.bound is not None and any(min(w.ceiling) < WHOLE for w in asked.ways):
                    found.add(asked.bound)
        graph = candidates.graph
        for zone in {place.zone.name: place.zone for place in places}.values():
            for reasons in unfit(candidates, zone).values():
                found |= reasons
        found.update(map(quota, limits(graph)))
        found.update(bundle(graph, *pair) for pair, variants in _variants(places).items()
                     if len(variants) > 1)  # fmt: skip
        return cls(candidates, places, tuple(sorted(found)), bool(limits(graph)))

    def possible(self, kept: frozenset[Statement]) -> bool:
        """Whether there is a plan in which the kept statements hold."""
        if kept not in self.asked:
            found = self._quick(kept)
            if found is None:
                problem = self.problem(kept)
                found = problem is not None and feasible(problem)
            self.asked[kept] = found
        return self.asked[kept]

    def _quick(self, kept: frozenset[Statement]) -> bool | None:
        """The same for one site that shares no quotas; None if that is not found out at once."""
        graph = self.candidates.graph
        if len(self.places) != 1 or (self.limited and any(quota(x) in kept for x in limits(graph))):
            return None
        (place,) = self.places
        bundled = {pair for pair in _variants(self.places) if bundle(graph, *pair) in kept}
        flows = []
        for asked in place.flows:
            if asked.says in kept:
                lax = asked.bound is not None and asked.bound not in kept
                ways = _lightest([way for way in asked.ways if way.breaks.isdisjoint(kept)])
                flows.append([_take(way, bundled, lax=lax) for way in ways])
        room = [base if says in kept else _BOUNDLESS for says, base in place.resources]
        return fit(room, flows)

    def problem(self, kept: frozenset[Statement]) -> Problem | None:
        """It in numbers, at no cost; None if a flow has no way at all."""
        graph = self.candidates.graph
        quotas = limits(graph)
        zones = {place.zone.name: place.zone for place in self.places}
        names = sorted(zones)
        choices = [self._store(zones[name], kept, quotas) for name in names]
        bundles: dict[tuple[str, str], tuple[int, list[str]]] = {}
        for pair, variants in sorted(_variants(self.places).items()):
            if bundle(graph, *pair) in kept and len(variants) > 1:
                bundles[pair] = len(choices), sorted(variants)
                choices.append(free(len(variants), len(quotas)))
        hosting = [[limit.kind == INFERENCE and region.label in limit.regions
                    for limit in quotas] for region in graph.regions]  # fmt: skip
        classes = []
        for place in self.places:
            pairs = []
            for asked in place.flows:
                if asked.says in kept:
                    ways = [way for way in asked.ways if way.breaks.isdisjoint(kept)]
                    if not ways:
                        return None
                    lax = asked.bound is not None and asked.bound not in kept
                    store = names.index(place.zone.name)
                    pairs.append(_pair(_lightest(ways), store, bundles, hosting, lax=lax))
            resources = tuple(
                Resource(base=room if says in kept else _BOUNDLESS)
                for says, room in place.resources
            )
            classes.append(SiteClass(sites=place.sites if quotas else 1, pairs=tuple(pairs),
                                     purchases=(), resources=resources))  # fmt: skip
        room = [limit.capacity if quota(limit) in kept else _BOUNDLESS for limit in quotas]
        return Problem(classes=tuple(classes), choices=tuple(choices),
                       quotas=np.array(room, np.int64))  # fmt: skip

    def _store(self, zone: Zone, kept: frozenset[Statement], quotas: Sequence[Limit]) -> Choice:
        """The regions for a zone's store; where it must not be, no quota is large enough."""
        regions = self.candidates.graph.regions
        use = np.zeros((max(1, len(regions)), len(quotas)), np.int64)
        jobs = trained(self.candidates.models(self.candidates.sites(zone)))
        placed = any(region is not None for region in self.candidates.regions(zone))
        without = unfit(self.candidates, zone) if placed else {}
        for row, region in enumerate(regions):
            for column, limit in enumerate(quotas):
                if not kept.isdisjoint(without.get(region.label, ())):
                    use[row, column] = 2 * _BOUNDLESS
                elif limit.kind == TRAINING and region.label in limit.regions:
                    use[row, column] = jobs
        return Choice(cost=ints([0] * len(use)), use=frozen(use))


def unfit(candidates: Candidates, zone: Zone) -> dict[str, frozenset[Statement]]:
    """What keeps the store of a zone out of each region: the zone, or pins of what trains there."""
    graph, models = candidates.graph, candidates.models(candidates.sites(zone))
    fitting = {region.label for region in candidates.regions(zone) if region is not None}
    found = dict.fromkeys(fitting, frozenset[Statement]())
    for region in graph.regions:
        if region.label in found:
            continue
        reasons = {
            pinned(model)
            for model in models
            if model.training is not None and not trains_in(region, model.training)
        }
        if not (reasons and holds(graph, zone, region) and trains(graph, zone, region)):
            reasons.add(allowed(zone))
        found[region.label] = frozenset(reasons)
    return found


def _place(candidates: Candidates, sites: Sequence[Site]) -> _Place:
    site = sites[0]
    tried: Sequence[Region | None] = candidates.graph.regions or (None,)
    of = candidates.flows(site)
    models = single(
        way.unpriced for index in range(len(of)) for region in tried
        for way in (candidates.ways(site, index, region) if _exclusive(site) else ())
    )  # fmt: skip
    columns, resources = [], []
    for column, base in everything(site, models, len(of)):
        columns.append(column)
        resources.append((_stated(site, column), base))
    flows = tuple(_asked(candidates, site, index, flow, columns)
                  for index, flow in enumerate(of))  # fmt: skip
    return _Place(site.zone, len(sites), tuple(resources), flows)


def _exclusive(site: Site) -> bool:
    return any(devices.device_class.one_model for devices in site.devices)


def _stated(site: Site, column: Column) -> Statement:
    """What the spec says of something that is shared at a site."""
    if column.which == LINE:
        return line(site)
    devices = next(d for d in site.devices if d.device_class.name == column.device)
    return shared(site, devices, _RESOURCES[column.which])


def _asked(
    candidates: Candidates, site: Site, index: int, flow: Flow,
    columns: Sequence[Column],
) -> _Asked:  # fmt: skip
    graph = candidates.graph
    without = unfit(candidates, site.zone)
    ways: dict[str, _Way] = {}
    tried: Sequence[Region | None] = graph.regions or (None,)
    for number, region in enumerate(tried):
        for way in candidates.ways(site, index, region):
            option = way.unpriced
            breaks = {statement_of(f, flow, site, option, graph) for f in option.failures}
            if option.region is not None:
                breaks |= without[option.region.label]
            where = ANY if option.region is None else number
            ways.setdefault(way.label, _way(option, frozenset(breaks), where, columns))
    bound = latency(flow) if flow.latency is not None else None
    return _Asked(runs(flow, site), bound, tuple(ways.values()))


def _way(
    option: Configuration, breaks: frozenset[Statement], where: int,
    columns: Sequence[Column],
) -> _Way:  # fmt: skip
    name = class_name(option)
    return _Way(
        breaks, tuple(column.load(option, ANY) for column in columns),
        tuple(column.ceiling(option, ANY) for column in columns), where,
        frozenset(((name, model), variant) for model, variant in option.held), option.hosted,
    )  # fmt: skip


def _variants(places: Sequence[_Place]) -> dict[tuple[str, str], set[str]]:
    """The variants that any way holds, by device class and model."""
    found: dict[tuple[str, str], set[str]] = {}
    for place in places:
        for asked in place.flows:
            for way in asked.ways:
                for pair, variant in way.held:
                    found.setdefault(pair, set()).add(variant)
    return found


def _lightest(ways: Sequence[_Way]) -> list[_Way]:
    """The ways of which none takes as much as another in everything, and depends on the same."""
    groups: dict[tuple[object, ...], list[_Way]] = {}
    for way in ways:
        mine = groups.setdefault((way.region, way.held), [])
        if not any(_no_worse(other, way) for other in mine):
            mine[:] = [other for other in mine if not _no_worse(way, other)] + [way]
    return [way for mine in groups.values() for way in mine]


def _no_worse(one: _Way, other: _Way) -> bool:
    return (
        one.hosted <= other.hosted
        and all(a <= b for a, b in zip(one.load, other.load, strict=True))
        and all(
            a >= b or not load
            for a, b, load in zip(one.ceiling, other.ceiling, one.load, strict=True)
        )
    )


def _pair(
    ways: Sequence[_Way], zone: int, bundles: dict[tuple[str, str], tuple[int, list[str]]],
    hosting: Sequence[Sequence[bool]], *, lax: bool,
) -> Pair:  # fmt: skip
    rows, quotas = len(ways), range(len(hosting[0]) if hosting else 0)
    held = [dict(way.held) for way in ways]
    mine = sorted({pair for one in held for pair in one} & bundles.keys())
    needs = [
        [way.region, *(bundles[pair][1].index(one[pair]) if pair in one else ANY for pair in mine)]
        for way, one in zip(ways, held, strict=True)
    ]
    loads = table([way.load for way in ways], len(ways[0].load))
    tops = (
        np.full_like(loads, WHOLE)
        if lax
        else table([way.ceiling for way in ways], len(ways[0].load))
    )
    return Pair(
        options=Options(
            cost=np.zeros(rows, np.int64), load=loads, ceiling=tops,
            units=np.zeros((rows, 0), np.int64), needs=table(needs, 1 + len(mine)),
            use=table([[0 if way.region == ANY else way.hosted * hosting[way.region][number]
                        for number in quotas] for way in ways], len(quotas)),
        ),
        choices=(zone, *(bundles[pair][0] for pair in mine)), quotas=tuple(quotas),
    )  # fmt: skip


def _take(way: _Way, bundled: set[tuple[str, str]], *, lax: bool) -> Take:
    """A way for the quick search."""
    needs: dict[Hashable, object] = {pair: variant for pair, variant in way.held if pair in bundled}
    if way.region != ANY:
        needs["store"] = way.region
    return Take(way.load, (WHOLE,) * len(way.load) if lax else way.ceiling, needs)
