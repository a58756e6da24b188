"""The slowest path of an event through a layout, leg by leg, at a stated utilisation.

An event reaches a device over the site's network, waits for its turn, and is then run through all
of its stages there that the bounded stage depends on, one after the other: a device counts as one
server, as in its capacity. Each device and each uplink has a queue of its own, and so has the line
that all devices of a site share, if they do: it is behind their uplinks. What is sent at once
waits for what is before it on the uplink; batches go behind it (the lower-effort class of RFC
8622), of which one packet may be on its way. How the legs are put together says `percentile`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from hybridspec.base.units import SECOND, format_bytes, format_duration
from hybridspec.ir.graph import WINDOWED, LatencyBound, Stage
from hybridspec.ir.latency import NOTHING
from hybridspec.ir.plan import Estimate, Leg
from hybridspec.ir.share import MAX_BUSY, MAX_UPLINK
from hybridspec.place.crowd import feeding
from hybridspec.place.percentile import Tail, clear, mean_wait, slowest, tail, wait
from hybridspec.place.problem import WHOLE

if TYPE_CHECKING:
    from hybridspec.place.layout import Layout

SERVICE = Estimate(
    low=2_000, mid=8_000, high=25_000, basis="assumed service time of a warm serverless endpoint"
)
PACKET = 1_500
"""Bytes of a batch that may be on their way when something is sent that goes before it."""

Used: TypeAlias = tuple[int, ...]
"""How full devices and uplinks are, in permille of what flows may take of them together; then how
full the line is that they share, if they do."""


@dataclass(frozen=True, slots=True)
class _Route:
    """One path as far as it goes; a step that is a word waits for what utilisation decides.

    `fixed` is the upper end of its legs but for those of stages on the device, which share one
    visit, and for those that wait: `turns` for the device and `sends` for its uplink. `fresh` says
    that the next stage on the device is a visit of its own.
    """

    fixed: int = 0
    turns: int = 0
    sends: int = 0
    fresh: bool = True
    here: int = 0
    steps: tuple[Leg | str, ...] = ()

    def then(self, *legs: Leg) -> _Route:
        """The route with legs that take their time whatever else happens."""
        fixed = self.fixed + sum(leg.estimate.high for leg in legs)
        return _Route(fixed, self.turns, self.sends, self.fresh, self.here, (*self.steps, *legs))

    def on_device(self, leg: Leg) -> _Route:
        """The route with a stage on the device, which an event waits for once."""
        time, turn = leg.estimate.high, self.fresh and leg.estimate.high > 0
        steps = (*self.steps, _TURN, leg) if turn else (*self.steps, leg)
        return _Route(
            self.fixed, self.turns + turn, self.sends, self.fresh and not turn, self.here + time,
            steps,
        )  # fmt: skip


_TURN, _SEND = "turn", "send"


class Path:
    """All paths to the stage that a bound is about, and how slow they are at a utilisation."""

    def __init__(self, layout: Layout, bound: LatencyBound) -> None:
        self.layout, self.bound = layout, bound
        needed = feeding(layout.flow, [bound.to], loops=False)
        self.stages = [stage for stage in layout.flow.stages if stage.name in needed]
        self.here = frozenset(s.name for s in self.stages if layout.host(s).kind == "edge")
        self.figures = {s.name: layout.estimate(s) or NOTHING for s in self.stages}
        late, (legs, queues) = Fraction(1000 - bound.percentile, 1000), self._random()
        even = tail(late / max(1, legs + queues))
        self.shares = [_Share(self, even, even)]
        if legs and queues:
            self.shares.append(_Share(self, tail(late / 2 / legs), tail(late / 2 / queues)))
        self._high: dict[Used, int] = {}
        self._legs: dict[Used, tuple[Leg, ...]] = {}

    def high(self, used: Used) -> int:
        """The upper end of the slowest path with everything `used` by everybody."""
        if used not in self._high:
            self._high[used] = min(share.high(used) for share in self.shares)
        return self._high[used]

    def legs(self, used: Used) -> tuple[Leg, ...]:
        """The legs of the slowest path."""
        if used not in self._legs:
            self._legs[used] = min(self.shares, key=lambda share: share.high(used)).legs(used)
        return self._legs[used]

    def total(self, legs: Iterable[Leg]) -> Estimate:
        """The sum of legs."""
        low = mid = high = 0
        for leg in legs:
            low, mid = low + leg.estimate.low, mid + leg.estimate.mid
            high += leg.estimate.high
        return Estimate(
            low=low, mid=mid, high=high,
            basis=f"{self.bound.percentile / 10:g} % of events: sum of the legs, which share the "
            "chance to be late",
        )  # fmt: skip

    def _random(self) -> tuple[int, int]:
        """How many legs, and how many queues, differ from event to event, over all paths."""
        layout, here = self.layout, self.here
        legs = int(layout.site.lan_rtt > 0)
        legs += sum(figures.high > figures.mid for figures in self.figures.values())
        queues = int(any(self.figures[name].high for name in here))
        queues += sum(s.name in here and s.operation in WINDOWED for s in self.stages)
        cloud = self.figures.keys() - here
        crossing = {(source, s.name in here) for s in self.stages for source in s.inputs
                    if (source in cloud) == (s.name in here)}  # fmt: skip
        up = sum(not back for _, back in crossing)
        moves = layout.device.uplink_rtt > 0
        lines = 1 if layout.site.line is None else 2
        queues += layout.site.lan is not None
        return legs + moves * len(crossing) + up, queues + lines * up


class _Share:
    """The paths with the chance to be late shared out: equally, or half of it for all queues.

    Where few events wait, but for long, a queue with half of the chance costs least; where all
    wait a little, one that is a leg like others. `tail` is the share of a leg, `queue` of a queue.
    """

    def __init__(self, path: Path, leg: Tail, queue: Tail) -> None:
        self.path, self.layout, self.tail, self.queue = path, path.layout, leg, queue
        self._times = {name: _late(figures, leg) for name, figures in path.figures.items()}
        self._visit = sum(self._times[name].high for name in path.here)
        self._routes = self._all()

    def high(self, used: Used) -> int:
        """The upper end of the slowest path with everything `used` by everybody."""
        turn, send = self._turn(used[0]).high, self._send(used[1]).high
        if len(used) > 2:
            send += self._line(used[2]).high
        return max(self._length(route, turn, send) for route in self._routes)

    def legs(self, used: Used) -> tuple[Leg, ...]:
        """The legs of the slowest path."""
        turn = self._turn(used[0])
        sends = [Leg(name="uplink", kind="queue", estimate=self._send(used[1]))]
        if len(used) > 2:
            line = self._line(used[2])
            sends.append(Leg(name="shared uplink", kind="queue", estimate=line))
        send = sum(leg.estimate.high for leg in sends)
        route = max(self._routes, key=lambda r: self._length(r, turn.high, send))
        passed = {s.name for s in route.steps if isinstance(s, Leg) and s.kind == "stage"}
        beside = self._beside(passed)
        found: list[Leg] = []
        for step in route.steps:
            if isinstance(step, Leg):
                found.append(step)
            elif step == _SEND:
                found += sends
            else:
                found.append(Leg(name=self.layout.device.name, kind="queue", estimate=turn))
                found += beside
                beside = ()
        return tuple(found)

    def _length(self, route: _Route, turn: int, send: int) -> int:
        visits = self._visit + route.turns * turn if route.turns else 0
        return route.fixed + visits + route.sends * send

    def _turn(self, used: int) -> Estimate:
        return _turn(self.layout.crowd.job, used, self.queue)

    def _send(self, used: int) -> Estimate:
        crowd, collected = self.layout.crowd, self.layout.flow.sync is not None
        wide = self.layout.device.uplink_bandwidth
        return _send(crowd.message, crowd.batches, wide, collected, used, self.queue)

    def _line(self, used: int) -> Estimate:
        """The wait for the line that is behind the uplinks of the site's devices."""
        crowd, collected = self.layout.crowd, self.layout.flow.sync is not None
        wide = self.layout.site.line
        assert wide is not None, "only a shared line has a utilisation"
        return _send(crowd.line_message, crowd.line_batches, wide, collected, used, self.queue)

    def _all(self) -> list[_Route]:
        known: dict[str, list[_Route]] = {}
        for stage in self.path.stages:
            arrivals = (r for source in stage.inputs for r in self._arrive(source, stage, known))
            known[stage.name] = _slow(self._run(stage, route) for route in arrivals)
        return known[self.path.bound.to]

    def _arrive(
        self, source: str, stage: Stage, known: dict[str, list[_Route]]
    ) -> Iterator[_Route]:
        """Routes until `source` has reached the host of `stage`."""
        layout, here = self.layout, stage.name in self.path.here
        if source not in known:
            route = _Route().then(*self._born())
            yield route if here else self._up(route, layout.flow.data.size)
            return
        size = next(s.output_size for s in self.path.stages if s.name == source)
        for route in known[source]:
            if (source in self.path.here) == here:
                yield route
            elif here:
                yield route.then(self._hop("return", size))
            else:
                yield self._up(route, size)

    def _born(self) -> Iterator[Leg]:
        """From the sensor to a device, over the network that all events of the site share."""
        site, size, crowd = self.layout.site, self.layout.flow.data.size, self.layout.crowd
        if site.lan is not None:
            used = -(-crowd.born * WHOLE * MAX_UPLINK.denominator // MAX_UPLINK.numerator)
            wait = _network(crowd.event, site.lan, -(-used // site.lan), self.queue)
            yield Leg(name="site's network", kind="queue", estimate=wait)
        yield _lan(site.lan_rtt, size, site.lan, self.tail)

    def _run(self, stage: Stage, route: _Route) -> _Route:
        """The route through a stage, and on to the end of its window."""
        leg = Leg(name=stage.name, kind="stage", estimate=self._times[stage.name])
        window = _window(stage)
        if stage.name not in self.path.here:
            return route.then(leg, *window)
        route = route.on_device(leg)
        return replace(route.then(*window), fresh=True) if window else route

    def _up(self, route: _Route, size: int) -> _Route:
        """The route to the cloud with `size` bytes, or with the batch that they are in."""
        layout = self.layout
        if layout.flow.sync is not None:
            # A batch is sent as a whole, and waited for in the queue of the uplink.
            size = 0
            route = route.then(Leg(name="batch", kind="window", estimate=Estimate(
                low=0, mid=layout.batch // 2, high=layout.batch,
                basis=f"sent once in {format_duration(layout.batch)}",
            )))  # fmt: skip
        route = replace(route, sends=route.sends + 1, steps=(*route.steps, _SEND))
        return route.then(self._hop("upload", size), _service(self.tail))

    def _hop(self, name: str, size: int) -> Leg:
        """The way between the site and the cloud, over the line too if devices share one."""
        device, line = self.layout.device, self.layout.site.line
        return _hop(name, size, device.uplink_rtt, device.uplink_bandwidth, line, self.tail)

    def _beside(self, path: set[str]) -> tuple[Leg, ...]:
        """What the device does for the event beside its slowest path."""
        times = {name: time for name, time in self._times.items()
                 if name in self.path.here - path and time.high}  # fmt: skip
        if not times:
            return ()
        return (Leg(name=", ".join(times), kind="stage", estimate=Estimate(
            low=0, mid=sum(t.mid for t in times.values()), high=sum(t.high for t in times.values()),
            basis="other branches, one after the other on one device",
        )),)  # fmt: skip


@lru_cache(maxsize=65_536)
def _late(estimate: Estimate, of: Tail) -> Estimate:
    """The estimate with an upper end for as many events as each leg has to hold for."""
    high = slowest(estimate.mid, estimate.high, of)
    return estimate if high == estimate.high else replace(estimate, high=high)


@lru_cache(maxsize=4096)
def _lan(rtt: int, size: int, bandwidth: int | None, of: Tail) -> Leg:
    """From a sensor to a device; sending `size` bytes takes time where there is a bandwidth."""
    basis = "sensor to device on the site's network"
    trip = _late(Estimate(low=rtt // 4, mid=rtt // 2, high=rtt, basis=basis), of)
    if bandwidth is None:
        return Leg(name="sensor", kind="network", estimate=trip)
    wire = _wire(size, bandwidth)
    return Leg(name="sensor", kind="network", estimate=Estimate(
        low=trip.low + wire, mid=trip.mid + wire, high=trip.high + wire,
        basis=f"{basis}, {format_bytes(size)} at {bandwidth / 10**6:g} Mbit/s",
    ))  # fmt: skip


@lru_cache(maxsize=4096)
def _network(event: int, bandwidth: int, used: int, of: Tail) -> Estimate:
    """The wait until a site's network is free, which is `used` by all that is born there."""
    full, job = _share(used, MAX_UPLINK), _wire(event, bandwidth)
    high = wait(job, full, of)
    return Estimate(
        low=0, mid=min(high, mean_wait(job, full)), high=high,
        basis=f"network {float(100 * full):.3g} % full with events of up to {format_bytes(event)}",
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _service(of: Tail) -> Leg:
    """What an endpoint in the cloud takes beside the stage itself."""
    return Leg(name="service", kind="network", estimate=_late(SERVICE, of))


@lru_cache(maxsize=65_536)
def _hop(name: str, size: int, rtt: int, bandwidth: int, line: int | None, of: Tail) -> Leg:
    """A round trip at most, and sending `size` bytes; nothing is sent with a batch."""
    wire = _wire(size, bandwidth)
    sent = f", {format_bytes(size)} at {bandwidth / 10**6:g} Mbit/s" if size else ""
    if line is not None:
        wire += _wire(size, line)
        sent += f" and {line / 10**6:g} Mbit/s" if size else ""
    trip = _late(Estimate(
        low=rtt // 4, mid=rtt // 2, high=rtt, basis=f"round trip {format_duration(rtt)}{sent}"
    ), of)  # fmt: skip
    return Leg(name=name, kind="network", estimate=replace(
        trip, low=trip.low + wire, mid=trip.mid + wire, high=trip.high + wire
    ))  # fmt: skip


@lru_cache(maxsize=65_536)
def _turn(job: int, used: int, of: Tail) -> Estimate:
    """The wait for a device."""
    busy = _share(used, MAX_BUSY)
    high = wait(job, busy, of)
    return Estimate(
        low=0, mid=min(high, mean_wait(job, busy)), high=high,
        basis=f"devices {float(100 * busy):.3g} % busy with jobs of up to {format_duration(job)}",
    )  # fmt: skip


@lru_cache(maxsize=65_536)
def _send(
    message: int, batches: int, bandwidth: int, collected: bool, used: int, of: Tail
) -> Estimate:
    """The wait until the uplink is free, or until it has sent all batches."""
    full, job, behind = _share(used, MAX_UPLINK), _wire(message, bandwidth), 0
    basis = f"uplinks {float(100 * full):.3g} % full"
    if collected:
        high = clear(_wire(batches, bandwidth), job, full, of)
        basis += f", all batches together are {format_bytes(batches)}"
    else:
        behind = _wire(PACKET, bandwidth) if batches else 0
        high = wait(job, full, of) + behind
        basis += f" with messages of up to {format_bytes(message)}"
    return Estimate(low=0, mid=min(high, mean_wait(job, full)), high=high, basis=basis)


def _wire(size: int, bandwidth: int) -> int:
    return -(-size * 8 * SECOND // bandwidth)


def _share(used: int, most: Fraction) -> Fraction:
    return most * min(max(used, 0), WHOLE) / WHOLE


def _window(stage: Stage) -> tuple[Leg, ...]:
    """The wait until a window emits: the first event of a window sees the whole of it."""
    if stage.operation not in WINDOWED or not stage.output_rate:
        return ()
    every = -(-SECOND * stage.output_rate.denominator // stage.output_rate.numerator)
    estimate = Estimate(
        low=0, mid=every // 2, high=every, basis=f"emits once in {format_duration(every)}"
    )
    return (Leg(name=f"window of {stage.name}", kind="window", estimate=estimate),)


def _slow(routes: Iterable[_Route]) -> list[_Route]:
    """The routes than which no other is slower at every utilisation."""
    kept: list[_Route] = []
    ranked = sorted(routes, key=lambda r: (-r.fixed, -r.turns, -r.sends, not r.fresh, -r.here))
    for route in ranked:
        if not any(o.turns >= route.turns and o.sends >= route.sends and o.fresh >= route.fresh
                   for o in kept):  # fmt: skip
            kept.append(route)
    return kept
