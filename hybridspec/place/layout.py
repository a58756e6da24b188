"""One way to run a flow at a site: who hosts each stage, and the loads that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil

from hybridspec.base.units import SECOND
from hybridspec.ir.graph import DeviceClass, Flow, Graph, Region, Site, Stage
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Estimate, Host
from hybridspec.ir.share import MAX_BUSY, MAX_UPLINK, SMALL_EVENT
from hybridspec.place.crowd import Crowd, birth, crowd, feeding, gathered, sending
from hybridspec.place.path import Path, Used
from hybridspec.place.problem import WHOLE


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A flow at a site with its edge half on `count` devices and its `cloud` stages in `region`.

    What follows from these is worked out once, because every bound and cost asks for it.
    """

    graph: Graph
    table: LatencyTable
    site: Site
    flow: Flow
    device: DeviceClass
    count: int
    region: Region | None
    cloud: frozenset[str]
    variants: tuple[tuple[str, str], ...]
    others: Crowd | None = None

    def host(self, stage: Stage) -> Host:
        """Where a stage runs."""
        return self.hosts[stage.name]

    @cached_property
    def hosts(self) -> dict[str, Host]:
        """Every stage's host by stage name."""
        edge = cloud = Host(kind="edge", name=self.device.name)
        if self.region is not None:
            cloud = Host(kind="cloud", name=self.region.label)
        return {
            stage.name: cloud if stage.place == "cloud" or stage.name in self.cloud else edge
            for stage in self.flow.stages
        }

    @property
    def uses_cloud(self) -> bool:
        """Whether any stage runs in the cloud."""
        return any(self.host(stage).kind == "cloud" for stage in self.flow.stages)

    def variant(self, stage: Stage) -> str:
        """The variant of the model that a model stage runs."""
        return dict(self.variants)[stage.model.name] if stage.model is not None else ""

    def like(self, twin: Layout) -> None:
        """Take over what was worked out for a layout that differs in its region alone."""
        known = twin.__dict__
        self.__dict__.update({name: known[name] for name in _ANYWHERE if name in known})

    def estimate(self, stage: Stage) -> Estimate | None:
        """Latency of a stage where it runs; None where nobody has figures."""
        if stage.name not in self._estimates:
            device = None if self.host(stage).kind == "cloud" else self.device
            self._estimates[stage.name] = self.table.of(stage, device, self.variant(stage))
        return self._estimates[stage.name]

    @cached_property
    def _estimates(self) -> dict[str, Estimate | None]:
        return {}

    def busy(self, stage: Stage, micros: int) -> Fraction:
        """Device-seconds per second that an edge stage takes at `micros` per event."""
        if self.host(stage).kind == "cloud":
            return Fraction(0)
        return stage.input_rate * Fraction(micros, SECOND)

    @cached_property
    def demand(self) -> int:
        """Pessimistic busy time in microseconds per second over all devices of the class."""
        total = Fraction(0)
        for stage in self.flow.stages:
            estimate = self.estimate(stage)
            if estimate is not None:
                total += self.busy(stage, estimate.high) * SECOND
        return -(-total.numerator // total.denominator)

    @cached_property
    def hosted(self) -> int:
        """Pessimistic working time of the cloud stages in microseconds per second."""
        total = Fraction(0)
        for stage in self.flow.stages:
            estimate = self.estimate(stage)
            if estimate is not None and self.host(stage).kind == "cloud":
                total += stage.input_rate * estimate.high
        return -(-total.numerator // total.denominator)

    @cached_property
    def memory(self) -> int:
        """Bytes that the edge models need on each device, as far as anybody has figures."""
        return sum(self.table.memory.get(entry, 0) for entry in self.held)

    @cached_property
    def event(self) -> tuple[int, str]:
        """Most bytes that an edge stage holds of one event, which it reads and makes; its name.

        Small events have room in what every program takes, and are none.
        """
        edge = [stage for stage in self.flow.stages if self.host(stage).kind == "edge"]
        most = max(((s.input_size + s.output_size, s.name) for s in edge), default=(0, ""))
        return most if most[0] > SMALL_EVENT else (0, "")

    @cached_property
    def held(self) -> tuple[tuple[str, str], ...]:
        """The edge models with their variants, sorted."""
        return tuple(sorted({
            (stage.model.name, self.variant(stage))
            for stage in self.flow.stages
            if stage.model is not None and self.host(stage).kind == "edge"
        }))  # fmt: skip

    def unmeasured(self, stage: Stage) -> bool:
        """Whether an edge stage runs a model whose memory nobody has figures for."""
        if stage.model is None or self.host(stage).kind == "cloud":
            return False
        return (stage.model.name, self.variant(stage)) not in self.table.memory

    @cached_property
    def sent(self) -> dict[str, tuple[Fraction, int]]:
        """Rate and size of what the site sends to the cloud; a stage's output is sent once."""
        stages = {stage.name: stage for stage in self.flow.stages}
        sent: dict[str, tuple[Fraction, int]] = {}
        for stage in self.flow.stages:
            for source in stage.inputs if self.host(stage).kind == "cloud" else ():
                if source not in stages:
                    sent[source] = self.flow.data.rate, self.flow.data.size
                elif self.host(stages[source]).kind == "edge":
                    sent[source] = stages[source].output_rate, stages[source].output_size
        return sent

    @cached_property
    def uplink(self) -> Fraction:
        """Bytes per second from the site to the cloud."""
        return sum((rate * size for rate, size in self.sent.values()), Fraction(0))

    @cached_property
    def crowd(self) -> Crowd:
        """What an event can find before it: of this flow as it runs here, and of all others."""
        others = self.others
        if others is None:
            flows = [f for f in self.graph.flows if f.name != self.flow.name
                     and any(s.name == self.site.name for s in f.sites)]  # fmt: skip
            line = self.site.line
            others = crowd(self.table, flows, self.device, self.count, line=line)
        own = [self.estimate(s) for s in self.flow.stages if self.host(s).kind == "edge"]
        job = sum(estimate.high for estimate in own if estimate is not None)
        found = others + Crowd(job=job) + sending(self.flow, self.sent.values(), self.count)
        if self.site.line is not None:
            found += gathered(self.flow, self.sent.values(), self.count)
        return found if self.site.lan is None else found + birth(self.flow)

    @cached_property
    def used(self) -> Used:
        """Permille that the flow alone takes of what flows may take: of the devices' time, of
        their uplinks, and of the line that they share, if they do."""
        busy, full = MAX_BUSY.numerator * self.count, MAX_UPLINK.numerator * self.count
        time = busy * SECOND
        wire = full * self.device.uplink_bandwidth
        sent = ceil(self.uplink) * 8 * WHOLE * MAX_UPLINK.denominator
        alone = -(-self.demand * WHOLE * MAX_BUSY.denominator // time), -(-sent // wire)
        if self.site.line is None:
            return alone
        return *alone, -(-sent // (MAX_UPLINK.numerator * self.site.line))

    @cached_property
    def path(self) -> Path | None:
        """The paths to the bounded stage; None without a bound."""
        bound = self.flow.latency
        return Path(self, bound) if bound is not None else None

    @cached_property
    def batch(self) -> int:
        """Microseconds between two batches: by the clock, or once one is as large as it may be."""
        sync = self.flow.sync
        if sync is None:
            return 0
        if sync.largest is None or not self.uplink:
            return sync.every
        return min(sync.every, ceil(sync.largest * self.count * SECOND / self.uplink))

    @cached_property
    def away(self) -> int:
        """Longest time in which events for the cloud pile up, in microseconds.

        Only a flow that keeps everything keeps it while there is no network; the others give up
        what does not fit, or make nothing meanwhile.
        """
        if self.flow.when_offline != "buffer":
            return self.batch
        return max(self.flow.offline, self.device.max_offline) + self.batch

    @property
    def waiting(self) -> Fraction:
        """Bytes that pile up over all devices between batches or while the network is away."""
        return self.uplink * Fraction(self.away, SECOND)

    def ancestors(self, names: list[str]) -> frozenset[str]:
        """The named stages and everything that feeds them, feedback included."""
        return feeding(self.flow, names, loops=True)


_ANYWHERE = (
    "_estimates", "away", "batch", "crowd", "demand", "event", "held", "hosted", "memory", "path",
    "sent", "uplink", "used",
)  # fmt: skip
"""What of a layout is the same in every region."""
