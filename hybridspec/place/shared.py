"""What flows at a site share: how much of it there is, what may be bought, what a way takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import floor
from typing import NamedTuple, TypeAlias

from hybridspec.ir.graph import DeviceClass, Site
from hybridspec.ir.plan import Configuration
from hybridspec.place.bounds import MAX_BUSY, MAX_UPLINK
from hybridspec.place.problem import ANY, WHOLE, Resource

BUSY, MEMORY, UPLINK, DISK, LINE = range(5)

SITE = ""
"""Instead of a device class: what all devices of a site share."""

Taken: TypeAlias = tuple[int, int, int, int, int]
"""Busy microseconds a second, bytes of memory, tenths of bits a second up, bytes kept offline, and
tenths of bits a second over the line of the site."""


class Room(NamedTuple):
    """`base + unit * devices` of something that the flows of a site share."""

    base: int
    unit: int


def rooms(device: DeviceClass) -> tuple[Room, Room, Room, Room]:
    """What the devices of a class offer, in the order of `Taken`; memory is that of each.

    Those that may have failed offer nothing.
    """
    board, failed = device.board, device.max_failed

    def each(unit: int) -> Room:
        return Room(-failed * unit, unit)

    return (
        each(floor(MAX_BUSY * 1_000_000)),
        Room(max(0, board.memory - board.reserved_memory), 0),
        each(floor(MAX_UPLINK * 10) * device.uplink_bandwidth),
        each(board.disk // 2),
    )


def line_room(line: int) -> Room:
    """What flows may take of the line that all devices of a site share."""
    return Room(floor(MAX_UPLINK * 10) * line, 0)


def taken(option: Configuration) -> Taken:
    """What a way takes of its device class, and of the line of the site."""
    sent = option.uplink * 8 * 10
    return option.demand, option.memory, sent, option.waiting, sent


def ceilings(option: Configuration) -> Taken:
    """Up to which permille each may be used by all flows for the way to keep its latency."""
    return option.ceiling.busy, WHOLE, option.ceiling.uplink, WHOLE, option.ceiling.line


class Bought(NamedTuple):
    """Devices of a class to buy for a site whose store is in a region, or in `ANY`."""

    device: str
    store: int


class Column(NamedTuple):
    """Something shared by the ways of a device class whose store is in a region, or in `ANY`.

    Of `SITE` it is shared by all ways.
    """

    device: str
    which: int
    store: int

    def load(self, option: Configuration, store: int) -> int:
        """What a way takes of it."""
        return taken(option)[self.which] if self._has(option, store) else 0

    def ceiling(self, option: Configuration, store: int) -> int:
        """Up to which permille it may be used for the way to keep its latency."""
        return ceilings(option)[self.which] if self._has(option, store) else WHOLE

    def _has(self, option: Configuration, store: int) -> bool:
        mine = option.device is not None and self.device in (SITE, option.device.name)
        return mine and self.store in (ANY, store)


class Supply(NamedTuple):
    """What stands at a site: resources with what they are, and what may be bought to add to them.

    Where releases cost a device differently from region to region, there is a purchase for each.
    """

    columns: tuple[Column, ...]
    resources: tuple[Resource, ...]
    bought: tuple[Bought, ...]


Scarce: TypeAlias = Callable[[Column, int], bool]
"""Whether the flows of a site could want more of something than that much."""


def supply(site: Site, stores: Sequence[int], scarce: Scarce) -> Supply:
    """What the ways at a site share, as far as it could ever be short."""
    columns: list[Column] = []
    resources: list[Resource] = []
    bought: list[Bought] = []
    for devices in site.devices:
        name, range_of = devices.device_class.name, devices.most is not None
        purchases = {store: len(bought) + number for number, store in enumerate(stores)}
        bought += [Bought(name, store) for store in stores if range_of]
        for which, room in enumerate(rooms(devices.device_class)):
            base = room.base + room.unit * devices.count
            if not scarce(Column(name, which, ANY), base):
                continue
            if not range_of or not room.unit:
                columns.append(Column(name, which, ANY))
                resources.append(Resource(base=base))
                continue
            for store in stores:
                columns.append(Column(name, which, store))
                resources.append(Resource(base=base, unit=room.unit, purchase=purchases[store]))
    if site.line is not None:
        column, base = Column(SITE, LINE, ANY), line_room(site.line).base
        if scarce(column, base):
            columns.append(column)
            resources.append(Resource(base=base))
    return Supply(tuple(columns), tuple(resources), tuple(bought))
