"""HS0340: a zone asks for a control that nothing which is emitted carries out.

What it flags: an entry of a zone's `controls` that a cloud it may use, or a device class in it,
does not carry out, and of which no document shows who does.
Why: a control that is written down and that nobody carries out is worse than none.
Example: `controls: [audit-log]` without `evidence` of kind `audit-log`: no target emits one.
Fix: name the document that says who carries it out, under the zone's `evidence` with the control
as its `kind`; for `encryption-at-rest` on devices, set up `encrypted-storage`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.check.recipient import received, standing
from hybridspec.ir.graph import Graph, Zone
from hybridspec.law.duty import Duties, carried
from hybridspec.law.permit import law_of


def control_unexpressed(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone and control."""
    duties = law_of(graph).duties
    for zone in graph.zones:
        for control in zone.controls:
            lacking = [] if duties.shown(zone, control).by else _lacking(duties, zone, control)
            if lacking:
                more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
                yield Diagnostic(
                    code="HS0340",
                    message=f"zone `{zone.name}` asks for `{control}`, which nothing emitted for "
                    f"{', '.join(lacking[:5])}{more} carries out",
                    span=zone.controls_origin or zone.origin,
                    help=f"say who does: `zones.{zone.name}.evidence: [{{kind: {control}, "
                    f"document: legal/{control}.md}}]`" + _device_help(graph, zone, control),
                )


def _lacking(duties: Duties, zone: Zone, control: str) -> list[str]:
    """Device classes, clouds and sinks that do not carry out a control."""
    found = [
        f"devices `{device.name}`" for device in standing(duties.graph, zone)
        if not carried(device, control)
    ]  # fmt: skip
    for _, place, _ in received(duties.graph, zone):
        if not duties.controlled(control, zone, place).by:
            found.append(f"`{place.recipient}`")
    return sorted(set(found))


def _device_help(graph: Graph, zone: Zone, control: str) -> str:
    """Where `encrypted-storage` would do, for the boards that can have it."""
    if control != "encryption-at-rest":
        return ""
    able = [
        f"`devices.{device.name}.security`" for device in standing(graph, zone)
        if not carried(device, control) and "encrypted-storage" in device.board.capabilities
    ]  # fmt: skip
    return f", or set up `encrypted-storage` in {' and '.join(able)}" if able else ""
