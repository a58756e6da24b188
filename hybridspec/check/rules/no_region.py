"""HS0310: a zone needs a cloud region, but the spec allows none inside it.

What it flags: a zone with a `store` sink or a training job, and no region of `clouds` in one of
its countries.
Why: the store, the keys and the training data must lie inside the zone.
Example: a zone `[FR]` with `clouds.aws.regions: [eu-central-1]`, which is in Germany.
Fix: allow a region inside the zone, or drop the store.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.ir.graph import Flow, Graph


def no_region(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone and need."""
    for flow in graph.flows:
        need = _need(flow)
        if need is None:
            continue
        for zone in {site.zone.name: site.zone for site in flow.sites}.values():
            if any(region.country in zone.countries for region in graph.regions):
                continue
            there = ", ".join(f"{r.name} ({r.country})" for r in graph.regions[:8])
            yield Diagnostic(
                code="HS0310",
                message=f"zone `{zone.name}` needs a cloud region for {need}, but "
                + (f"none of {there} lies in it" if there else "`clouds` allows none"),
                span=flow.origin,
                help=f"under `clouds`, allow a region in {' or '.join(zone.countries[:8])}",
                notes=(Label(span=zone.countries_origin, message="the zone allows these"),),
            )


def _need(flow: Flow) -> str | None:
    for stage in flow.stages:
        if stage.place == "cloud":
            return f"the store `{stage.name}`"
        if stage.model is not None and stage.model.training is not None:
            return f"training `{stage.model.name}`"
    return None
