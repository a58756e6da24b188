"""What facets of zones and policies of the spec permit: regions for a store, and places to work."""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.ir.governance import Policy
from hybridspec.ir.graph import Flow, Graph, Region, Zone
from hybridspec.law.duty import keys_fit

HELD = ("store", "keys", "backup")
"""The facets that lie where the store of a zone is."""


def holds(graph: Graph, zone: Zone, region: Region) -> bool:
    """Whether a region may hold the zone's store, its keys and its backups."""
    if not keys_fit(zone, region):
        return False
    if any(region.country not in zone.allowed(facet) for facet in HELD):
        return False
    flows = (flow for flow in graph.flows if any(s.zone.name == zone.name for s in flow.sites))
    return not any(True for flow in flows for _ in forbidding(graph, zone, flow, region))


def trains(zone: Zone, region: Region) -> bool:
    """Whether a region may compute on what the zone's store holds."""
    return region.country in zone.allowed("process")


def forbidding(graph: Graph, zone: Zone, flow: Flow, region: Region) -> Iterator[Policy]:
    """The policies that forbid a region for the data of a flow in a zone."""
    for policy in graph.policies:
        judges = policy.strict and policy.speaks_of("store")
        if (
            judges
            and policy.binds(zone.name, flow.data.category)
            and (region.country in policy.countries or region.label in policy.regions)
        ):
            yield policy
