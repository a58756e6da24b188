"""Joins the parts of placement: solve, decide, list; Plan or findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.graph import Flow, Graph, Model, Region, Site
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Configuration, Decision, FleetMember, Others, Plan
from hybridspec.place import cost
from hybridspec.place.agree import agree, held
from hybridspec.place.configuration import TooManyWays
from hybridspec.place.explain import CROWDED, MIXED, leaves_zone, too_large
from hybridspec.place.residency import refused, residency
from hybridspec.place.solve import Pins, SearchTooLarge, SitePlan, agrees, solve_site
from hybridspec.place.zones import Solution, Zones


def place(graph: Graph, table: LatencyTable, sink: Sink) -> Plan | None:
    """The cheapest plan that keeps every bound; None with findings if there is none."""
    zones = Zones(graph, table)
    try:
        solution = agree(zones, sink)
        if solution is None:
            return None
        decisions = _Decider(zones, solution).decisions()
    except (TooManyWays, SearchTooLarge):
        sink.add(too_large(graph))
        return None
    fixed = cost.fleet_terms(graph)
    total = solution.cost + sum(term.amount for term in fixed)
    fleet = _fleet(graph, decisions)
    matrix = residency(graph, decisions, solution.stores, fleet)
    outside = refused(graph, matrix)
    if outside:
        sink.extend(leaves_zone(graph, row) for row in outside)
        return None
    return Plan(
        decisions=decisions,
        stores=solution.stores,
        fleet=fleet,
        residency=matrix,
        fixed=fixed,
        currency=graph.currency,
        horizon=graph.horizon,
        cost=total,
        bound=total,
    )


@dataclass(slots=True)
class _Decider:
    """Says for every flow at every site what was chosen, and what was not and why."""

    zones: Zones
    solution: Solution
    _needs: Mapping[tuple[str, str], Mapping[str, list[str]]] = field(init=False)
    _ranks: Mapping[str, int] = field(init=False)
    _seconds: dict[tuple[object, ...], SitePlan | None] = field(default_factory=dict)
    _others: dict[tuple[object, ...], Callable[[], Others]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._needs = held(self.solution)
        self._ranks = {flow.name: rank for rank, flow in enumerate(self.zones.graph.flows)}

    def decisions(self) -> tuple[Decision, ...]:
        """Zone by zone, site by site, the flows in the order of the spec."""
        regions = {store.zone.name: store.region for store in self.solution.stores}
        return tuple(
            self._decision(site, flow, plan, regions.get(site.zone.name))
            for site, plan in self.solution.plans
            for flow in sorted(self.zones.flows(site), key=lambda flow: self._ranks[flow.name])
        )

    def _pins(self, site: Site) -> Pins:
        """What the other sites of its classes leave a site to choose from."""
        mine = {devices.device_class.name for devices in site.devices}
        return {
            pair: variant
            for pair, variants in self._needs.items() if pair[0] in mine
            for variant, sites in variants.items() if any(name != site.name for name in sites)
        }  # fmt: skip

    def _decision(self, site: Site, flow: Flow, plan: SitePlan, region: Region | None) -> Decision:
        index = [f.name for f in self.zones.flows(site)].index(flow.name)
        chosen, pins = plan.chosen[index], self._pins(site)
        other = self._runner_up(site, region, index, chosen, pins)
        key = (self.zones.key(site), index, id(chosen), tuple(sorted(pins.items())))
        if key not in self._others:
            if region is None and self.zones.graph.regions:
                self.zones.ways(site, self.zones.graph.regions[0])  # or there are too many
            others = partial(self._not_chosen, site, region, index, chosen, pins)
            self._others[key] = cache(others)
        return Decision(
            site=site,
            flow=flow,
            chosen=chosen,
            runner_up=other.chosen[index] if other else None,
            runner_up_delta=other.cost - plan.cost if other else None,
            others=self._others[key],
        )

    def _not_chosen(
        self, site: Site, region: Region | None, index: int, chosen: Configuration, pins: Pins
    ) -> Others:
        rejected: list[Configuration] = []
        dearer: list[Configuration] = []
        for option in self.zones.options(site, region)[index]:
            if option.failures:
                rejected.append(option)
            elif not agrees(option, pins):
                rejected.append(replace(option, failures=(MIXED,)))
            elif option.cost < chosen.cost:
                rejected.append(replace(option, failures=(CROWDED,)))
            elif option.label != chosen.label:
                dearer.append(option)
        return Others((*rejected, *self._abroad(site, region, index)), tuple(dearer))

    def _abroad(self, site: Site, region: Region | None, index: int) -> list[Configuration]:
        """What breaks a bound in the other regions."""
        return [
            option
            for other in self.zones.graph.regions
            if region is None or other.label != region.label
            for option in self.zones.options(site, other)[index]
            if option.region is not None and option.failures
        ]

    def _runner_up(
        self, site: Site, region: Region | None, index: int, chosen: Configuration, pins: Pins
    ) -> SitePlan | None:
        """The best joint plan of the site in which this flow runs another way."""
        key = (self.zones.key(site), index, id(chosen), tuple(sorted(pins.items())))
        if key not in self._seconds:
            choices = self.zones.admissible(site, region, pins)
            choices[index] = tuple(c for c in choices[index] if c.label != chosen.label)
            self._seconds[key] = solve_site(site, choices)
        return self._seconds[key]


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
