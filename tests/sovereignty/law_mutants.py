"""Faults in permissions: what a law, a wall or a policy says about a place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from hybridspec.base.country import COUNTRIES
from hybridspec.ir.graph import Graph
from hybridspec.ir.law import FACETS, Fact, Status
from hybridspec.ir.verdict import ORDER, Permission, Verdict
from hybridspec.ir.zone import Zone
from hybridspec.law import duty, permit, policy, regime
from hybridspec.law.duty import Duties
from hybridspec.law.permit import Law
from hybridspec.law.regime import Judge, Ruling

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]


def _patched(patch: Patch, change: Callable[[Any], Any]) -> None:
    """A judge of a changed zone, law or set of facts."""
    real = Judge.__init__

    def init(self: Judge, *args: Any) -> None:
        real(self, *args)
        change(self)

    patch.setattr(Judge, "__init__", init)


def any_country_for_all(patch: Patch) -> None:
    """Of the countries that a place may be in, the best one decides."""
    real = Judge.ask
    patch.setattr(Judge, "ask", lambda self, facet, place: max(
        (real(self, facet, replace(place, countries=(country,))) for country in place.countries),
        key=lambda found: ORDER.index(found.verdict), default=real(self, facet, place),
    ))  # fmt: skip


def best_verdict_wins(patch: Patch) -> None:
    """A union where the permissions of all laws have to meet."""
    patch.setattr(Ruling, "verdict", property(lambda self: max(
        (r.verdict for r in self.reasons), key=ORDER.index, default=Verdict.SATISFIED,
    )))  # fmt: skip


def stale_adequacy(patch: Patch) -> None:
    """A decision never ends."""
    patch.setattr(Fact, "holds", lambda self, on: self.status is not Status.DRAFT
                  and self.since <= on)  # fmt: skip


def adequacy_of_tomorrow(patch: Patch) -> None:
    """A decision holds before its first day."""
    patch.setattr(Fact, "holds", lambda self, on: self.status is not Status.DRAFT
                  and (self.until is None or on <= self.until))  # fmt: skip


def draft_holds(patch: Patch) -> None:
    """What is not adopted counts."""
    patch.setattr(Fact, "holds", lambda self, on: self.since <= on
                  and (self.until is None or on <= self.until))  # fmt: skip


def contested_is_firm(patch: Patch) -> None:
    """A decision under attack needs no second ground."""
    _rows(patch, lambda row: replace(row, fact=replace(row.fact, status=Status.IN_FORCE)))


def every_scope_is_all(patch: Patch) -> None:
    """A decision for some recipients covers all."""
    _rows(patch, lambda row: replace(row, scope="all"))


def certified_by_itself(patch: Patch) -> None:
    """Nobody has to prove a certificate."""
    _rows(patch, lambda row: replace(row, scope="commercial") if row.scope == "certified" else row)


def _rows(patch: Patch, change: Callable[[Any], Any]) -> None:
    def changed(judge: Judge) -> None:
        judge._adequate = {c: [change(r) for r in rows] for c, rows in judge._adequate.items()}

    _patched(patch, changed)


def exporters_ignored(patch: Patch) -> None:
    """A decision serves whoever sends."""
    real = Judge.__init__

    def init(self: Judge, law: Any, zone: Any, facts: Any, on: date, *_: Any) -> None:
        rows = tuple(replace(row, exporters=frozenset()) for row in facts.adequacy)
        real(self, law, zone, replace(facts, adequacy=rows), on, *_)

    patch.setattr(Judge, "__init__", init)


def _transfers(patch: Patch, change: Callable[[Any], Any]) -> None:
    def changed(judge: Judge) -> None:
        zone = judge._zone
        if zone is not None:
            judge._zone = replace(zone, transfers=tuple(map(change, zone.transfers)))

    _patched(patch, changed)


def expired_transfer(patch: Patch) -> None:
    """A transfer holds after its last day."""
    _transfers(patch, lambda transfer: replace(transfer, expires=None))


def transfer_without_evidence(patch: Patch) -> None:
    """A transfer counts without a document."""
    _transfers(patch, lambda transfer: replace(transfer, evidence="x"))


def transfer_to_anywhere(patch: Patch) -> None:
    """A transfer to one country opens all."""
    _transfers(patch, lambda transfer: replace(transfer, countries=tuple(COUNTRIES)))


def transfer_to_anybody(patch: Patch) -> None:
    """A contract with one recipient serves every other."""
    _transfers(patch, lambda transfer: replace(transfer, recipient=""))


def any_mechanism(patch: Patch) -> None:
    """Whatever ground is named, the law knows it."""
    real = Judge._usable

    def usable(self: Judge, transfer: Any, country: str) -> Any:
        found = real(self, transfer, country)
        others = tuple(self._mechanisms.values())
        return found or (others[0] if transfer.evidence and others else None)

    patch.setattr(Judge, "_usable", usable)


def mechanism_of_another_zone(patch: Patch) -> None:
    """A transfer that one zone states serves all."""
    real = Law.__init__

    def init(self: Law, graph: Graph) -> None:
        real(self, graph)
        every = tuple(t for zone in graph.zones for t in zone.transfers)
        self.zones = {name: replace(zone, transfers=every) for name, zone in self.zones.items()}

    patch.setattr(Law, "__init__", init)


def _law(patch: Patch, **fields: Any) -> None:
    def changed(judge: Judge) -> None:
        judge._regime = replace(judge._regime, **fields)

    _patched(patch, changed)


def sealed_everywhere(patch: Patch) -> None:
    """Encryption helps on every facet."""
    _law(patch, sealed=FACETS)


def keys_anywhere(patch: Patch) -> None:
    """Encryption helps wherever the keys are."""
    real = Judge.ask
    patch.setattr(Judge, "ask", lambda self, facet, place: real(self, facet, replace(
        place, keys_in=tuple(self._regime.home)[:1] if place.sealed else ())))  # fmt: skip


def nothing_is_denied(patch: Patch) -> None:
    """Countries that a law refuses are like any other."""
    _law(patch, denied=frozenset())


def operator_ignored(patch: Patch) -> None:
    """Whose law binds the recipient does not matter."""
    real = Judge.ask
    patch.setattr(Judge, "ask", lambda self, facet, place: real(self, facet, replace(
        place, recipient="own", operator=None) if facet != "operator" else place))  # fmt: skip


def home_is_everywhere(patch: Patch) -> None:
    """A law has no borders."""
    _law(patch, home=COUNTRIES)


def law_governs_nothing(patch: Patch) -> None:
    """A law has no rule about places."""
    _law(patch, governs=())


def elsewhere_is_allowed(patch: Patch) -> None:
    """What no ground opens is open."""
    _law(patch, elsewhere="allow")


def elsewhere_is_unknown(patch: Patch) -> None:
    """What no ground opens is a question."""
    _law(patch, elsewhere="gap")


def unknown_country_allowed(patch: Patch) -> None:
    """A place that nobody states is where it should be."""
    patch.setattr(regime, "known", lambda countries: True)
    patch.setattr(permit, "known", lambda countries: True)


def gap_is_satisfied(patch: Patch) -> None:
    """What nobody knows is fine."""
    real = Law.permit

    def allow(self: Law, found: Any, facet: str, place: Any) -> Permission:
        said = real(self, found, facet, place)
        return replace(said, verdict=Verdict.SATISFIED) if said.verdict == "gap" else said

    patch.setattr(Law, "permit", allow)


def unknown_law_allows(patch: Patch) -> None:
    """A law that the facts do not have says nothing."""
    real = Law._judge
    patch.setattr(Law, "_judge", lambda self, bound, facet, place: real(self, bound, facet, place)
                  if bound.regime in self.regimes else Ruling())  # fmt: skip


def policies_ignored(patch: Patch) -> None:
    """The user's own rules do not bind."""
    patch.setattr(policy, "binds", lambda _, found: False)


