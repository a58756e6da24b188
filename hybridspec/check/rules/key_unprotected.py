"""HS0339: a zone wants keys in a hardware module, and no region that it may use has one.

What it flags: `keys: {protection: hsm}` in a zone whose data is kept in a cloud, where the
catalogue knows of no hardware module in any region that the zone allows.
Why: sovereign partitions often lack one; software keys there would be a silent step down.
Example: a zone of `[FR]` with a region whose catalogue row says nothing of hardware modules.
Fix: allow a region that has one, or write `protection: software` if that is good enough.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Graph
from hybridspec.law.duty import keys_fit


def key_unprotected(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone."""
    for zone in graph.zones:
        regions = [r for r in graph.regions if r.country in zone.allowed("keys")]
        if not regions or any(keys_fit(zone, region) for region in regions):
            continue
        unknown = [r.label for r in regions if not r.key_protection]
        yield Diagnostic(
            code="HS0339",
            message=f"zone `{zone.name}` wants its keys in a hardware module, and no region that "
            f"it allows has one" + (f" (nobody states it of {', '.join(unknown[:5])})" if unknown
            else ""),
            span=zone.keys_origin or zone.origin,
            help="allow a region whose cloud offers one, or write `protection: software`",
        )  # fmt: skip
