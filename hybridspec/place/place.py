"""Joins the parts of placement: pose, decide, list; Plan or findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.graph import Flow, Graph, Model, Site
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import (
    Configuration,
    Decision,
    DeviceCount,
    FleetMember,
    Others,
    Plan,
    Second,
    Store,
)
from hybridspec.place import cost
from hybridspec.place.candidates import Candidates
from hybridspec.place.configuration import TooManyWays, class_name
from hybridspec.place.decide import Decided, Planned, Undecided, decide
from hybridspec.place.engine.api import SearchTooLarge
from hybridspec.place.explain import CROWDED, FULL, MIXED, leaves_zone, too_dear, too_large
from hybridspec.place.listing import TooDear, TooHeavy
from hybridspec.place.problem import MAX_MONEY
from hybridspec.place.progress import telling
from hybridspec.place.quota import quota_uses
from hybridspec.place.residency import refused, residency
from hybridspec.place.split import as_run


def place(
    graph: Graph, table: LatencyTable, sink: Sink, say: Callable[[str], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Plan | None:  # fmt: skip
    """The cheapest plan that keeps every bound; None with findings if there is none.

    `say` hears of a search that takes long; `stop`, asked only once there is a plan, may end it.
    """
    owned = cache(partial(_owned, graph))
    try:
        watch = telling(say, graph.currency, stop=stop, owned=owned)
        decided = decide(Candidates(graph, table), watch)
        if isinstance(decided, Undecided):
            from hybridspec.place.unplaceable import unplaceable

            sink.extend(unplaceable(decided))
            return None
        stop()
        decisions = _Lister(decided).decisions()
    except (TooManyWays, SearchTooLarge):
        sink.add(too_large(graph))
        return None
    except TooDear as fault:
        sink.add(too_dear(graph, heavy=isinstance(fault, TooHeavy)))
        return None
    counts, answer = _counts(decided), decided.answer
    stores = tuple(_stores(decided, counts))
    if answer.cost + owned() >= MAX_MONEY:
        sink.add(too_dear(graph))
        return None
    fleet = _fleet(graph, decisions)
    matrix = residency(graph, decisions, stores, fleet)
    outside = refused(graph, matrix)
    if outside:
        sink.extend(leaves_zone(graph, row) for row in outside)
        return None
    return Plan(
        decisions=decisions,
        stores=stores,
        fleet=fleet,
        residency=matrix,
        fixed=cost.fleet_terms(graph, counts),
        currency=graph.currency,
        horizon=graph.horizon,
        cost=answer.cost + owned(),
        bound=answer.bound + owned(),
        quotas=quota_uses(graph, decisions, stores),
        counts=_bought(graph, counts),
        stopped=answer.stopped,
    )


def _owned(graph: Graph) -> int:
    """What the devices cost that stand there in any case, which no answer holds."""
    return sum(term.amount for term in cost.fleet_terms(graph))


def _counts(decided: Decided) -> dict[tuple[str, str], int]:
    """How many devices stand where, by site and class."""
    counts = {(site.name, devices.device_class.name): devices.count
              for site in decided.candidates.graph.sites for devices in site.devices}  # fmt: skip
    for name, planned in decided.planned.items():
        counts.update({(name, device): count for device, count in planned.counts.items()})
    return counts


def _bought(graph: Graph, counts: Mapping[tuple[str, str], int]) -> tuple[DeviceCount, ...]:
    """The devices whose number was decided."""
    return tuple(
        DeviceCount(site=site.name, device=devices.device_class.name, least=devices.count,
                    most=devices.upto, count=counts[site.name, devices.device_class.name])
        for site in graph.sites for devices in site.devices if devices.most is not None
    )  # fmt: skip


def _stores(decided: Decided, counts: Mapping[tuple[str, str], int]) -> Iterator[Store]:
    for choice, (zone, region) in enumerate(decided.stores):
        sites = decided.candidates.sites(zone)
        devices = sum(counts[s.name, d.device_class.name] for s in sites for d in s.devices)
        yield Store(
            zone=zone, region=region, terms=decided.candidates.terms(zone, region, devices),
            elsewhere=cache(partial(decided.elsewhere, choice)),
        )  # fmt: skip


@dataclass(slots=True)
class _Lister:
    """Says for every flow at every site what was chosen, and what was not and why."""

    decided: Decided
    _seconds: dict[tuple[int, int, int], Callable[[], Second | None]] = field(default_factory=dict)
    _others: dict[tuple[int, int, int], Callable[[], Others]] = field(default_factory=dict)
    _runs: dict[tuple[str, tuple[tuple[str, str], ...]], Flow] = field(default_factory=dict)

    def decisions(self) -> tuple[Decision, ...]:
        """Zone by zone, site by site, the flows in the order of the spec."""
        graph, candidates = self.decided.candidates.graph, self.decided.candidates
        ranks = {flow.name: rank for rank, flow in enumerate(graph.flows)}
        found = []
        for zone in graph.zones:
            for site in candidates.sites(zone):
                flows, here = candidates.flows(site), self._settled(site)
                for index in sorted(range(len(flows)), key=lambda i: ranks[flows[i].name]):
                    planned = self.decided.planned[site.name]
                    found.append(self._decision(here, flows[index], planned, index))
        return tuple(found)

    def _settled(self, site: Site) -> Site:
        """The site with as many devices as were decided."""
        planned = self.decided.planned.get(site.name)
        if planned is None or all(devices.most is None for devices in site.devices):
            return site
        return replace(site, devices=tuple(
            replace(devices, count=planned.counts[devices.device_class.name], most=None)
            for devices in site.devices
        ))  # fmt: skip

    def _decision(self, site: Site, flow: Flow, planned: Planned, index: int) -> Decision:
        key = (planned.group, planned.plan, index)
        if key not in self._others:
            self._seconds[key] = cache(partial(self.decided.second, *key))
            self._others[key] = cache(partial(self._not_chosen, planned, index))
        chosen = planned.chosen[index]
        if (flow.name, chosen.variants) not in self._runs:
            self._runs[flow.name, chosen.variants] = as_run(flow, chosen.variants)
        return Decision(
            site=site, flow=self._runs[flow.name, chosen.variants], chosen=chosen,
            second=self._seconds[key], others=self._others[key],
        )  # fmt: skip

    def _not_chosen(self, planned: Planned, index: int) -> Others:
        candidates, chosen = self.decided.candidates, planned.chosen[index]
        site, pins = planned.site, self.decided.pins(planned.group, planned.plan)
        region = self.decided.region(site)
        rejected: list[Configuration] = []
        dearer: list[Configuration] = []
        for option in candidates.options(site, region)[index]:
            if option.failures:
                rejected.append(option)
            elif not agrees(option, pins):
                rejected.append(replace(option, failures=(MIXED,)))
            elif option.cost < chosen.cost:
                why = FULL if self.decided.over_quota(planned, index, option) else CROWDED
                rejected.append(replace(option, failures=(why,)))
            elif option.label != chosen.label:
                dearer.append(option)
        for other in candidates.graph.regions:
            if region is None or other.label != region.label:
                rejected += [option for option in candidates.options(site, other)[index]
                             if option.region is not None and option.failures]  # fmt: skip
        return Others(tuple(rejected), tuple(dearer))


def agrees(option: Configuration, pins: Mapping[tuple[str, str], str]) -> bool:
    """Whether a configuration runs no other variant on its device class than `pins` say."""
    name = class_name(option)
    return all(pins.get((name, model), variant) == variant for model, variant in option.held)


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
            flows=tuple(_flows(mine)),
        ))  # fmt: skip
    return tuple(members)


def _flows(decisions: Iterable[Decision]) -> Iterable[Flow]:
    """Every flow once; one that is cut in two at some sites is, for its first half is there."""
    found: dict[str, Flow] = {}
    for decision in decisions:
        flow = decision.flow
        if len(flow.stages) >= len(found.get(flow.name, flow).stages):
            found[flow.name] = flow
    return found.values()
