"""HS0307: something is declared that nothing uses.

What it flags: device classes at no site, data and models in no flow, regions in no zone.
Why: what is not used is not checked, and a reader would believe that it is.
Example: `clouds.aws.regions: [eu-central-1, us-east-1]` with only EU zones.
Fix: remove it, or use it.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.base.source import Span
from hybridspec.ir.graph import Graph


def unused_declaration(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one warning per unused thing."""
    placed = {d.device_class.name for site in graph.sites for d in site.devices}
    for device in graph.device_classes:
        if device.name not in placed:
            yield _warn(f"device class `{device.name}` stands at no site", device.origin)
    flowing = {flow.data.name for flow in graph.flows}
    for data in graph.data:
        if data.name not in flowing:
            yield _warn(f"data asset `{data.name}` enters no flow", data.origin)
    run = {s.model.name for flow in graph.flows for s in flow.stages if s.model is not None}
    for model in graph.models:
        if model.name not in run:
            yield _warn(f"model `{model.name}` runs in no flow", model.origin)
    allowed = {country for zone in graph.zones for country in zone.countries}
    for region in graph.regions:
        if region.country not in allowed:
            yield _warn(
                f"region `{region.name}` is in {region.country}, which no zone allows",
                region.origin, "remove it: no zone may have anything there",
            )  # fmt: skip


def _warn(message: str, span: Span, help: str = "remove it, or use it") -> Diagnostic:
    return Diagnostic(
        code="HS0307", message=message, span=span, severity=Severity.WARNING,
        help=help,
    )  # fmt: skip