def policies_end_at_releases(patch: Patch) -> None:
    """What was released is no longer where it was born."""
    real = policy.binds
    patch.setattr(policy, "binds", lambda rule, found: real(
        rule, replace(found, born=frozenset())))  # fmt: skip


def narrow_facets_ignored(patch: Patch) -> None:
    """A facet has all the countries of its zone."""
    patch.setattr(Zone, "allowed", lambda self, facet: self.countries)


def people_are_behind_the_wall(patch: Patch) -> None:
    """Support and the control plane are bound by countries that were not said of them."""
    patch.setattr(Zone, "walled", lambda self, facet: True)


def walls_ignored(patch: Patch) -> None:
    """Only laws bind."""
    patch.setattr(Law, "_judge_wall", lambda self, *_: Ruling())


def duties_ignored(patch: Patch) -> None:
    """A law asks nothing beside a place."""
    patch.setattr(Duties, "ask", lambda self, *_: Ruling())


def hard_duty_is_soft(patch: Patch) -> None:
    """What has to be shown may stay open."""
    real = Duties.owed
    patch.setattr(Duties, "owed", lambda self, name: tuple(
        replace(duty, hard=False) for duty in real(self, name)))  # fmt: skip
    patch.setattr(Duties, "_ours", lambda self, law, duty: True)


