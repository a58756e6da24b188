"""Graphs in which something is another, everywhere that it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hybridspec.ir.graph import Graph, Model, Site


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


def at_sites(graph: Graph, sites: Iterable[Site]) -> Graph:
    """The graph with some of its sites alone, and what runs there."""
    names = {site.name for site in sites}
    flows = tuple(
        replace(flow, sites=here) for flow in graph.flows
        if (here := tuple(site for site in flow.sites if site.name in names))
    )  # fmt: skip
    return replace(graph, sites=tuple(s for s in graph.sites if s.name in names), flows=flows)
