"""HS0311: data under a law may reach countries where that law knows no ground that is stated.

What it flags: a zone that lists a country, for some facet, where a law that its data is under
refuses it: not the law's own area, not adequate on `as_of`, and without a transfer that holds. The
data counts for what it is: where a release took the law off, as for an aggregate, the law has no
say, and data of another zone brings its own laws and that zone's transfers with it.
Why: such a law (GDPR art. 44, UK GDPR art. 44A, LGPD art. 33, PIPL art. 38, ...) allows a transfer
on the grounds it lists alone, and unknown is not allowed. `hybridspec facts show` has the rows.
Example: `zones.eu: {countries: [EU, US], regimes: [gdpr]}`.
Fix: state the ground, such as `transfers: [{to: US, mechanism: scc, evidence: legal/scc.pdf}]`, or
take the country out, for the facets in question alone if the others may stay there.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import About, Diagnostic
from hybridspec.ir.graph import Graph
from hybridspec.ir.label import Bound
from hybridspec.ir.law import FACETS, Regime, Status
from hybridspec.ir.verdict import Verdict
from hybridspec.ir.zone import Zone
from hybridspec.law.cause import brought
from hybridspec.law.claim import claims
from hybridspec.law.permit import Law
from hybridspec.law.reach import Asked, reach_of

_SHOWN = 8


def transfer_unproven(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone and law that data in it is under."""
    reach, told = reach_of(graph), brought(claims(graph))
    for zone in graph.zones:
        refused: dict[str, list[Asked]] = {}
        for one in reach.asked(zone):
            here = (zone.name, one.bound.zone, one.country)
            if one.ruling.verdict is Verdict.VIOLATED and here not in told:
                refused.setdefault(one.bound.regime, []).append(one)
        for name, found in sorted(refused.items()):
            yield _finding(reach.law, zone, reach.law.regimes[name], found)


def _finding(law: Law, zone: Zone, regime: Regime, found: list[Asked]) -> Diagnostic:
    countries = sorted({one.country for one in found})
    facets = sorted({facet for one in found for facet in one.facets}, key=FACETS.index)
    listed = ", ".join(countries[:_SHOWN])
    stated = [facet for facet in facets if zone.states(facet)]
    first = found[0]
    own = first.bound.zone == zone.name
    data = f"`{first.asset}`" + ("" if own else f", with data of zone `{first.bound.zone}`,")
    home = law.zones.get(first.bound.zone)
    claimed = home is not None and regime.name in home.regimes
    why = "which its zone names" if claimed else "for what it is, and whom it is about"
    return Diagnostic(
        code="HS0311",
        message=f"zone `{zone.name}` lists {listed} for {_facets(facets)}, but {data} is under "
        f"{regime.name} ({why}), and no ground for a transfer there is stated that holds on "
        f"{law.graph.as_of}",
        span=zone.facet_origin(facets[0]) if len(stated) == len(facets) else zone.countries_origin,
        help=_help(law, regime, first.bound, countries, stated or facets),
        about=About(rule=f"{regime.name}:elsewhere", countries=tuple(countries)),
    )


def _facets(facets: list[str]) -> str:
    shown = ", ".join(f"`{facet}`" for facet in facets[:3])
    return shown + (f" and {len(facets) - 3} more facets" if len(facets) > 3 else "")


def _help(law: Law, regime: Regime, bound: Bound, countries: list[str], facets: list[str]) -> str:
    listed = ", ".join(countries[:_SHOWN])
    remove = f"take {listed} out of {_facets(facets)} of this zone"
    open_to = next((c for c in countries if c not in regime.denied), None)
    ground = ground_for(law, regime, open_to) if open_to is not None else ""
    if not ground:
        return f"{remove}; {regime.title} knows no ground that would do"
    return (f"state the ground in `zones.{bound.zone}.transfers`, such as "
            f"`{{to: {open_to}, {ground}}}`, or {remove}")  # fmt: skip


def ground_for(law: Law, regime: Regime, country: str) -> str:
    """The keys of a transfer that would do for a country, as a spec writes them."""
    grounds = {m.name: m for m in regime.mechanisms if m.fact.holds(law.as_of)}
    for row in law.graph.law.adequacy:
        certified = (row.regime, row.country, row.scope) == (regime.name, country, "certified")
        if certified and row.fact.status is Status.IN_FORCE and row.fact.holds(law.as_of):
            return "mechanism: adequacy, evidence: legal/certified.pdf"
    for name, ground in grounds.items():
        if name != "adequacy" and (not ground.countries or country in ground.countries):
            return f"mechanism: {name}, evidence: legal/{name}.pdf"
    return ""
