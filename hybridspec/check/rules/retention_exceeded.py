"""HS0305: a store keeps data longer than its zone allows.

What it flags: a `store` sink whose `retention` is longer than that of a site's zone, or that may
keep data for less than a day.
Why: the zone's retention is a legal maximum; the shorter one has to win. Stores delete by whole
days, so a shorter time cannot be kept.
Example: `retention: P90D` in a zone with `retention: P30D`.
Fix: shorten the store's retention, or leave it out to take the zone's.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.base.units import DAY, format_duration, write_duration
from hybridspec.ir.graph import Graph, Stage, Zone


def retention_exceeded(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per store and zone."""
    for flow in graph.flows:
        zones = {site.zone.name: site.zone for site in flow.sites}
        for stage in flow.stages:
            for zone in zones.values():
                limit = zone.retention
                if stage.retention is not None and limit is not None and stage.retention > limit:
                    yield _finding(
                        stage, zone, f"`{stage.name}` keeps data for "
                        f"{format_duration(stage.retention)}, but zone `{zone.name}` allows "
                        f"{format_duration(limit)}",
                        f"write `retention: {write_duration(limit)}` or less, or leave it out",
                    )  # fmt: skip
                kept = limit if stage.retention is None else stage.retention
                if stage.place == "cloud" and kept is not None and kept < DAY:
                    yield _finding(
                        stage, zone, f"`{stage.name}` may keep data of zone `{zone.name}` for "
                        f"{format_duration(kept)} only, but stores delete by whole days",
                        "allow at least `retention: P1D`, or store nothing",
                    )  # fmt: skip


def _finding(stage: Stage, zone: Zone, message: str, help: str) -> Diagnostic:
    """At the stage's own retention, or at the stage where it has none."""
    limit = Label(
        span=zone.retention_origin or zone.origin, message=f"`{zone.name}` limits it here"
    )
    return Diagnostic(
        code="HS0305", message=message, span=stage.retention_origin or stage.origin, help=help,
        notes=(limit,),
    )  # fmt: skip
