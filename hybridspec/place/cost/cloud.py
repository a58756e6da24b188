"""What a cloud is paid for computing and keeping models and keys: by use, by hour, by month."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil

from hybridspec.base.units import HOUR, SECOND
from hybridspec.ir.graph import Graph, Model, Region, Stage, Training
from hybridspec.ir.plan import CostTerm, Estimate
from hybridspec.ir.region import Instance
from hybridspec.place.cost.term import GB, cloud, money, months, shown

_KWH = 1000 * 3_600_000
"""Milliwatt-seconds in a kilowatt-hour."""
_SERVERLESS_GB = 1
"""Memory that a serverless inference is billed for at least."""
_MILLION = 10**6
MAX_BUSY = Fraction(7, 10)
"""How busy the processors of a machine are at most."""


def inference(
    graph: Graph, region: Region, stage: Stage, latency: Estimate
) -> tuple[CostTerm, ...]:
    """What computing a stage in a region costs: serverless, or on machines if these are cheaper."""
    used = _serverless(graph, region, stage, latency)
    paid = sum(term.amount for term in used)
    kept = [_kept(graph, one, stage, latency) for one in region.instances]
    least = min(kept, key=lambda term: term.amount, default=None)
    return used if least is None or least.amount >= paid else (least,)


def _serverless(
    graph: Graph, region: Region, stage: Stage, latency: Estimate
) -> tuple[CostTerm, ...]:
    """GB-seconds at the middle estimate, as long as they are billed, and a fee for each request."""
    events = stage.input_rate * Fraction(graph.horizon, SECOND)
    billed = max(region.billed_least, -(-latency.mid // region.billed_step) * region.billed_step)
    seconds = events * Fraction(billed, SECOND) * _SERVERLESS_GB
    time = cloud(
        "cloud", f"inference {stage.name}", seconds * region.inference_price,
        f"{round(events)} events x {billed} us x {_SERVERLESS_GB} GB x "
        f"{money(graph, region.inference_price)}/GB-s",
    )  # fmt: skip
    fees = (
        cloud(
            "cloud", f"service {charge.name} {stage.name}", events * charge.price / _MILLION,
            f"{round(events)} requests x {money(graph, charge.price)}/1000000",
        )
        for charge in region.charges if charge.per == "million-requests" and charge.price
    )  # fmt: skip
    return time, *fees


def _kept(graph: Graph, machine: Instance, stage: Stage, latency: Estimate) -> CostTerm:
    """Machines that run all the time for one stage of one site, as busy as they may be at worst."""
    work = stage.input_rate * Fraction(latency.high, SECOND)
    count = max(1, ceil(work / (MAX_BUSY * machine.vcpu)))
    hours = Fraction(graph.horizon, HOUR)
    term = cloud(
        "cloud", f"machines {stage.name}", count * hours * machine.price,
        f"{count} x {machine.name} x {shown(hours)} h x {money(graph, machine.price)}/h",
    )  # fmt: skip
    return replace(term, machines=(machine.name, count))


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
