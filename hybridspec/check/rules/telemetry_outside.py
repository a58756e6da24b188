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

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.ir.graph import Graph
from hybridspec.ir.zone import Zone
from hybridspec.law.cause import follows
from hybridspec.law.claim import claims
from hybridspec.law.refusal import Refusal, because, strongest


def telemetry_outside(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per sink and zone."""
    of = claims(graph)
    for zone in graph.zones:
        for index, sink in enumerate(graph.observability.sinks):
            found = strongest(r for r in of.logged(index, zone.name)
                              if r.code == "HS0301" and not follows(of, r))  # fmt: skip
            if found:
                countries = dict.fromkeys(c for r in found for c in r.reason.countries)
                yield Diagnostic(
                    code="HS0314",
                    message=f"telemetry of zone `{zone.name}` would go to "
                    f"{', '.join(list(countries)[:8])} (`{sink.type}`), where its logs "
                    f"may not lie: {because(found)}",
                    span=sink.origin,
                    help=_help(graph, zone, found),
                    notes=_notes(graph, zone, found),
                )


def _notes(graph: Graph, zone: Zone, found: list[Refusal]) -> tuple[Label, ...]:
    """Where the zone that refuses says what it allows; the sink's own, if a law refuses."""
    rules = {refusal.reason.rule for refusal in found}
    refusing = [one for one in graph.zones if f"zone:{one.name}" in rules]
    return tuple(
        Label(span=one.countries_origin, message=f"zone `{one.name}` allows these")
        for one in refusing or [zone]
    )


def _help(graph: Graph, zone: Zone, found: list[Refusal]) -> str:
    """What would do about all of it: law first, and the zone's own countries last."""
    own = any(refusal.reason.rule == f"zone:{zone.name}" for refusal in found)
    first, allowed = found[0], ", ".join(zone.allowed("logs")[:8])
    if first.reason.rule != f"zone:{zone.name}":
        cure = first.remedy(graph)
        return f"use a sink in {allowed}; or {cure}" if own and allowed else cure
    where = f"use a sink in {allowed or 'the zone'}"
    return f"{where}, or list the country in the zone's `logs` facet and `countries`"
