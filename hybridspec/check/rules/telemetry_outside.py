"""HS0314: telemetry would be sent to a country where a zone's logs may not lie.

What it flags: a sink of `observability` in a country that the `logs` facet of a zone with sites
does not list (a zone without that facet allows its `countries`), or that a law refuses which what
is logged is under. A `prometheus` sink collects from its own zone alone.
Why: logs and metrics say what people and machines did; they are under the same law as the data.
Example: `{type: datadog, site: datadoghq.com, country: US, ...}` with a zone `[EU]`.
Fix: choose a sink inside the zone's countries, list its country in the zone's `logs` facet, or
state the ground of the transfer.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.ir.graph import Graph
from hybridspec.ir.zone import Zone
from hybridspec.law.claim import claims
from hybridspec.law.refusal import Refusal


def telemetry_outside(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per sink and zone."""
    of = claims(graph)
    for zone in graph.zones:
        for index, sink in enumerate(graph.observability.sinks):
            found = (r for r in of.logged(index, zone.name) if r.code == "HS0301")
            for refusal in islice(found, 1):
                yield Diagnostic(
                    code="HS0314",
                    message=f"telemetry of zone `{zone.name}` would go to "
                    f"{', '.join(refusal.reason.countries[:8])} (`{sink.type}`), where its logs "
                    f"may not lie: {refusal.words}",
                    span=sink.origin,
                    help=_help(graph, zone, refusal),
                    notes=_notes(graph, zone, refusal),
                )


def _notes(graph: Graph, zone: Zone, refusal: Refusal) -> tuple[Label, ...]:
    """Where the zone that refuses says what it allows; the sink's own, if a law refuses."""
    refusing = [one for one in graph.zones if refusal.reason.rule == f"zone:{one.name}"]
    return tuple(
        Label(span=one.countries_origin, message=f"zone `{one.name}` allows these")
        for one in refusing or [zone]
    )


def _help(graph: Graph, zone: Zone, refusal: Refusal) -> str:
    if refusal.reason.rule != f"zone:{zone.name}":
        return refusal.remedy(graph)
    allowed = ", ".join(zone.allowed("logs")[:8])
    where = f"use a sink in {allowed or 'the zone'}"
    return f"{where}, or list the country in the zone's `logs` facet and `countries`"
