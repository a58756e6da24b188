"""What a zone's store is paid for: objects, as long as they are kept."""

from __future__ import annotations

from fractions import Fraction

from hybridspec.base.units import SECOND
from hybridspec.ir.graph import Graph, Region, Stage
from hybridspec.ir.plan import CostTerm
from hybridspec.place.cost.term import GB, MONTH, cloud, money, months, shown


def storage(graph: Graph, region: Region, stage: Stage, retention: int | None) -> CostTerm:
    """Objects that a store holds: steady state under retention, growing without it."""
    per_month = stage.input_rate * stage.input_size * MONTH / SECOND / GB
    horizon = months(graph)
    kept = Fraction(retention) / MONTH if retention is not None else None
    volume = per_month * horizon * (horizon / 2 if kept is None or kept > horizon else kept)
    return cloud(
        "storage", f"storage {stage.name}", volume * region.storage_price,
        f"{shown(volume)} GB-months x {money(graph, region.storage_price)}",
    )  # fmt: skip
