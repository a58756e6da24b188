"""How Google Cloud answers the offline evaluation: plausible names, and where a resource lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridspec.target.api import At, Beside, Registration, Sdk, Where

_PROJECT = "project-0"
_WITHIN = {
    "gcp:kms/cryptoKey:CryptoKey": "keyRing",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": "cryptoKeyId",
    "gcp:pubsub/topicIAMMember:TopicIAMMember": "topic",
    "gcp:storage/bucketIAMMember:BucketIAMMember": "bucket",
}
"""Resources that have no location of their own, and the input that names the one they lie in."""
_LOCATED = {
    "gcp:artifactregistry/repository:Repository",
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
    "gcp:cloudscheduler/job:Job",
    "gcp:kms/keyRing:KeyRing",
    "gcp:pubsub/topic:Topic",
    "gcp:storage/bucket:Bucket",
}
"""Resources that lie where their location says, all that is emitted. Others may be global."""
_IDENTITIES = {
    "gcp:orgpolicy/policy:Policy",
    "gcp:projects/iAMCustomRole:IAMCustomRole",
    "gcp:projects/iAMMember:IAMMember",
    "gcp:projects/serviceIdentity:ServiceIdentity",
    "gcp:serviceaccount/account:Account",
    "gcp:serviceaccount/iAMMember:IAMMember",
}
"""Names and permissions, which a project has once for all regions and which hold no data."""


def where(made: Registration) -> Where:
    """Its own location, that of what it belongs to, or where a topic may keep messages."""
    inside = _WITHIN.get(made.type)
    if inside is not None:
        return Beside(str(made.inputs.get(inside, "")))
    if made.type in _IDENTITIES:
        return At((made.region,) if made.region else ())
    if made.type not in _LOCATED:
        return At(())
    policy = made.inputs.get("messageStoragePolicy")
    if isinstance(policy, Mapping):
        return At(tuple(map(str, policy.get("allowedPersistenceRegions", ()))))
    location = made.inputs.get("location", made.inputs.get("region"))
    return At((location,) if isinstance(location, str) and location else ())


def outputs(made: Registration) -> Mapping[str, Any]:
    """Names with a random suffix where none is given, and members of policies."""
    service = made.type.split(":")[1].split("/")[0]
    given = (made.inputs[key] for key in ("name", "repositoryId", "accountId")
             if isinstance(made.inputs.get(key), str))  # fmt: skip
    name = str(next(given, f"{made.name}-0a1b2c3"))
    location = made.inputs.get("location", "none")
    identity = f"projects/{_PROJECT}/locations/{location}/{service}/{name}"
    email = f"{name}@{_PROJECT}.iam.gserviceaccount.com"
    if made.type == "gcp:kms/cryptoKey:CryptoKey":
        identity = f"{made.inputs.get('keyRing', 'none')}/cryptoKeys/{name}"
    elif made.type.startswith("gcp:storage/bucket:"):
        identity = name
    elif made.type == "gcp:projects/serviceIdentity:ServiceIdentity":
        agent = str(made.inputs.get("service", "none")).split(".")[0]
        email = f"service-123456789012@gcp-sa-{agent}.iam.gserviceaccount.com"
    elif made.type.startswith("gcp:projects/") or made.type.startswith("gcp:serviceaccount/"):
        identity = f"projects/{_PROJECT}/{service}/{name}"
    elif made.type.startswith("gcp:pubsub/"):
        identity = f"projects/{_PROJECT}/topics/{name}"
    return {"id": identity, "name": name, "project": _PROJECT, "email": email,
            "member": f"serviceAccount:{email}", **made.inputs}  # fmt: skip


_KEEPS = ("gcp:kms/cryptoKey:CryptoKey", "gcp:kms/keyRing:KeyRing", "gcp:storage/bucket:Bucket")
"""Types that hold data or keys."""
_ANEW = {
    "*": (
        "accountId",
        "keyRing",
        "kmsKeyName",
        "location",
        "name",
        "project",
        "region",
        "repositoryId",
    ),
    "gcp:kms/cryptoKey:CryptoKey": ("destroyScheduledDuration", "purpose"),
    "gcp:storage/bucket:Bucket": ("customPlacementConfig",),
    "gcp:artifactregistry/repository:Repository": ("format", "mode"),
}
"""Arguments that the provider cannot change in place, by type; `*` for any."""

SDK = Sdk(
    provider="gcp",
    distribution="pulumi-gcp",
    install="pip install 'hybridspec[gcp]'",
    region_pattern=r"\b(?:locations|regions)/([\w-]+)",
    where=where,
    outputs=outputs,
    address_pattern=r"(?:\bgs://|\bbuckets/)([\w.-]+)",
    keeps=_KEEPS,
    replaces=_ANEW,
)
