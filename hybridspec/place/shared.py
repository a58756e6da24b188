"""What flows at a site share: how much of it there is, what may be bought, what a way takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import floor
from typing import NamedTuple, TypeAlias

from hybridspec.ir.graph import DeviceClass, Site
from hybridspec.ir.plan import Configuration
from hybridspec.ir.share import MAX_BUSY, MAX_UPLINK
from hybridspec.place.problem import ANY, WHOLE, Resource

BUSY, MEMORY, UPLINK, DISK, LINE, MODEL = range(6)

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

    Of `SITE` it is shared by all ways. Of a `MODEL` on devices that hold one at a time, every way
    that holds it takes so little, and lets it be used so little, that no way with another fits
    beside it; up to 1,000 of the `flows` may hold another one.
    """

    device: str
    which: int
    store: int
    model: str = ""
    flows: int = 0

    def load(self, option: Configuration, store: int) -> int:
        """What a way takes of it."""
        if not self._has(option, store):
            return 0
        if self.which == MODEL:
            return (1 if self._holds(option) else self.flows) if option.held else 0
        return taken(option)[self.which]

    def ceiling(self, option: Configuration, store: int) -> int:
        """Up to which permille it may be used for the way to keep its latency."""
        if not self._has(option, store):
            return WHOLE
        if self.which == MODEL:
            return 1 if self._holds(option) else WHOLE
        return ceilings(option)[self.which]

    def _holds(self, option: Configuration) -> bool:
        return any(model == self.model for model, _ in option.held)

    def _has(self, option: Configuration, store: int) -> bool:
        mine = option.device is not None and self.device in (SITE, option.device.name)
        return mine and self.store in (ANY, store)


Single: TypeAlias = Mapping[str, Sequence[str]]
"""The models that a way may hold on each device class."""


def single(options: Iterable[Configuration]) -> Single:
    """The models that any of some ways holds, by device class."""
    found: dict[str, set[str]] = {}
    for option in options:
        if option.device is not None and option.device.one_model:
            found.setdefault(option.device.name, set()).update(model for model, _ in option.held)
    return {name: sorted(models) for name, models in found.items()}


def exclusive(site: Site, models: Single, flows: int) -> Iterator[tuple[Column, int]]:
    """What keeps ways apart that hold different models on devices that hold one, and its room."""
    for devices in site.devices:
        here = models.get(devices.device_class.name, ()) if devices.device_class.one_model else ()
        for model in here if len(here) > 1 else ():
            yield Column(devices.device_class.name, MODEL, ANY, model, flows), WHOLE * flows


def everything(site: Site, models: Single, flows: int) -> Iterator[tuple[Column, int]]:
    """All that is shared at a site, with as many devices as may stand there."""
    for devices in site.devices:
        for which, room in enumerate(rooms(devices.device_class)):
            column = Column(devices.device_class.name, which, ANY)
            yield column, room.base + room.unit * devices.upto
    if site.line is not None:
        yield Column(SITE, LINE, ANY), line_room(site.line).base
    yield from exclusive(site, models, flows)


class Supply(NamedTuple):
    """What stands at a site: resources with what they are, and what may be bought to add to them.

    Where releases cost a device differently from region to region, there is a purchase for each.
    """

    columns: tuple[Column, ...]
    resources: tuple[Resource, ...]
    bought: tuple[Bought, ...]


Scarce: TypeAlias = Callable[[Column, int], bool]
"""Whether the flows of a site could want more of something than that much."""


def supply(
    site: Site, stores: Sequence[int], scarce: Scarce, models: Single, flows: int
) -> Supply:  # fmt: skip
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
    for column, base in exclusive(site, models, flows):
        columns.append(column)
        resources.append(Resource(base=base))
    return Supply(tuple(columns), tuple(resources), tuple(bought))
