"""What one device of a class costs at a site, whatever runs on it: the price of one unit more."""

from __future__ import annotations

from hybridspec.ir.graph import DeviceClass, Graph, Site
from hybridspec.ir.plan import CostTerm
from hybridspec.place.cost.energy import idle
from hybridspec.place.cost.term import edge, money


def device_terms(graph: Graph, site: Site, device: DeviceClass) -> tuple[CostTerm, ...]:
    """All that one device of a class costs at a site over the horizon.

    Each term is rounded for one device, so that `n` devices cost exactly `n` times as much.
    """
    return (purchase(graph, device), idle(graph, site, device))


def unit_cost(graph: Graph, site: Site, device: DeviceClass) -> int:
    """What one more device of a class costs at a site, in micro-units over the horizon."""
    return sum(term.amount for term in device_terms(graph, site, device))


def purchase(graph: Graph, device: DeviceClass) -> CostTerm:
    """As many purchases as lives fit into the horizon, begun ones included."""
    lives = -(-graph.horizon // device.board.life)
    return edge("capex", "devices", lives * device.board.price,
                f"{money(device.board.price)} x {lives} purchases")  # fmt: skip
