"""What stores and fleets cost, worked out a second time from the written rules."""

from __future__ import annotations

import math
from fractions import Fraction

from property.leaks import models_of

from hybridspec.ir.graph import Graph, Region, Zone

SECOND = 1_000_000
MONTH_SECONDS = Fraction(365 * 86_400, 12)


def store_cost(graph: Graph, region: Region, zone: Zone) -> int:
    """Key, registry, training and updates of a zone in a region."""
    months = Fraction(graph.horizon, SECOND) / MONTH_SECONDS
    devices = sum(d.count for s in graph.sites if s.zone.name == zone.name for d in s.devices)
    amounts = [round(months * region.key_price)]
    for model in models_of(graph, zone):
        gigabytes = Fraction(model.facts.size, 10**9)
        amounts.append(round(gigabytes * months * region.registry_price))
        amounts.append(devices * round(releases(graph, zone) * gigabytes * region.egress_price))
        if model.training is not None:
            runs = Fraction(graph.horizon, model.training.every)
            amounts.append(round(runs * model.training.hours * region.training_price))
    return sum(amounts)


def releases(graph: Graph, zone: Zone) -> Fraction:
    """How often the devices of a zone get a bundle over the horizon."""
    periods = [m.training.every for m in models_of(graph, zone) if m.training is not None]
    periods += [] if graph.release_every is None else [graph.release_every]
    return sum((Fraction(graph.horizon) / period for period in set(periods)), Fraction(0))


def fleet_cost(graph: Graph) -> int:
    """Purchases and idle energy of all declared devices."""
    amounts = []
    for site in graph.sites:
        for devices in site.devices:
            board = devices.device_class.board
            purchases = math.ceil(Fraction(graph.horizon, board.life))
            amounts.append(devices.count * purchases * board.price)
            hours = Fraction(graph.horizon, SECOND) / 3600
            kilowatts = Fraction(board.idle_power, 10**6)
            amounts.append(devices.count * round(kilowatts * hours * site.energy_price))
    return sum(amounts)
