"""Refusals: why something may not be where it would be, in words, with what would help."""

from __future__ import annotations

from dataclasses import dataclass

from hybridspec.ir.graph import Graph
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


@dataclass(frozen=True, slots=True)
class Refusal:
    """The rule that refuses a facet of an asset of a zone at a place."""

    asset: str
    facet: str
    place: Place
    reason: Reason
    zone: str

    @property
    def code(self) -> str:
        """The code of a finding about it."""
        if self.reason.verdict is Verdict.GAP:
            return UNSTATED
        return "HS0315" if self.reason.rule.startswith("policy:") else "HS0301"

    @property
    def words(self) -> str:
        """The rule in a sentence, with what it rests on."""
        source = f", {self.reason.source}" if self.reason.source else ""
        where = f" of {self.place.name}" if ": " in self.place.name else ""
        return f"{WHAT[self.facet]}{where}: {self.reason.text} ({self.reason.rule}{source})"

    def remedy(self, graph: Graph) -> str:
        """What would help, at the keys of the spec."""
        kind, _, name = self.reason.rule.partition(":")
        countries = ", ".join(self.reason.countries[:8])
        if self.reason.verdict is Verdict.GAP:
            return _known(self, name if kind == "zone" else self.zone)
        if kind == "policy":
            return f"use something else, or narrow `policies.{name}`"
        if name in ("denied", "operator"):
            return "use a region and a provider in none of the countries that the law refuses"
        if kind != "zone":
            return (f"use a place that the law allows, or state in `zones.{self.zone}.transfers` "
                    f"the ground on which data reaches {countries}")  # fmt: skip
        zone = next(zone for zone in graph.zones if zone.name == name)
        inside = set(self.reason.countries) <= set(zone.countries)
        if zone.states(self.facet) and (inside or not zone.walled(self.facet)):
            return f"allow {countries} in `zones.{name}.facets.{self.facet}`"
        return f"allow {countries} in zone `{name}`"


def _known(refusal: Refusal, zone: str) -> str:
    """How something that nobody states becomes known, or is waived."""
    facet = refusal.facet
    first = {
        "key_admin": f"state `clouds.{refusal.place.recipient}.administered_from`",
        "transit": f"leave `zones.{zone}.facets.transit` out, so that encryption on the way does",
    }.get(facet, f"leave `zones.{zone}.facets.{facet}` out, so that it is listed as unknown")
    waiver = f"`rule: {UNSTATED}`, `at: zones.{zone}` and `facet: {facet}`"
    return f"{first}; or let somebody answer for it in `waivers`, with {waiver}"
