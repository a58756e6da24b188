"""What it takes to bring releases to devices."""

from __future__ import annotations

from fractions import Fraction

from hybridspec.ir.graph import Graph, Model, Region, Training
from hybridspec.ir.plan import CostTerm
from hybridspec.place.cost.term import GB, cloud, money, shown


def updates(graph: Graph, region: Region, model: Model, job: Training, devices: int) -> CostTerm:
    """Egress of each release of a model to every device of its zone."""
    size, runs = Fraction(model.facts.size, GB), Fraction(graph.horizon, job.every)
    return cloud(
        "updates", f"updates {model.name}", runs * devices * size * region.egress_price,
        f"{shown(runs)} releases x {devices} devices x {shown(size)} GB x "
        f"{money(region.egress_price)}/GB",
    )  # fmt: skip
