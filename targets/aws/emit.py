"""CloudSlice to a Pulumi project: generic components, and literals in `__main__.py` alone."""

from __future__ import annotations

import json

from hybridspec.ir.plan import CloudSlice, ZoneSlice
from hybridspec.target.api import Emitted, Payload
from hybridspec.target.cloud import CONCERNS, project, refusals, short, zone_context

_LATE = 3
"""Days by which S3 may end an object late: it rounds up to midnight twice, for the object and for
its deleted version, which lives on for one more day."""

_GLOBAL = (
    "account:*", "billing:*", "budgets:*", "ce:*", "freetier:*", "health:*", "iam:*",
    "organizations:*", "payments:*", "pricing:*", "route53:*", "sts:*", "support:*", "tax:*",
    "trustedadvisor:*",
)  # fmt: skip
"""Services with one endpoint for all regions that hold no content. Those that carry content to
other places, such as CloudFront and Global Accelerator, are left out on purpose."""
_COPIES = (
    "ecr:PutReplicationConfiguration", "kms:ReplicateKey", "s3:CreateMultiRegionAccessPoint",
    "s3:PutReplicationConfiguration",
)  # fmt: skip


def emit(part: CloudSlice) -> Emitted:
    """Every file of the project, and what AWS is not asked for because it cannot express it."""
    return (
        *project(part, [_zone(part, zone) for zone in part.zones], ("boundary", *CONCERNS)),
        Payload(path="organization-policy.json", data=organization_policy(part)),
        *refusals(part, late=_LATE, store="S3", trainer="SageMaker", longest=28 * 24),
    )


def organization_policy(part: CloudSlice) -> bytes:
    """A service control policy that keeps the whole account in the plan's regions.

    Only an organisation's management account can attach it, so the project does not.
    """
    regions = sorted({zone.region for zone in part.zones})
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "NoOtherRegion",
                "Effect": "Deny",
                "NotAction": list(_GLOBAL),
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": regions}},
            },
            {"Sid": "NoCopies", "Effect": "Deny", "Action": list(_COPIES), "Resource": "*"},
        ],
    }
    return json.dumps(policy, sort_keys=True, separators=(",", ":")).encode()


def _zone(part: CloudSlice, zone: ZoneSlice) -> dict[str, object]:
    return {
        **zone_context(part, zone, _LATE),
        "partition": part.partition,
        "training": [
            {
                "model": job.model,
                "label": short(job.model, 24),
                "image": job.image,
                "instance": job.instance,
                "seconds": job.hours * 3600,
                "rate": _rate(job.every),
                "origin": job.origin,
            }
            for job in zone.training
        ],
        "tags": {
            "managed-by": "hybridspec",
            "hybridspec:spec": part.spec,
            "hybridspec:zone": zone.zone,
            "hybridspec:spec-digest": part.spec_digest[:12],
            "hybridspec:regimes": " ".join(zone.regimes) or "none",
        },
    }


def _rate(hours: int) -> str:
    return "rate(1 hour)" if hours == 1 else f"rate({hours} hours)"
