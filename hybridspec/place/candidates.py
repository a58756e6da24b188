"""Everything that could be decided: regions for each zone's store, ways for each flow at a site.

Sites that are alike share what is enumerated; so do flows that differ in names alone. Ways that
break a bound are kept with the reasons, for whoever explains.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TypeAlias

from hybridspec.ir.graph import Flow, Graph, Model, Region, Site, Stage, Training, Zone
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Configuration, CostTerm
from hybridspec.law.claim import claims
from hybridspec.place import cost
from hybridspec.place.configuration import Known, Shared, Twins, Way, by_cost, ways
from hybridspec.place.crowd import Crowd, crowds
from hybridspec.place.difference import Difference, difference
from hybridspec.place.permits import holds, trains


@dataclass(frozen=True, slots=True)
class _Alike:
    """Numbers that a site shares with those that are alike: wholly, or in what stands there."""

    whole: int
    shape: int
    apart: str


_Key: TypeAlias = tuple[int, str | None]
"""Sites that are alike, and the region of their store."""

Crowds: TypeAlias = tuple[tuple[str, Crowd], ...]
"""By device class, what other flows could put in an event's way."""

_Ways: TypeAlias = tuple[int, int, str | None, Crowds]
"""Sites of a shape, flows of a kind, the region of the store, and what is in an event's way."""


