"""What a site lacks: the least additions with which its devices carry all of its flows at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hybridspec.base.units import Price, write_bandwidth
from hybridspec.ir.graph import Site, SiteDevices
from hybridspec.ir.plan import Configuration
from hybridspec.ir.share import MOST_DEVICES
from hybridspec.place.bounds import more_memory
from hybridspec.place.problem import WHOLE
from hybridspec.place.together import fit_together

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class _Size:
    """How many devices of a class there are, and how much more memory each of them has."""

    count: int
    more: int


def repair(site: Site, choices: Sequence[Sequence[Configuration]]) -> tuple[str, ...]:
    """Additions with which the flows fit together, in words; none of them could be smaller.

    `choices` holds, per flow, what fits alone. As many times the devices as there are flows, with
    the memory of all of them, suffice unless flows need different variants of one model, where
    nothing does. From there every class is made as small as the others allow, the dearest first.
    """
    sizes = {d.device_class.name: _plenty(d, choices)
             for d in site.devices}  # fmt: skip
    written, site = site.line, replace(site, line=_least_line(site, sizes, choices))

    def carries(name: str, size: _Size) -> bool:
        return fit_together(_resized(site, {**sizes, name: size}), choices)

    if not fit_together(_resized(site, sizes), choices):
        return ()
    words: list[str] = []
    for devices in sorted(site.devices, key=_dearest):
        name, most = devices.device_class.name, sizes[devices.device_class.name]
        more = bisect_left(
            range(most.more), True, key=lambda more: carries(name, _Size(most.count, more))
        )
        counts = range(devices.upto, most.count)
        count = devices.upto + bisect_left(
            counts, True, key=lambda count: carries(name, _Size(count, more))
        )
        sizes[name] = _Size(count, more)
        if count > MOST_DEVICES:
            words.append("let less be born there")
        elif count > devices.upto:
            words.append(f"put {count} `{name}` there")
        if more:
            words.append(f"use {more_memory(more * _MIB, name)}")
    if written is not None and site.line is not None and site.line > written:
        words.append(f"raise `uplink.shared` to {write_bandwidth(site.line)}")
    return tuple(words)


def _least_line(
    site: Site, sizes: Mapping[str, _Size], choices: Sequence[Sequence[Configuration]]
) -> int | None:  # fmt: skip
    """The narrowest uplink that all devices can share, in kbit/s above what they do."""
    if site.line is None:
        return None
    here, now = _resized(site, sizes), site.line
    most = _plenty_line(now, choices) // 1000
    steps = range(-(-now // 1000), most)

    def carries(line: int) -> bool:
        return fit_together(replace(here, line=line), choices)

    if carries(now):
        return now
    return 1000 * (steps.start + bisect_left(steps, True, key=lambda kbit: carries(kbit * 1000)))


def _plenty_line(now: int, choices: Sequence[Sequence[Configuration]]) -> int:
    """A line that carries everything, however empty a flow wants it to be."""
    everything = sum(max((c.uplink for c in options), default=0) for options in choices)
    least = min((c.ceiling.line for options in choices for c in options), default=WHOLE)
    return now + 2 * 8 * everything * -(-WHOLE // max(1, least))


def _dearest(devices: SiteDevices) -> tuple[Price, str]:
    return (-devices.device_class.board.price, devices.device_class.name)


def _plenty(devices: SiteDevices, choices: Sequence[Sequence[Configuration]]) -> _Size:
    name, failed = devices.device_class.name, devices.device_class.max_failed
    needs = (
        max((c.memory for c in options if c.device is not None and c.device.name == name),
            default=0)
        for options in choices
    )  # fmt: skip
    # A flow with a bound may want all of them together to be less than full.
    least = min((min(c.ceiling.busy, c.ceiling.uplink) for options in choices for c in options),
                default=WHOLE)  # fmt: skip
    spare = -(-WHOLE // max(1, least))
    return _Size(devices.upto * len(choices) * spare + failed, -(-sum(needs) // _MIB))


def _resized(site: Site, sizes: Mapping[str, _Size]) -> Site:
    devices = []
    for old in site.devices:
        size, board = sizes[old.device_class.name], old.device_class.board
        larger = replace(board, memory=board.memory + size.more * _MIB)
        devices.append(replace(
            old, count=size.count, most=None, device_class=replace(old.device_class, board=larger)
        ))  # fmt: skip
    return replace(site, devices=tuple(devices))
