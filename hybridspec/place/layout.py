"""One way to run a flow at a site: who hosts each stage, and the loads that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from hybridspec.base.units import SECOND
from hybridspec.ir.graph import DeviceClass, Flow, Graph, Region, Site, Stage, StageKind
from hybridspec.ir.latency import CLOUD, LatencyTable
from hybridspec.ir.plan import Estimate, Host

NOTHING = Estimate(low=0, mid=0, high=0, basis="takes no time of its own")


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

    def estimate(self, stage: Stage) -> Estimate | None:
        """Latency of a stage where it runs; None where nobody has figures."""
        where = CLOUD if self.host(stage).kind == "cloud" else self.device.board.name
        if stage.model is not None:
            return self.table.models.get((stage.model.name, where, self.variant(stage)))
        if stage.kind is StageKind.TRANSFORM:
            return self.table.operations.get((stage.operation, where, stage.input_size))
        return NOTHING

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

    @property
    def memory(self) -> int:
        """Bytes that the edge models need on each device, as far as anybody has figures."""
        return sum(self.table.memory.get(entry, 0) for entry in self.held)

    @property
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
    def uplink(self) -> Fraction:
        """Bytes per second from the site to the cloud; a stage's output is sent once."""
        stages = {stage.name: stage for stage in self.flow.stages}
        sent: dict[str, Fraction] = {}
        for stage in self.flow.stages:
            for source in stage.inputs if self.host(stage).kind == "cloud" else ():
                if source not in stages:
                    sent[source] = self.flow.data.rate * self.flow.data.size
                elif self.host(stages[source]).kind == "edge":
                    sent[source] = stages[source].output_rate * stages[source].output_size
        return sum(sent.values(), Fraction(0))

    @property
    def waiting(self) -> Fraction:
        """Bytes that pile up over all devices between batches or while the network is away."""
        batch = self.flow.sync.every if self.flow.sync is not None else 0
        away = max(self.flow.offline, self.device.max_offline) + batch
        return self.uplink * Fraction(away, SECOND)

    def ancestors(self, names: list[str]) -> set[str]:
        """The named stages and everything that feeds them, feedback included."""
        stages = {stage.name: stage for stage in self.flow.stages}
        found: set[str] = set()
        queue = [name for name in names if name in stages]
        while queue:
            name = queue.pop()
            if name not in found:
                found.add(name)
                feeds = (*stages[name].inputs, *stages[name].feedback)
                queue.extend(source for source in feeds if source in stages)
        return found
