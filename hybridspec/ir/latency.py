"""The table of estimates that placement reads: data, so that no stage imports another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hybridspec.ir.plan import Estimate

CLOUD = "cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyTable:
    """Estimates by (model, host, variant) and (operation, host, bytes per event).

    A host is a board's name or `CLOUD`. `memory` holds bytes by (model, variant), runtime
    included. A missing entry means that nobody has figures, never zero.
    """

    models: Mapping[tuple[str, str, str], Estimate]
    operations: Mapping[tuple[str, str, int], Estimate]
    memory: Mapping[tuple[str, str], int]
