"""HS0308: update metadata would expire while a device is still out of reach.

What it flags: `rollout.validity` not longer than the longest `max_offline` plus courier delay.
Why: a device that comes back finds expired metadata and refuses every update, for ever.
Example: `validity: P2D` with a device class of `max_offline: P3D`.
Fix: lengthen the validity, or leave it out to get the longest absence plus a week.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.base.edit import put
from hybridspec.base.units import DAY, format_duration
from hybridspec.ir.graph import Graph


def freeze_window_too_short(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per device class that outlasts the validity."""
    courier = max((zone.courier_delay for zone in graph.zones), default=0)
    for device in graph.device_classes:
        needed = device.max_offline + courier
        if graph.update_validity <= needed:
            yield Diagnostic(
                code="HS0308",
                message=f"update metadata is valid for {format_duration(graph.update_validity)}, "
                f"but `{device.name}` may be out of reach for {format_duration(needed)}",
                span=graph.validity_origin,
                help=f"write `validity: P{needed // DAY + 7}D`, or leave it out",
                fixes=put(graph.validity_origin, f"P{needed // DAY + 7}D"),
                notes=(
                    Label(span=device.offline_origin, message="the class is offline this long"),
                ),
            )
