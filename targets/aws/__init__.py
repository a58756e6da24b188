"""Amazon Web Services: regions and prices, and one Pulumi project per stack."""

from hybridspec.target.api import Target
from hybridspec.target.policy import policy_pack

from .emit import emit
from .guards import GUARDS, UNGUARDED, endpoints
from .offline import SDK

NEEDS = (
    "s3", "kms", "ecr", "sagemaker", "iot", "cloudtrail", "ec2", "events", "guardduty", "logs",
    "monitoring", "scheduler", "sns",
)  # fmt: skip
"""Services without which a region cannot be placed on; Macie is left out where it lacks."""

TARGET = Target(
    name="aws",
    package="hybridspec_targets.aws",
    summary="Amazon Web Services (S3, KMS, ECR, SageMaker, IoT Core) as a Pulumi project",
    emit_cloud=emit,
    policies=policy_pack,
    needs=NEEDS,
    controls=(
        (
            "audit-log",
            "CloudTrail records each access to objects, and each change, in the zone's log bucket",
        ),
        ("encryption-at-rest", "KMS key of the zone on buckets, registries and training volumes"),
        (
            "encryption-in-transit",
            "bucket policies refuse what does not come by TLS; AWS endpoints speak nothing else",
        ),
    ),
    sdk=SDK,
    guards=GUARDS,
    unguarded=UNGUARDED,
    endpoints=endpoints,
)
