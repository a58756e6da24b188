"""What one device of a class costs at a site, whatever runs on it: the price of one unit more."""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.ir.graph import DeviceClass, Graph, Site
from hybridspec.ir.plan import CostTerm
from hybridspec.place.cost.energy import idle
from hybridspec.place.cost.network import device_fee
from hybridspec.place.cost.term import edge, money, shown
from hybridspec.place.cost.updates import fetched
from hybridspec.place.cost.upkeep import failed, visits


def device_terms(graph: Graph, site: Site, device: DeviceClass) -> tuple[CostTerm, ...]:
    """All that one device of a class costs at a site over the horizon.

    Each term is rounded for one device, so that `n` devices cost exactly `n` times as much.
    """
    return (
        *_owned(graph, device), idle(graph, site, device), *device_fee(graph, device),
        *fetched(graph, site, device), *visits(graph, device),
    )  # fmt: skip


def unit_cost(graph: Graph, site: Site, device: DeviceClass) -> int:
    """What one more device of a class costs at a site, in micro-units over the horizon."""
    return sum(term.amount for term in device_terms(graph, site, device))


def _owned(graph: Graph, device: DeviceClass) -> Iterator[CostTerm]:
    """Purchases, as many as lives are begun in the horizon, with spares and replacements."""
    price, lives = device.board.price, -(-graph.horizon // device.board.life)
    yield edge("capex", "devices", lives * price, f"{money(graph, price)} x {lives} purchases")
    if device.spares:
        share = f"{shown(100 * device.spares)} %"
        yield edge("capex", "spares", lives * price * device.spares,
                   f"{share} of {money(graph, price)} x {lives} purchases")  # fmt: skip
    failures = failed(graph, device)
    if failures:
        yield edge("capex", "replacements", failures * price,
                   f"{shown(failures)} failures x {money(graph, price)}")  # fmt: skip
