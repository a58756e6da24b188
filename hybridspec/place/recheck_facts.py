"""The independent checker's list of what lies where in a plan, made anew from the graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hybridspec.ir.graph import Graph, Region
from hybridspec.ir.label import Label
from hybridspec.ir.plan import Decision, Plan
from hybridspec.law.label import Labels

_EVERY = ("logs", "support", "control_plane", "operator")
_KEPT = ("store", "ciphertext", "keys", "key_admin", "backup", *_EVERY)


class Fact(NamedTuple):
    """Something that lies somewhere: whose, what, which facet, and where as far as is known.

    Empty `countries` are unknown; `keys` are those of the countries where its keys lie.
    """

    zone: str
    asset: str
    facet: str
    label: Label
    countries: frozenset[str]
    place: str
    region: Region | None = None


class Facts:
    """What lies where in a plan, listed anew."""

    def __init__(
        self, graph: Graph, labels: Labels, plan: Plan, groups: list[list[Decision]]
    ) -> None:
        self.graph, self.labels, self.plan, self.groups = graph, labels, plan, groups
        self.reached: dict[tuple[str, tuple[str, ...]], list[tuple[str, frozenset[str], str]]] = {}
        self.runs = {zone.name: set[str]() for zone in graph.zones}
        for flow in graph.flows:
            for zone in {site.zone.name for site in flow.sites}:
                self.runs[zone] |= {s.model.name for s in flow.stages if s.model is not None}
        self.trained = {m.name for m in graph.models if m.training is not None}

    def others(self) -> Iterator[Fact]:
        """All but what flows do, weights on account of each zone that they learnt from."""
        regions = {store.zone.name: store.region for store in self.plan.stores}
        for zone, region in regions.items():
            yield from self._stored(zone, region)
        for zone in sorted({site.zone.name for site in self.graph.sites}):
            yield from self._offered(zone, regions.get(zone))
        yield from self._shipped()
        for index, sink in enumerate(self.graph.observability.sinks):
            for of in self.graph.zones:
                node = f"telemetry {index}@{of.name}"
                if node in self.labels:
                    yield Fact(of.name, f"telemetry {index} ({sink.type})", "logs",
                               self.labels.of(node), frozenset(sink.countries), "")  # fmt: skip

    def kind(self, one: Decision) -> tuple[object, ...]:
        """What its facts depend on, but for the names of its flow and its site."""
        zone, flow = one.site.zone.name, one.flow
        stages = (stage.split(".")[0] for stage, _ in one.chosen.hosts)
        return (
            zone, one.site.country, flow.data.name, id(one.chosen.region),
            *((stage, host.kind) for stage, host in one.chosen.hosts),
            *(id(self.labels.within(f"stage {flow.name}.{name}@{zone}")) for name in stages),
            *(stage.place for stage in flow.stages),
        )  # fmt: skip

    def decided(self, group: list[Decision]) -> Iterator[Fact]:
        """What one flow does at sites that are alike."""
        one = group[0]
        zone, flow, region = one.site.zone.name, one.flow, one.chosen.region
        here = frozenset((one.site.country,))
        born, data = f"data {flow.data.name}", self.labels.of(f"data {flow.data.name}@{zone}")
        whole = {stage: stage.split(".")[0] for stage, _ in one.chosen.hosts}
        read = {stage: (f"{flow.name}.{name}",
                        self.labels.within(f"stage {flow.name}.{name}@{zone}"))
                for stage, name in whole.items()}  # fmt: skip
        for decision in group:
            name = f"site {decision.site.name}"
            yield Fact(zone, born, "process", data, here, name)
            for stage, host in decision.chosen.hosts:
                asset, label = read[stage]
                if host.kind == "edge":
                    yield Fact(zone, asset, "process", label, here, name)
                    yield Fact(zone, asset, "logs", label, here, name)
                elif region is not None:
                    yield Fact(zone, asset, "transit", label, here | {region.country}, name)
        sinks = {stage.name for stage in flow.stages if stage.place == "cloud"}
        for stage, host in one.chosen.hosts:
            if host.kind == "cloud" and region is not None:
                facets = _KEPT if stage in sinks else ("process", *_EVERY)
                yield from self._in(region, zone, *read[stage], facets)

    def _offered(self, zone: str, region: Region | None) -> Iterator[Fact]:
        """Where updates come from, and the way they take."""
        label = Label(zones=frozenset((zone,)))
        if region is None:
            held = label if self.runs[zone] else Label()
            yield Fact(zone, "update channel", "model", held, frozenset(), "")
            return
        for model in sorted(self.runs[zone]) or [""]:
            label = self.labels.copy(model, zone) if model else label
            facets = ("store", "model", *_EVERY) if model else ("store", *_EVERY)
            yield from self._in(region, zone, "update channel", label, facets)
            for country in {s.country for s in self.graph.sites if s.zone.name == zone}:
                yield Fact(zone, "update channel", "transit", label,
                           frozenset((country, region.country)), "")  # fmt: skip

    def _stored(self, zone: str, region: Region) -> Iterator[Fact]:
        nodes = [
            (stage.place == "cloud", f"stage {flow.name}.{stage.name}@{zone}")
            for flow in self.graph.flows if any(site.zone.name == zone for site in flow.sites)
            for stage in flow.stages
        ]  # fmt: skip
        kept = {self.labels.within(node) for stored, node in nodes if stored}
        for label in kept or {Label(zones=frozenset((zone,)))}:
            yield from self._in(region, zone, "zone store", label, _KEPT)
        for model in sorted(self.runs[zone]):
            yield from self._weights(zone, model, zone, region, None)
            if model in self.trained:
                label = self.labels.copy(model, zone)
                for whose in self._answer(label, model, zone):
                    yield from self._in(region, whose, f"training {model}", label,
                                        ("process", *_EVERY))  # fmt: skip

    def _shipped(self) -> Iterator[Fact]:
        """Weights on devices, and in the channels of the zones where their class stands."""
        runs_on: dict[tuple[str, str], set[str]] = {}
        for group in self.groups:
            device = group[0].chosen.device
            edge = {name for name, host in group[0].chosen.hosts if host.kind == "edge"}
            for stage in group[0].flow.stages:
                if stage.model is not None and stage.name in edge and device is not None:
                    key = (device.name, stage.model.name)
                    runs_on.setdefault(key, set()).add(group[0].site.zone.name)
        channels = {store.zone.name: store.region for store in self.plan.stores}
        stands: dict[str, dict[tuple[str, str], str]] = {}
        for site in self.graph.sites:
            for devices in site.devices:
                kind = stands.setdefault(devices.device_class.name, {})
                kind[site.zone.name, site.country] = site.name
        for (name, model), owners in runs_on.items():
            for (zone, country), where in stands.get(name, {}).items():
                for owner in owners:
                    if zone == owner or model not in self.runs[zone]:
                        yield from self._weights(owner, model, zone, channels.get(zone),
                                                 (country, where))  # fmt: skip

    def _weights(
        self, owner: str, model: str, zone: str, region: Region | None,
        site: tuple[str, str] | None,
    ) -> Iterator[Fact]:  # fmt: skip
        label = self.labels.copy(model, owner)
        for whose in self._answer(label, model, owner):
            if region is not None:
                yield from self._in(region, whose, f"model {model}", label, (*_KEPT, "model"))
            if site is not None:
                for facet in ("process", "model"):
                    yield Fact(whose, f"model {model}", facet, label, frozenset((site[0],)),
                               f"site {site[1]}")  # fmt: skip

    def _answer(self, label: Label, model: str, owner: str) -> list[str]:
        """The zones that answer for weights: those that they learnt from, too."""
        zones = label.zones if model in self.trained else frozenset[str]()
        return sorted({owner} | {zone.name for zone in self.graph.zones if zone.name in zones})

    def _in(
        self, region: Region, zone: str, asset: str, label: Label, facets: tuple[str, ...]
    ) -> Iterator[Fact]:
        key = (region.label, facets)
        if key not in self.reached:
            self.reached[key] = [*_there(region, facets)]
        for facet, countries, place in self.reached[key]:
            yield Fact(zone, asset, facet, label, countries, place, region)


def _there(region: Region, facets: tuple[str, ...]) -> Iterator[tuple[str, frozenset[str], str]]:
    """Each facet of what is in a region, with countries it is in, and its place if that counts."""
    for facet in facets:
        yield from ((facet, countries, "") for countries in _reaches(region, facet))
        if facet in ("store", "process"):
            yield facet, frozenset((region.country,)), f"region {region.label}"


def _reaches(region: Region, facet: str) -> list[frozenset[str]]:
    """The sets of countries that a facet of what is in a region is in; an empty one is unknown."""
    rows = [row for row in region.implicit
            if row.facet == facet and row.service in ("*", *region.services)]  # fmt: skip
    added = [frozenset(row.countries) for row in rows if not row.avoided_by]
    if facet == "operator":
        return [*added, frozenset({region.operator_country} - {None})]  # type: ignore[arg-type]
    if facet == "key_admin":
        return [*added, frozenset(region.administered_from)]
    known = frozenset((region.country,))
    if facet in ("support", "control_plane"):
        return added or [known if rows else frozenset()]
    doubt = facet == "logs" or (facet == "backup" and region.pair is not None)
    return [*added, known, *([frozenset[str]()] if doubt and not rows else [])]
