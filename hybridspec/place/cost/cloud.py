"""What a cloud is paid for computing and keeping models and keys: by use, by hour, by month."""

from __future__ import annotations

from fractions import Fraction

from hybridspec.base.units import SECOND
from hybridspec.ir.graph import Graph, Model, Region, Stage, Training
from hybridspec.ir.plan import CostTerm, Estimate
from hybridspec.place.cost.term import GB, cloud, money, months, shown

_KWH = 1000 * 3_600_000
"""Milliwatt-seconds in a kilowatt-hour."""
_SERVERLESS_GB = 1
"""Memory that a serverless inference is billed for at least."""


def inference(graph: Graph, region: Region, stage: Stage, latency: Estimate) -> CostTerm:
    """Serverless inference in a region: GB-seconds at the middle estimate."""
    events = stage.input_rate * Fraction(graph.horizon, SECOND)
    seconds = events * Fraction(latency.mid, SECOND) * _SERVERLESS_GB
    return cloud(
        "cloud", f"inference {stage.name}", seconds * region.inference_price,
        f"{round(events)} events x {latency.mid} us x {_SERVERLESS_GB} GB x "
        f"{money(graph, region.inference_price)}/GB-s",
    )  # fmt: skip


def inference_carbon(
    graph: Graph, region: Region, stage: Stage, latency: Estimate | None
) -> Fraction | None:
    """Grams of CO2 equivalent of one busy virtual CPU for as long; None where nobody knows."""
    if latency is None or region.carbon is None or region.power is None:
        return None
    seconds = stage.input_rate * Fraction(graph.horizon, SECOND) * Fraction(latency.mid, SECOND)
    return seconds * region.power * region.carbon / _KWH


def training(graph: Graph, region: Region, name: str, job: Training) -> CostTerm:
    """Instance hours of a model's runs."""
    runs = Fraction(graph.horizon, job.every)
    return cloud(
        "cloud", f"training {name}", runs * job.hours * region.training_price,
        f"{shown(runs)} runs x {job.hours} h x {money(graph, region.training_price)}/h",
    )  # fmt: skip


def registry(graph: Graph, region: Region, model: Model) -> CostTerm:
    """The registry of a zone, which holds each model once."""
    size = Fraction(model.facts.size, GB)
    return cloud(
        "storage", f"registry {model.name}", size * months(graph) * region.registry_price,
        f"{shown(size)} GB x {shown(months(graph))} months x "
        f"{money(graph, region.registry_price)}/GB-month",
    )  # fmt: skip


def key(graph: Graph, region: Region) -> CostTerm:
    """The one customer key of a zone."""
    return cloud(
        "cloud", "key", months(graph) * region.key_price,
        f"{shown(months(graph))} months x {money(graph, region.key_price)}",
    )  # fmt: skip
