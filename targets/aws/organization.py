"""Policies for the whole account, which only an organisation's management account can attach."""

from __future__ import annotations

import json

from hybridspec.ir.plan import CloudSlice

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


def organization_policy(part: CloudSlice) -> bytes:
    """A service control policy that keeps the whole account in the plan's regions."""
    regions = sorted({zone.region for zone in part.zones})
    return _written({
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
    })  # fmt: skip


def opt_out() -> bytes:
    """A policy by which no AI service keeps content to improve itself, wherever it would."""
    return _written({
        "services": {
            "default": {
                "@@operators_allowed_for_child_policies": ["@@none"],
                "opt_out_policy": {
                    "@@operators_allowed_for_child_policies": ["@@none"],
                    "@@assign": "optOut",
                },
            },
        },
    })  # fmt: skip


def _written(policy: dict[str, object]) -> bytes:
    return json.dumps(policy, sort_keys=True, separators=(",", ":")).encode()
