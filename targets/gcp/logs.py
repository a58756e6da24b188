"""Which log entries of a project are a zone's: those that name what it has there."""

from __future__ import annotations

from hybridspec.ir.plan import CloudSlice, ZoneSlice
from hybridspec.target.cloud import compact, label, short

from .services import serving

_SUFFIX = "-[0-9a-f]{7}$"
"""What Pulumi ends a name with that has to be unique."""


def entries(part: CloudSlice, zone: ZoneSlice) -> str:
    """The filter of a zone's sink; a zone that has the project for itself has all of them."""
    if len(part.zones) == 1:
        return ""
    prefix = short(f"{part.spec}-{zone.zone}", 36)
    mine = label(zone.zone)
    patterns = {
        "resource.labels.bucket_name": f"^{prefix}(--ota)?{_SUFFIX}",
        "resource.labels.key_ring_id": f"^{prefix}{_SUFFIX}",
        "resource.labels.topic_id": f"^{prefix}--",
        "resource.labels.subscription_id": f"^{prefix}--",
        "resource.labels.job_id": f"^{mine}--",
        "resource.labels.workflow_id": f"^{mine}--",
        "resource.labels.subnetwork_name": f"^{prefix}$",
        "jsonPayload.sourceNetwork": f"^{prefix}$",
        "protoPayload.resourceName": f"/repositories/{prefix}(--[a-z0-9-]+)?(/|$)",
        "resource.labels.email_id": f"^{compact(part.spec, zone.zone, limit=14)}-",
    }
    found = [f'{field}=~"{pattern}"' for field, pattern in patterns.items()]
    found += [f'resource.labels.service_name="{service.code(part, zone)}"'
              for service in serving(zone)]  # fmt: skip
    if zone.training and sum(bool(other.training) for other in part.zones) == 1:
        found.append('resource.type="ml_job"')
    return " OR ".join(found)
