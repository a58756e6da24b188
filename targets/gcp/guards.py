"""What keeps a zone's data where the plan says, in what is emitted for Google Cloud."""

from __future__ import annotations

from hybridspec.target.api import Guard
from hybridspec.target.cloud import UNSETTABLE

from .proofs import (
    bucket,
    closed,
    constraints,
    images,
    keyed,
    messages,
    organisation,
    ring,
    under_key,
)
from .proofs_run import (
    addressed,
    collected,
    drifting,
    enclosed,
    inspected,
    logged,
    served,
    trained,
)
from .strangers import known, strangers

_DOCS = "https://docs.cloud.google.com"
_ALL = ("store", "model", "training", "account", "stage")

GUARDS = (
    Guard(
        id="org-resource-locations",
        title="an organisation policy on the project allows new resources in the zones' regions "
        "alone",
        facets=("process", "store", "backup", "logs", "model", "keys"), assets=_ALL,
        source=f"{_DOCS}/resource-manager/docs/organization-policy/defining-locations",
        missing=organisation,
    ),
    Guard(
        id="org-cmek-only",
        title="an organisation policy on the project refuses what the services in use would keep "
        "under no customer key",
        facets=("store", "ciphertext", "model", "logs"), assets=_ALL,
        source=f"{_DOCS}/kms/docs/cmek-org-policy", missing=keyed,
    ),
    Guard(
        id="org-closed",
        title="organisation policies on the project keep buckets private and under TLS, and refuse "
        "keys of service accounts",
        facets=("store", "model"), assets=_ALL,
        source=f"{_DOCS}/resource-manager/docs/organization-policy/org-policy-constraints",
        missing=constraints,
    ),
    Guard(
        id="bucket-location",
        title="the bucket's location is the zone's region, and it is not spread over several",
        facets=("store", "backup", "ciphertext", "model"), assets=("store", "model"),
        source=f"{_DOCS}/storage/docs/locations", missing=bucket,
    ),
    Guard(
        id="bucket-public-blocked",
        title="public access to the bucket is prevented, and permissions are the bucket's alone",
        facets=("store", "model"), assets=("store", "model"),
        source=f"{_DOCS}/storage/docs/public-access-prevention", missing=closed,
    ),
    Guard(
        id="bucket-zone-key",
        title="objects are under the zone's key",
        facets=("store", "ciphertext", "keys", "backup"), assets=("store", "model"),
        source=f"{_DOCS}/storage/docs/encryption/customer-managed-keys", missing=under_key,
    ),
    Guard(
        id="key-in-region",
        title="the key lies in a ring of the zone's region, which its material never leaves",
        facets=("keys", "ciphertext"), assets=("store", "model", "account"),
        source=f"{_DOCS}/kms/docs/locations", missing=ring,
    ),
    Guard(
        id="registry-in-region",
        title="registries lie in the zone's region, under its key, and pass on no other's images",
        facets=("store", "model", "ciphertext", "backup"), assets=("model",),
        source=f"{_DOCS}/artifact-registry/docs/repositories/repo-locations", missing=images,
    ),
    Guard(
        id="pubsub-storage-policy",
        title="topics keep messages in the zone's region, and refuse requests from another",
        facets=("store", "process"), assets=("account", "store"),
        source=f"{_DOCS}/pubsub/docs/resource-location-restriction", missing=messages,
    ),
    Guard(
        id="vertex-regional-endpoint",
        title="training is asked of the region's own address",
        facets=("process",), assets=("training",),
        source=f"{_DOCS}/vertex-ai/docs/general/locations", missing=addressed,
    ),
    Guard(
        id="training-in-region",
        title="training runs in the zone's region, on its store, registry and key, in a network "
        "that no route leads out of",
        facets=("process", "store", "model"), assets=("training",),
        source=f"{_DOCS}/vertex-ai/docs/general/vpc-service-controls", missing=trained,
    ),
    Guard(
        id="drift-in-region",
        title="reports of drift start workflows of the zone's region, under its key",
        facets=("process",), assets=("training",),
        source=f"{_DOCS}/eventarc/docs/understand-locations", missing=drifting,
    ),
    Guard(
        id="logs-in-region",
        title="log entries go to a bucket of the zone's region under its key, and the project's "
        "own sink without a region takes none",
        facets=("logs",), assets=_ALL,
        source=f"{_DOCS}/logging/docs/regionalized-logs", missing=logged,
    ),
    Guard(
        id="messages-in-store",
        title="what devices publish is written to the zone's store, and goes nowhere else",
        facets=("store", "logs"), assets=("account", "store"),
        source=f"{_DOCS}/pubsub/docs/cloudstorage", missing=collected,
    ),
    Guard(
        id="service-in-region",
        title="services run in the zone's region, on its key and registry, and answer the project "
        "alone",
        facets=("process", "model"), assets=("stage", "model"),
        source=f"{_DOCS}/run/docs/securing/ingress", missing=served,
    ),
    Guard(
        id="service-egress-denied",
        title="the network of what computes in a zone has no way to the Internet or to others",
        facets=("process",), assets=("stage",),
        source=f"{_DOCS}/run/docs/configuring/vpc-direct-vpc", missing=enclosed,
    ),
    Guard(
        id="known-resources",
        title="every resource is of a type, and has the arguments, that were looked at; whatever "
        "else a program holds is refused",
        facets=("store", "model"), assets=_ALL,
        source=f"{_DOCS}/architecture/framework/security", missing=known,
    ),
    Guard(
        id="no-strangers",
        title="roles are narrow and given to what the zone made itself, alarms go to the spec's "
        "own contact, and nothing names another project, host or person",
        facets=("store", "model"), assets=_ALL,
        source=f"{_DOCS}/iam/docs/using-iam-securely", missing=strangers,
    ),
    Guard(
        id="inspection-in-region",
        title="what looks for personal data works in the zone's region, and keeps no finding",
        facets=("process",), assets=("store", "account"),
        source=f"{_DOCS}/sensitive-data-protection/docs/specifying-location", missing=inspected,
    ),
)  # fmt: skip

UNGUARDED = {
    **{facet: why for facet, why in UNSETTABLE.items() if facet != "stage"},
    "key_admin": "no policy of a key knows where an administrator sits",
    "support": "no setting of a project says where its support sits; Assured Workloads is a "
    "contract of the organisation",
    "control_plane": "identities and names of resources are global",
}


def endpoints(region: str) -> tuple[str, ...]:
    """The hosts by which a device reaches a region's store and topics, and proves who it is."""
    return (
        f"storage.{region}.rep.googleapis.com", f"pubsub.{region}.rep.googleapis.com",
        "sts.mtls.googleapis.com",
    )  # fmt: skip
