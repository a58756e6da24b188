"""Zones solved one by one: the region of each store and the cheapest plan of every site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.ir.graph import Flow, Graph, Model, Region, Site, Training, Zone
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Configuration, CostTerm, Store
from hybridspec.law.claim import claims
from hybridspec.place import cost
from hybridspec.place.configuration import Known, Powers, Way, by_cost, ways
from hybridspec.place.explain import infeasible, together_infeasible, untrainable
from hybridspec.place.permits import holds, trains
from hybridspec.place.repair import repair
from hybridspec.place.solve import (
    Pins,
    SitePlan,
    agrees,
    flow_kind,
    site_class,
    site_shape,
    solve_site,
)


@dataclass(frozen=True, slots=True)
class Solution:
    """The region of every zone's store, the plan of every site by name, and what they cost."""

    stores: tuple[Store, ...]
    plans: tuple[tuple[Site, SitePlan], ...]
    cost: int


@dataclass(frozen=True, slots=True)
class _Price:
    """What a zone costs with its store in one region."""

    total: int
    terms: tuple[CostTerm, ...]


@dataclass(frozen=True, slots=True)
class _Alike:
    """Numbers that a site shares with those that are alike: wholly, or in what stands there."""

    whole: int
    shape: int


_Key: TypeAlias = tuple[int, str | None]
"""Sites that are alike, and the region of their store."""


