"""How late a way is, path by path, and how full what it shares may get: the rules once more.

It shares nothing with `place` but the types: paths are listed one by one, figures are floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

from hybridspec.ir.graph import DeviceClass, Flow, Site, Stage
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Estimate

WINDOWS = ("aggregate", "window", "local-training")
NOISE = 1e-9


def up(value: float) -> int:
    """Whole microseconds."""
    return math.ceil(value - NOISE)


@dataclass(frozen=True)
class Before:
    """The longest job, in microseconds, the largest message and all batches, in bytes."""

    job: int = 0
    message: int = 0
    batches: int = 0
    line_message: int = 0
    line_batches: int = 0
    """The last two are those on the line that all devices of the site share."""

    def with_(self, other: Before) -> Before:
        """Both of them."""
        return Before(max(self.job, other.job), max(self.message, other.message),
                      self.batches + other.batches, max(self.line_message, other.line_message),
                      self.line_batches + other.line_batches)  # fmt: skip


def neighbours(
    table: LatencyTable, flows: Sequence[Flow], device: DeviceClass, count: int, fewest: int
) -> Before:
    """The worst that other flows can do, wherever they run and however many devices work."""
    found = Before()
    for flow in flows:
        job = 0
        for stage in flow.stages:
            times = [0]
            for variant in stage.model.variants if stage.model else ("",):
                time = table.of(stage, device, variant)
                if time and 10 * time.high * stage.input_rate <= 7 * count * 10**6:
                    times.append(time.high)
            job += max(times) if stage.place != "cloud" else 0
        products = {s.name: (s.output_rate, s.output_size) for s in flow.stages}
        read = {i for s in flow.stages if s.place != "site" for i in s.inputs}
        sent = [products.get(i, (flow.data.rate, flow.data.size)) for i in read]
        wire = Fraction(8 * device.uplink_bandwidth * count, 10)
        sent = [(rate, size) for rate, size in sent if rate * size * 8 <= wire]
        found = found.with_(Before(job=job)).with_(packets(flow, sent, fewest))
    return found


def on_the_line(
    table: LatencyTable, flows: Sequence[Flow], site: Site, wide: int
) -> Before:  # fmt: skip
    """The worst that other flows can do to the line that all devices share, on any of them."""
    found = Before()
    for flow in flows:
        products = {s.name: (s.output_rate, s.output_size) for s in flow.stages}
        read = {i for s in flow.stages if s.place != "site" for i in s.inputs}
        sent = [products.get(i, (flow.data.rate, flow.data.size)) for i in read]
        each = []
        for devices in site.devices:
            wire = min(wide, devices.device_class.uplink_bandwidth * devices.count)
            fits = [(r, size) for r, size in sent if r * size * 80 <= 8 * wire]
            each.append(gathered(flow, fits, devices.count))
        found = found.with_(Before(line_message=max(one.line_message for one in each),
                                   line_batches=max(one.line_batches for one in each)))  # fmt: skip
    return found


def gathered(flow: Flow, sent: Sequence[tuple[Fraction, int]], count: int) -> Before:
    """What a flow sends from all of its devices at a time."""
    if flow.sync is None:
        return Before(line_message=max([size for _, size in sent], default=0))
    sizes = []
    for rate, size in sent:
        pile = math.ceil(rate * size * flow.sync.every / 1_000_000) + count
        if flow.sync.largest is not None:
            pile = min(pile, flow.sync.largest * count)
        sizes.append(max(pile, size * count))
    return Before(line_batches=sum(sizes))


def packets(flow: Flow, sent: Sequence[tuple[Fraction, int]], count: int) -> Before:
    """What a flow sends from one device at a time."""
    if flow.sync is None:
        return Before(message=max([size for _, size in sent], default=0))
    sizes = []
    for rate, size in sent:
        pile = math.ceil(rate * size * flow.sync.every / 1_000_000 / count)
        if flow.sync.largest is not None:
            pile = min(pile, flow.sync.largest)
        sizes.append(max(pile, size))
    return Before(batches=sum(sizes))


@dataclass(frozen=True)
class Way:
    """Everything that the latency of one way depends on."""

    flow: Flow
    site: Site
    device: DeviceClass
    kinds: Mapping[str, str]
    time: Callable[[Stage], Estimate | None]
    before: Before
    batch: int
    born: int
    """Bits a second that all flows of the site are born from."""
    event: int
    """The largest event that is born at the site."""
    own: tuple[int, int, int]
    """Permille of the limits of time, uplink and line that the flow takes alone."""

    @property
    def stages(self) -> Mapping[str, Stage]:
        """By name."""
        return {stage.name: stage for stage in self.flow.stages}

    def paths(self, name: str) -> Iterator[tuple[str, ...]]:
        """Every path from the sensor."""
        for source in self.stages[name].inputs:
            if source in self.stages:
                yield from ((*before, name) for before in self.paths(source))
            else:
                yield (name,)

    def figures(self, name: str) -> Estimate:
        """The estimate of a stage, nothing where there is none."""
        return self.time(self.stages[name]) or Estimate(low=0, mid=0, high=0, basis="")

    def shares(self) -> list[tuple[float, float]]:
        """How often each leg and each queue may be late: all alike, or half of it for queues."""
        bound = self.flow.latency
        assert bound is not None
        needed = {name for path in self.paths(bound.to) for name in path}
        edge = {name for name in needed if self.kinds[name] == "edge"}
        legs = bool(self.site.lan_rtt)
        legs += sum(self.figures(name).high > self.figures(name).mid for name in needed)
        queues = any(self.figures(name).high for name in edge) + bool(self.site.lan)
        queues += sum(self.stages[name].operation in WINDOWS for name in edge)
        hops = {(source, self.kinds[name]) for name in needed for source in self.stages[name].inputs
                if self.kinds.get(source, "edge") != self.kinds[name]}  # fmt: skip
        ups = [kind for _, kind in hops].count("cloud")
        legs += bool(self.device.uplink_rtt) * len(hops) + ups
        queues += ups * (2 if self.site.line else 1)
        chance = (1000 - bound.percentile) / 1000
        alike = chance / max(1, legs + queues)
        halves = [(chance / 2 / legs, chance / 2 / queues)] if legs and queues else []
        return [(alike, alike), *halves]

    def slowest(self, busy: int, full: int, line: int) -> int:
        """The upper end over every path, listed one by one."""
        return min(self._slowest(busy, full, line, *share) for share in self.shares())

    def _slowest(self, busy: int, full: int, line: int, share: float, queue: float) -> int:
        assert self.flow.latency is not None
        to = self.flow.latency.to
        turn = waits(self.before.job, min(busy, 1000) * 0.7 / 1000, queue)
        before, wide = self.before, self.device.uplink_bandwidth
        send = self._send(before.message, before.batches, wide, min(full, 1000) * 0.0008, queue)
        if self.site.line:
            send += self._send(before.line_message, before.line_batches, self.site.line,
                               min(line, 1000) * 0.0008, queue)  # fmt: skip
        if self.site.lan:
            full = min(1000, math.ceil(Fraction(self.born * 10_000, 8 * self.site.lan)))
            turn_of_sensor = waits(wire(self.event, self.site.lan), full * 0.0008, queue)
            turn_of_sensor += wire(self.flow.data.size, self.site.lan)
        else:
            turn_of_sensor = 0
        needed = {name for path in self.paths(to) for name in path}
        here = sum(late(self.figures(n), share) for n in needed if self.kinds[n] == "edge")
        return turn_of_sensor + max(
            self._length(path, share, turn, send, here) for path in self.paths(to)
        )

    def _length(self, path: Sequence[str], share: float, turn: int, send: int, here: int) -> int:
        lan = self.site.lan_rtt
        length, kind, size = late(span(lan), share), "edge", self.flow.data.size
        fresh, visited = True, False
        for name in path:
            stage = self.stages[name]
            if self.kinds[name] != kind:
                kind = self.kinds[name]
                length += late(span(self.device.uplink_rtt), share)
                if kind == "edge" or self.flow.sync is None:
                    length += wire(size, self.device.uplink_bandwidth)
                    length += wire(size, self.site.line) if self.site.line else 0
                if kind == "cloud":
                    length += late(Estimate(low=0, mid=8_000, high=25_000, basis=""), share)
                    length += send + self.batch
            own = late(self.figures(name), share)
            if kind == "cloud":
                length += own
            elif own and fresh:
                length, fresh, visited = length + turn, False, True
            if stage.operation in WINDOWS:
                length += math.ceil(1_000_000 / stage.output_rate)
                fresh = fresh or kind == "edge"
            size = stage.output_size
        return length + (here if visited else 0)

    def _send(self, message: int, batches: int, wide: int, used: float, share: float) -> int:
        message, batches = wire(message, wide), wire(batches, wide)
        if self.flow.sync is None:
            return waits(message, used, share) + (wire(1500, wide) if batches else 0)
        if not message or not used:
            return batches
        half = root(used) / 2
        work = batches + math.log(2 / share) * message / half
        return up(work / (1 - used * math.expm1(half) / half))

    def ceilings(self) -> tuple[int, int, int]:
        """How full devices, uplinks and the line may get, in permille of their limits."""
        bound = self.flow.latency
        if bound is None or self.slowest(1000, 1000, 1000) <= bound.bound:
            return 1000, 1000, 1000
        busy, full, line = (min(own, 1000) for own in self.own)

        def most(top: int, holds: Callable[[int], bool]) -> int:
            low = 0
            while low < top:
                middle = (low + top + 1) // 2
                low, top = (middle, top) if holds(middle) else (low, middle - 1)
            return low

        def fine(one: int, two: int, three: int) -> bool:
            return self.slowest(one, two, three) <= bound.bound

        a, b, c = 1000 - busy, 1000 - full, 1000 - line
        even = most(1000, lambda s: fine(
            busy + a * s // 1000, full + b * s // 1000, line + c * s // 1000))  # fmt: skip
        busy, full = busy + a * even // 1000, full + b * even // 1000
        line += c * even // 1000
        start = busy
        busy += most(1000 - busy, lambda more: fine(start + more, full, line))
        begin = full
        full += most(1000 - full, lambda more: fine(busy, begin + more, line))
        if not self.site.line:
            return busy, full, 1000
        first = line
        return busy, full, line + most(1000 - line, lambda more: fine(busy, full, first + more))


def wire(size: int, wide: int) -> int:
    """Microseconds on a wire."""
    return math.ceil(Fraction(size * 8_000_000, wide))


def span(rtt: int) -> Estimate:
    """A round trip, of which half is the middle."""
    return Estimate(low=0, mid=rtt // 2, high=rtt, basis="")


def late(time: Estimate, share: float) -> int:
    """What all but `share` of events keep, lognormal."""
    if time.high <= time.mid:
        return time.high
    mid = max(1, time.mid)
    power = round(-NormalDist().inv_cdf(share), 6) / 1.644854
    return up(mid * math.exp(math.log(time.high / mid) * power))


def root(used: float) -> float:
    """The x with used (e^x - 1) = x, by halving."""
    low, high = 1e-12, 100.0
    for _ in range(120):
        middle = (low + high) / 2
        low, high = (middle, high) if used * math.expm1(middle) < middle else (low, middle)
    return high


def waits(job: int, used: float, share: float) -> int:
    """What all but `share` of events wait at most."""
    if not job or used <= share + 1e-12:
        return 0
    return up(job * math.log(1 / share) / root(used))
