"""What is paid whatever the flows do: for the store of each zone, and for the devices at sites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hybridspec.ir.graph import DeviceClass, Graph, Model, Region, Site
from hybridspec.ir.plan import CostTerm
from hybridspec.place.cost.cloud import key, registry, training
from hybridspec.place.cost.device import device_terms
from hybridspec.place.cost.network import site_fee
from hybridspec.place.cost.services import services
from hybridspec.place.cost.updates import updates


def zone_terms(
    graph: Graph, region: Region, models: tuple[Model, ...], devices: int
) -> tuple[CostTerm, ...]:
    """What a zone costs in a region: key, registry, training, services, and updates."""
    terms = [key(graph, region)]
    for model in models:
        terms.append(registry(graph, region, model))
        if model.training is not None:
            terms.append(training(graph, region, model.name, model.training))
    return (
        *terms, *updates(graph, region, models, devices),
        *services(graph, region, models, devices),
    )  # fmt: skip


@dataclass(slots=True)
class _Alike:
    """Devices of one class that cost the same, at one site or several."""

    name: str
    unit: tuple[CostTerm, ...]
    count: int = 0
    sites: list[str] = field(default_factory=list)


def fleet_terms(
    graph: Graph, counts: Mapping[tuple[str, str], int] | None = None
) -> tuple[CostTerm, ...]:
    """What devices and connections of sites cost; devices together that cost the same.

    `counts` says how many there are by site and class, where that is not what the graph says.
    """
    found: dict[tuple[object, ...], _Alike] = {}
    for site in graph.sites:
        for devices in site.devices:
            name = devices.device_class.name
            count = devices.count if counts is None else counts.get((site.name, name), 0)
            kind = _kind(site, devices.device_class)
            if kind not in found:
                found[kind] = _Alike(name, device_terms(graph, site, devices.device_class))
            found[kind].count += count
            found[kind].sites.append(site.name)
    terms = []
    for alike in found.values():
        where = alike.sites[0] if len(alike.sites) == 1 else f"{len(alike.sites)} sites"
        terms += [_several(one, alike, where) for one in alike.unit]
    terms += [
        replace(fee, name=f"{fee.name} of {site.name}")
        for site in graph.sites
        for fee in site_fee(graph, site)
    ]
    return tuple(terms)


def _kind(site: Site, device: DeviceClass) -> tuple[object, ...]:
    """What the cost of a device depends on; metered releases, on the site's flows as well."""
    metered = site.name if device.uplink_down_price else ""
    return (device.name, id(device), site.energy_price, metered)


def _several(one: CostTerm, alike: _Alike, where: str) -> CostTerm:
    """The term of one device for all that are alike."""
    return replace(
        one, name=f"{one.name} {alike.name} at {where}", amount=alike.count * one.amount,
        inputs=f"{alike.count} x {one.inputs}",
    )  # fmt: skip
