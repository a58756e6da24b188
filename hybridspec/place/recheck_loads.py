"""The independent checker's loads: what flows take of the devices and networks that they share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil

from hybridspec.ir.graph import DeviceClass, Graph, Site, SiteDevices, Stage
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Decision, Estimate, Host, Plan
from hybridspec.place.alike import alike
from hybridspec.place.recheck_latency import Line, Network, late, line_of, network_of


def stage_time(decision: Decision, name: str, table: LatencyTable) -> int | None:
    """How long a stage takes where the decision has it, in microseconds."""
    return next(time for stage, _, time in times(decision, table) if stage.name == name)


def times(decision: Decision, table: LatencyTable) -> Iterator[tuple[Stage, Host, int | None]]:
    """Every stage, its host, and how long it takes there at most, if that is known."""
    for stage, (_, host) in zip(decision.flow.stages, decision.chosen.hosts, strict=True):
        if stage.kind == "sink":
            yield stage, host, 0
        else:
            found = figure(decision, stage, host, table)
            yield stage, host, None if found is None else found.high


def figure(
    decision: Decision, stage: Stage, host: Host, table: LatencyTable
) -> Estimate | None:  # fmt: skip
    """What is known of how long a stage takes on a host; what was measured there goes first."""
    device, on_cloud = decision.chosen.device, host.kind == "cloud"
    where = "cloud" if on_cloud or device is None else device.board.name
    if stage.model is None:
        return table.operations.get((stage.operation, where, stage.input_size))
    model, variant = stage.model.name, dict(decision.chosen.variants)[stage.model.name]
    own = (model, device.name if device and not on_cloud else "", variant)
    if device is not None and not on_cloud and device.runtime != "onnxruntime":
        where = f"{where}/{device.runtime}"
    return table.measured.get(own) or table.models.get((model, where, variant))


def shared(graph: Graph, table: LatencyTable, plan: Plan) -> list[str]:
    """Loads of all flows on one class at one site: time, memory, uplink and disk."""
    loads: dict[tuple[str, str], list[tuple[Fraction, ...]]] = defaultdict(list)
    there: dict[tuple[str, str], list[Decision]] = defaultdict(list)
    for group in alike(plan):
        device = group[0].chosen.device
        if device is not None:
            same = _loads(group[0], device, table)
            for decision in group:
                loads[decision.site.name, device.name].append(same)
                there[decision.site.name, device.name].append(decision)
    faults: list[str] = []
    good: set[tuple[object, ...]] = set()
    for site in graph.sites:
        line, narrow = _line(site, there, loads, table)
        network, full = _network(site, there)
        faults += [*narrow, *full]
        for devices in site.devices:
            key = site.name, devices.device_class.name
            case = (line, network, id(devices.device_class), devices.count, *map(id, loads[key]))
            if devices.count and case not in good:
                found = _overloaded(site, devices, loads[key])
                for count in _counts(devices):
                    found += late(there[key], devices.device_class, count, table,
                                  _filled(devices, count, loads[key]), line, network)  # fmt: skip
                faults += found
                good |= set() if found else {case}
    return faults


def _counts(devices: SiteDevices) -> list[int]:
    """How many devices there are to work: all, and all but those that may have failed."""
    few = devices.count - devices.device_class.max_failed
    return sorted({devices.count, few} - {n for n in (few,) if n < 1})


def _overloaded(
    site: Site, devices: SiteDevices, loads: Sequence[tuple[Fraction, ...]]
) -> list[str]:  # fmt: skip
    """What the devices of a class cannot carry when as many have failed as may."""
    device, board, count = devices.device_class, devices.device_class.board, _counts(devices)[0]
    limits: tuple[tuple[str, Fraction | int], ...] = (
        ("too busy", Fraction(7, 10) * 1_000_000 * count),
        ("too little memory", board.memory - board.reserved_memory),
        ("too narrow an uplink", Fraction(8, 10) * device.uplink_bandwidth * count / 8),
        ("too little disk while offline", board.disk // 2 * count),
    )
    return [f"{device.name} at {site.name}: {what}"
            for (what, limit), load in zip(limits, _sum(loads), strict=True)
            if load > limit]  # fmt: skip


def _filled(
    devices: SiteDevices, count: int, loads: Sequence[tuple[Fraction, ...]]
) -> tuple[float, float]:  # fmt: skip
    """Which share of their time and of their uplinks so many devices give."""
    busy, _, sent, _ = _sum(loads)
    wide = devices.device_class.uplink_bandwidth
    return min(0.7, float(busy) / 1e6 / count), min(0.8, float(sent) * 8 / wide / count)


def _sum(loads: Sequence[tuple[Fraction, ...]]) -> list[Fraction]:
    return [sum(column, Fraction(0)) for column in zip((Fraction(0),) * 4, *loads, strict=True)]


def _line(
    site: Site, there: Mapping[tuple[str, str], list[Decision]],
    loads: Mapping[tuple[str, str], list[tuple[Fraction, ...]]], table: LatencyTable,
) -> tuple[Line | None, list[str]]:  # fmt: skip
    """The uplink that all devices of the site share, if they do, and whether it is too narrow."""
    if site.line is None:
        return None, []
    names = [devices.device_class.name for devices in site.devices]
    sent = sum((one[2] for name in names for one in loads[site.name, name]), Fraction(0))
    narrow = sent * 8 > Fraction(4, 5) * site.line
    mine = [(there[site.name, d.device_class.name], d.device_class, d.count) for d in site.devices]
    line = line_of(site.line, mine, table)
    return line, [f"{site.name}: too narrow a shared uplink"] * narrow


def _network(
    site: Site, there: Mapping[tuple[str, str], list[Decision]]
) -> tuple[Network | None, list[str]]:  # fmt: skip
    """The network of the site, if it has a limit, and whether more is born than it carries."""
    if site.lan is None:
        return None, []
    names = [devices.device_class.name for devices in site.devices]
    found = network_of(site.lan, (one for name in names for one in there[site.name, name]))
    return found, [f"{site.name}: too narrow a network"] * (found.used > 0.8 + 1e-9)


def _loads(decision: Decision, device: DeviceClass, table: LatencyTable) -> tuple[Fraction, ...]:
    """Busy microseconds a second, bytes of memory, bytes a second up, bytes kept offline."""
    busy: list[tuple[Fraction, int]] = []
    used: set[tuple[str, str]] = set()
    for stage, host, time in times(decision, table):
        if host.kind == "edge":
            busy.append((stage.input_rate, time if time is not None else 10**9))
            if stage.model is not None:
                used.add((stage.model.name, dict(decision.chosen.variants)[stage.model.name]))
    memory = Fraction(sum(table.memory.get(entry, 10**18) for entry in used))
    sent = upload(decision)
    few = next(_counts(d)[0] for d in decision.site.devices if d.device_class.name == device.name)
    away = away_for(decision, device, sent, few)
    return _total(busy), memory, sent, sent * away / 1_000_000 if away and sent else Fraction(0)


def away_for(decision: Decision, device: DeviceClass, sent: Fraction, devices: int) -> Fraction:
    """Microseconds in which what so many devices send to the cloud piles up."""
    keeps = decision.flow.when_offline == "buffer"
    away = Fraction(max(decision.flow.offline, device.max_offline) if keeps else 0)
    sync = decision.flow.sync
    if sync is not None and sync.largest is not None and sent:
        away += min(sync.every, ceil(sync.largest * devices * 1_000_000 / sent))
    elif sync is not None:
        away += sync.every
    return away


def upload(decision: Decision) -> Fraction:
    """Bytes a second from the site to the cloud, whatever is read there counted once."""
    kinds = {name: host.kind for name, host in decision.chosen.hosts}
    made = {s.name: (s.output_rate, s.output_size) for s in decision.flow.stages}
    read = {i for s in decision.flow.stages if kinds[s.name] == "cloud" for i in s.inputs}
    raw = decision.flow.data.rate, decision.flow.data.size
    return _total(made.get(name, raw) for name in read if kinds.get(name) != "cloud")


def _total(parts: Iterable[tuple[Fraction, int]]) -> Fraction:
    """The sum of products; those of one denominator are added up as integers."""
    found: dict[int, int] = {}
    for rate, times in parts:
        found[rate.denominator] = found.get(rate.denominator, 0) + rate.numerator * times
    exact = [Fraction(numerator, denominator) for denominator, numerator in found.items()]
    return exact[0] if len(exact) == 1 else sum(exact, Fraction(0))
