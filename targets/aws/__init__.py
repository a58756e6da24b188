"""Amazon Web Services: regions and prices, and one Pulumi project per stack."""

from hybridspec.target.api import Target
from hybridspec.target.policy import policy_pack

from .emit import emit
from .guards import GUARDS, UNGUARDED, endpoints
from .offline import SDK

TARGET = Target(
    name="aws",
    package="hybridspec_targets.aws",
    summary="Amazon Web Services (S3, KMS, ECR, SageMaker, IoT Core) as a Pulumi project",
    emit_cloud=emit,
    policies=policy_pack,
    needs=("s3", "kms", "ecr", "sagemaker", "iot"),
    controls=(
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
