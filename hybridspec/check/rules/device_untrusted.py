"""HS0337: a device lacks a security function that its zone, or a law that binds it, asks for.

What it flags: a device class at a site of a zone whose `device_trust`, or whose law, asks for a
function that the class does not list under `security`, or that its board cannot do.
Why: whoever holds such a device holds the zone's data and models with it.
Example: `zones.plant: {regimes: [iec-62443], ...}` with gateways that have no `secure-boot`.
Fix: set the function up and list it under the class's `security`, or use a board that can do it.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.base.source import Span
from hybridspec.check.recipient import standing
from hybridspec.ir.graph import DeviceClass, Graph, Zone
from hybridspec.law.duty import Duties, able, trusted
from hybridspec.law.permit import law_of


def device_untrusted(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone, device class and function."""
    duties = law_of(graph).duties
    for zone in graph.zones:
        asked = dict(_asked(duties, zone))
        for device in standing(graph, zone):
            for function, (who, at) in sorted(asked.items()):
                if not trusted(device, function):
                    yield Diagnostic(
                        code="HS0337",
                        message=f"device class `{device.name}` has no `{function}`, which {who} "
                        f"asks of every device in zone `{zone.name}`",
                        span=device.security_origin or device.origin,
                        help=_help(device, function),
                        notes=(Label(span=at, message="the zone is stated here"),),
                    )


def _asked(duties: Duties, zone: Zone) -> Iterator[tuple[str, tuple[str, Span]]]:
    """Functions with who asks for each: laws first, so that what the zone says itself stands."""
    for regime, categories in duties.under[zone.name].items():
        for duty in duties.binding(regime, categories):
            if duty.kind == "device" and duty.hard:
                yield duty.needs, (duty.id, zone.origin)
    for function in zone.device_trust:
        yield function, ("`device_trust`", zone.trust_origin or zone.origin)


def _help(device: DeviceClass, function: str) -> str:
    if able(device, function):
        return f"set it up and add `{function}` to `devices.{device.name}.security`"
    return (f"`{device.board.name}` cannot do it as the catalogue knows it; use a board that can: "
            "`hybridspec catalog list` shows what each does")  # fmt: skip
