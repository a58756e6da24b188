"""What the managed services cost that targets emit, by what the catalogue says is counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import ceil

from hybridspec.base.units import SECOND
from hybridspec.ir.graph import Flow, Graph, Model, Region, Stage
from hybridspec.ir.plan import CostTerm
from hybridspec.place.cost.term import GB, cloud, money, months, shown

_MANY = 10_000
"""Writes for which the catalogue has a price."""
_MILLION = 10**6


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


def processed(graph: Graph, region: Region, stage: Stage) -> Iterator[CostTerm]:
    """What is paid for each GB that goes into and out of a cloud stage."""
    rate = stage.input_rate * stage.input_size + stage.output_rate * stage.output_size
    volume = rate * Fraction(graph.horizon, SECOND) / GB
    for charge in region.charges:
        if charge.per == "gb-processed" and charge.price and volume:
            yield cloud(
                "cloud", f"service {charge.name} {stage.name}", volume * charge.price,
                f"{shown(volume)} GB x {money(graph, charge.price)}/GB",
            )  # fmt: skip


def messages(
    graph: Graph, region: Region, flow: Flow, told: Mapping[str, tuple[Fraction, int]]
) -> Iterator[CostTerm]:
    """What is paid for messages between devices and cloud stages, by name, rate and size."""
    prices = [c for c in region.charges if c.per == "million-messages" and c.price]
    for name, (rate, size) in told.items() if prices else ():
        often, bytes_each = _batched(flow, rate, size)
        for charge in prices if often else ():
            pieces = max(1, -(-bytes_each // charge.size)) if charge.size else 1
            count = often * pieces * Fraction(graph.horizon, SECOND)
            yield cloud(
                "network", f"service {charge.name} {name}", count / _MILLION * charge.price,
                f"{round(count)} messages x {money(graph, charge.price)}/1000000",
            )  # fmt: skip


def _batched(flow: Flow, rate: Fraction, size: int) -> tuple[Fraction, int]:
    """How often something is sent and how large it is then, where a flow collects."""
    if flow.sync is None or not rate:
        return rate, size
    often = min(rate, Fraction(SECOND, flow.sync.every))
    return often, ceil(rate * size / often)


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