def old_document_shows(patch: Patch) -> None:
    """A document counts after its last day."""
    patch.setattr(duty, "lasts", lambda expires, on: True)


def contract_with_another_cloud(patch: Patch) -> None:
    """A contract with one operator counts for all."""
    real = Duties._agreed

    def agreed(self: Duties, kind: str, recipient: str) -> Any:
        clouds = sorted({region.cloud for region in self.graph.regions} | {recipient})
        return next((met for cloud in clouds if (met := real(self, kind, cloud))), None)

    patch.setattr(Duties, "_agreed", agreed)


def one_device_for_all(patch: Patch) -> None:
    """A function that one device of a country has, all have."""
    real = Duties._devices
    patch.setattr(Duties, "_devices", lambda self, place: real(self, place)[:1])


def function_without_hardware(patch: Patch) -> None:
    """What is set up on a device is what it can do."""
    patch.setattr(duty, "able", lambda device, function: True)


def _facet_ignored(facet: str) -> Mutant:
    def ignore(patch: Patch) -> None:
        real = Law.permit
        patch.setattr(Law, "permit", lambda self, found, asked, place: Permission(
            verdict=Verdict.SATISFIED, reasons=()) if asked == facet
            else real(self, found, asked, place))  # fmt: skip

    ignore.__name__ = f"facet_{facet}_ignored"
    ignore.__doc__ = f"Nobody asks about {facet}."
    return ignore


LAW_MUTANTS: tuple[Mutant, ...] = (
    any_country_for_all, best_verdict_wins, stale_adequacy, adequacy_of_tomorrow, draft_holds,
    contested_is_firm, every_scope_is_all, certified_by_itself, exporters_ignored,
    expired_transfer, transfer_without_evidence, transfer_to_anywhere, transfer_to_anybody,
    any_mechanism,
    mechanism_of_another_zone, sealed_everywhere, keys_anywhere, nothing_is_denied,
    operator_ignored, home_is_everywhere, law_governs_nothing, elsewhere_is_allowed,
    elsewhere_is_unknown, unknown_country_allowed, gap_is_satisfied, unknown_law_allows,
    policies_ignored, policies_end_at_releases, narrow_facets_ignored, people_are_behind_the_wall,
    walls_ignored,
    duties_ignored, hard_duty_is_soft, old_document_shows, contract_with_another_cloud,
    one_device_for_all, function_without_hardware, *map(_facet_ignored, FACETS),
)  # fmt: skip
"""Every fault in permissions; each has to be noticed."""
