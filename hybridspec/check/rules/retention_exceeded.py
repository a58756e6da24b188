"""HS0305: a store keeps data longer than its zone allows.

What it flags: a `store` sink whose `retention` is longer than that of a site's zone.
Why: the zone's retention is a legal maximum; the shorter one has to win.
Example: `retention: P90D` in a zone with `retention: P30D`.
Fix: shorten the store's retention, or leave it out to take the zone's.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.base.units import format_duration
from hybridspec.ir.graph import Graph


def retention_exceeded(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per store and zone."""
    for flow in graph.flows:
        zones = {site.zone.name: site.zone for site in flow.sites}
        for stage in flow.stages:
            for zone in zones.values():
                limit = zone.retention
                if stage.retention is not None and limit is not None and stage.retention > limit:
                    yield Diagnostic(
                        code="HS0305",
                        message=f"`{stage.name}` keeps data for "
                        f"{format_duration(stage.retention)}, but zone `{zone.name}` allows "
                        f"{format_duration(limit)}",
                        span=stage.origin,
                        help=f"write `retention: P{limit // 86_400_000_000}D` or less, or leave "
                        "it out",
                        notes=(Label(span=zone.origin, message="the zone is defined here"),),
                    )
