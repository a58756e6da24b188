"""HS0236: a device class is made of a board whose price or power nobody has published.

What it flags: a board whose row in the catalogue lacks `price`, `idle_power` or `load_power`.
Why: without them no plan has a cost, and an invented figure would decide the placement.
Example: `devices.gateway.board: qualcomm-qcs8550`.
Fix: state the figures of your quote and your measurement under `catalog.boards` in the spec.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Graph

_LIKE = {"price": "price: 400 USD", "idle_power": "idle_power: 3W", "load_power": "load_power: 12W"}


def board_figures_missing(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per device class."""
    for device in graph.device_classes:
        board = device.board
        if board.missing:
            figures = ", ".join(f"`{figure}`" for figure in board.missing)
            like = ", ".join(_LIKE[figure] for figure in board.missing)
            yield Diagnostic(
                code="HS0236",
                message=f"the catalogue knows no {figures} of board `{board.name}`",
                span=device.board_origin,
                help=f"state your own: `catalog: {{boards: {{{board.name}: {{{like}}}}}}}`",
            )
