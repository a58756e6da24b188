"""HS0320: a price or a region that the spec uses was last checked too long ago.

What it flags: boards and regions whose row is older than `objective.price_age` (a year, if you do
not say) on the day `metadata.as_of`.
Why: prices move and regions open and close; a plan at old prices may not be the cheapest.
Example: `metadata.as_of: 2028-06-01` with a catalogue of 2026-11-01.
Fix: install a newer release, or confirm the rows with own figures under `catalog` in the spec.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hybridspec.base.diagnostic import Diagnostic, Label, Severity
from hybridspec.base.source import Span
from hybridspec.base.units import DAY
from hybridspec.ir.graph import Graph

_LISTED = 8
"""How many further rows a finding points at."""


def catalog_stale(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one warning per catalogue: at the first row, with the others as notes."""
    today = date.fromisoformat(graph.as_of)
    rows: dict[str, list[tuple[str, date, Span]]] = {}
    for device in graph.device_classes:
        board = device.board
        if board.as_of is not None and _old(board.as_of, today, graph.price_age):
            found = (f"board `{board.name}`", board.as_of, device.board_origin)
            rows.setdefault(board.target, []).append(found)
    for region in graph.regions:
        if region.as_of is not None and _old(region.as_of, today, graph.price_age):
            found = (f"region `{region.name}`", region.as_of, region.origin)
            rows.setdefault(region.provider, []).append(found)
    for catalog, ((what, checked, span), *others) in sorted(rows.items()):
        more = f" and {len(others)} more" if others else ""
        yield Diagnostic(
            code="HS0320",
            severity=Severity.WARNING,
            message=f"{what}{more} of catalogue `{catalog}` was last checked on {checked}, "
            f"{(today - checked).days} days before {today}",
            span=span,
            help="install a newer release, or confirm the figures under `catalog` in the spec",
            notes=tuple(
                Label(span=at, message=f"{other} was last checked on {when}")
                for other, when, at in others[:_LISTED]
            ),
        )


def _old(checked: date, today: date, age: int) -> bool:
    return (today - checked).days * DAY > age
