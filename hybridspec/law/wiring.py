"""The graph that labels travel on: what there is, where labels begin, and what feeds what.

Nodes are `data D@Z` (an asset as born in a zone), `stage F.S@Z` (what comes out of a stage at the
sites of a zone), `model M` (weights, one node for all zones) and `telemetry T@Z` (what sink T gets
from a zone). They are per zone, never per site.

Transforms keep the label. Telemetry gets what every stage reads, as well as what it makes: a log
or a crash dump may hold an input that the output was released from. A model that is trained holds
what it learns from, and is owned by every zone that runs it too; one that is not trained holds
nothing, and each zone that runs it owns its own copy (`Labels.copy`). Either holds what its
`lineage` names, if that is an asset or a model of the spec. Federated training gets its
data by the `local-training` stages, where each site that bears the data has one and takes part;
otherwise it learns from the data itself, since nothing says that it does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hybridspec.base.source import Span
from hybridspec.ir.graph import Flow, Graph, Model
from hybridspec.ir.label import BOTTOM, Bound, Label, join
from hybridspec.law.release import NOTHING, Effect, effect
from hybridspec.law.source import Sources, alike, births

LEARNING = "local-training"


@dataclass(slots=True)
class Wiring:
    """Nodes by number: their names, labels of their own, what feeds them, what they release.

    `runs` are the zones that run a model, by its node.
    """

    names: list[str] = field(default_factory=list)
    number: dict[str, int] = field(default_factory=dict)
    sources: list[Label] = field(default_factory=list)
    feeds: list[dict[int, None]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    origins: list[Span | None] = field(default_factory=list)
    runs: dict[str, set[str]] = field(default_factory=dict)

    def node(
        self, name: str, source: Label = BOTTOM, origin: Span | None = None, does: Effect = NOTHING
    ) -> int:
        """The number of a node, which is made if it is new."""
        known = self.number.get(name)
        if known is not None:
            return known
        self.number[name] = len(self.names)
        self.names.append(name)
        self.sources.append(source)
        self.feeds.append({})
        self.effects.append(does)
        self.origins.append(origin)
        return len(self.names) - 1

    def edge(self, source: int, target: int) -> None:
        """That one node feeds another."""
        self.feeds[target][source] = None


def wire(graph: Graph) -> Wiring:
    """Every node and edge of a graph."""
    return _Wirer(graph).wiring


class _Wirer:
    def __init__(self, graph: Graph) -> None:
        self.graph, self.wiring = graph, Wiring()
        self.born = births(graph)
        self.homes: dict[str, list[str]] = {}
        for data, zone in sorted(self.born):
            self.homes.setdefault(data, []).append(zone)
        self.regimes = {regime.name: regime for regime in graph.law.regimes}
        shared = alike(graph.flows)
        distinct = {id(sites): sites for sites in shared}
        zones = {key: sorted({site.zone.name for site in sites})
                 for key, sites in distinct.items()}  # fmt: skip
        self.zones = {flow.name: zones[id(sites)]
                      for flow, sites in zip(graph.flows, shared, strict=True)}  # fmt: skip
        self.on: dict[str, list[Flow]] = {}
        self.running: dict[str, list[Flow]] = {}
        for flow in graph.flows:
            self.on.setdefault(flow.data.name, []).append(flow)
            for name in {stage.model.name for stage in flow.stages if stage.model is not None}:
                self.running.setdefault(name, []).append(flow)
        self._data()
        self._stages()
        for flow in graph.flows:
            for zone in self.zones[flow.name]:
                self._flow(flow, zone)
        for model in graph.models:
            self._lineage(model)
            if model.training is not None:
                self._training(model)
        self._telemetry()

    def _data(self) -> None:
        sources = Sources(self.graph, self.born)
        known = {data.name: data for data in self.graph.data}
        known |= {flow.data.name: flow.data for flow in self.graph.flows}
        for name, zone in sorted(self.born):
            if name in known:
                self.wiring.node(f"data {name}@{zone}", sources.label(known[name], zone),
                                 known[name].origin)  # fmt: skip

    def _stages(self) -> None:
        for flow in self.graph.flows:
            for zone in self.zones[flow.name]:
                for stage in flow.stages:
                    self.wiring.node(f"stage {flow.name}.{stage.name}@{zone}", BOTTOM, stage.origin,
                                     effect(stage, zone, self.regimes))  # fmt: skip
        models = {model.name: model for model in self.graph.models}
        for flow in self.graph.flows:
            models |= {stage.model.name: stage.model for stage in flow.stages if stage.model}
        for name in sorted(models):
            self.wiring.node(f"model {name}", BOTTOM, models[name].origin)

    def _flow(self, flow: Flow, zone: str) -> None:
        data = self.wiring.number[f"data {flow.data.name}@{zone}"]
        stages = {stage.name: self.wiring.number[f"stage {flow.name}.{stage.name}@{zone}"]
                  for stage in flow.stages}  # fmt: skip
        for stage in flow.stages:
            for name in (*stage.inputs, *stage.feedback):
                if name in stages:
                    self.wiring.edge(stages[name], stages[stage.name])
                if name == flow.data.name:
                    self.wiring.edge(data, stages[stage.name])
            if stage.model is not None:
                self.wiring.runs.setdefault(f"model {stage.model.name}", set()).add(zone)
                self.wiring.edge(self.wiring.number[f"model {stage.model.name}"],
                                 stages[stage.name])  # fmt: skip

    def _lineage(self, model: Model) -> None:
        """What a model was made from, as far as it is in the spec; free text says nothing."""
        node = self.wiring.number[f"model {model.name}"]
        for name in model.lineage:
            for zone in self.homes.get(name, ()):
                self.wiring.edge(self.wiring.number[f"data {name}@{zone}"], node)
            other = self.wiring.number.get(f"model {name}")
            if other is not None:
                self.wiring.edge(other, node)

    def _training(self, model: Model) -> None:
        """What a model learns from, and the zones that own it for another reason."""
        wiring, job, node = self.wiring, model.training, self.wiring.number[f"model {model.name}"]
        assert job is not None
        runs = self.running.get(model.name, [])
        learnt = set(job.data) or {flow.data.name for flow in runs}
        sites = set(job.federated.sites) if job.federated else set()
        learnt_here = {(data, zone) for data in learnt for zone in self.homes.get(data, ())}
        if not job.data and sites:
            learnt_here |= {key for key, where in self.born.items() if sites & set(where)
                            and not any(key[1] == zone for _, zone in learnt_here)}  # fmt: skip
        direct: set[str] = set()
        for data, zone in sorted(learnt_here):
            locally = self._locally(data, zone, sites)
            for stage in self._learners(data, zone):
                wiring.edge(stage, node)
                wiring.edge(node, stage)
            if not locally:
                direct.add(zone)
                wiring.edge(wiring.number[f"data {data}@{zone}"], node)
        if not job.data:
            self._fed(model, runs, direct)
        by_stage = {zone for _, zone in learnt_here} - direct
        owners = {zone for flow in runs for zone in self.zones[flow.name]} | direct
        owners |= {site.zone.name for site in self.graph.sites if site.name in sites}
        own = Label(zones=frozenset(owners - by_stage))
        wiring.sources[node] = join(wiring.sources[node], own)

    def _learners(self, data: str, zone: str) -> list[int]:
        """The stages that learn from an asset at the sites of a zone."""
        return [
            self.wiring.number[f"stage {flow.name}.{stage.name}@{zone}"]
            for flow in self.on.get(data, ()) if zone in self.zones[flow.name]
            for stage in flow.stages if stage.operation == LEARNING
        ]  # fmt: skip

    def _locally(self, data: str, zone: str, federated: set[str]) -> bool:
        """Whether all that is learnt from an asset in a zone passes a stage at its site."""
        if not federated:
            return False
        where = set(self.born[data, zone])
        trained = {
            site.name for flow in self.on.get(data, ())
            if any(stage.operation == LEARNING for stage in flow.stages) for site in flow.sites
        }  # fmt: skip
        return where <= federated & trained

    def _fed(self, model: Model, runs: list[Flow], direct: set[str]) -> None:
        """Where no data is named, whatever reaches a stage that runs the model teaches it."""
        node = self.wiring.number[f"model {model.name}"]
        for flow in runs:
            for zone in self.zones[flow.name]:
                for stage in flow.stages if zone in direct else ():
                    if stage.model is not None and stage.model.name == model.name:
                        into = self.wiring.number[f"stage {flow.name}.{stage.name}@{zone}"]
                        for source in self.wiring.feeds[into]:
                            self.wiring.edge(source, node)

    def _telemetry(self) -> None:
        if not self.graph.observability.sinks:
            return
        wiring = self.wiring
        lived_in = sorted({site.zone.name for site in self.graph.sites})
        running: dict[str, dict[int, None]] = {zone: {} for zone in lived_in}
        for flow in self.graph.flows:
            for zone in self.zones[flow.name]:
                for stage in flow.stages:
                    node = wiring.number[f"stage {flow.name}.{stage.name}@{zone}"]
                    running.setdefault(zone, {}).update({node: None, **wiring.feeds[node]})
        claimed = {zone.name: zone.regimes for zone in self.graph.zones}
        for index, sink in enumerate(self.graph.observability.sinks):
            for zone in lived_in:
                if sink.zone in (None, zone):
                    own = Label(
                        regimes=frozenset(Bound(name, zone) for name in claimed.get(zone, ())),
                        zones=frozenset({zone}), born=frozenset({zone}),
                    )  # fmt: skip
                    node = wiring.node(f"telemetry {index}@{zone}", own, sink.origin)
                    wiring.feeds[node].update(running[zone])
