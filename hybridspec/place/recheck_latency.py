"""The independent checker's latency: what flows that share devices take, with all of them there.

The engine keeps a flow below a ceiling that holds for any neighbours; this looks at the neighbours
that a plan has. It shares no code with the engine: floats instead of decimals, bisection instead of
Newton's method, one walk over all paths instead of routes, and so a tolerance of a microsecond.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import NormalDist
from typing import NamedTuple

from hybridspec.ir.graph import DeviceClass, Stage
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Decision, Estimate

_NONE = Estimate(low=0, mid=0, high=0, basis="")
_SERVICE = (8_000, 25_000)


class Line(NamedTuple):
    """An uplink that a site shares: its rate, the share that is `used`, and what else is on it.

    That is the longest message and all batches of all devices, in microseconds on the wire.
    """

    wide: int
    used: float
    message: float
    batches: float


class Network(NamedTuple):
    """The network of a site: its rate, the share that is `used`, and the largest event's bytes."""

    wide: int
    used: float
    event: int


def network_of(wide: int, decisions: Iterable[Decision]) -> Network:
    """The network of that rate, with what all flows of the site are born from."""
    data = [decision.flow.data for decision in decisions]
    born = sum(float(one.rate) * one.size * 8 for one in data)
    return Network(wide, born / wide, max((one.size for one in data), default=0))


def line_of(
    wide: int, there: Iterable[tuple[Sequence[Decision], DeviceClass, int]], table: LatencyTable
) -> Line:  # fmt: skip
    """The uplink of that rate, with all flows of the site by the devices that they run on."""
    sent = message = batches = 0.0
    for decisions, device, count in there:
        for flow in (_Flow(decision, device, count, table) for decision in decisions):
            sent += sum(rate * size for rate, size in flow.sent)
            message = max(message, flow.message(wide))
            batches += flow.batches(wide) * count
    return Line(wide, sent * 8 / wide, message, batches)


def late(
    decisions: Sequence[Decision], device: DeviceClass, count: int, table: LatencyTable,
    used: tuple[float, float], line: Line | None = None, network: Network | None = None,
) -> Iterator[str]:  # fmt: skip
    """Flows on `count` devices of a class that miss their bound with both shares `used` of it."""
    flows = [_Flow(decision, device, count, table, line, network) for decision in decisions]
    for flow in flows:
        bound = flow.decision.flow.latency
        if bound is None:
            continue
        over = flow.slowest(flows, used) - bound.bound
        if over > 1 + bound.bound * 1e-6:
            yield (f"{flow.decision.flow.name} at {flow.decision.site.name}: {math.ceil(over)} us "
                   "over its latency bound")  # fmt: skip


