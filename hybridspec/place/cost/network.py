"""What connections are paid for: fees by the month, metered traffic, and what leaves a cloud."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from hybridspec.base.units import SECOND, Price
from hybridspec.ir.graph import DeviceClass, Graph, Region, Site, Stage
from hybridspec.ir.plan import CostTerm
from hybridspec.place.cost.term import GB, cloud, edge, money, months, shown


def returned(graph: Graph, region: Region, stage: Stage, rate: Fraction) -> CostTerm:
    """Egress for what the cloud sends back to a site."""
    volume = rate * stage.output_size * Fraction(graph.horizon, SECOND) / GB
    return cloud(
        "network", f"egress {stage.name}", volume * region.egress_price,
        f"{shown(volume)} GB x {money(graph, region.egress_price)}/GB",
    )  # fmt: skip


def sent(graph: Graph, device: DeviceClass, rate: Fraction) -> Iterator[CostTerm]:
    """Metered traffic of `rate` bytes per second to the cloud."""
    if device.uplink_up_price and rate:
        yield _metered(graph, "data up", rate, device.uplink_up_price)


def received(graph: Graph, device: DeviceClass, stage: Stage) -> Iterator[CostTerm]:
    """Metered traffic of what a cloud stage sends back."""
    if device.uplink_down_price:
        rate = stage.output_rate * stage.output_size
        yield _metered(graph, f"data down {stage.name}", rate, device.uplink_down_price)


def _metered(graph: Graph, name: str, rate: Fraction, price: Price) -> CostTerm:
    volume = rate * Fraction(graph.horizon, SECOND) / GB
    return edge("network", name, volume * price, f"{shown(volume)} GB x {money(graph, price)}/GB")


def device_fee(graph: Graph, device: DeviceClass) -> Iterator[CostTerm]:
    """The fee of one device's connection."""
    if device.uplink_month:
        yield _fee(graph, device.uplink_month)


def site_fee(graph: Graph, site: Site) -> Iterator[CostTerm]:
    """The fee of a site's own connection."""
    if site.uplink_month:
        yield _fee(graph, site.uplink_month)


def _fee(graph: Graph, price: Price) -> CostTerm:
    return edge("network", "uplink", months(graph) * price,
                f"{shown(months(graph))} months x {money(graph, price)}")  # fmt: skip
