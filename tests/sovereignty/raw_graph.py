"""What feeds what, as the spec says it: edges between raw nodes, and where each asset is born."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from hybridspec.ir.graph import Data, Flow, Graph, Model, Site, Stage, Training

Edge = tuple[str, str]


@dataclass
class RawGraph:
    """The edges of a graph; `stages` maps a node of a stage to what it is.

    `edges` carry what a node puts out, `heard` what a stage works on, before it releases anything;
    `owners` are the models whose weights a zone owns.
    """

    graph: Graph
    edges: dict[str, set[str]] = field(default_factory=dict)
    heard: dict[str, set[str]] = field(default_factory=dict)
    stages: dict[str, tuple[Flow, Stage, str]] = field(default_factory=dict)
    owners: dict[str, set[str]] = field(default_factory=dict)
    assets: dict[str, tuple[Data, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for asset in self.graph.data:
            for zone in sorted({site.zone.name for site in homes(self.graph, asset)}):
                self.assets[f"data {asset.name}@{zone}"] = (asset, zone)
        for flow in self.graph.flows:
            for zone in sorted({site.zone.name for site in flow.sites}):
                for stage in flow.stages:
                    self.stages[f"stage {flow.name}.{stage.name}@{zone}"] = (flow, stage, zone)
        for source, target in (*self._flows(), *self._lineage(), *self._weights()):
            self.edges.setdefault(source, set()).add(target)
        for source, target in self._telemetry():
            self.heard.setdefault(source, set()).add(target)

    @property
    def nodes(self) -> list[str]:
        """Every node that data can be in."""
        found = {
            *self.assets,
            *self.stages,
            *(f"model {model.name}" for model in self.graph.models),
        }
        found |= {node for zone in self.graph.zones for node in self.listening(zone.name)}
        for targets in (*self.edges.values(), *self.heard.values()):
            found |= targets
        return sorted(found)

    def _flows(self) -> Iterator[Edge]:
        for node, (flow, stage, zone) in self.stages.items():
            for name in (*stage.inputs, *stage.feedback):
                yield feeding(flow, name, zone), node
            if stage.model is not None:
                yield f"model {stage.model.name}", node

    def _telemetry(self) -> Iterator[Edge]:
        for node, (_, _, zone) in self.stages.items():
            for sink in self.listening(zone):
                yield node, sink

    def listening(self, zone: str) -> set[str]:
        """The sinks that hear of a zone in which something stands."""
        return {
            f"telemetry {number}@{zone}"
            for number, sink in enumerate(self.graph.observability.sinks)
            if sink.zone in (None, zone) and any(s.zone.name == zone for s in self.graph.sites)
        }

    def _lineage(self) -> Iterator[Edge]:
        """What weights were made from before, as far as it is in the spec."""
        names = {model.name for model in self.graph.models}
        for model in self.graph.models:
            for node, (asset, _) in self.assets.items():
                if asset.name in model.lineage:
                    yield node, f"model {model.name}"
            for other in names & set(model.lineage):
                yield f"model {other}", f"model {model.name}"

    def _weights(self) -> Iterator[Edge]:
        for model in self.graph.models:
            if model.training is not None:
                yield from self._learnt(model, model.training)

    def _learnt(self, model: Model, job: Training) -> Iterator[Edge]:
        """What weights are made from; where they learn at a site, they go there as well.

        Zones that own them without teaching them are in `owners`.
        """
        name = f"model {model.name}"
        runs = [node for node, (_, stage, _) in self.stages.items() if _runs(stage, model)]
        rounds = set(job.federated.sites) if job.federated is not None else set()
        taught = self._taught(job, runs, rounds)
        plain = {node for node in taught if not self._in_place(node, rounds)}
        for node in plain:
            yield node, name
        for node, (flow, stage, zone) in self.stages.items():
            if stage.operation == "local-training" and f"data {flow.data.name}@{zone}" in taught:
                yield node, name
                yield name, node
        for node in runs:
            flow, stage, zone = self.stages[node]
            if not job.data and any(self.assets[one][1] == zone for one in plain):
                for source in (*stage.inputs, *stage.feedback):
                    yield feeding(flow, source, zone), name
        members = {s.zone.name for s in self.graph.sites if s.name in rounds}
        members |= {self.stages[node][2] for node in runs}
        learning = {self.assets[node][1] for node in taught}
        owning = {self.assets[node][1] for node in plain} | (members - learning)
        for zone in owning:
            self.owners.setdefault(zone, set()).add(name)

    def _taught(self, job: Training, runs: list[str], rounds: set[str]) -> set[str]:
        """The assets that a model learns from: those it names, else those of the flows that run it.

        Where neither is in a zone that takes part in rounds, everything at its sites counts.
        """
        names = set(job.data) or {self.stages[node][0].data.name for node in runs}
        found = {node for node, (asset, _) in self.assets.items() if asset.name in names}
        zones = {self.assets[node][1] for node in found}
        if not job.data:
            found |= {
                node for node, (_, zone) in self.assets.items()
                if zone not in zones and self._here(node) & rounds
            }  # fmt: skip
        return found

    def _in_place(self, node: str, rounds: set[str]) -> bool:
        """Whether an asset is learnt from at each of its sites: only what was learnt leaves."""
        asset = self.assets[node][0]
        return bool(rounds) and self._here(node) <= self._local(asset) & rounds

    def _here(self, node: str) -> set[str]:
        asset, zone = self.assets[node]
        return {site.name for site in homes(self.graph, asset) if site.zone.name == zone}

    def _local(self, asset: Data) -> set[str]:
        """Sites where an asset is learnt from in place, so that only what was learnt leaves."""
        return {
            site.name for flow in self.graph.flows if flow.data.name == asset.name
            for stage in flow.stages if stage.operation == "local-training" for site in flow.sites
        }  # fmt: skip


def _runs(stage: Stage, model: Model) -> bool:
    return stage.model is not None and stage.model.name == model.name


def feeding(flow: Flow, name: str, zone: str) -> str:
    """The node that a stage means by an input: an earlier stage, or the flow's data asset."""
    if name == flow.data.name and all(stage.name != name for stage in flow.stages):
        return f"data {name}@{zone}"
    return f"stage {flow.name}.{name}@{zone}"


def homes(graph: Graph, asset: Data) -> list[Site]:
    """Where an asset is born or flows; everywhere if a model is made from it and nobody says."""
    names = set(asset.born)
    for flow in graph.flows:
        if flow.data.name == asset.name:
            names |= {site.name for site in flow.sites}
    taught = any(
        asset.name in (*model.lineage, *(model.training.data if model.training else ()))
        for model in graph.models
    )
    return [site for site in graph.sites if site.name in names or (taught and not names)]
