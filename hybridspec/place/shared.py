"""What flows at a site share: how much of it there is, and what a way takes of it."""

from __future__ import annotations

from math import floor
from typing import NamedTuple, TypeAlias

from hybridspec.ir.graph import DeviceClass
from hybridspec.ir.plan import Configuration
from hybridspec.place.bounds import MAX_BUSY, MAX_UPLINK

BUSY, MEMORY, UPLINK, DISK = range(4)

Taken: TypeAlias = tuple[int, int, int, int]
"""Busy microseconds a second, bytes of memory, tenths of bits a second up, bytes kept offline."""


class Room(NamedTuple):
    """`base + unit * devices` of something that the flows of a site share."""

    base: int
    unit: int


def rooms(device: DeviceClass) -> tuple[Room, Room, Room, Room]:
    """What the devices of a class offer, in the order of `Taken`; memory is that of each."""
    board = device.board
    return (
        Room(0, floor(MAX_BUSY * 1_000_000)),
        Room(max(0, board.memory - board.reserved_memory), 0),
        Room(0, floor(MAX_UPLINK * 10) * device.uplink_bandwidth),
        Room(0, board.disk // 2),
    )


def taken(option: Configuration) -> Taken:
    """What a way takes of its device class."""
    return option.demand, option.memory, option.uplink * 8 * 10, option.waiting


def ceilings(option: Configuration) -> Taken:
    """Up to which permille each may be used by all flows for the way to keep its latency."""
    return option.ceiling.busy, 1000, option.ceiling.uplink, 1000
