"""What the flows of a site can put in each other's way: the largest job, message and batch.

How long a queue gets depends on how full it is and on the largest thing in it. How full is known
only once all flows are placed, and is what `Configuration.ceiling` is about; the largest thing is
taken over every flow that could be there, so that a bound holds whoever comes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from hybridspec.base.units import SECOND
from hybridspec.ir.graph import DeviceClass, Flow, Graph, Site, Stage
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.share import MAX_BUSY, MAX_UPLINK
from hybridspec.place.split import splits


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """The most that an event can find before it on a device of a class, and on its uplink.

    `job` is the longest work that one event makes on a device, in microseconds; `message` the
    largest that is sent at once, and `batches` all batches together, in bytes. The rest is the
    same for the line that all devices of the site share, where they share one, and for its network,
    where that has a limit: bits a second and the largest event that are born there.
    """

    job: int = 0
    message: int = 0
    batches: int = 0
    line_message: int = 0
    line_batches: int = 0
    born: int = 0
    event: int = 0

    def __add__(self, other: Crowd) -> Crowd:
        return Crowd(
            job=max(self.job, other.job),
            message=max(self.message, other.message),
            batches=self.batches + other.batches,
            line_message=max(self.line_message, other.line_message),
            line_batches=self.line_batches + other.line_batches,
            born=self.born + other.born,
            event=max(self.event, other.event),
        )


def crowds(table: LatencyTable, flow: Flow, site: Site) -> tuple[Crowd, ...]:
    """What one flow of a site could put in the way of others, by the site's device classes.

    It runs on one of them, but whichever that is, the line is there for all.
    """
    found = [crowd(table, (flow,), d.device_class, d.upto,
                   max(1, d.count - d.device_class.max_failed), site.line)
             for d in site.devices]  # fmt: skip
    if site.lan is not None:
        found = [one + birth(flow) for one in found]
    if site.line is None:
        return tuple(found)
    message = max(one.line_message for one in found)
    batches = max(one.line_batches for one in found)
    return tuple(replace(one, line_message=message, line_batches=batches) for one in found)


def crowd(
    table: LatencyTable, flows: Iterable[Flow], device: DeviceClass, count: int,
    least: int | None = None, line: int | None = None,
) -> Crowd:  # fmt: skip
    """What `flows` can put onto `count` devices of a class, wherever each of them runs.

    There may be as few as `least` devices, between which what is sent is divided then.

    A stage that alone would keep the devices too busy cannot be there, and what is too much for
    their uplinks is not sent.
    """
    wire = MAX_UPLINK * device.uplink_bandwidth * count / 8
    if line is not None:
        wire = min(wire, MAX_UPLINK * line / 8)
    found = Crowd()
    for flow in flows:
        runs = (flow, *(split.flow for split in splits(flow)))
        sent = sorted({pair for run in runs for pair in _sent(run) if pair[0] * pair[1] <= wire})
        job = sum(_work(table, stage, device, count) for stage in flow.stages)
        found += Crowd(job=job) + sending(flow, sent, count if least is None else least)
        if line is not None:
            found += gathered(flow, sent, count)
    return found


def sending(flow: Flow, sent: Iterable[tuple[Fraction, int]], count: int) -> Crowd:
    """What a flow sends at once or in batches from each of `count` devices, by rate and size."""
    if flow.sync is None:
        return Crowd(message=max((size for _, size in sent), default=0))
    batches = 0
    for rate, size in sent:
        pile = ceil(rate * size * Fraction(flow.sync.every, SECOND * count))
        most = pile if flow.sync.largest is None else min(pile, flow.sync.largest)
        batches += max(most, size)
    return Crowd(batches=batches)


def gathered(flow: Flow, sent: Iterable[tuple[Fraction, int]], count: int) -> Crowd:
    """What up to `count` devices of a flow send at once or in batches over one line."""
    if flow.sync is None:
        return Crowd(line_message=max((size for _, size in sent), default=0))
    batches = 0
    for rate, size in sent:
        pile = ceil(rate * size * Fraction(flow.sync.every, SECOND)) + count
        most = pile if flow.sync.largest is None else min(pile, count * flow.sync.largest)
        batches += max(most, count * size)
    return Crowd(line_batches=batches)


def birth(flow: Flow) -> Crowd:
    """What a flow brings onto the network of a site, wherever it runs there."""
    return Crowd(born=ceil(flow.data.rate * flow.data.size * 8), event=flow.data.size)


def _work(table: LatencyTable, stage: Stage, device: DeviceClass, count: int) -> int:
    """The longest that a stage can keep a device busy with one event."""
    if stage.place == "cloud":
        return 0
    variants = stage.model.variants if stage.model is not None else ("",)
    times = [estimate.high for v in variants if (estimate := table.of(stage, device, v))]
    most = MAX_BUSY * count * SECOND
    return max((time for time in times if time * stage.input_rate <= most), default=0)


def _sent(flow: Flow) -> list[tuple[Fraction, int]]:
    """Rate and size of whatever a stage in the cloud could read from the site."""
    made = {stage.name: (stage.output_rate, stage.output_size) for stage in flow.stages}
    raw = flow.data.rate, flow.data.size
    read = {source for s in flow.stages if s.place != "site" for source in s.inputs}
    return [made.get(source, raw) for source in sorted(read)]


def feeding(flow: Flow, names: Iterable[str], *, loops: bool) -> frozenset[str]:
    """Stages and all that an event passes before them, over feedback too if `loops` says so."""
    stages = {stage.name: stage for stage in flow.stages}
    found: set[str] = set()
    queue = [*names]
    while queue:
        here = queue.pop()
        if here in stages and here not in found:
            found.add(here)
            queue.extend(stages[here].inputs)
            queue.extend(stages[here].feedback if loops else ())
    return frozenset(found)


def born(flow: Flow) -> int:
    """What of a flow comes onto the network of each of its sites, in bits per second."""
    return ceil(flow.data.rate * flow.data.size * 8)


def arriving(graph: Graph, site: Site) -> list[Flow]:
    """The flows that a site's network carries, the widest first."""
    here = (flow for flow in graph.flows if any(one.name == site.name for one in flow.sites))
    return sorted(here, key=lambda flow: (-born(flow), flow.name))
