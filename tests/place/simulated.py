"""A layout run event by event: queues, networks and stages drawn at random, many events at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hybridspec.ir.plan import Estimate
from hybridspec.place.layout import Layout

Times: TypeAlias = NDArray[np.float64]

Z95 = 1.6448536
BUSY, FULL = 0.7, 0.8
"""What flows may take of a device and of an uplink."""


def drawn(rng: np.random.Generator, of: Estimate, events: int) -> Times:
    """Times of a leg, lognormal through its middle and its 95th percentile."""
    if of.high <= of.mid:
        return np.full(events, float(of.high))
    mid = max(1, of.mid)
    return np.asarray(mid * np.exp(np.log(of.high / mid) / Z95 * rng.standard_normal(events)))


def arrivals(rng: np.random.Generator, mean: float, events: int, streams: int) -> Times:
    """Random arrivals, or those of `streams` sensors that are periodic and not in step."""
    if not streams:
        return np.cumsum(rng.exponential(mean, events))
    periods = mean * streams * rng.uniform(0.9, 1.1, streams)
    each = events // streams
    ticks = rng.uniform(0, periods)[:, None] + periods[:, None] * np.arange(each)[None, :]
    return np.sort(ticks.ravel())


def queued(
    own: Times, work: Times, background: Times, jobs: Times, horizon: float
) -> tuple[Times, Times]:
    """Arrivals of the own events in time, and how long each waits, first come first served."""
    own, work = own[own < horizon], work[: int((own < horizon).sum())]
    background, jobs = background[background < horizon], jobs[: int((background < horizon).sum())]
    when = np.concatenate((own, background))
    order = np.argsort(when, kind="stable")
    load = np.concatenate((work, jobs))[order]
    gaps = np.diff(when[order], prepend=when[order][:1])
    steps = np.concatenate(((0.0,), load[:-1])) - gaps
    level = np.cumsum(steps)
    waits = level - np.minimum(np.minimum.accumulate(level), 0)
    mine = order < len(own)
    return when[order][mine], waits[mine]


def tandem(
    rng: np.random.Generator, senders: int, gap: float, sizes: Times, wires: tuple[float, float],
    streams: int,
) -> Times:  # fmt: skip
    """What messages of `senders` devices wait for their own uplinks and for the one behind them.

    Each device sends one every `gap` on average; `wires` is how long a byte is on either uplink.
    """
    sent, work, before = [], [], []
    for own in np.array_split(sizes, senders):
        times = own * wires[0]
        when, waits = queued(
            arrivals(rng, gap, len(own), streams), times, np.zeros(0), np.zeros(0), np.inf
        )
        own, times = own[: len(when)], times[: len(when)]
        sent.append(when + waits + times)
        work.append(own * wires[1])
        before.append(waits)
    arrived = np.concatenate(sent)
    order = np.argsort(arrived, kind="stable")
    last = min(float(times[-1]) for times in sent)
    load = np.concatenate(work)[order]
    _, behind = queued(arrived[order], load, np.zeros(0), np.zeros(0), np.inf)
    both: Times = np.concatenate(before)[order] + behind
    return both[arrived[order] < last]


@dataclass(frozen=True)
class World:
    """What a layout meets: how full things are, how events come, and what slow legs share."""

    busy: int
    full: int
    streams: int
    together: bool
    line: int = 0


def latencies(layout: Layout, world: World, rng: np.random.Generator, events: int) -> Times:
    """End-to-end times of events of a layout whose path is a chain, on one of its devices."""
    path, flow, device = layout.path, layout.flow, layout.device
    assert path is not None
    needed = path.stages
    edge = [s for s in flow.stages if layout.host(s).kind == "edge"]
    figures = {s.name: layout.estimate(s) for s in flow.stages}
    times = {n: drawn(rng, e, events) for n, e in figures.items() if e is not None}
    mean = 1e6 * layout.count / float(flow.data.rate)
    lan = layout.site.lan_rtt
    parts = [drawn(rng, Estimate(low=0, mid=lan // 2, high=lan, basis=""), events)]
    if layout.site.lan is not None:
        own, job = (8e6 * size / layout.site.lan for size in (flow.data.size, layout.crowd.event))
        used = layout.crowd.born / layout.site.lan
        born = _waits(rng, 1e6 / float(flow.data.rate), np.full(events, own), job, used, world)
        parts.append(born + own)
    work = sum((times[s.name] for s in edge), np.zeros(events))
    waits = _waits(rng, mean, work, layout.crowd.job, world.busy / 1000 * BUSY, world)
    parts += [times[s.name][: len(waits)] for s in needed]
    parts.append(waits if any(s in edge and times[s.name].any() for s in needed) else waits * 0)
    if layout.sent:
        size = max(size for _, size in layout.sent.values())
        wire = size * 8e6 / device.uplink_bandwidth
        largest = layout.crowd.message * 8e6 / device.uplink_bandwidth
        parts.append(
            _waits(rng, mean, np.full(events, wire), largest, world.full / 1000 * FULL, world)
        )
        line = layout.site.line
        if line is not None:
            shared = layout.crowd.line_message * 8e6 / line
            parts.append(_waits(
                rng, mean / layout.count, np.full(events, size * 8e6 / line), shared,
                world.line / 1000 * FULL, world,
            ))  # fmt: skip
            wire += size * 8e6 / line
        rtt = device.uplink_rtt
        parts.append(drawn(rng, Estimate(low=0, mid=rtt // 2, high=rtt, basis=""), events) + wire)
        parts.append(drawn(rng, Estimate(low=0, mid=8_000, high=25_000, basis=""), events))
    shortest = min(map(len, parts))
    if world.together:
        parts = [np.sort(rng.permutation(part)[:shortest]) for part in parts]
    return np.asarray(sum(part[:shortest] for part in parts))


def _waits(
    rng: np.random.Generator, mean: float, work: Times, job: float, used: float, world: World
) -> Times:
    """Waits of events that come every `mean` on average, with others that fill up to `used`.

    Rare events come a little more often, so that enough of them meet the others.
    """
    if job:
        mean = min(mean, max(30 * job, 2 * float(np.mean(work)) / used))
    own = arrivals(rng, mean, len(work), world.streams)
    rest, horizon = used - float(np.mean(work)) / mean, own[-1]
    if rest <= 0 or not job:
        return queued(own, work, np.zeros(0), np.zeros(0), horizon)[1]
    jobs = job * rng.choice((1.0, 1.0, 0.3), 40 * len(work))
    gap = float(np.mean(jobs)) / rest
    most = min(40 * len(work), int(horizon / gap) + 1)
    others = arrivals(rng, gap, most, min(world.streams * 7, most))
    return queued(own, work, others, jobs, min(horizon, others[-1]))[1]
