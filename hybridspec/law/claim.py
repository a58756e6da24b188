"""Claims: what of a zone lies at a place, and whether it may, with what somebody waived.

`claims(graph)` is worked out once for a graph. A claim that is violated stops a placement, and so
does a gap in a facet that a zone states: whoever states where something may be has to be told
that nobody knows where it is. A gap in another facet is listed, and never counts as allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property, lru_cache, reduce
from operator import itemgetter
from typing import NamedTuple

from hybridspec.ir.graph import Flow, Graph, Model, Region, Site, Stage
from hybridspec.ir.half import written
from hybridspec.ir.label import Label, join
from hybridspec.ir.verdict import Permission, Reason, Verdict, meet
from hybridspec.law.locate import (
    COMPUTED,
    ENCRYPTED,
    HELD,
    ROUTE,
    ROUTED,
    Spot,
    at_sink,
    at_site,
    between,
    in_region,
)
from hybridspec.law.permit import Law, law_of
from hybridspec.law.policy import insists
from hybridspec.law.refusal import UNSTATED, Refusal
from hybridspec.law.waiver import waive


class Need(NamedTuple):
    """Something of a zone that lies in its region once it has one, with the facets that it has.

    `node` is where its label is read; `label` may say more, such as whose copy of a model it is.
    `carried` is what a bundle may bring from another zone.
    """

    asset: str
    node: str
    label: Label
    facets: tuple[str, ...]
    carried: bool = False


WEIGHTS = (*HELD, "model")
"""Facets of a model in a region: weights hold what they learnt."""


def stops(graph: Graph, reason: Reason, facet: str, *, stated: bool) -> bool:
    """Whether a reason stops a placement: something broken, or a gap that somebody asked about.

    Whoever states a facet asked, and so did whoever wrote a policy that insists.
    """
    if reason.verdict is not Verdict.GAP:
        return reason.verdict is Verdict.VIOLATED
    return stated or any(p.id == reason.rule and insists(p, facet) for p in graph.policies)


def own(zone: str) -> Label:
    """The label of what a zone owns, whatever was made of it."""
    return Label(zones=frozenset({zone}), born=frozenset({zone}))


class Claims:
    """Every question about one graph, each answered once."""

    def __init__(self, law: Law) -> None:
        self.graph = graph = law.graph
        self.law = law
        self.zones = {zone.name: zone for zone in graph.zones}
        self.flows: dict[str, list[Flow]] = {zone.name: [] for zone in graph.zones}
        for flow in graph.flows:
            for zone in sorted({site.zone.name for site in flow.sites}):
                self.flows.setdefault(zone, []).append(flow)
        self._asked: dict[tuple[int, int, str], tuple[Label, Spot, Permission]] = {}
        self._spots: dict[tuple[str, str, tuple[str, ...]], tuple[Spot, ...]] = {}
        self._kept: dict[str, tuple[Need, ...]] = {}
        self._refused: dict[tuple[str, str], tuple[Refusal, ...]] = {}
        self._moved: dict[tuple[int, bool, str, str, str], tuple[Refusal, ...]] = {}
        self._held: dict[tuple[int, tuple[str, ...], str, str], tuple[Refusal, ...]] = {}
        self._stands: dict[tuple[str, str], frozenset[str]] = {}
        self._apart: dict[tuple[str, str], str] = {}

    def ask(self, label: Label, spot: Spot, zone: str) -> Permission:
        """Whether something with a label may be there, on account of a zone, waivers considered."""
        key = (id(label), id(spot), zone)  # both are kept, so that no other gets their ids
        if key not in self._asked:
            self._asked[key] = (label, spot, self._ask(label, spot, zone))
        return self._asked[key][2]

    def in_region(self, region: Region, facets: tuple[str, ...]) -> tuple[Spot, ...]:
        """The spots of what is in a region, the same objects each time."""
        key = ("region", region.label, facets)
        if key not in self._spots:
            self._spots[key] = in_region(region, facets)
        return self._spots[key]

    def at_site(self, country: str, facets: tuple[str, ...]) -> tuple[Spot, ...]:
        """The spots of what is at sites of a country, the same objects each time."""
        key = ("site", country, facets)
        if key not in self._spots:
            self._spots[key] = at_site(country, facets)
        return self._spots[key]

    def between(self, country: str, region: Region) -> tuple[Spot, ...]:
        """The spots of the way from a country to a region, the same objects each time."""
        key = ("way", country, (region.label,))
        if key not in self._spots:
            self._spots[key] = between(country, region)
        return self._spots[key]

    def _ask(self, label: Label, spot: Spot, zone: str) -> Permission:
        named = any("transit" in policy.facets for policy in self.graph.policies)
        if spot.place is ROUTED and not named and not self.stated(label, "transit"):
            return _encrypted()
        found = self.law.permit(label, spot.facet, spot.place)
        if not _known(spot) and found.verdict not in (Verdict.VIOLATED, Verdict.GAP):
            nobody = Reason(rule="place:unknown", verdict=Verdict.GAP,
                            text=f"nobody states where it is: {spot.place.name}")  # fmt: skip
            found = Permission(verdict=Verdict.GAP, reasons=(*found.reasons, nobody),
                               obligations=found.obligations)  # fmt: skip
        if found.verdict is Verdict.GAP and self.graph.waivers:
            reasons = tuple(self._waived(reason, spot.facet, zone) for reason in found.reasons)
            found = replace(found, verdict=meet(*(r.verdict for r in reasons)), reasons=reasons)
        if spot.guards:
            found = replace(found, obligations=(*found.obligations, *spot.guards))
        return found

    def _waived(self, reason: Reason, facet: str, zone: str) -> Reason:
        """A reason with its waiver; the gap of a zone's own wall is waived at that zone alone."""
        if reason.verdict is not Verdict.GAP:
            return reason
        kind, _, name = reason.rule.partition(":")
        asked = Permission(verdict=reason.verdict, reasons=(reason,))
        at = name if kind == "zone" else zone
        (found,) = waive(self.graph, asked, at, facet, code=UNSTATED).reasons
        return found

    def stated(self, label: Label, facet: str) -> tuple[str, ...]:
        """The zones whose data it holds that state where the facet may be."""
        return tuple(
            name for name in sorted(label.zones)
            if name in self.zones and self.zones[name].states(facet)
        )  # fmt: skip

    def logged(self, index: int, zone: str) -> Iterator[Refusal]:
        """What stands in the way of a telemetry sink getting what a zone logs, if it gets any."""
        node = f"telemetry {index}@{zone}"
        if node in self.law.labels:
            spots = at_sink(self.graph.observability.sinks[index])
            yield from self.refusals(self.law.labels.of(node), spots, zone, "telemetry")

    def refusals(
        self, label: Label, spots: Iterable[Spot], zone: str, asset: str
    ) -> Iterator[Refusal]:
        """What stands in the way of something being at all of some spots."""
        for spot in spots:
            found = self.ask(label, spot, zone)
            if found.verdict not in (Verdict.VIOLATED, Verdict.GAP):
                continue
            gaps = bool(self.stated(label, spot.facet))
            mine = {reason.rule: Refusal(asset, spot.facet, spot.place, reason, zone, label)
                    for reason in reversed(found.reasons)
                    if stops(self.graph, reason, spot.facet, stated=gaps)}  # fmt: skip
            yield from sorted(mine.values(), key=lambda r: (r.rank, r.reason.rule))

    def kept(self, zone: str) -> tuple[Need, ...]:
        """What lies in the region of a zone: its store, models, bundles, and what it trains on."""
        if zone not in self._kept:
            self._kept[zone] = tuple(self._keep(zone))
        return self._kept[zone]

    def _keep(self, zone: str) -> Iterator[Need]:
        labels, flows = self.law.labels, self.flows.get(zone, [])
        nodes = [(f"stage {flow.name}.{stage.name}@{zone}", stage)
                 for flow in flows for stage in flow.stages]  # fmt: skip
        stored = [node for node, stage in nodes if stage.place == "cloud"]
        for node in {id(labels.within(node)): node for node in reversed(stored)}.values():
            yield Need("zone store", node, labels.within(node), HELD)
        if not stored:
            everything = reduce(join, {labels.within(node) for node, _ in nodes}, own(zone))
            yield Need("zone store", nodes[0][0] if nodes else "", everything, HELD)
        for model in self.models(zone):
            label = labels.copy(model.name, zone)
            yield Need(f"model {model.name}", f"model {model.name}", label, WEIGHTS)
            if model.training is not None:
                yield Need(f"training {model.name}", f"model {model.name}", label, COMPUTED)
        for model, owner, _ in self.carried(zone):
            label = labels.copy(model.name, owner)
            yield Need(f"model {model.name}", f"model {model.name}", label, WEIGHTS, carried=True)

    def offered(self, zone: str) -> list[Need]:
        """The models that the update channel of a zone may offer to its devices."""
        return [need for need in self.kept(zone) if "model" in need.facets]

    def models(self, zone: str) -> list[Model]:
        """The models that run in a zone, by name."""
        return [model for (_, of), (model, _) in self._runs.items() if of == zone]

    def carried(self, zone: str) -> list[tuple[Model, str, frozenset[str]]]:
        """Models that a class's one bundle may bring into a zone from another, with their owner.

        The classes are those that bring it. A zone that runs an untrained model itself answers for
        its own copy.
        """
        here = {devices.device_class.name for site in self.graph.sites if site.zone.name == zone
                for devices in site.devices}  # fmt: skip
        own = {model.name for model in self.models(zone)}
        return [
            (model, owner, classes & here)
            for (name, owner), (model, classes) in self._runs.items()
            if owner != zone and here & classes and (model.training is not None or name not in own)
        ]

    @cached_property
    def _runs(self) -> dict[tuple[str, str], tuple[Model, frozenset[str]]]:
        """The models that each zone runs, by name and zone, and the device classes of its sites."""
        found: dict[tuple[str, str], tuple[Model, frozenset[str]]] = {}
        for zone in sorted(self.zones):
            for flow in self.flows[zone]:
                models = {s.model.name: s.model for s in flow.stages if s.model is not None}
                for name, model in models.items():
                    _, before = found.get((name, zone), (model, frozenset[str]()))
                    found[name, zone] = model, before | self._classes(flow, zone)
        return dict(sorted(found.items(), key=itemgetter(0)))

    def _classes(self, flow: Flow, zone: str) -> frozenset[str]:
        """The device classes of a flow's sites in a zone."""
        key = (flow.name, zone)
        if key not in self._stands:
            self._stands[key] = frozenset(
                devices.device_class.name for site in flow.sites if site.zone.name == zone
                for devices in site.devices
            )  # fmt: skip
        return self._stands[key]

    def refused(self, zone: str, region: Region) -> tuple[Refusal, ...]:
        """Why a region may not hold what lies in a zone's region; empty if it may."""
        key = (zone, region.label)
        if key not in self._refused:
            self._refused[key] = tuple(dict.fromkeys(self.refusing(zone, region)))
        return self._refused[key]

    def refusing(self, zone: str, region: Region) -> Iterator[Refusal]:
        """What `refused` gives, one by one: whoever needs the first alone need not ask for all."""
        for need in self.kept(zone):
            if need.facets is not COMPUTED:
                spots = self.in_region(region, need.facets)
                yield from self.refusals(need.label, spots, zone, need.asset)
        way = self.between(region.country, region)  # the other end is a site, which is pinned
        for need in self.offered(zone):
            yield from self.refusals(need.label, way, zone, "update channel")

    def untrained(self, zone: str, region: Region) -> tuple[Refusal, ...]:
        """Why what a zone's models learn from may not be computed on in a region."""
        return tuple(
            refusal for need in self.kept(zone) if need.facets is COMPUTED
            for refusal in self.refusals(need.label, self.in_region(region, need.facets), zone,
                                         need.asset)
        )  # fmt: skip

    def moved(self, flow: Flow, stage: Stage, site: Site, region: Region) -> tuple[Refusal, ...]:
        """Why a stage of a site may not run in a region, what it reads being sent there."""
        label = self.law.labels.within(_node(flow, stage, site.zone.name))
        return self._sent(label, stage.place == "cloud", site.zone.name, site.country, region)

    def _sent(
        self, label: Label, kept: bool, zone: str, country: str, region: Region
    ) -> tuple[Refusal, ...]:
        key = (id(label), kept, zone, country, region.label)
        if key not in self._moved:
            spots = (
                *self.in_region(region, HELD if kept else COMPUTED),
                *self.between(country, region),
            )
            self._moved[key] = tuple(self.refusals(label, spots, zone, "data"))
        return self._moved[key]

    def stays(self, flow: Flow, stage: Stage, site: Site) -> tuple[Refusal, ...]:
        """Why a stage may not run at a site, with the weights that it takes there."""
        zone, labels = site.zone.name, self.law.labels
        held = [(labels.within(_node(flow, stage, zone)), ("process", "logs"))]
        if stage.model is not None:
            held.append((labels.copy(stage.model.name, zone), ("process", "model")))
        return tuple(
            refusal for label, facets in held
            for refusal in self._there(label, facets, zone, site.country)
        )  # fmt: skip

    def _there(
        self, label: Label, facets: tuple[str, ...], zone: str, country: str
    ) -> tuple[Refusal, ...]:
        key = (id(label), facets, zone, country)
        if key not in self._held:
            found = self.refusals(label, self.at_site(country, facets), zone, "data")
            self._held[key] = tuple(found)
        return self._held[key]

    def apart(self, site: Site) -> str:
        """The site's country, if something may not be there, or may not be sent from there.

        Sites of the other countries of a zone are alike in where things may be.
        """
        zone, labels = site.zone.name, self.law.labels
        key = (zone, site.country)
        if key not in self._apart:
            read = {labels.within(f"stage {flow.name}.{stage.name}@{zone}")
                    for flow in self.flows.get(zone, ()) for stage in flow.stages}  # fmt: skip
            refused = any(
                refusal.facet == "transit" for label in read for region in self.graph.regions
                for refusal in self._sent(label, True, zone, site.country, region)
            ) or any(
                self.stays(flow, stage, site)
                for flow in self.flows.get(zone, ()) for stage in flow.stages
            )  # fmt: skip
            self._apart[key] = site.country if refused else ""
        return self._apart[key]


def _node(flow: Flow, stage: Stage, zone: str) -> str:
    """Where the label of what a stage reads is found; a first half reads what the whole does."""
    return f"stage {flow.name}.{written(stage.name)}@{zone}"


def _known(spot: Spot) -> bool:
    """Whether anybody states where it is."""
    return bool(spot.place.operator if spot.facet == "operator" else spot.place.countries)


def _encrypted() -> Permission:
    reason = Reason(
        rule=ENCRYPTED.rule, verdict=Verdict.CONDITIONAL, source=ROUTE,
        text="nobody knows the route between the ends; encrypted, it may be any",
    )  # fmt: skip
    return Permission(verdict=Verdict.CONDITIONAL, reasons=(reason,), obligations=(ENCRYPTED,))


def claims(graph: Graph) -> Claims:
    """The claims of a graph; those of the last one are kept, because every stage asks for them."""
    return _claims(law_of(graph))


_claims = lru_cache(maxsize=1)(Claims)
