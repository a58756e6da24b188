"""What one regime says about one facet at one place: the grounds it knows, best one first.

A country that the regime denies is refused whatever else holds. Otherwise its own area, then an
adequacy decision, then a stated transfer with a mechanism that the regime knows decide, and where
none of them holds, what the regime says of everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from hybridspec.base.country import COUNTRIES
from hybridspec.ir.law import Adequacy, Fact, LawFacts, Mechanism, Regime, Status
from hybridspec.ir.verdict import ORDER, Obligation, Place, Reason, Verdict, meet
from hybridspec.ir.zone import Transfer, Zone

_ELSEWHERE = {"deny": Verdict.VIOLATED, "allow": Verdict.SATISFIED}
_SCOPES = {
    "commercial": "is a commercial organisation", "private-sector": "is in the private sector",
    "covered": "is one that the decision covers", "certified": "is certified",
}  # fmt: skip


class Ruling(NamedTuple):
    """Reasons and obligations of one rule that was asked; the worst reason decides."""

    reasons: tuple[Reason, ...] = ()
    obligations: tuple[Obligation, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The meet of its reasons."""
        return meet(*(reason.verdict for reason in self.reasons))


class Judge:
    """One regime, as it binds data on account of one zone, on one day.

    `senders` are the countries of who sends: some decisions serve the exporters of some alone.
    `people` says how many people of a category the spec has data about under this regime, None
    if nobody knows: some mechanisms are open to small numbers alone.
    """

    def __init__(
        self, regime: Regime, zone: Zone | None, law: LawFacts, on: date,
        senders: frozenset[str] = frozenset(),
        people: Callable[[str], int | None] = lambda _category: None,
    ) -> None:  # fmt: skip
        self._people = people
        self._regime, self._zone, self._on = regime, zone, on
        senders &= regime.home
        self._mechanisms = {m.name: m for m in regime.mechanisms if m.fact.holds(on)}
        self._adequate: dict[str, list[Adequacy]] = {}
        for row in law.adequacy:
            serves = not row.exporters or (senders and senders <= row.exporters)
            if row.regime == regime.name and row.fact.holds(on) and serves:
                self._adequate.setdefault(row.country, []).append(row)

    def ask(self, facet: str, place: Place) -> Ruling:
        """What it says; nothing if it has no rule about the facet."""
        regime = self._regime
        if facet not in regime.governs or not self._holds():
            return Ruling()
        countries = countries_of(facet, place)
        refused = tuple(sorted(regime.denied & set(countries)))
        if refused:
            return self._one(Verdict.VIOLATED, "denied", f"{regime.title} refuses", refused)
        if place.operator in regime.denied and place.operator is not None:
            return self._one(Verdict.VIOLATED, "operator", f"{regime.title} refuses an operator "
                             "under the law of", (place.operator,))  # fmt: skip
        unknown = self._one(Verdict.GAP, "place", "nobody states where it is", countries)
        if not countries:
            return unknown
        if place.recipient != "own" and place.operator is None and regime.denied:
            return self._one(
                Verdict.GAP, "operator", f"{regime.title} refuses operators by their law, and "
                "nobody states the one of who gets it in", countries,
            )  # fmt: skip
        sealed = facet in regime.sealed and place.sealed and known(place.keys_in)
        sealed = sealed and regime.home.issuperset(place.keys_in)
        return gather(
            self._country(country, place, sealed=sealed) if known((country,)) else unknown
            for country in countries
        )

    def _holds(self) -> bool:
        """A law that is not in force yet, or no longer, says nothing."""
        return self._regime.fact.holds(self._on)

    def _sealed(self, country: str, place: Place) -> Ruling:
        keys = ", ".join(place.keys_in)
        found = self._one(Verdict.CONDITIONAL, "sealed", "as ciphertext, whose keys stay in "
                          f"{keys}, {self._regime.title} lets it lie in", (country,))  # fmt: skip
        duty = Obligation(
            rule=f"{self._regime.name}:sealed", met_by="encryption with keys held in the zone",
            text=f"encrypted before it leaves, with keys that never leave {keys}",
        )  # fmt: skip
        return Ruling(found.reasons, (duty,))

    def _country(self, country: str, place: Place, *, sealed: bool) -> Ruling:
        regime = self._regime
        if country in regime.home:
            return self._one(Verdict.SATISFIED, "home", f"the area of {regime.title} holds",
                             (country,))  # fmt: skip
        grounds = [*self._decisions(country, place), *self._transfers(country, place)]
        grounds += [self._sealed(country, place)] if sealed else []
        if grounds:
            return max(grounds, key=lambda ground: (
                ORDER.index(ground.verdict), -sum(not duty.met_by for duty in ground.obligations)
            ))  # fmt: skip
        verdict = _ELSEWHERE.get(regime.elsewhere, Verdict.GAP)
        text = {
            Verdict.VIOLATED: f"{regime.title} knows no ground that is stated and holds for",
            Verdict.SATISFIED: f"{regime.title} does not restrict",
        }.get(verdict, f"the facts do not say whether {regime.title} allows")
        return self._one(verdict, "elsewhere", text, (country,))

    def _decisions(self, country: str, place: Place) -> Iterator[Ruling]:
        """Adequacy decisions for a country; one for certified recipients needs their proof."""
        grounds = list(self._stated(country, place))
        stated = next((t for t in grounds if t.mechanism == "adequacy" and t.evidence), None)
        for row in self._adequate.get(country, ()):
            duties: list[Obligation] = []
            if row.scope == "certified" and stated is None:
                continue
            if row.scope != "all":
                duties.append(Obligation(
                    rule=row.fact.id, text=f"the recipient in {country} "
                    f"{_SCOPES.get(row.scope, 'is within ' + row.scope)}",
                    met_by=stated.evidence if stated is not None else "",
                    until=stated.expires if stated is not None else None,
                ))  # fmt: skip
            if row.fact.status is Status.CONTESTED:
                duties.append(Obligation(
                    rule=row.fact.id, text=f"another ground for {country} is ready, should "
                    f"{row.fact.title} fall", met_by=self._fallback(country, grounds),
                ))  # fmt: skip
            verdict = Verdict.CONDITIONAL if duties else Verdict.SATISFIED
            found = self._one(verdict, "adequacy", f"{row.fact.title} covers", (country,), row.fact)
            yield Ruling(found.reasons, tuple(duties))

    def _fallback(self, country: str, grounds: list[Transfer]) -> str:
        others = (t for t in grounds if self._usable(t, country) is not None)
        return next((f"{t.mechanism}: {t.evidence}" for t in others), "")

    def _transfers(self, country: str, place: Place) -> Iterator[Ruling]:
        for transfer in self._stated(country, place):
            mechanism = self._usable(transfer, country)
            if mechanism is None:
                continue
            rule = f"{self._regime.name}:{mechanism.name}"
            duties = [
                Obligation(
                    rule=rule,
                    text=f"{mechanism.fact.title} with the recipient in {country}",
                    met_by=transfer.evidence,
                    until=transfer.expires,
                )
            ]
            duties += [self._document(rule, kind) for kind in mechanism.evidence]
            if mechanism.longest is not None and transfer.expires is None:
                duties.append(Obligation(
                    rule=rule, text=f"the last day of {mechanism.name} to {country} is stated: it "
                    f"holds for {mechanism.longest} days at most",
                ))  # fmt: skip
            found = self._one(Verdict.CONDITIONAL, mechanism.name, f"{mechanism.fact.title} allows",
                              (country,), mechanism.fact)  # fmt: skip
            yield Ruling(found.reasons, tuple(duties))

    def _stated(self, country: str, place: Place) -> Iterator[Transfer]:
        """The zone's transfers to a country, and to who is there, that have not run out."""
        for transfer in self._zone.transfers if self._zone is not None else ():
            serves = transfer.recipient in ("", place.recipient)
            if serves and country in transfer.countries and lasts(transfer.expires, self._on):
                yield transfer

    def _usable(self, transfer: Transfer, country: str) -> Mechanism | None:
        """The mechanism of a transfer, if the regime knows it and its document can hold."""
        found = self._mechanisms.get(transfer.mechanism)
        if found is None or transfer.mechanism == "adequacy" or not transfer.evidence:
            return None
        if found.countries and country not in found.countries:
            return None
        for category, most in found.at_most:
            people = self._people(category)
            if people is None or people > most:
                return None
        if found.longest is not None and transfer.expires is not None and (
            date.fromisoformat(transfer.expires) > self._on + timedelta(days=found.longest)
        ):  # fmt: skip
            return None
        return found

    def _document(self, rule: str, kind: str) -> Obligation:
        """A kind of document that the zone's evidence shows, or that is still to be named."""
        for evidence in self._zone.evidence if self._zone is not None else ():
            if evidence.kind == kind and lasts(evidence.expires, self._on):
                return Obligation(rule=rule, text=f"a document of kind `{kind}`",
                                  met_by=evidence.document, until=evidence.expires)  # fmt: skip
        name = self._zone.name if self._zone is not None else ""
        return Obligation(rule=rule, text=f"a document of kind `{kind}`; name it in "
                          f"`zones.{name}.evidence`")  # fmt: skip

    def _one(
        self, verdict: Verdict, rule: str, text: str, countries: tuple[str, ...],
        fact: Fact | None = None,
    ) -> Ruling:  # fmt: skip
        return Ruling((reason(f"{self._regime.name}:{rule}", verdict,
                              f"{text} {', '.join(countries)}".rstrip(), countries,
                              fact or self._regime.fact),))  # fmt: skip