@dataclass(slots=True)
class Zones:
    """Solves zone by zone under `pins`, and remembers sites that are alike."""

    graph: Graph
    table: LatencyTable
    pins: Pins = field(default_factory=dict)
    _flows: dict[str, list[Flow]] = field(default_factory=dict)
    _kinds: dict[str, int] = field(default_factory=dict)
    _alike: dict[str, _Alike] = field(default_factory=dict)
    _ids: dict[tuple[object, ...], int] = field(default_factory=dict)
    _ways: dict[tuple[int, int, str | None], tuple[Way, ...]] = field(default_factory=dict)
    _options: dict[_Key, tuple[tuple[Configuration, ...], ...]] = field(default_factory=dict)
    _admissible: dict[tuple[object, ...], list[tuple[Configuration, ...]]] = field(
        default_factory=dict
    )
    _powers: Powers = field(default_factory=dict)
    _energy: Known = field(default_factory=dict)
    _solved: dict[_Key, SitePlan | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self._flows:
            for flow in sorted(self.graph.flows, key=lambda flow: flow.name):
                for site in flow.sites:
                    self._flows.setdefault(site.name, []).append(flow)
                kind, ids = ("flow", *flow_kind(flow)), self._ids
                self._kinds[flow.name] = ids.setdefault(kind, len(ids))

    def pinned(self, device: str, model: str, variant: str) -> Zones:
        """The same zones with one more pin; what was enumerated is kept."""
        return replace(self, pins={**self.pins, (device, model): variant}, _solved={})

    def flows(self, site: Site) -> list[Flow]:
        """The flows of a site by name, so that ties do not depend on the order in the spec."""
        return self._flows.get(site.name, [])

    def key(self, site: Site) -> int:
        """What sites that are alike have in common."""
        return self._kind(site).whole

    def _kind(self, site: Site) -> _Alike:
        """With which other sites a site is alike."""
        found = self._alike.get(site.name)
        if found is None:
            kinds, ids = [self._kinds[flow.name] for flow in self.flows(site)], self._ids
            apart = claims(self.graph).apart(site)
            whole = ("whole", *site_class(site, kinds, apart))
            shape = ("shape", *site_shape(site, (), apart))
            found = _Alike(ids.setdefault(whole, len(ids)), ids.setdefault(shape, len(ids)))
            self._alike[site.name] = found
        return found

    def ways(self, site: Site, region: Region | None) -> tuple[tuple[Way, ...], ...]:
        """All ways to run each flow at sites like this, whatever energy costs there."""
        return tuple(self._flow_ways(site, flow, region) for flow in self.flows(site))

    def _flow_ways(self, site: Site, flow: Flow, region: Region | None) -> tuple[Way, ...]:
        label = region.label if region else None
        key = (self._kind(site).shape, self._kinds[flow.name], label)
        if key not in self._ways:
            self._ways[key] = ways(self.graph, self.table, site, flow, region, self._powers)
        return self._ways[key]

    def options(self, site: Site, region: Region | None) -> tuple[tuple[Configuration, ...], ...]:
        """All configurations of each flow by cost and label, broken ones included."""
        key = (self.key(site), region.label if region else None)
        if key not in self._options:
            self._options[key] = tuple(
                by_cost(self.graph, site, found, self._energy) for found in self.ways(site, region)
            )
        return self._options[key]

    def admissible(
        self, site: Site, region: Region | None, pins: Pins
    ) -> list[tuple[Configuration, ...]]:
        """The configurations of each flow that break no bound and agree with `pins`."""
        key = (self.key(site), region.label if region else None, tuple(sorted(pins.items())))
        if key not in self._admissible:
            self._admissible[key] = [
                by_cost(self.graph, site, (
                    way for way in found
                    if not way.unpriced.failures and agrees(way.unpriced, pins)
                ), self._energy)
                for found in self.ways(site, region)
            ]  # fmt: skip
        return [*self._admissible[key]]

    def solve(self) -> Solution | None:
        """The cheapest store and plans of every zone; None if a zone has none."""
        stores: list[Store] = []
        plans: list[tuple[Site, SitePlan]] = []
        for zone in self.graph.zones:
            sites = self._sites(zone)
            priced = self._priced(zone, sites)
            if not priced:
                return None
            store = self._cheapest(zone, priced)
            stores += [store] if store is not None else []
            region = store.region if store is not None else None
            plans += [(site, plan) for site in sites if (plan := self._site(site, region))]
        terms = sum(term.amount for store in stores for term in store.terms)
        return Solution(tuple(stores), tuple(plans), terms + sum(p.cost for _, p in plans))

    def _sites(self, zone: Zone) -> list[Site]:
        return [site for site in self.graph.sites if site.zone.name == zone.name]

    def _site(self, site: Site, region: Region | None) -> SitePlan | None:
        key = (self.key(site), region.label if region else None)
        if key not in self._solved:
            self._solved[key] = solve_site(site, self.admissible(site, region, self.pins))
        return self._solved[key]

    def _priced(self, zone: Zone, sites: list[Site]) -> dict[str, _Price]:
        """Cost and terms by region for the store; the empty name is a zone without a store."""
        if not sites:
            return {"": _Price(0, ())}
        models = self._models(sites)
        priced = {}
        for region in self._candidates(zone, models):
            plans = [self._site(site, region) for site in sites]
            if all(plan is not None for plan in plans):
                terms = self._terms(region, models, sites)
                total = sum(plan.cost for plan in plans if plan is not None)
                total += sum(term.amount for term in terms)
                priced[region.label if region else ""] = _Price(total, terms)
        return priced

    def _cheapest(self, zone: Zone, priced: Mapping[str, _Price]) -> Store | None:
        """The store in the region with the least total, the first by name among equals."""
        label = min(priced, key=lambda name: (priced[name].total, name))
        region = next((r for r in self.graph.regions if r.label == label), None)
        if region is None:
            return None
        least = priced[label].total
        others = sorted((name, p.total - least) for name, p in priced.items() if name != label)
        return Store(
            zone=zone, region=region, terms=priced[label].terms, alternatives=tuple(others)
        )

    def _models(self, sites: Iterable[Site]) -> tuple[Model, ...]:
        """Every model that runs at the sites, by name."""
        models: dict[str, Model] = {
            stage.model.name: stage.model
            for site in sites for flow in self.flows(site) for stage in flow.stages
            if stage.model is not None
        }  # fmt: skip
        return tuple(models[name] for name in sorted(models))

    def _candidates(self, zone: Zone, models: tuple[Model, ...]) -> list[Region | None]:
        """Regions for the store: inside the zone, and where its training is allowed and pinned."""
        inside = {r.label: r for r in self.graph.regions if holds(self.graph, zone, r)}
        jobs = [model.training for model in models if model.training is not None]
        fitting: list[Region | None] = [
            region for region in inside.values()
            if trains(self.graph, zone, region) and all(_trains_in(region, job) for job in jobs)
        ]  # fmt: skip
        return fitting if inside or jobs else [None]

    def _terms(
        self, region: Region | None, models: tuple[Model, ...], sites: list[Site]
    ) -> tuple[CostTerm, ...]:
        if region is None:
            return ()
        devices = sum(d.count for site in sites for d in site.devices)
        return cost.zone_terms(self.graph, region, models, devices)

    def explain(self, sink: Sink) -> None:
        """Findings for every zone that has no plan."""
        for zone in self.graph.zones:
            sites = self._sites(zone)
            models = self._models(sites)
            candidates = self._candidates(zone, models)
            if not sites:
                continue
            if not candidates:
                sink.add(untrainable(zone, models))
            elif not self._priced(zone, sites):
                self._stuck(sites, candidates, sink)

    def _stuck(self, sites: list[Site], candidates: list[Region | None], sink: Sink) -> None:
        """Findings for flows that cannot run alone, and for flows that fit only alone."""
        alike: dict[tuple[object, ...], list[Site]] = {}
        for site in sites:
            names = (flow.name for flow in self.flows(site))
            alike.setdefault((self.key(site), *names), []).append(site)
        stuck: dict[str, list[tuple[list[Site], list[Configuration]]]] = {}
        for group in alike.values():
            alone = True
            for index, flow in enumerate(self.flows(group[0])):
                options = [c for r in candidates for c in self.options(group[0], r)[index]]
                if all(option.failures for option in options):
                    alone = False
                    stuck.setdefault(flow.name, []).append((group, options))
            if alone and all(self._site(group[0], region) is None for region in candidates):
                sink.add(self._together(group, candidates[0]))
        for flow in self.graph.flows:
            if flow.name in stuck:
                sink.extend(infeasible(flow, stuck[flow.name]))

    def _together(self, group: list[Site], region: Region | None) -> Diagnostic:
        additions = repair(group[0], self.admissible(group[0], region, {}))
        return together_infeasible(group, self.flows(group[0]), additions)


def _trains_in(region: Region, job: Training) -> bool:
    """Whether a job's pins allow it to run in a region."""
    return job.cloud in (None, region.cloud) and job.region in (None, region)
