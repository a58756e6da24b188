"""The exact search of a site: least cost over every joint choice, with a total order on ties.

Given the region of a zone's store, sites share nothing, so the cheapest plan of a zone is the
cheapest region with the cheapest plan of each site. Flows at one site share its devices; their
joint choice is searched depth first with the sum of the remaining minima as bound. Nothing is
sampled or cut off, so the cost found is also the proven bound. Sites that differ in
names only, their own and those of their flows, are solved once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from math import floor
from operator import attrgetter
from typing import TypeAlias

from hybridspec.ir.graph import Flow, Site, SiteDevices, Stage
from hybridspec.ir.plan import Configuration
from hybridspec.place.bounds import MAX_BUSY, MAX_UPLINK

MAX_STEPS = 500_000


class SearchTooLarge(Exception):
    """Flows at one site interact in more ways than can be searched."""


@dataclass(frozen=True, slots=True)
class SitePlan:
    """One configuration per flow of a site, in the order of the flows, and their cost."""

    cost: int
    chosen: tuple[Configuration, ...]


def solve_site(site: Site, choices: Sequence[Sequence[Configuration]]) -> SitePlan | None:
    """The best joint plan of a site, or None if its flows do not fit together.

    `choices` holds, per flow, the admissible configurations sorted by cost and label. Among
    equally cheap plans the first in that order is the best: the first flow gets its cheapest place.

    Raises:
        SearchTooLarge: more than `MAX_STEPS` partial plans had to be looked at.
    """
    if any(not options for options in choices):
        return None
    rest = [0] * (len(choices) + 1)
    least: list[Loads] = [(0, 0, 0, 0)] * (len(choices) + 1)
    for index in reversed(range(len(choices))):
        rest[index] = rest[index + 1] + choices[index][0].cost
        smallest = map(min, zip(*map(_loads, choices[index]), strict=True))
        least[index] = _sum(least[index + 1], tuple(smallest))
    most = _sum(*(_limits(devices) for devices in site.devices))
    best: SitePlan | None = None
    steps = 0

    def search(index: int, cost: int, taken: tuple[Configuration, ...]) -> None:
        nonlocal best, steps
        steps += 1
        if steps > MAX_STEPS:
            raise SearchTooLarge
        if index == len(choices):
            best = SitePlan(cost, taken)
            return
        # What is left does not fit even if the devices of all classes were one.
        together = _sum(least[index], *map(_loads, taken))
        if any(load > limit for load, limit in zip(together, most, strict=True)):
            return
        for option in choices[index]:
            if best is not None and cost + option.cost + rest[index + 1] >= best.cost:
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
        name = devices.device_class.name
        shared = [c for c in chosen if c.device is not None and c.device.name == name]
        if len(shared) < 2:
            continue
        loads = _sum(*map(_loads, shared))
        if any(load > limit for load, limit in zip(loads, _limits(devices), strict=True)):
            return False
        held = {pair for option in shared for pair in option.held}
        if len(held) > len({model for model, _ in held}):
            return False
    return True


Loads: TypeAlias = tuple[int, ...]
"""Busy microseconds a second, bytes of memory, bits a second up, bytes kept while offline."""


def _loads(option: Configuration) -> Loads:
    return option.demand, option.memory, option.uplink * 8, option.waiting


def _limits(devices: SiteDevices) -> Loads:
    device, board = devices.device_class, devices.device_class.board
    return _most(devices.count, board.memory - board.reserved_memory, device.uplink_bandwidth,
                 board.disk)  # fmt: skip


@lru_cache(maxsize=256)
def _most(count: int, memory: int, bandwidth: int, disk: int) -> Loads:
    return (
        floor(MAX_BUSY * count * 1_000_000),
        max(0, memory),
        floor(MAX_UPLINK * bandwidth * count),
        disk // 2 * count,
    )


def _sum(*loads: Loads) -> Loads:
    return tuple(map(sum, zip(*loads, strict=True)))


Pins: TypeAlias = Mapping[tuple[str, str], str]
"""Variants that device classes have to run, by class and model."""


def agrees(option: Configuration, pins: Pins) -> bool:
    """Whether a configuration runs no other variant on its device class than `pins` say."""
    name = option.device.name if option.device is not None else ""
    return all(pins.get((name, model), variant) == variant for model, variant in option.held)


def site_class(site: Site, kinds: Sequence[int], apart: str) -> tuple[object, ...]:
    """What a site's plan depends on: everything but names and lines in the spec."""
    return (site.country, site.energy_price, *site_shape(site, kinds, apart))


def site_shape(site: Site, kinds: Sequence[int], apart: str) -> tuple[object, ...]:
    """What the ways to run flows of `kinds` at a site depend on, but for what energy costs.

    `apart` is its country, if that matters to what may be sent from there.
    """
    devices = tuple((d.device_class.name, d.count, d.device_class.uplink_bandwidth,
                     d.device_class.uplink_rtt) for d in site.devices)  # fmt: skip
    return (apart, site.zone.name, site.lan_rtt, devices, *kinds)


_NAMED = ("name", "sites", "data", "stages")
_FLOW = attrgetter(*(f.name for f in fields(Flow) if f.compare and f.name not in _NAMED))
_STAGE = attrgetter(*(f.name for f in fields(Stage) if f.compare and f.name != "model"))


def flow_kind(flow: Flow) -> tuple[object, ...]:
    """What two flows share that differ in nothing but their names and their sites."""
    stages = tuple((_STAGE(s), s.model.name if s.model is not None else "") for s in flow.stages)
    return (flow.data.name, _FLOW(flow), stages)