def gather(rulings: Iterator[Ruling]) -> Ruling:
    """Several rulings as one."""
    found = list(rulings)
    return Ruling(tuple(r for one in found for r in one.reasons),
                  tuple(o for one in found for o in one.obligations))  # fmt: skip


def reason(
    rule: str, verdict: Verdict, text: str, countries: tuple[str, ...], fact: Fact
) -> Reason:
    """A reason that rests on a dated fact."""
    return Reason(
        rule=rule, verdict=verdict, text=text, countries=countries, fact=fact.id,
        source=fact.source, since=fact.since.isoformat(),
        until=fact.until.isoformat() if fact.until else None,
    )  # fmt: skip


def countries_of(facet: str, place: Place) -> tuple[str, ...]:
    """Where a facet is, sorted: the operator is where its law is, everything else at the place."""
    if facet == "operator":
        return (place.operator,) if place.operator is not None else ()
    return tuple(sorted(set(place.countries)))


def known(countries: tuple[str, ...]) -> bool:
    """Whether countries are stated, and all of them are some."""
    return bool(countries) and COUNTRIES.issuperset(countries)


def lasts(expires: str | None, on: date) -> bool:
    """Whether something with a last day still holds."""
    return expires is None or on <= date.fromisoformat(expires)


def by_name(law: LawFacts) -> Mapping[str, Regime]:
    """The regimes of a pack."""
    return {regime.name: regime for regime in law.regimes}
