"""Joins the parts of placement: enumerate, search, price, explain; Plan or findings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.ir.graph import Flow, Graph, Model, Region, Site, Training, Zone
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import (
    Configuration,
    CostTerm,
    Decision,
    FleetMember,
    Plan,
    Store,
)
from hybridspec.place import cost
from hybridspec.place.configuration import TooManyWays, configurations
from hybridspec.place.explain import (
    CROWDED,
    infeasible,
    leaves_zone,
    together_infeasible,
    too_large,
    untrainable,
)
from hybridspec.place.repair import repair
from hybridspec.place.residency import residency
from hybridspec.place.solve import SearchTooLarge, SitePlan, best_region, site_class, solve_site


def place(graph: Graph, table: LatencyTable, sink: Sink) -> Plan | None:
    """The cheapest plan that keeps every bound; None with findings if there is none."""
    placer = _Placer(graph, table, sink)
    try:
        stores = {zone.name: placer.zone(zone) for zone in graph.zones}
    except (TooManyWays, SearchTooLarge):
        sink.add(too_large(graph))
        return None
    if sink.has_errors:
        return None
    decisions = tuple(
        decision for zone in graph.zones for decision in placer.decisions(zone, stores[zone.name])
    )
    found = tuple(store for store in stores.values() if store is not None)
    fixed = cost.fleet_terms(graph)
    total = (
        sum(term.amount for term in fixed)
        + sum(term.amount for store in found for term in store.terms)
        + sum(decision.chosen.cost for decision in decisions)
    )
    fleet = _fleet(graph, decisions)
    matrix = residency(graph, decisions, found, fleet)
    outside = [row for row in matrix if row.verdict == "violated"]
    if outside:
        sink.extend(leaves_zone(graph, row) for row in outside)
        return None
    return Plan(
        decisions=decisions,
        stores=found,
        fleet=fleet,
        residency=matrix,
        fixed=fixed,
        currency=graph.currency,
        horizon=graph.horizon,
        cost=total,
        bound=total,
    )


@dataclass(slots=True)
class _Placer:
    """Solves zone by zone and remembers sites that are alike."""

    graph: Graph
    table: LatencyTable
    sink: Sink
    _flows: dict[str, list[Flow]] = field(default_factory=dict)
    _solved: dict[tuple[object, ...], SitePlan | None] = field(default_factory=dict)
    _options: dict[tuple[object, ...], tuple[tuple[Configuration, ...], ...]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        for flow in sorted(self.graph.flows, key=lambda flow: flow.name):
            for site in flow.sites:
                self._flows.setdefault(site.name, []).append(flow)

    def flows(self, site: Site) -> list[Flow]:
        """The flows of a site by name, so that ties do not depend on the order in the spec."""
        return self._flows.get(site.name, [])

    def options(self, site: Site, region: Region | None) -> tuple[tuple[Configuration, ...], ...]:
        """All configurations of each flow at the site, broken ones included."""
        key = (site_class(site, self.flows(site)), region.label if region else None)
        if key not in self._options:
            self._options[key] = tuple(
                configurations(self.graph, self.table, site, flow, region)
                for flow in self.flows(site)
            )
        return self._options[key]

    def site(self, site: Site, region: Region | None) -> SitePlan | None:
        key = (site_class(site, self.flows(site)), region.label if region else None)
        if key not in self._solved:
            choices = [[c for c in options if not c.failures]
                       for options in self.options(site, region)]  # fmt: skip
            self._solved[key] = solve_site(site, choices)
        return self._solved[key]

    def zone(self, zone: Zone) -> Store | None:
        """The store of a zone; findings if no region gives every site a plan."""
        sites = [site for site in self.graph.sites if site.zone.name == zone.name]
        if not sites:
            return None
        models = self._models(sites)
        candidates = self._candidates(zone, models)
        if not candidates:
            self.sink.add(untrainable(zone, models))
            return None
        priced: dict[str, tuple[int, tuple[CostTerm, ...]]] = {}
        for region in candidates:
            plans = [self.site(site, region) for site in sites]
            if all(plan is not None for plan in plans):
                terms = self._terms(region, models, sites)
                total = sum(p.cost for p in plans if p is not None)
                priced[region.label if region else ""] = (
                    total + sum(term.amount for term in terms), terms,
                )  # fmt: skip
        if not priced:
            self._explain(sites, candidates)
            return None
        chosen = best_region({name: value for name, (value, _) in priced.items() if name},
                             {region.label: region for region in candidates if region})  # fmt: skip
        if chosen is None:
            return None
        least = priced[chosen.label][0]
        others = tuple(
            sorted((name, v - least) for name, (v, _) in priced.items() if name != chosen.label)
        )
        return Store(zone=zone, region=chosen, terms=priced[chosen.label][1], alternatives=others)

    def _models(self, sites: list[Site]) -> tuple[Model, ...]:
        """Every model that runs at the sites, by name."""
        models: dict[str, Model] = {
            stage.model.name: stage.model
            for site in sites for flow in self.flows(site) for stage in flow.stages
            if stage.model is not None
        }  # fmt: skip
        return tuple(models[name] for name in sorted(models))

    def _candidates(self, zone: Zone, models: tuple[Model, ...]) -> list[Region | None]:
        """Regions for the store: inside the zone, and where its training is pinned."""
        inside = {r.label: r for r in self.graph.regions if r.country in zone.countries}
        jobs = [model.training for model in models if model.training is not None]
        fitting: list[Region | None] = [
            region for region in inside.values() if all(_trains_in(region, job) for job in jobs)
        ]
        return fitting if inside or jobs else [None]

    def _terms(
        self, region: Region | None, models: tuple[Model, ...], sites: list[Site]
    ) -> tuple[CostTerm, ...]:
        if region is None:
            return ()
        devices = sum(d.count for site in sites for d in site.devices)
        return cost.zone_terms(self.graph, region, models, devices)

    def _explain(self, sites: list[Site], candidates: list[Region | None]) -> None:
        """Findings for flows that cannot run alone, and for flows that fit only alone."""
        alike: dict[tuple[object, ...], list[Site]] = {}
        for site in sites:
            alike.setdefault(site_class(site, self.flows(site)), []).append(site)
        stuck: dict[str, list[tuple[list[Site], list[Configuration]]]] = {}
        for group in alike.values():
            alone = True
            for index, flow in enumerate(self.flows(group[0])):
                options = [c for r in candidates for c in self.options(group[0], r)[index]]
                if all(option.failures for option in options):
                    alone = False
                    stuck.setdefault(flow.name, []).append((group, options))
            if alone and all(self.site(group[0], region) is None for region in candidates):
                self.sink.add(self._together(group, candidates[0]))
        for flow in self.graph.flows:
            if flow.name in stuck:
                self.sink.extend(infeasible(flow, stuck[flow.name]))

    def _together(self, group: list[Site], region: Region | None) -> Diagnostic:
        choices = [[c for c in options if not c.failures]
                   for options in self.options(group[0], region)]  # fmt: skip
        return together_infeasible(group, self.flows(group[0]), repair(group[0], choices))

    def decisions(self, zone: Zone, store: Store | None) -> list[Decision]:
        """What was chosen at every site of the zone, with runner-up and everything rejected."""
        region = store.region if store else None
        found: list[Decision] = []
        for site in self.graph.sites:
            plan = self.site(site, region) if site.zone.name == zone.name else None
            if plan is None:
                continue
            names = [flow.name for flow in self.flows(site)]
            found += [
                self._decision(site, flow, names.index(flow.name), plan, region)
                for flow in self.graph.flows if flow.name in names
            ]  # fmt: skip
        return found

    def _decision(
        self, site: Site, flow: Flow, index: int, plan: SitePlan, region: Region | None
    ) -> Decision:
        options = self.options(site, region)
        chosen = plan.chosen[index]
        other = self._runner_up(site, options, index, chosen)
        admissible = [c for c in options[index] if not c.failures and c.label != chosen.label]
        crowded = [replace(c, failures=(CROWDED,)) for c in admissible if c.cost < chosen.cost]
        abroad = [
            c
            for r in self.graph.regions
            if region is None or r.label != region.label
            for c in self.options(site, r)[index]
            if c.region is not None and c.failures
        ]
        return Decision(
            site=site,
            flow=flow,
            chosen=chosen,
            runner_up=other.chosen[index] if other else None,
            runner_up_delta=other.cost - plan.cost if other else None,
            rejected=(*crowded, *(c for c in (*options[index], *abroad) if c.failures)),
            dearer=tuple(c for c in admissible if c.cost >= chosen.cost),
        )

    def _runner_up(
        self, site: Site, options: tuple[tuple[Configuration, ...], ...], index: int,
        chosen: Configuration,
    ) -> SitePlan | None:  # fmt: skip
        """The best joint plan of the site in which this flow runs another way."""
        key = (site_class(site, self.flows(site)), index, chosen.label)
        if key not in self._solved:
            choices = [
                [c for c in listed if not c.failures and (i != index or c.label != chosen.label)]
                for i, listed in enumerate(options)
            ]
            self._solved[key] = solve_site(site, choices)
        return self._solved[key]


def _trains_in(region: Region, job: Training) -> bool:
    """Whether a job's pins allow it to run in a region."""
    return job.cloud in (None, region.cloud) and job.region in (None, region)


def _fleet(graph: Graph, decisions: tuple[Decision, ...]) -> tuple[FleetMember, ...]:
    """The device classes that run something, with everything they run at any site."""
    members = []
    for device in graph.device_classes:
        mine = [d for d in decisions if d.chosen.device is not None
                and d.chosen.device.name == device.name
                and any(host.kind == "edge" for _, host in d.chosen.hosts)]  # fmt: skip
        if not mine:
            continue
        sites = {d.site.name: d.site for d in mine}
        models: dict[tuple[str, str], Model] = {}
        for decision in mine:
            hosts, variants = dict(decision.chosen.hosts), dict(decision.chosen.variants)
            for stage in decision.flow.stages:
                if stage.model is not None and hosts[stage.name].kind == "edge":
                    models[stage.model.name, variants[stage.model.name]] = stage.model
        members.append(FleetMember(
            device_class=device,
            count=sum(d.count for site in sites.values() for d in site.devices
                      if d.device_class.name == device.name),
            zones=tuple({s.zone.name: s.zone for s in sites.values()}.values()),
            models=tuple((model, variant) for (_, variant), model in sorted(models.items())),
            flows=tuple({d.flow.name: d.flow for d in mine}.values()),
        ))  # fmt: skip
    return tuple(members)
