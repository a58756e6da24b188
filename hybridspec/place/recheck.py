"""The independent checker's law: every claim of the matrix judged again, rule by rule.

It takes labels from `law.label` and facts from the graph, and works out places and verdicts in its
own way: it asks of each country whether some rule refuses it, and never why it is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from hybridspec.ir.graph import Graph
from hybridspec.ir.label import Bound, Label
from hybridspec.ir.law import STATED_ONLY, Regime, Status
from hybridspec.ir.plan import Decision, Plan, Residency
from hybridspec.law.label import Labels
from hybridspec.place.recheck_facts import Fact, Facts

REFUSED, UNKNOWN, FINE = 0, 1, 2
_RANK = {"violated": REFUSED, "gap": UNKNOWN, "waived": UNKNOWN}
_LONG = 8
"""Rows of more places are looked up in a set."""


def recheck(graph: Graph, labels: Labels, plan: Plan, groups: list[list[Decision]]) -> list[str]:
    """Every row that is missing, claims too much, or is of something that may not be so."""
    matrix, facts = _Matrix(graph, plan.residency), Facts(graph, labels, plan, groups)
    first: dict[tuple[object, ...], list[_Held]] = {}
    for group in groups:
        kind = facts.kind(group[0])
        if kind not in first or not matrix.like(first[kind], group):
            found = [*facts.decided(group)]
            matrix.hold(found)
            first.setdefault(kind, matrix.held(found))
    matrix.hold(facts.others())
    matrix.finish()
    return list(matrix.faults)


class _Held(NamedTuple):
    """A fact that was judged, its row, the stage it is about, and whether it is at each site."""

    fact: Fact
    row: Residency
    stage: str
    sited: bool


class _Matrix:
    """The rows of a plan, which facts are held against, and what is wrong with them."""

    def __init__(self, graph: Graph, rows: tuple[Residency, ...]) -> None:
        self.judge = _Again(graph)
        self.rows = {(row.zone, row.asset, row.facet): row for row in rows}
        self.long = {
            key: frozenset(row.places) for key, row in self.rows.items() if len(row.places) > _LONG
        }
        self.faults: dict[str, None] = {}
        self.expected: set[tuple[str, str, str]] = set()
        if len(self.rows) < len(rows):
            self.faults["two rows of the matrix are about the same"] = None

    def hold(self, facts: Iterable[Fact]) -> None:
        """Look each fact up, and judge it again."""
        for fact in facts:
            key = fact[:3]
            self.expected.add(key)
            row = self.rows.get(key)
            if row is None:
                self.faults[f"{_name(*key)} is missing"] = None
            elif fact.place and fact.place not in self.long.get(key, row.places):
                what = f"the matrix leaves out {fact.place} ({fact.asset})"
                self.faults[f"{fact.zone}: {what}"] = None
            elif not fact.countries.issubset(row.countries):
                self.faults[f"{_name(*key)} leaves out a country"] = None
            elif self.judge.verdict(fact) < _RANK.get(row.verdict, FINE):
                self.faults[f"{_name(*key)} does not hold"] = None
            elif row.verdict == "gap" and self.judge.stated(fact):
                what = "is unknown, and a zone states where it has to be"
                self.faults[f"{_name(*key)} {what}"] = None

    def held(self, facts: list[Fact]) -> list[_Held]:
        """What rows have to say that are about another flow of a kind that was judged."""
        found: dict[tuple[object, ...], _Held] = {}
        for fact in facts:
            row, sited = self.rows.get(fact[:3]), fact.place.startswith("site ")
            stage = "" if fact.asset.startswith("data ") else fact.asset.rpartition(".")[2]
            place = "" if sited else fact.place
            if row is not None:
                found[fact[:3], sited, place] = _Held(fact, row, stage, sited)
        return [*found.values()]

    def like(self, of: list[_Held], group: list[Decision]) -> bool:
        """Whether the rows of a group say what those of its kind do."""
        names, flow = [f"site {decision.site.name}" for decision in group], group[0].flow.name
        for fact, before, stage, sited in of:
            key = (fact.zone, f"{flow}.{stage}" if stage else fact.asset, fact.facet)
            row = self.rows.get(key)
            if row is None or (row.countries, row.verdict) != (before.countries, before.verdict):
                return False
            there = self.long.get(key, row.places)
            for name in names if sited else (fact.place,):
                if name and name not in there:
                    return False
            self.expected.add(key)
        return True

    def finish(self) -> None:
        """Rows that nothing is about, and those that no plan may hold."""
        stops: dict[tuple[object, ...], list[str]] = {}
        for key, row in self.rows.items():
            if key not in self.expected and row.asset != "update channel":
                self.faults[f"{_name(*key)} is about nothing"] = None
            why = row.certificate and row.certificate.reasons
            case = (row.verdict, bool(row.countries), id(why))
            if case not in stops:
                stops[case] = [*self.judge.stops(row)]
            for stop in stops[case]:
                self.faults[f"{_name(*key)} {stop}"] = None


def _name(zone: str, asset: str, facet: str) -> str:
    return f"{zone}: the row of {asset} ({facet})"


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
