"""Google Cloud: regions and prices, and one Pulumi project per stack."""

from hybridspec.target.api import Target
from hybridspec.target.policy import policy_pack

from .emit import emit
from .guards import GUARDS, UNGUARDED, endpoints
from .offline import SDK

TARGET = Target(
    name="gcp",
    package="hybridspec_targets.gcp",
    summary="Google Cloud (Storage, KMS, Artifact Registry, Vertex AI, Pub/Sub, Cloud Run) as a "
    "Pulumi project",
    emit_cloud=emit,
    policies=policy_pack,
    needs=(
        "storage",
        "kms",
        "artifactregistry",
        "vertexai",
        "pubsub",
        "iam",
        "logging",
        "cloudscheduler",
        "monitoring",
    ),
    controls=(
        ("audit-log", "every reading and writing, in a log bucket of the zone's region and key"),
        ("encryption-at-rest", "Cloud KMS key of the zone on buckets, registries and jobs"),
        ("encryption-in-transit", "an organisation policy that refuses what comes without TLS"),
    ),
    sdk=SDK,
    guards=GUARDS,
    unguarded=UNGUARDED,
    endpoints=endpoints,
)
