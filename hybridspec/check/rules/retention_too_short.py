"""HS0313: a store keeps data for less time than its zone has to keep it.

What it flags: a `store` sink whose `retention` is shorter than `at_least` of a site's zone.
Why: some records have to be kept for a time; a store that deletes them earlier breaks that duty.
Example: `retention: P7D` on a store in a zone with `retention: {at_least: P30D}`.
Fix: lengthen the store's retention, or leave it out to take the zone's.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.base.units import format_duration, write_duration
from hybridspec.ir.graph import Graph


def retention_too_short(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per store and zone."""
    for flow in graph.flows:
        zones = {site.zone.name: site.zone for site in flow.sites}
        for stage in flow.stages:
            for zone in zones.values():
                least = zone.kept_at_least
                if stage.retention is not None and least is not None and stage.retention < least:
                    yield Diagnostic(
                        code="HS0313",
                        message=f"`{stage.name}` keeps data for "
                        f"{format_duration(stage.retention)}, but zone `{zone.name}` has to keep "
                        f"it for {format_duration(least)}",
                        span=stage.origin,
                        help=f"write `retention: {write_duration(least)}` or more, or leave it out",
                        notes=(Label(span=zone.retention_origin or zone.origin,
                                     message="the zone's retention is stated here"),),
                    )  # fmt: skip
