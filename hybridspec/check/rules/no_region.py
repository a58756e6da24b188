"""HS0310: a zone needs a cloud region, but the spec allows none inside it.

What it flags: a zone with a `store` sink or a training job, and no region of `clouds` in one of
its countries that its facets and the spec's policies leave to it.
Why: the store, the keys and the training data must lie inside the zone.
Example: a zone `[FR]` with `clouds.aws.regions: [eu-central-1]`, which is in Germany.
Fix: allow a region inside the zone, or drop the store.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.ir.graph import Flow, Graph, Region, Zone


def no_region(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone and need."""
    for flow in graph.flows:
        need = _need(flow)
        if need is None:
            continue
        for zone in {site.zone.name: site.zone for site in flow.sites}.values():
            if any(_may_hold(graph, zone, region) for region in graph.regions):
                continue
            there = ", ".join(f"{r.name} ({r.country})" for r in graph.regions[:8])
            yield Diagnostic(
                code="HS0310",
                message=f"zone `{zone.name}` needs a cloud region for {need}, but "
                + (f"none of {there} lies in it" if there else "`clouds` allows none"),
                span=flow.origin,
                help=f"under `clouds`, allow a region in {' or '.join(zone.countries[:8])}",
                notes=(
                    Label(span=zone.countries_origin, message="the zone allows these"),
                    *(
                        Label(span=r.origin, message=f"`{r.name}` lies in {r.country}")
                        for r in graph.regions[:4]
                    ),
                ),
            )


def _need(flow: Flow) -> str | None:
    for stage in flow.stages:
        if stage.place == "cloud":
            return f"the store `{stage.name}`"
        if stage.model is not None and stage.model.training is not None:
            return f"training `{stage.model.name}`"
    return None


def _may_hold(graph: Graph, zone: Zone, region: Region) -> bool:
    """Whether the zone's facets and the policies of the spec leave the region to its store."""
    if any(region.country not in zone.allowed(facet) for facet in ("store", "keys", "backup")):
        return False
    return not any(
        policy.strict
        and policy.speaks_of("store")
        and policy.binds(zone.name, flow.data.category)
        and (region.country in policy.countries or region.label in policy.regions)
        for policy in graph.policies
        for flow in graph.flows
        if any(site.zone.name == zone.name for site in flow.sites)
    )
