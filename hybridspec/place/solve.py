"""The exact search of a site: least cost over every joint choice, with a total order on ties.

Given the region of a zone's store, sites share nothing, so the cheapest plan of a zone is the
cheapest region with the cheapest plan of each site. Flows at one site share its devices; their
joint choice is searched depth first with the sum of the remaining minima as bound. Nothing is
sampled or cut off, so the cost found is also the proven bound. Sites that differ in name only are
solved once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from hybridspec.ir.graph import Flow, Site
from hybridspec.ir.plan import Configuration
from hybridspec.place.bounds import MAX_BUSY, MAX_UPLINK

MAX_STEPS = 5_000_000


class SearchTooLarge(Exception):
    """Flows at one site interact in more ways than can be searched."""


@dataclass(frozen=True, slots=True)
class SitePlan:
    """One configuration per flow of a site, in the order of the flows, and their cost."""

    cost: int
    chosen: tuple[Configuration, ...]

    @property
    def rank(self) -> tuple[int, tuple[str, ...]]:
        """Cheaper first; among equals the first in alphabetical order."""
        return (self.cost, tuple(c.label for c in self.chosen))


def solve_site(site: Site, choices: Sequence[Sequence[Configuration]]) -> SitePlan | None:
    """The best joint plan of a site, or None if its flows do not fit together.

    `choices` holds, per flow, the admissible configurations sorted by cost and label.

    Raises:
        SearchTooLarge: more than `MAX_STEPS` partial plans had to be looked at.
    """
    if any(not options for options in choices):
        return None
    rest = [0] * (len(choices) + 1)
    for index in reversed(range(len(choices))):
        rest[index] = rest[index + 1] + choices[index][0].cost
    best: SitePlan | None = None
    steps = 0

    def search(index: int, cost: int, taken: tuple[Configuration, ...]) -> None:
        nonlocal best, steps
        steps += 1
        if steps > MAX_STEPS:
            raise SearchTooLarge
        if index == len(choices):
            plan = SitePlan(cost, taken)
            if best is None or plan.rank < best.rank:
                best = plan
            return
        for option in choices[index]:
            if best is not None and cost + option.cost + rest[index + 1] > best.cost:
                break
            if fits(site, (*taken, option)):
                search(index + 1, cost + option.cost, (*taken, option))

    search(0, 0, ())
    return best


def fits(site: Site, chosen: Sequence[Configuration]) -> bool:
    """Whether configurations of different flows fit onto the devices they share.

    A class has one bundle, so they have to run the same variant of a model as well.
    """
    for devices in site.devices:
        name, board = devices.device_class.name, devices.device_class.board
        shared = [c for c in chosen if c.device is not None and c.device.name == name]
        if len(shared) < 2:
            continue
        busy = sum(c.demand for c in shared)
        used = sum(c.memory for c in shared)
        sent = sum(c.uplink for c in shared) * 8
        kept = sum(c.waiting for c in shared)
        bandwidth = devices.device_class.uplink_bandwidth * devices.count
        if (
            busy > MAX_BUSY * devices.count * 1_000_000
            or used > board.memory - board.reserved_memory
            or sent > MAX_UPLINK * bandwidth
            or kept > board.disk // 2 * devices.count
            or len({pair for c in shared for pair in c.held})
            > len({model for c in shared for model, _ in c.held})
        ):
            return False
    return True


Pins: TypeAlias = Mapping[tuple[str, str], str]
"""Variants that device classes have to run, by class and model."""


def agrees(option: Configuration, pins: Pins) -> bool:
    """Whether a configuration runs no other variant on its device class than `pins` say."""
    name = option.device.name if option.device is not None else ""
    return all(pins.get((name, model), variant) == variant for model, variant in option.held)


def site_class(site: Site, flows: Sequence[Flow]) -> tuple[object, ...]:
    """What a site's plan depends on: everything but its name and its lines in the spec."""
    names = tuple(flow.name for flow in flows)
    devices = tuple((d.device_class.name, d.count) for d in site.devices)
    return (site.country, site.zone.name, site.lan_rtt, site.energy_price, devices, names)
