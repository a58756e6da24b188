"""HS0314: telemetry would be sent to a country where a zone's logs may not lie.

What it flags: a sink of `observability` in a country that the `logs` facet of a zone with sites
does not list; a zone without that facet allows its `countries`. A `prometheus` sink collects from
its own zone alone.
Why: logs and metrics say what people and machines did; they are under the same law as the data.
Example: `{type: datadog, site: datadoghq.com, country: US, ...}` with a zone `[EU]`.
Fix: choose a sink inside the zone's countries, or list its country in the zone's `logs` facet.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.ir.graph import Graph


def telemetry_outside(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per sink and zone."""
    lived_in = {site.zone.name for site in graph.sites}
    for zone in graph.zones:
        allowed = zone.allowed("logs")
        for sink in graph.observability.sinks:
            outside = [country for country in sink.countries if country not in allowed]
            if zone.name in lived_in and outside and sink.zone in (None, zone.name):
                yield Diagnostic(
                    code="HS0314",
                    message=f"telemetry of zone `{zone.name}` would go to {', '.join(outside[:8])} "
                    f"(`{sink.type}`), where its logs may not lie",
                    span=sink.origin,
                    help=f"use a sink in {', '.join(allowed[:8]) or 'the zone'}, or list the "
                    "country in the zone's `logs` facet and `countries`",
                    notes=(Label(span=zone.countries_origin, message="the zone allows these"),),
                )
