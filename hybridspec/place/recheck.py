"""The independent checker's law: every claim of the matrix judged again, rule by rule.

It takes labels from `law.label` and facts from the graph, and works out places and verdicts in its
own way: it asks of each country whether some rule refuses it, and never why it is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from hybridspec.ir.graph import Graph, Region
from hybridspec.ir.label import Bound, Label
from hybridspec.ir.law import STATED_ONLY, Regime, Status
from hybridspec.ir.plan import Decision, Plan, Residency
from hybridspec.law.label import Labels

REFUSED, UNKNOWN, FINE = 0, 1, 2
_RANK = {"violated": REFUSED, "gap": UNKNOWN, "waived": UNKNOWN}
_EVERY = ("logs", "support", "control_plane", "operator")
_LONG = 8
"""Rows of more places are looked up in a set."""
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


def recheck(graph: Graph, labels: Labels, plan: Plan, groups: list[list[Decision]]) -> list[str]:
    """Every row that is missing, claims too much, or is of something that may not be so."""
    judge = _Again(graph)
    rows = {(row.zone, row.asset, row.facet): row for row in plan.residency}
    long = {key: frozenset(row.places) for key, row in rows.items() if len(row.places) > _LONG}
    faults: dict[str, None] = {}
    if len(rows) < len(plan.residency):
        faults["two rows of the matrix are about the same"] = None
    expected: set[tuple[str, str, str]] = set()
    for fact in _Facts(graph, labels, plan, groups).all():
        key = fact[:3]
        expected.add(key)
        row = rows.get(key)
        if row is None:
            faults[f"{_name(*key)} is missing"] = None
        elif fact.place and fact.place not in long.get(key, row.places):
            faults[f"{fact.zone}: the matrix leaves out {fact.place} ({fact.asset})"] = None
        elif not fact.countries.issubset(row.countries):
            faults[f"{_name(*key)} leaves out a country"] = None
        elif judge.verdict(fact) < _RANK.get(row.verdict, FINE):
            faults[f"{_name(*key)} does not hold"] = None
        elif row.verdict == "gap" and judge.stated(fact):
            faults[f"{_name(*key)} is unknown, and a zone states where it has to be"] = None
    for key, row in rows.items():
        if key not in expected and row.asset != "update channel":
            faults[f"{_name(*key)} is about nothing"] = None
        faults.update((f"{_name(*key)} {why}", None) for why in judge.stops(row))
    return list(faults)


def _name(zone: str, asset: str, facet: str) -> str:
    return f"{zone}: the row of {asset} ({facet})"


class _Facts:
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

    def all(self) -> Iterator[Fact]:
        """Everything, weights on account of each zone that they learnt from."""
        for group in self.groups:
            yield from self._decided(group)
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

    def _decided(self, group: list[Decision]) -> Iterator[Fact]:
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


class _Again:
    """Every rule asked once more, for refusals and for what nobody knows."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.day = graph, date.fromisoformat(graph.as_of)
        self.zones = {zone.name: zone for zone in graph.zones}
        self.regimes = {regime.name: regime for regime in graph.law.regimes}
        self.waivers = {waiver.id for waiver in graph.waivers}
        self.known: dict[tuple[object, ...], tuple[Label, int]] = {}
        self.asks: dict[tuple[int, str], bool] = {}

    def verdict(self, fact: Fact) -> int:
        """The worst that any rule says; an unknown place is never fine."""
        key = (id(fact.label), fact.facet, fact.countries, id(fact.region))
        if key not in self.known:  # with the label, so that no other gets its id
            states = [
                z for z in fact.label.zones if z in self.zones and self.zones[z].states("transit")
            ]
            routed = fact.facet == "transit" and states
            worst = FINE if fact.countries and not routed else UNKNOWN
            for country in sorted(fact.countries):
                worst = min(worst, self._country(fact, country))
            if any(bound.regime not in self.regimes for bound in fact.label.regimes):
                worst = min(worst, UNKNOWN)
            self.known[key] = fact.label, worst
        return self.known[key][1]

    def stated(self, fact: Fact) -> bool:
        """Whether nobody knows of a fact what a zone asks of it."""
        if self.verdict(fact) != UNKNOWN:
            return False
        key = (id(fact.label), fact.facet)  # `known` keeps the label
        if key not in self.asks:
            self.asks[key] = any(
                z in self.zones and self.zones[z].states(fact.facet) for z in fact.label.zones
            )
        return self.asks[key]

    def _country(self, fact: Fact, country: str) -> int:
        facet = fact.facet
        for name in fact.label.zones:
            zone = self.zones.get(name)
            stated = dict(zone.facets).get(facet) if zone is not None else ()
            free = facet in STATED_ONLY and stated is None
            if zone is not None and not free and country not in (stated or zone.countries):
                return REFUSED
        where = fact.region.label if fact.region is not None else ""
        born = fact.label.born | fact.label.zones
        for policy in self.graph.policies:
            hit = country in policy.countries or where in policy.regions
            hit = hit and policy.severity == "error" and policy.condition is None
            hit = hit and (facet not in STATED_ONLY or facet in policy.facets)
            hit = hit and not policy.regimes and (not policy.facets or facet in policy.facets)
            if hit and any(policy.binds(z, c) for z in born for c in fact.label.categories):
                return REFUSED
        return min((self._law(bound, fact, country) for bound in fact.label.regimes), default=FINE)

    def _law(self, bound: Bound, fact: Fact, country: str) -> int:
        regime = self.regimes.get(bound.regime)
        if regime is None or fact.facet not in regime.governs or not regime.fact.holds(self.day):
            return FINE
        operator = fact.region.operator_country if fact.region is not None else None
        if country in regime.denied or operator in regime.denied:
            return REFUSED
        if country in regime.home or self._ground(regime, bound.zone, country):
            return FINE
        keys = fact.region.country if fact.region is not None else ""
        if fact.facet == "ciphertext" and fact.facet in regime.sealed and keys in regime.home:
            return FINE
        return {"deny": REFUSED, "allow": FINE}.get(regime.elsewhere, UNKNOWN)

    def _ground(self, regime: Regime, zone: str, country: str) -> bool:
        """Whether anything at all allows a regime's data in a country: a decision, a transfer."""
        stated = [
            transfer for transfer in self.zones[zone].transfers
            if country in transfer.countries
            and (transfer.expires is None or date.fromisoformat(transfer.expires) >= self.day)
        ] if zone in self.zones else []  # fmt: skip
        for row in self.graph.law.adequacy:
            decided = row.regime == regime.name and row.country == country
            proved = row.scope != "certified" or any(
                t.mechanism == "adequacy" and t.evidence for t in stated
            )
            if decided and proved and row.fact.holds(self.day):
                return row.fact.status is not Status.DRAFT
        usable = {
            m.name for m in regime.mechanisms
            if m.name != "adequacy" and m.fact.holds(self.day)
            and (not m.countries or country in m.countries)
        }  # fmt: skip
        return any(t.mechanism in usable and t.evidence for t in stated)

    def stops(self, row: Residency) -> Iterator[str]:
        """What no plan may hold: a violation, an unwaived gap that is stated, a false waiver."""
        verdict = row.verdict
        if verdict not in ("satisfied", "conditional", "waived", "gap", "violated"):
            yield "has no verdict"
        if verdict == "violated" or (verdict == "satisfied" and not row.countries):
            yield "does not hold"
        if verdict == "waived":
            reasons = row.certificate.reasons if row.certificate is not None else ()
            named = {waiver for reason in reasons for waiver in reason.waived_by}
            if not (named and named <= self.waivers):
                yield "is waived by nobody"
        if row.certificate is None:
            yield "has no certificate"
