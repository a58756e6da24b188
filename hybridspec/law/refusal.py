"""Refusals: why something may not be where it would be, in words, with what would help."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hybridspec.ir.graph import Graph
from hybridspec.ir.label import BOTTOM, Label
from hybridspec.ir.law import STATED_ONLY
from hybridspec.ir.verdict import Place, Reason, Verdict

UNSTATED = "HS0321"
"""The finding about a gap in a facet that the spec states; a waiver may name it."""

WHAT = {
    "process": "computing", "store": "the store", "ciphertext": "ciphertext",
    "transit": "sending", "keys": "encryption keys", "key_admin": "key administration",
    "backup": "backups", "logs": "logs", "support": "support access",
    "control_plane": "the control plane", "operator": "the operator", "model": "weights",
}  # fmt: skip
"""Facets in words."""


INCURABLE = ("denied", "operator")
"""Rules of a law that no ground or document answers."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rule that refuses a facet of an asset of a zone, with its label, at a place."""

    asset: str
    facet: str
    place: Place
    reason: Reason
    zone: str
    label: Label = field(default=BOTTOM, compare=False, repr=False)

    @property
    def code(self) -> str:
        """The code of a finding about it."""
        if self.reason.verdict is Verdict.GAP:
            return UNSTATED
        return "HS0315" if self.reason.rule.startswith("policy:") else "HS0301"

    @property
    def rank(self) -> int:
        """How much stands against it, the most first: what no document cures, law, policy, wish.

        What nobody knows comes last: it may yet turn out to be allowed.
        """
        kind, _, name = self.reason.rule.partition(":")
        if self.reason.verdict is Verdict.GAP:
            return 4
        if kind in ("zone", "policy"):
            return 3 if kind == "zone" else 2
        return 0 if name in INCURABLE else 1

    @property
    def words(self) -> str:
        """The rule in a sentence, with what it rests on."""
        return f"{self.what}: {self.says}"

    @property
    def what(self) -> str:
        """The facet in words, with the place where that says more than its countries."""
        where = f" of {self.place.name}" if ": " in self.place.name else ""
        return f"{WHAT[self.facet]}{where}"

    @property
    def says(self) -> str:
        """What the rule says, with its id; zones and policies name themselves."""
        kind, _, name = self.reason.rule.partition(":")
        if kind in ("zone", "policy") and f"`{name}`" in self.reason.text:
            return self.reason.text
        source = "" if "://" in self.reason.source else self.reason.source  # `why` cites it
        return f"{self.reason.text} ({self.reason.rule}{source and ', '}{source})"

    def remedy(self, graph: Graph) -> str:
        """What would help, at the keys of the spec."""
        kind, _, name = self.reason.rule.partition(":")
        countries = ", ".join(self.reason.countries[:8])
        if self.reason.verdict is Verdict.GAP:
            return _known(self, name if kind == "zone" else self.zone)
        if kind == "policy":
            return f"use something else, or narrow `policies.{name}`"
        if name in INCURABLE:
            return "use a region and a provider in none of the countries that the law refuses"
        if kind != "zone":
            return (f"use a place that the law allows, or state in `zones.{self.zone}.transfers` "
                    f"the ground on which data reaches {countries}")  # fmt: skip
        zone = next(zone for zone in graph.zones if zone.name == name)
        inside = set(self.reason.countries) <= set(zone.countries)
        if zone.states(self.facet) and (inside or self.facet in STATED_ONLY):
            return f"allow {countries} in `zones.{name}.facets.{self.facet}`"
        return f"allow {countries} in zone `{name}`"


def strongest(refusals: Iterable[Refusal]) -> list[Refusal]:
    """One refusal of each rule, the strongest first."""
    ranked = sorted(refusals, key=lambda refusal: refusal.rank)
    return list({refusal.reason.rule: refusal for refusal in reversed(ranked)}.values())[::-1]


def because(refusals: Iterable[Refusal], *, most: int = 3) -> str:
    """Every rule that refuses, each once and the strongest first; past `most` they are counted."""
    rules = strongest(refusals)
    said, what = "", ""
    for refusal in rules[:most]:
        said += "; " if said else ""
        said += refusal.says if refusal.what == what else refusal.words
        what = refusal.what
    more = len(rules) - most
    return said + (f"; and by {more} more rule{'s' if more > 1 else ''}" if more > 0 else "")


def _known(refusal: Refusal, zone: str) -> str:
    """How something that nobody states becomes known, or is waived."""
    facet = refusal.facet
    first = {
        "key_admin": f"state `clouds.{refusal.place.recipient}.administered_from`",
        "transit": f"leave `zones.{zone}.facets.transit` out, so that encryption on the way does",
    }.get(facet, f"leave `zones.{zone}.facets.{facet}` out, so that it is listed as unknown")
    waiver = f"`rule: {UNSTATED}`, `at: zones.{zone}` and `facet: {facet}`"
    return f"{first}; or let somebody answer for it in `waivers`, with {waiver}"
