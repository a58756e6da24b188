"""What law, zones and policies permit: regions for a store, and places to work."""

from __future__ import annotations

from hybridspec.ir.graph import Graph, Region, Zone
from hybridspec.law.claim import claims
from hybridspec.law.duty import keys_fit


def holds(graph: Graph, zone: Zone, region: Region) -> bool:
    """Whether a region may hold all that would lie in the zone's region, and all that follows."""
    return keys_fit(zone, region) and not any(claims(graph).refusing(zone.name, region))


def trains(graph: Graph, zone: Zone, region: Region) -> bool:
    """Whether a region may compute on what the zone's models learn from."""
    return not claims(graph).untrained(zone.name, region)