@dataclass(slots=True)
class Candidates:
    """All ways and all regions of one Graph, enumerated when somebody asks, and once.

    `judged` is a graph of which the law says the same, if there was one before this.
    """

    graph: Graph
    table: LatencyTable
    judged: Graph | None = None
    _flows: dict[str, list[Flow]] = field(default_factory=dict)
    _kinds: dict[str, int] = field(default_factory=dict)
    _sites: dict[str, list[Site]] = field(default_factory=dict)
    _alike: dict[str, _Alike] = field(default_factory=dict)
    _ids: dict[tuple[object, ...], int] = field(default_factory=dict)
    _ways: dict[_Ways, tuple[Way, ...]] = field(default_factory=dict)
    _twins: dict[tuple[int, int, bool, Crowds], Twins] = field(default_factory=dict)
    _single: dict[tuple[int, int], tuple[Crowd, ...]] = field(default_factory=dict)
    _crowds: dict[tuple[int, ...], Crowds] = field(default_factory=dict)
    _options: dict[_Key, tuple[tuple[Configuration, ...], ...]] = field(default_factory=dict)
    _regions: dict[str, list[Region | None]] = field(default_factory=dict)
    _more: dict[tuple[str, str], int] = field(default_factory=dict)
    _shared: Shared = field(default_factory=lambda: Shared({}, {}, {}))
    _before: dict[_Ways, tuple[Way, ...]] = field(default_factory=dict)
    known: Known = field(default_factory=dict)

    def __post_init__(self) -> None:
        for flow in sorted(self.graph.flows, key=lambda flow: flow.name):
            for site in flow.sites:
                self._flows.setdefault(site.name, []).append(flow)
            kind, ids = ("flow", *flow_kind(flow)), self._ids
            self._kinds[flow.name] = ids.setdefault(kind, len(ids))
        for site in self.graph.sites:
            self._sites.setdefault(site.zone.name, []).append(site)

    def flows(self, site: Site) -> list[Flow]:
        """The flows of a site by name, so that ties do not depend on the order in the spec."""
        return self._flows.get(site.name, [])

    def sites(self, zone: Zone) -> list[Site]:
        """The sites of a zone in the order of the spec."""
        return self._sites.get(zone.name, [])

    def kinds(self, site: Site) -> tuple[int, ...]:
        """What kinds of flows run at a site; two of one kind differ in names alone."""
        return tuple(self._kinds[flow.name] for flow in self.flows(site))

    def key(self, site: Site) -> int:
        """What sites that are alike have in common."""
        return self._kind(site).whole

    def shape(self, site: Site) -> int:
        """What sites have in common that differ in the price of energy and in their flows."""
        return self._kind(site).shape

    def _kind(self, site: Site) -> _Alike:
        """With which other sites a site is alike."""
        found = self._alike.get(site.name)
        if found is None:
            ids, apart = self._ids, claims(self.judged or self.graph).apart(site)
            whole = ("whole", *site_class(site, self.kinds(site), apart))
            shape = ("shape", *site_shape(site, (), apart))
            found = _Alike(ids.setdefault(whole, len(ids)), ids.setdefault(shape, len(ids)), apart)
            self._alike[site.name] = found
        return found

    def ways(self, site: Site, index: int, region: Region | None) -> tuple[Way, ...]:
        """All ways to run one flow at sites like this, whatever energy costs there.

        Raises:
            TooManyWays: the flow branches so widely that enumeration would not end in time.
        """
        flow, crowds = self.flows(site)[index], self.crowds(site, index)
        key = (
            self.shape(site), self._kinds[flow.name], region.label if region else None, crowds
        )  # fmt: skip
        if key not in self._ways:
            alike = (self.shape(site), self._kinds[flow.name], region is None, crowds)
            self._ways[key] = ways(
                self.judged or self.graph, self.table, site, flow, region, self._shared,
                dict(crowds), self._twins.setdefault(alike, {}), self._before.get(key, ()),
            )  # fmt: skip
        return self._ways[key]

    def crowds(self, site: Site, index: int) -> Crowds:
        """By device class, what all other flows of the site could put in the way of one."""
        others = [flow for i, flow in enumerate(self.flows(site)) if i != index]
        key = (self.shape(site), *(self._kinds[flow.name] for flow in others))
        if key not in self._crowds:
            alone = [self._alone(site, flow) for flow in others]
            self._crowds[key] = tuple(
                (d.device_class.name, sum((found[i] for found in alone), Crowd()))
                for i, d in enumerate(site.devices)
            )
        return self._crowds[key]

    def _alone(self, site: Site, flow: Flow) -> tuple[Crowd, ...]:
        """What one flow of a site could put in the way of others, by the site's devices."""
        key = (self.shape(site), self._kinds[flow.name])
        if key not in self._single:
            self._single[key] = crowds(self.table, flow, site)
        return self._single[key]

    def options(self, site: Site, region: Region | None) -> tuple[tuple[Configuration, ...], ...]:
        """All configurations of each flow by cost and label, broken ones included."""
        key = (self.key(site), region.label if region else None)
        if key not in self._options:
            self._options[key] = tuple(
                by_cost(self.graph, site, self.ways(site, index, region), self.known)
                for index in range(len(self.flows(site)))
            )
        return self._options[key]

    def followed(self, graph: Graph, unlike: Difference) -> Candidates:
        """The candidates of another graph; what differs between the two is worked out anew."""
        anew = unlike.priced | unlike.limited
        spoilt = {self.shape(site) for site in self.graph.sites
                  if any(d.device_class.name in unlike.classes for d in site.devices)}  # fmt: skip
        regions = {region.label: region for region in graph.regions}
        sites = zip(self.graph.sites, graph.sites, strict=True)
        return Candidates(
            graph, self.table, self.judged or self.graph, _ids=self._ids,
            _alike={old.name: self._alike[old.name] for old, new in sites
                    if new is old and old.name in self._alike},
            _ways={key: found for key, found in self._ways.items()
                   if key[0] not in spoilt and key[2] not in anew},
            _before={key: found for key, found in self._ways.items()
                     if key[0] not in spoilt and key[2] in unlike.priced},
            _twins={key: found for key, found in self._twins.items() if key[0] not in spoilt},
            _single={key: found for key, found in self._single.items() if key[0] not in spoilt},
            _crowds={key: found for key, found in self._crowds.items() if key[0] not in spoilt},
            _regions={zone: [regions[one.label] if one is not None else None for one in found]
                      for zone, found in self._regions.items()},
            _shared=self._shared.elsewhere(anew),
            known=self.known,
        )  # fmt: skip

    def admissible(self, site: Site, region: Region | None) -> list[tuple[Configuration, ...]]:
        """The configurations of each flow that break no bound."""
        return [tuple(option for option in options if not option.failures)
                for options in self.options(site, region)]  # fmt: skip

    def models(self, sites: Iterable[Site]) -> tuple[Model, ...]:
        """Every model that runs at the sites, by name."""
        flows = {flow.name: flow for site in sites for flow in self.flows(site)}
        models = {stage.model.name: stage.model
                  for flow in flows.values() for stage in flow.stages
                  if stage.model is not None}  # fmt: skip
        return tuple(models[name] for name in sorted(models))

    def regions(self, zone: Zone) -> list[Region | None]:
        """Regions for the store: inside the zone, and where its training is allowed and pinned.

        None is a zone that needs no region; without any candidate it cannot be placed.
        """
        if zone.name not in self._regions:
            self._regions[zone.name] = self._candidates(zone, self.models(self.sites(zone)))
        return self._regions[zone.name]

    def _candidates(self, zone: Zone, models: tuple[Model, ...]) -> list[Region | None]:
        inside = {r.label: r for r in self.graph.regions if holds(self.graph, zone, r)}
        jobs = [model.training for model in models if model.training is not None]
        fitting: list[Region | None] = [
            region for _, region in sorted(inside.items())
            if trains(self.graph, zone, region) and all(trains_in(region, job) for job in jobs)
        ]  # fmt: skip
        return fitting if inside or jobs else [None]

    def terms(
        self, zone: Zone, region: Region | None, devices: int | None = None
    ) -> tuple[CostTerm, ...]:
        """What a zone costs with its store in a region, whatever its flows do.

        Without a number of `devices` it has those that stand there in any case.
        """
        if region is None:
            return ()
        sites = self.sites(zone)
        if devices is None:
            devices = sum(d.count for site in sites for d in site.devices)
        return cost.zone_terms(self.graph, region, self.models(sites), devices)

    def device_cost(self, zone: Zone, region: Region | None) -> int:
        """What one device more costs a zone with its store in a region, wherever it stands."""
        key = (zone.name, region.label if region is not None else "")
        if key not in self._more:
            none, one = self.terms(zone, region, 0), self.terms(zone, region, 1)
            self._more[key] = sum(t.amount for t in one) - sum(t.amount for t in none)
        return self._more[key]


