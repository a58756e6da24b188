"""HS0341: data of a zone would have to be kept for longer than it may be kept.

What it flags: two sources of a time (a law, a zone's `retention`, a store, the logs of
`observability`) of which one has data kept for longer than the other allows; both are named.
Why: no retention that is emitted could keep both.
Example: `retention: P30D` in a zone of a high-risk system, whose logs the EU AI Act (art. 19) has
kept for six months at least.
Fix: change the one of the two that is yours to change, or take what binds longer out of the zone.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Label, Severity
from hybridspec.base.units import format_duration, write_duration
from hybridspec.ir.graph import Graph, Zone
from hybridspec.law.permit import law_of
from hybridspec.law.retention import LOGS, STORE, Conflict, conflicts, stored, terms

_WHAT = {STORE: "what is stored", LOGS: "logs"}


def retention_conflict(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone, facet and pair of sources."""
    duties = law_of(graph).duties
    for zone in graph.zones:
        if not any(site.zone.name == zone.name for site in graph.sites):
            continue
        for facet in (STORE, LOGS):
            if facet == STORE and not stored(graph, zone):
                continue
            for conflict in conflicts(terms(duties, zone, facet)):
                yield _finding(zone, facet, conflict)


def _finding(zone: Zone, facet: str, conflict: Conflict) -> Diagnostic:
    keeps, ends, least, most = conflict
    since = max(keeps.since, ends.since)
    when = f" from {since} on" if since else ""
    yours, other = (keeps, ends) if ends.law else (ends, keeps)
    change = (f"keep it for {write_duration(most)} or less" if ends.law
              else f"write {write_duration(least)} or more")  # fmt: skip
    return Diagnostic(
        code="HS0341", severity=Severity.WARNING if since else Severity.ERROR,
        message=f"zone `{zone.name}`: {keeps.who} has {_WHAT[facet]} kept for "
        f"{format_duration(least)} at least{when}, but {ends.who} ends it after "
        f"{format_duration(most)}",
        span=yours.origin,
        help=f"{change}, or take what {other.who} is about out of this zone",
        notes=(Label(span=other.origin, message=f"{other.who} comes from here"),),
    )  # fmt: skip
