"""What connections are paid for: traffic that leaves a cloud."""

from __future__ import annotations

from fractions import Fraction

from hybridspec.base.units import SECOND
from hybridspec.ir.graph import Graph, Region, Stage
from hybridspec.ir.plan import CostTerm
from hybridspec.place.cost.term import GB, cloud, money, shown


def returned(graph: Graph, region: Region, stage: Stage, rate: Fraction) -> CostTerm:
    """Egress for what the cloud sends back to a site."""
    volume = rate * stage.output_size * Fraction(graph.horizon, SECOND) / GB
    return cloud(
        "network", f"egress {stage.name}", volume * region.egress_price,
        f"{shown(volume)} GB x {money(region.egress_price)}/GB",
    )  # fmt: skip
