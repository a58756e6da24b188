"""What the managed services cost that targets emit, by what the catalogue says is counted."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from hybridspec.base.units import SECOND
from hybridspec.ir.graph import Flow, Graph, Model, Region, Stage
from hybridspec.ir.plan import CostTerm
from hybridspec.place.cost.term import cloud, money, months, shown

_MANY = 10_000
"""Writes for which the catalogue has a price."""


def services(
    graph: Graph, region: Region, models: tuple[Model, ...], devices: int
) -> Iterator[CostTerm]:
    """What a zone pays by the month for services, whatever its flows do."""
    counts = {
        "zone-month": 1, "device-month": devices, "model-month": len(models),
        "job-month": sum(model.training is not None for model in models),
    }  # fmt: skip
    for charge in region.charges:
        count = counts.get(charge.per, 0)
        if count and charge.price:
            yield cloud(
                "cloud", f"service {charge.name}", count * round(months(graph) * charge.price),
                f"{count} x {shown(months(graph))} months x {money(graph, charge.price)}",
            )  # fmt: skip


def writes(graph: Graph, region: Region, flow: Flow, stage: Stage) -> Iterator[CostTerm]:
    """What is paid for each batch that a sink writes; without `sync` nobody says how many."""
    if flow.sync is None:
        return
    rate = min(stage.input_rate, Fraction(SECOND, flow.sync.every))
    count = rate * Fraction(graph.horizon, SECOND)
    for charge in region.charges:
        if charge.per == "10k-writes" and charge.price and count:
            yield cloud(
                "storage", f"service {charge.name} {stage.name}", count / _MANY * charge.price,
                f"{round(count)} objects x {money(graph, charge.price)}/10000",
            )  # fmt: skip