class _Flow:
    """One flow as a plan runs it: what it does to others, and how slow it is among them."""

    def __init__(
        self, decision: Decision, device: DeviceClass, count: int, table: LatencyTable,
        line: Line | None = None, network: Network | None = None,
    ) -> None:  # fmt: skip
        self.network = network
        self.decision, self.device, self.count, self.line = decision, device, count, line
        self.stages = {stage.name: stage for stage in decision.flow.stages}
        self.kinds = {name: host.kind for name, host in decision.chosen.hosts}
        self.times = {name: self._figures(stage, table) for name, stage in self.stages.items()}
        self.sent = self._sent()

    def _figures(self, stage: Stage, table: LatencyTable) -> Estimate:
        edge = self.kinds[stage.name] == "edge"
        where = self.device.board.name if edge else "cloud"
        if stage.kind == "sink":
            return _NONE
        if stage.model is None:
            return table.operations.get((stage.operation, where, stage.input_size), _NONE)
        name, variant = stage.model.name, dict(self.decision.chosen.variants)[stage.model.name]
        measured = table.measured.get((name, self.device.name if edge else "", variant))
        if edge and self.device.runtime != "onnxruntime":
            where = f"{where}/{self.device.runtime}"
        return measured or table.models.get((name, where, variant), _NONE)

    def _sent(self) -> list[tuple[float, int]]:
        """Rate and size of everything that crosses to the cloud."""
        flow = self.decision.flow
        read = {i for n, s in self.stages.items() if self.kinds[n] == "cloud" for i in s.inputs}
        return [
            (float(self.stages[i].output_rate), self.stages[i].output_size)
            if i in self.stages else (float(flow.data.rate), flow.data.size)
            for i in sorted(read) if self.kinds.get(i) != "cloud"
        ]  # fmt: skip

    @property
    def job(self) -> int:
        """Microseconds that one event keeps a device busy at most."""
        return sum(self.times[n].high for n, kind in self.kinds.items() if kind == "edge")

    def message(self, wide: int) -> float:
        """The longest that one of its messages is on a wire."""
        sizes = [size for _, size in self.sent] if self.decision.flow.sync is None else []
        return _wire(max(sizes, default=0), wide)

    def batches(self, wide: int) -> float:
        """The longest that a device's batches are on a wire, one of each kind."""
        sync = self.decision.flow.sync
        if sync is None:
            return 0
        most = math.inf if sync.largest is None else sync.largest
        return sum(
            _wire(
                max(size, min(most, math.ceil(rate * size * sync.every / 1e6 / self.count))), wide
            )
            for rate, size in self.sent
        )

    def slowest(self, flows: Sequence[_Flow], used: tuple[float, float]) -> float:
        """The upper end of the slowest path among `flows`."""
        bound = self.decision.flow.latency
        assert bound is not None
        needed = self._needed(bound.to)
        legs, queues = self._random(needed)
        late = 1 - bound.percentile / 1000
        even = late / max(1, legs + queues)
        ways = [(even, even)]
        if legs and queues:
            ways.append((late / 2 / legs, late / 2 / queues))
        return min(self._within(needed, flows, used, *way) for way in ways)

    def _within(
        self, needed: set[str], flows: Sequence[_Flow], used: tuple[float, float], share: float,
        queue: float,
    ) -> float:  # fmt: skip
        """The slowest path with legs and queues late no more often than this."""
        bound = self.decision.flow.latency
        assert bound is not None
        turn = _wait(max(flow.job for flow in flows), used[0], queue)
        wide, line = self.device.uplink_bandwidth, self.line
        message = max(flow.message(wide) for flow in flows)
        batches = sum(flow.batches(wide) for flow in flows)
        send = self._send(wide, used[1], message, batches, queue)
        if line is not None:
            send += self._send(line.wide, line.used, line.message, line.batches, queue)
        visit = sum(_late(self.times[n], share) for n in needed if self.kinds[n] == "edge")
        known: dict[str, Mapping[tuple[bool, bool], float]] = {}
        for name in self.stages:
            if name in needed:
                known[name] = self._through(name, known, (share, queue), turn, send)
        return max(time + visit * turned for (_, turned), time in known[bound.to].items())

    def _send(
        self, wide: int, used: float, message: float, batches: float, queue: float
    ) -> float:  # fmt: skip
        """The wait for a wire."""
        if self.decision.flow.sync is not None:
            return _clear(batches, message, used, queue)
        return _wait(message, used, queue) + (_wire(1500, wide) if batches else 0)

    def _needed(self, name: str) -> set[str]:
        found = {name}
        while more := {i for n in found for i in self.stages[n].inputs if i in self.stages} - found:
            found |= more
        return found

    def _random(self, needed: set[str]) -> tuple[int, int]:
        """Legs that vary, and queues: of visits to the device, and of crossings to the cloud."""
        rtt, legs = int(self.device.uplink_rtt > 0), int(self.decision.site.lan_rtt > 0)
        edge = {name for name in needed if self.kinds[name] == "edge"}
        legs += sum(self.times[name].high > self.times[name].mid for name in needed)
        queues = int(any(self.times[name].high for name in edge))
        queues += sum(self._window(name) is not None for name in edge)
        up = {i for n in needed - edge for i in self.stages[n].inputs if i not in needed - edge}
        down = {i for n in edge for i in self.stages[n].inputs if i in needed - edge}
        queues += self.network is not None
        wires = 1 if self.line is None else 2
        return legs + len(up) * (rtt + 1) + len(down) * rtt, queues + wires * len(up)

    def _window(self, name: str) -> int | None:
        stage = self.stages[name]
        if stage.operation not in ("aggregate", "window", "local-training"):
            return None
        return math.ceil(1_000_000 / stage.output_rate) if stage.output_rate else 0

    def _through(
        self, name: str, known: Mapping[str, Mapping[tuple[bool, bool], float]],
        shares: tuple[float, float], turn: float, send: float,
    ) -> Mapping[tuple[bool, bool], float]:  # fmt: skip
        """By (the device is to be visited anew, it was visited): the slowest way to the end."""
        found: dict[tuple[bool, bool], float] = {}
        share = shares[0]
        start = {(True, False): self._born(*shares)}
        edge, own = self.kinds[name] == "edge", _late(self.times[name], share)
        for source in self.stages[name].inputs:
            there = self.kinds.get(source, "edge") == "edge"
            size = (
                self.stages[source].output_size if source in known else self.decision.flow.data.size
            )
            for (fresh, turned), before in known.get(source, start).items():
                time = before + self._move(there, edge, size, share, send)
                visits = edge and fresh and own > 0
                time += turn if visits else 0 if edge else own
                window = self._window(name)
                state = (window is not None if edge and window is not None
                         else fresh and not visits, turned or visits)  # fmt: skip
                found[state] = max(found.get(state, 0), time + (window or 0))
        return found

    def _born(self, share: float, queue: float) -> float:
        """From the sensor to the device."""
        lan, network = self.decision.site.lan_rtt, self.network
        trip = _late(Estimate(low=0, mid=lan // 2, high=lan, basis=""), share)
        if network is None:
            return trip
        wait = _wait(_wire(network.event, network.wide), network.used, queue)
        return trip + wait + _wire(self.decision.flow.data.size, network.wide)

    def _move(self, there: bool, edge: bool, size: int, share: float, send: float) -> float:
        """What it takes to get from one side to the other."""
        if there == edge:
            return 0
        rtt, sync = self.device.uplink_rtt, self.decision.flow.sync
        hop = _late(Estimate(low=0, mid=rtt // 2, high=rtt, basis=""), share)
        wires = _wire(size, self.device.uplink_bandwidth)
        wires += _wire(size, self.line.wide) if self.line is not None else 0
        if edge:
            return hop + wires
        service = _late(Estimate(low=0, mid=_SERVICE[0], high=_SERVICE[1], basis=""), share)
        if sync is None:
            return send + hop + wires + service
        rate = sum(r * s for r, s in self.sent)
        full = sync.largest * self.count * 1e6 / rate if sync.largest and rate else math.inf
        return min(sync.every, math.ceil(full) if full < math.inf else full) + send + hop + service


def _wire(size: float, wide: int) -> float:
    return math.ceil(size * 8e6 / wide)


def _late(time: Estimate, share: float) -> float:
    """The lognormal time that all but `share` of events keep."""
    if time.high <= time.mid:
        return time.high
    known, mid = NormalDist().inv_cdf(0.95), max(1, time.mid)
    return float(mid * (time.high / mid) ** (NormalDist().inv_cdf(1 - share) / known))


def _rate(used: float) -> float:
    """The x with used (e^x - 1) = x."""
    low, high = 1e-9, 60.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if used * math.expm1(middle) < middle else (low, middle)
    return low


def _wait(job: float, used: float, share: float) -> float:
    if not job or used <= share:
        return 0
    return job * math.log(1 / share) / _rate(used)


def _clear(work: float, job: float, used: float, share: float) -> float:
    if not job or not used:
        return work
    x = _rate(used) / 2
    return (work + math.log(2 / share) * job / x) / (1 - used * math.expm1(x) / x)
