"""Duties: what laws ask beside a place, such as a document or a control, and what meets it.

`Duties(graph).ask(...)` judges one facet at one place, for permission; `met(...)` is what the rules
that report duties ask. A duty that starts after the spec's day but within its horizon is `coming`:
it binds nothing yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cached_property
from typing import NamedTuple

from hybridspec.base.units import DAY
from hybridspec.ir.graph import DeviceClass, Graph
from hybridspec.ir.label import Bound
from hybridspec.ir.law import Duty, Evidence, Fact, Regime, Status
from hybridspec.ir.region import Region
from hybridspec.ir.verdict import Obligation, Place, Verdict
from hybridspec.ir.zone import Zone
from hybridspec.law.regime import Ruling, by_name, countries_of, gather, known, lasts, reason
from hybridspec.law.source import Sources, births, under

ASKED = ("evidence", "agreement", "control", "device", "key")
"""Kinds that permission asks; `keep` and `limit` are times, see `law/retention.py`."""
EVENT_LOGGING = "event-logging"
"""The control that a spec turns on itself: `observability.logs` of every event."""
_EVENTS = ("debug", "info")


class Met(NamedTuple):
    """By what a duty is met (empty: it is open), and the last day of it."""

    by: str = ""
    until: str | None = None


OPEN = Met()


class Duties:
    """The duties of one graph, each question answered once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.as_of = date.fromisoformat(graph.as_of)
        self.regimes = by_name(graph.law)
        self.zones = {zone.name: zone for zone in graph.zones}
        self._regions = {f"region {region.label}": region for region in graph.regions}
        self._owed: dict[str, tuple[Duty, ...]] = {}
        self._binding: dict[tuple[str, frozenset[str], str], tuple[Duty, ...]] = {}
        self._asked: dict[tuple[Bound, tuple[int, ...], tuple[str, ...], Place], Ruling] = {}

    def ask(self, bound: Bound, categories: frozenset[str], facet: str, place: Place) -> Ruling:
        """What the duties of a regime say of a facet at a place; nothing if none is about it."""
        about = (bound.regime, categories, facet)
        if about not in self._binding:
            self._binding[about] = tuple(self.binding(*about))
        duties, where = self._binding[about], countries_of(facet, place)
        key = (bound, tuple(map(id, duties)), where, place)  # a regime holds its duties
        if key not in self._asked:
            self._asked[key] = gather(self._rule(bound, duty, where, place) for duty in duties
                                      if self._here(bound, duty, place))  # fmt: skip
        return self._asked[key]

    def owed(self, regime: str) -> tuple[Duty, ...]:
        """The duties of a regime that bind us by role, in force or coming within the horizon."""
        if regime not in self._owed:
            law = self.regimes.get(regime)
            self._owed[regime] = () if law is None or not self._in_time(law.fact) else tuple(
                duty for duty in law.duties if self._in_time(duty.fact) and self._ours(law, duty)
            )  # fmt: skip
        return self._owed[regime]

    def binding(
        self, regime: str, categories: Iterable[str], facet: str | None = None
    ) -> Iterator[Duty]:
        """Those of `owed` that are in force and about a facet of data of some categories."""
        held = frozenset(categories)
        for duty in self.owed(regime):
            if self.coming(regime, duty) or (facet and duty.facets and facet not in duty.facets):
                continue
            if about(duty, held):
                yield duty

    def coming(self, regime: str, duty: Duty) -> bool:
        """Whether a duty binds only from a later day on."""
        return self.since(regime, duty) > self.as_of

    def since(self, regime: str, duty: Duty) -> date:
        """The first day on which a duty binds."""
        return max(duty.fact.since, self.regimes[regime].fact.since)

    def met(self, duty: Duty, zone: Zone | None, place: Place) -> Met:
        """How a duty is met for data of a zone at a place."""
        if duty.kind == "evidence":
            return self.shown(zone, duty.needs)
        if duty.kind == "agreement":
            return self._agreed(duty.needs, place.recipient) or self.shown(zone, duty.needs)
        if duty.kind == "device":
            there = self._devices(place)
            trusty = bool(there) and all(trusted(device, duty.needs) for device in there)
            return OPEN if not trusty else Met(f"`{duty.needs}` on every device there")
        if duty.kind == "control":
            return self.controlled(duty.needs, zone, place)
        if duty.kind == "key":
            region = self._regions.get(place.name)
            fits = zone is not None and region is not None and zone.key_protection == duty.needs
            return Met(f"keys under `{duty.needs}`") if fits and keys_fit(zone, region) else OPEN
        return OPEN

    def shown(self, zone: Zone | None, kind: str) -> Met:
        """The document of a kind that a zone's evidence names and that has not run out."""
        return self._document(zone.evidence if zone is not None else (), kind)

    def controlled(self, control: str, zone: Zone | None, place: Place) -> Met:
        """What carries out a control at a place: what is emitted there, or a document says who."""
        if control == EVENT_LOGGING:
            if self.graph.observability.log_level in _EVENTS:
                return Met(f"`observability.logs.level: {self.graph.observability.log_level}`")
        elif place.recipient == "own":
            ways = [carried(device, control) for device in self._devices(place)]
            if ways and all(ways):
                return Met(ways[0])
        else:
            regions = [r for r in self.graph.regions if r.cloud == place.recipient]
            region = self._regions.get(place.name)
            ways = [dict(r.controls).get(control, "") for r in ([region] if region else regions)]
            if ways and all(ways):
                return Met(ways[0])
        return self.shown(zone, control)

    @cached_property
    def under(self) -> dict[str, dict[str, frozenset[str]]]:
        """By zone, the regimes that bind its data or that it claims, with the data's categories."""
        found: dict[str, dict[str, set[str]]] = {
            zone.name: {regime: set() for regime in zone.regimes} for zone in self.graph.zones
        }
        born = births(self.graph)
        sources, assets = Sources(self.graph, born), {data.name: data for data in self.graph.data}
        for name, zone in born:
            label = sources.label(assets[name], zone)
            for bound in label.regimes:
                found[bound.zone].setdefault(bound.regime, set()).update(label.categories)
        return {
            zone: {regime: frozenset(held) for regime, held in sorted(regimes.items())}
            for zone, regimes in found.items()
        }

    def _rule(self, bound: Bound, duty: Duty, where: tuple[str, ...], place: Place) -> Ruling:
        met = self.met(duty, self.zones.get(bound.zone), place)
        verdict = Verdict.VIOLATED if duty.hard and not met.by else Verdict.CONDITIONAL
        text = f"{duty.fact.title}: " + (f"met by {met.by}" if met.by else "nothing shows it")
        return Ruling(
            (reason(duty.id, verdict, text, where, duty.fact),),
            (Obligation(rule=duty.id, text=duty.text, met_by=met.by, until=met.until),),
        )

    def _here(self, bound: Bound, duty: Duty, place: Place) -> bool:
        """Whether a duty is about a place at all."""
        if duty.kind not in ASKED:
            return False
        if duty.kind == "agreement" or duty.kind == "key":
            here = place.recipient != "own"
        elif duty.kind == "device":
            here = place.recipient == "own"
        else:
            here = True
        return here and (not duty.abroad or abroad(self.regimes[bound.regime], place))

    def _in_time(self, fact: Fact) -> bool:
        """Whether it is law, or will be before the horizon."""
        last = self.as_of + timedelta(days=self.graph.horizon // DAY)
        over = fact.until is not None and fact.until < self.as_of
        return fact.status is not Status.DRAFT and not over and fact.since <= last

    def _ours(self, law: Regime, duty: Duty) -> bool:
        """Whether it binds one of our roles, or nobody says which of the law's roles is ours."""
        told = {role for each in law.duties for role in each.roles}
        told |= {role for trigger in law.triggers for role in trigger.roles}
        ours = told.intersection(self.graph.roles)
        return not duty.roles or not ours or not ours.isdisjoint(duty.roles)

    def _agreed(self, kind: str, recipient: str) -> Met | None:
        for region in self.graph.regions:
            if region.cloud == recipient:
                found = self._document(region.agreements, kind)
                return found if found.by else None
        return None

    def _document(self, documents: Iterable[Evidence], kind: str) -> Met:
        holding = [d for d in documents if d.kind == kind and lasts(d.expires, self.as_of)]
        best = max(holding, key=lambda d: (d.expires is None, d.expires or ""), default=None)
        return OPEN if best is None else Met(named(best), best.expires)

    def _devices(self, place: Place) -> list[DeviceClass]:
        """Those that stand at a place; none if nobody knows of one in some country of it."""
        there = [self._stand.get(country, ()) for country in place.countries]
        return [device for devices in there for device in devices] if all(there) else []

    @cached_property
    def _stand(self) -> dict[str, tuple[DeviceClass, ...]]:
        """The device classes that stand in each country."""
        found: dict[str, dict[str, DeviceClass]] = {}
        for site in self.graph.sites:
            for devices in site.devices:
                found.setdefault(site.country, {})[devices.device_class.name] = devices.device_class
        return {country: tuple(classes.values()) for country, classes in found.items()}


def about(duty: Duty, categories: frozenset[str]) -> bool:
    """Whether a duty is about data of any of these categories; of none, only if about all data."""
    return not duty.categories or any(
        under(category, parent) for category in categories for parent in duty.categories
    )


def abroad(regime: Regime, place: Place) -> bool:
    """Whether somebody else keeps it who stands outside of a law's own area, or nobody knows."""
    if place.recipient == "own":
        return False
    countries = {*place.countries, place.operator or ""}
    stated = known(place.countries) and known(tuple(countries))
    return not stated or not regime.home.issuperset(countries)


def trusted(device: DeviceClass, function: str) -> bool:
    """Whether devices of a class have a security function: set up, on a board that can do it."""
    return function in device.security and able(device, function)


def able(device: DeviceClass, function: str) -> bool:
    """Whether the board of a class can do a security function; attestation rests on a TPM."""
    needed = "tpm" if function == "attestation" else function
    return needed in device.board.capabilities or function in device.board.capabilities


def carried(device: DeviceClass, control: str) -> str:
    """How devices of a class carry out a control; empty if they do not."""
    if control == "encryption-at-rest" and trusted(device, "encrypted-storage"):
        return "`encrypted-storage` on the devices"
    return dict(device.controls).get(control, "")


def keys_fit(zone: Zone | None, region: Region | None) -> bool:
    """Whether a region keeps keys as a zone asks; that it has a hardware module has to be known."""
    return (
        zone is None
        or region is None
        or zone.key_protection != "hsm"
        or "hsm" in region.key_protection
    )


_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


def shortened(text: str) -> str:
    """A text for people, with the beginnings of the digests that `named` gives whole."""
    return _DIGEST.sub(r"\1…", text)


def named(document: Evidence) -> str:
    """A document as a certificate cites it: with its SHA-256 if it is a file."""
    return document.document + (f" (SHA-256 {document.digest})" if document.digest else "")
