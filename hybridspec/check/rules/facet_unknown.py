"""HS0321: the spec says where a facet has to be, and nobody knows where it would be.

What it flags: a facet that `zones.*.facets` states, where every region that would do otherwise, a
telemetry sink or a route lies in no known country for it, or a law's facts are silent.
Why: whoever states where people, logs or keys have to be is owed an answer; unknown is never
allowed. A facet that nobody states is listed as a gap in the report instead.
Example: `zones.eu.facets: {support: [EU]}` with a provider that does not say where its staff works.
Fix: state the fact (`clouds.*.administered_from`), leave the facet out, or have somebody answer for
it under `waivers`, at `zones.<name>` with the `facet`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import About, Diagnostic, Label
from hybridspec.ir.governance import Policy
from hybridspec.ir.graph import Graph, Zone
from hybridspec.law.claim import Claims, claims
from hybridspec.law.pinned import pinned
from hybridspec.law.refusal import UNSTATED, WHAT, Refusal


def facet_unknown(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone and facet that is stated and unknown."""
    of = claims(graph)
    seen: set[tuple[str, str, tuple[str, ...]]] = set()
    for refusal in (*_regions(of), *_telemetry(of), *(case.refusal for case in pinned(of))):
        zone = _zone(of, refusal)
        key = (zone, refusal.facet, refusal.reason.countries)
        if refusal.code == UNSTATED and key not in seen:
            seen.add(key)
            yield _finding(of, zone, refusal)


def _regions(of: Claims) -> Iterator[Refusal]:
    """Of zones that are left without any region, what is unknown of the one refused least."""
    for zone in sorted({site.zone.name for site in of.graph.sites}):
        if any(not any(of.refusing(zone, region)) for region in of.graph.regions):
            continue
        unknown = [of.refused(zone, region) for region in of.graph.regions
                   if all(r.code == UNSTATED for r in of.refusing(zone, region))]  # fmt: skip
        yield from min(unknown, key=len, default=())


def _telemetry(of: Claims) -> Iterator[Refusal]:
    for index in range(len(of.graph.observability.sinks)):
        for zone in of.zones:
            yield from of.logged(index, zone)


def _zone(of: Claims, refusal: Refusal) -> str:
    kind, _, name = refusal.reason.rule.partition(":")
    return name if kind == "zone" and name in of.zones else refusal.zone


def _finding(of: Claims, zone: str, refusal: Refusal) -> Diagnostic:
    stated = of.zones[zone]
    policy = next((p for p in of.graph.policies if p.id == refusal.reason.rule), None)
    if policy is not None:
        return _undecided(policy, stated, refusal)
    return Diagnostic(
        code=UNSTATED,
        message=f"zone `{zone}` states the facet `{refusal.facet}`, but nobody knows where "
        f"{WHAT[refusal.facet]} would be for {refusal.place.name}: {refusal.reason.text}",
        span=stated.facet_origin(refusal.facet),
        help=refusal.remedy(of.graph),
        notes=(Label(span=stated.origin, message="the zone is here"),),
        about=About(rule=refusal.reason.rule, facet=refusal.facet,
                    countries=refusal.reason.countries),
    )  # fmt: skip


def _undecided(policy: Policy, zone: Zone, refusal: Refusal) -> Diagnostic:
    """A policy that speaks of the facet is as good as a zone that states it."""
    return Diagnostic(
        code=UNSTATED,
        message=f"whether policy `{policy.name}` allows {WHAT[refusal.facet]} of zone "
        f"`{zone.name}` at {refusal.place.name}, nobody knows: {refusal.reason.text}",
        span=zone.facet_origin(refusal.facet),
        help="state what is missing, or narrow the policy with `applies_to`",
        notes=(Label(span=policy.condition_origin or policy.origin, message="the policy is here"),),
        about=About(rule=policy.id, facet=refusal.facet, countries=refusal.reason.countries),
    )  # fmt: skip
