"""What devices draw: idle all the time, and what work takes on top of it."""

from __future__ import annotations

from fractions import Fraction

from hybridspec.base.units import HOUR, SECOND
from hybridspec.ir.graph import DeviceClass, Graph, Site
from hybridspec.ir.plan import CostTerm
from hybridspec.place.cost.term import edge, money, shown

_KWH = 1000 * 3_600_000
"""Milliwatt-seconds in a kilowatt-hour."""


def kwh(graph: Graph, device: DeviceClass, busy: Fraction) -> Fraction:
    """Kilowatt-hours above idle over the horizon for `busy` device-seconds per second."""
    power = device.board.load_power - device.board.idle_power
    return power * busy * Fraction(graph.horizon, SECOND) / _KWH


def energy(graph: Graph, site: Site, device: DeviceClass, busy: Fraction, stage: str) -> CostTerm:
    """Energy above idle for `busy` device-seconds per second at a site."""
    power = device.board.load_power - device.board.idle_power
    return edge(
        "energy", f"energy {stage}", kwh(graph, device, busy) * site.energy_price,
        f"{float(busy):.6f} devices busy x {power / 1000:g} W above idle x "
        f"{money(graph, site.energy_price)}/kWh",
    )  # fmt: skip


def idle(graph: Graph, site: Site, device: DeviceClass) -> CostTerm:
    """Energy that one device draws at a site even if it does nothing."""
    drawn = Fraction(device.board.idle_power, 10**6) * Fraction(graph.horizon, HOUR)
    return edge(
        "energy", "idle energy", drawn * site.energy_price,
        f"{shown(drawn)} kWh x {money(graph, site.energy_price)}/kWh",
    )  # fmt: skip
