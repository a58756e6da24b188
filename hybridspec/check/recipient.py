"""Who may get a zone's data: its sites and devices, clouds that may keep it, others' sinks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hybridspec.base.source import Span
from hybridspec.ir.graph import DeviceClass, Graph, Zone
from hybridspec.ir.verdict import Place


class Receipt(NamedTuple):
    """A place that may get data of a zone, for which facet, and where the spec asks for it."""

    facet: str
    place: Place
    origin: Span


def received(graph: Graph, zone: Zone) -> Iterator[Receipt]:
    """The clouds and sinks of others that may get data of a zone."""
    for region in graph.regions:
        if region.country in zone.allowed("store"):
            yield Receipt("store", Place(
                name=f"region {region.label}", countries=(region.country,),
                recipient=region.cloud, operator=region.operator_country,
            ), region.origin)  # fmt: skip
    for sink in graph.observability.sinks:
        if sink.zone is None:
            yield Receipt("logs", Place(name=sink.address, countries=sink.countries,
                                        recipient=sink.type), sink.origin)  # fmt: skip


def standing(graph: Graph, zone: Zone) -> list[DeviceClass]:
    """The device classes at a zone's sites, by name."""
    found = {
        devices.device_class.name: devices.device_class
        for site in graph.sites if site.zone.name == zone.name for devices in site.devices
    }  # fmt: skip
    return [found[name] for name in sorted(found)]


def own(graph: Graph, zone: Zone) -> list[Receipt]:
    """The countries in which the zone's own sites stand, each as a place."""
    countries = {site.country for site in graph.sites if site.zone.name == zone.name}
    return [
        Receipt("process", Place(name=f"sites in {country}", countries=(country,)), zone.origin)
        for country in sorted(countries)
    ]