def following(before: Candidates, graph: Graph) -> Candidates:
    """The candidates of a graph, with all that it has in common with one that was looked at."""
    unlike = difference(before.graph, graph)
    if unlike is None:
        return Candidates(graph, before.table)
    return before.followed(graph, unlike)


def trains_in(region: Region, job: Training) -> bool:
    """Whether a job's pins allow it to run in a region."""
    return job.cloud in (None, region.cloud) and job.region in (None, region)


def site_class(site: Site, kinds: Sequence[int], apart: str) -> tuple[object, ...]:
    """What a site's plan depends on: everything but names and lines in the spec."""
    return (site.energy_price, *site_shape(site, kinds, apart))


def site_shape(site: Site, kinds: Sequence[int], apart: str) -> tuple[object, ...]:
    """What the ways to run flows of `kinds` at a site depend on, but for what energy costs.

    `apart` is its country, if that matters to what may be sent from there.
    """
    devices = tuple((d.device_class.name, d.count, d.most, d.device_class.uplink_bandwidth,
                     d.device_class.uplink_rtt, d.device_class.uplink_up_price,
                     d.device_class.uplink_down_price) for d in site.devices)  # fmt: skip
    return (apart, site.zone.name, site.lan_rtt, site.lan, site.line, devices, *kinds)


_NAMED = ("name", "sites", "data", "stages")
_FLOW = attrgetter(*(f.name for f in fields(Flow) if f.compare and f.name not in _NAMED))
_STAGE = attrgetter(*(f.name for f in fields(Stage) if f.compare and f.name != "model"))


def flow_kind(flow: Flow) -> tuple[object, ...]:
    """What two flows share that differ in nothing but their names and their sites."""
    stages = tuple((_STAGE(s), s.model.name if s.model is not None else "") for s in flow.stages)
    return (flow.data.name, _FLOW(flow), stages)
