"""HS0311: data under the GDPR may reach countries whose transfers nobody has justified.

What it flags: a zone that lists a country outside the EEA, without naming it through
`adequate(EU)` or stating a transfer to it, and has regime `gdpr` or takes personal data at a site
inside the EEA, where the regulation applies whether or not the zone says so.
Why: chapter V of the GDPR (Regulation (EU) 2016/679, art. 44-49) allows a transfer only with an
adequacy decision or safeguards, and unknown is not allowed.
Example: `zones.eu: {countries: [EU, CH], regimes: [gdpr]}`.
Fix: state the ground, such as `transfers: [{to: CH, mechanism: adequacy}]`, or list only countries
of the EEA and give the others a zone of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Graph
from hybridspec.law.facts import adequate, members


def transfer_unproven(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone under the GDPR that reaches beyond the EEA."""
    born = {
        site.zone.name: f"takes personal data (`{flow.data.name}`) at `{site.name}` in the EEA"
        for flow in graph.flows if flow.data.personal
        for site in flow.sites if site.country in members(graph.law, "EEA")
    }  # fmt: skip
    for zone in graph.zones:
        stated = {country for transfer in zone.transfers for country in transfer.countries}
        free = members(graph.law, "EEA") | set(zone.adequate) | stated
        outside = [country for country in zone.countries if country not in free]
        bound = "is under the GDPR" if "gdpr" in zone.regimes else born.get(zone.name)
        if bound is not None and outside:
            yield Diagnostic(
                code="HS0311",
                message=f"zone `{zone.name}` {bound} but lists "
                f"{', '.join(outside[:8])} outside the EEA, and no transfer mechanism is stated",
                span=zone.countries_origin,
                help=f"remove {', '.join(outside[:8])} from this zone, or state the ground: "
                f"`transfers: [{{to: {outside[0]}, mechanism: {_ground(graph, outside[0])}}}]`",
            )


def _ground(graph: Graph, country: str) -> str:
    """The mechanism that would do for a country, as a spec writes it."""
    found = adequate(graph.law, date.fromisoformat(graph.as_of))
    return "adequacy" if country in found else "scc, evidence: legal/scc.pdf"
