"""Graphs in which something is another, everywhere that it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hybridspec.ir.graph import Graph, Model


def with_models(graph: Graph, models: Mapping[str, Model]) -> Graph:
    """The graph with its models, by name, and the stages that run them replaced."""
    flows = tuple(
        replace(flow, stages=tuple(
            replace(stage, model=models[stage.model.name]) if stage.model is not None else stage
            for stage in flow.stages
        ))
        for flow in graph.flows
    )  # fmt: skip
    return replace(graph, models=tuple(models.values()), flows=flows)
