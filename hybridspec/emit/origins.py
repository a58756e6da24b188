"""The place behind each line that a slice names, so that what a target refuses is shown there."""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.source import Span
from hybridspec.ir.graph import Graph


def origins(graph: Graph) -> dict[str, Span]:
    """The first place of the graph on each `file:line` that a slice may name as an origin."""
    return {span.ref: span for span in sorted(_named(graph), key=_position, reverse=True)}


def _position(span: Span) -> tuple[str, int, int]:
    return (span.file.name, span.line, span.column)


def _named(graph: Graph) -> Iterator[Span]:
    """Every place that a slice can have from the graph."""
    yield from (zone.origin for zone in graph.zones)
    yield from (device.origin for device in graph.device_classes)
    yield from (cohort.origin for cohort in graph.cohorts)
    for region in graph.regions:
        yield from (one.origin for one in region.existing)
    for flow in graph.flows:
        yield flow.origin
        if flow.service is not None:
            yield flow.service.origin
        for stage in flow.stages:
            yield stage.origin
            if stage.model is not None and stage.model.training is not None:
                yield stage.model.training.origin
