"""What ways ask of the devices that they share, and whether there is as much of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hybridspec.ir.graph import Site

SECOND = 1_000_000


@dataclass(frozen=True)
class Load:
    """What one way asks of the devices and the uplinks of its class, in whole units.

    The last are how full, in permille of their limits, time, uplinks and the line that all share
    may be for its bound.
    """

    busy: int
    memory: int
    uplink: int
    waiting: int
    busy_most: int = 1000
    uplink_most: int = 1000
    line_most: int = 1000
    models: frozenset[str] = frozenset()


def overload(site: Site, loads: Mapping[str, Sequence[Load]]) -> set[str]:
    """Codes of the shared limits that the loads on each class of a site exceed together."""
    found = set()
    for devices in site.devices:
        mine = loads.get(devices.device_class.name, ())
        board, failed = devices.device_class.board, devices.device_class.max_failed
        count = devices.count - failed
        held = frozenset[str]().union(*(load.models for load in mine))
        if devices.device_class.one_model and len(held) > 1:
            found.add("HS0425")
        if mine and count < 1:
            found.add("HS0306")
        count = max(1, count)
        time = min([load.busy_most for load in mine], default=1000)
        if sum(load.busy for load in mine) * 10 * 1000 > 7 * count * SECOND * time:
            found.add("HS0306")
        wire = devices.device_class.uplink_bandwidth * count
        room = min([load.uplink_most for load in mine], default=1000)
        if sum(load.uplink for load in mine) * 8 * 10 * 1000 > 8 * wire * room:
            found.add("HS0306")
        if mine and sum(load.memory for load in mine) > board.memory - board.reserved_memory:
            found.add("HS0303")
        if sum(load.waiting for load in mine) > board.disk // 2 * count:
            found.add("HS0304")
    everybody = [load for mine in loads.values() for load in mine]
    most = min([load.line_most for load in everybody], default=1000)
    sent = sum(load.uplink for load in everybody) * 8 * 10 * 1000
    if site.line is not None and sent > 8 * site.line * most:
        found.add("HS0424")
    return found
