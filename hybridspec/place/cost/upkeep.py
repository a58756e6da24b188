"""What keeps devices running beside power: visits, by the calendar and for failures."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from hybridspec.base.units import YEAR
from hybridspec.ir.graph import DeviceClass, Graph
from hybridspec.ir.plan import CostTerm
from hybridspec.place.cost.term import edge, money, shown


def visits(graph: Graph, device: DeviceClass) -> Iterator[CostTerm]:
    """Visits to one device over the horizon, as many as are expected."""
    planned = Fraction(graph.horizon, device.visit_every) if device.visit_every else Fraction(0)
    count = planned + failed(graph, device)
    if count and device.visit_price:
        yield edge("upkeep", "visits", count * device.visit_price,
                   f"{shown(count)} visits x {money(graph, device.visit_price)}")  # fmt: skip


def failed(graph: Graph, device: DeviceClass) -> Fraction:
    """How often one device fails over the horizon, as expected."""
    return device.failures * Fraction(graph.horizon, YEAR)
