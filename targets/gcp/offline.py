"""How Google Cloud answers the offline evaluation: plausible names, and where a resource lies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hybridspec.target.api import At, Beside, Registration, Sdk, Where

_PROJECT = "project-0"
_NUMBER = "123456789012"
_WITHIN = {
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": "name",
    "gcp:pubsub/subscription:Subscription": "topic",
    "gcp:pubsub/topicIAMMember:TopicIAMMember": "topic",
    "gcp:storage/bucketIAMMember:BucketIAMMember": "bucket",
}
"""Resources that have no location of their own, and the input that names the one they lie in."""
_LOCATED = {
    "gcp:artifactregistry/repository:Repository",
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember",
    "gcp:cloudrunv2/service:Service",
    "gcp:cloudscheduler/job:Job",
    "gcp:compute/subnetwork:Subnetwork",
    "gcp:eventarc/trigger:Trigger",
    "gcp:kms/keyRing:KeyRing",
    "gcp:logging/projectBucketConfig:ProjectBucketConfig",
    "gcp:pubsub/topic:Topic",
    "gcp:storage/bucket:Bucket",
    "gcp:workflows/workflow:Workflow",
}
"""Resources that lie where their location says, all that is emitted. Others may be global."""
_INSIDE = {
    "gcp:dataloss/preventionInspectTemplate:PreventionInspectTemplate": "parent",
    "gcp:dataloss/preventionJobTrigger:PreventionJobTrigger": "parent",
    "gcp:kms/cryptoKey:CryptoKey": "keyRing",
    "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": "cryptoKeyId",
    "gcp:logging/projectSink:ProjectSink": "destination",
}
"""Resources whose place stands in a path: that of what they belong to, or send to."""
_SETTINGS = {
    "gcp:billing/budget:Budget",
    "gcp:compute/firewall:Firewall",
    "gcp:compute/globalAddress:GlobalAddress",
    "gcp:compute/network:Network",
    "gcp:compute/route:Route",
    "gcp:dns/policy:Policy",
    "gcp:essentialcontacts/contact:Contact",
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool",
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
    "gcp:logging/projectExclusion:ProjectExclusion",
    "gcp:monitoring/alertPolicy:AlertPolicy",
    "gcp:monitoring/dashboard:Dashboard",
    "gcp:monitoring/notificationChannel:NotificationChannel",
    "gcp:orgpolicy/policy:Policy",
    "gcp:projects/iAMAuditConfig:IAMAuditConfig",
    "gcp:projects/iAMCustomRole:IAMCustomRole",
    "gcp:projects/iAMMember:IAMMember",
    "gcp:projects/service:Service",
    "gcp:projects/serviceIdentity:ServiceIdentity",
    "gcp:serviceaccount/account:Account",
    "gcp:serviceaccount/iAMMember:IAMMember",
    "gcp:servicenetworking/connection:Connection",
    "gcp:servicenetworking/vpcServiceControls:VpcServiceControls",
}
"""Names, rules and permissions, which a project has once for all regions and which hold no data."""
_PLACE = re.compile(r"(?:^|/)locations/([\w-]+)")


def where(made: Registration) -> Where:
    """Its own location, that of what it belongs to, or where a topic may keep messages."""
    inside = _WITHIN.get(made.type)
    if inside is not None:
        return Beside(str(made.inputs.get(inside, "")))
    if made.type in _INSIDE:
        return _named(str(made.inputs.get(_INSIDE[made.type], "")))
    if made.type in _SETTINGS:
        return At((made.region,) if made.region else ())
    if made.type not in _LOCATED:
        return At(())
    policy = made.inputs.get("messageStoragePolicy")
    if isinstance(policy, Mapping):
        return At(tuple(map(str, policy.get("allowedPersistenceRegions", ()))))
    location = made.inputs.get("location", made.inputs.get("region"))
    return At((location,) if isinstance(location, str) and location else ())


def _named(path: str) -> At:
    """The place that stands in a path."""
    found = _PLACE.search(path)
    return At((found[1],) if found else ())


def outputs(made: Registration) -> Mapping[str, Any]:
    """Names with a random suffix where none is given, and members of policies."""
    given = (made.inputs[key] for key in _GIVEN if isinstance(made.inputs.get(key), str))
    name = str(next(given, f"{made.name}-0a1b2c3"))
    email = f"{name}@{_PROJECT}.iam.gserviceaccount.com"
    if made.type == "gcp:projects/serviceIdentity:ServiceIdentity":
        agent = str(made.inputs.get("service", "none")).split(".")[0]
        email = f"service-{_NUMBER}@gcp-sa-{agent}.iam.gserviceaccount.com"
    answered = {"id": _identity(made, name), "name": name, "project": _PROJECT, "email": email,
                "member": f"serviceAccount:{email}"}  # fmt: skip
    if made.type == "gcp:iam/workloadIdentityPool:WorkloadIdentityPool":
        answered["name"] = answered["id"].replace(_PROJECT, _NUMBER)
    if made.type == "gcp:cloudrunv2/service:Service":
        answered["uri"] = f"https://{name}-{_NUMBER}.{made.region}.run.app"
    return {**answered, **made.inputs}


_KEEPS = (
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:logging/projectBucketConfig:ProjectBucketConfig",
    "gcp:storage/bucket:Bucket",
)
"""Types that hold data, logs or keys."""
_ANEW = {
    "*": (
        "accountId", "bucketId", "keyRing", "kmsKeyName", "location", "name", "parent", "project",
        "region", "repositoryId", "templateId", "triggerId", "workloadIdentityPoolId",
        "workloadIdentityPoolProviderId",
    ),
    "gcp:artifactregistry/repository:Repository": ("format", "mode"),
    "gcp:compute/globalAddress:GlobalAddress": (
        "address", "addressType", "network", "prefixLength", "purpose"),
    "gcp:compute/network:Network": ("autoCreateSubnetworks", "deleteDefaultRoutesOnCreate"),
    "gcp:compute/route:Route": ("destRange", "network", "nextHopGateway"),
    "gcp:compute/subnetwork:Subnetwork": ("network",),
    "gcp:eventarc/trigger:Trigger": ("matchingCriterias", "transport"),
    "gcp:kms/cryptoKey:CryptoKey": ("destroyScheduledDuration", "purpose"),
    "gcp:projects/iAMCustomRole:IAMCustomRole": ("roleId",),
    "gcp:pubsub/subscription:Subscription": ("topic",),
    "gcp:servicenetworking/connection:Connection": ("network", "service"),
    "gcp:servicenetworking/vpcServiceControls:VpcServiceControls": ("network", "service"),
    "gcp:storage/bucket:Bucket": ("customPlacementConfig",),
}  # fmt: skip
"""Arguments that the provider cannot change in place, by type; `*` for any."""
_GIVEN = ("name", "repositoryId", "accountId", "bucketId", "workloadIdentityPoolId", "templateId",
          "triggerId")  # fmt: skip


def _identity(made: Registration, name: str) -> str:
    """What a resource is referred to by."""
    service, _, kind = made.type.split(":")[1].partition("/")
    location = made.inputs.get("location", made.inputs.get("region", "none"))
    by_type = {
        "gcp:kms/cryptoKey:CryptoKey": f"{made.inputs.get('keyRing', 'none')}/cryptoKeys/{name}",
        "gcp:kms/keyRing:KeyRing": f"projects/{_PROJECT}/locations/{location}/keyRings/{name}",
        "gcp:storage/bucket:Bucket": name,
        "gcp:logging/projectBucketConfig:ProjectBucketConfig":
            f"projects/{_PROJECT}/locations/{location}/buckets/{name}",
        "gcp:iam/workloadIdentityPool:WorkloadIdentityPool":
            f"projects/{_PROJECT}/locations/global/workloadIdentityPools/{name}",
        "gcp:compute/network:Network": f"projects/{_PROJECT}/global/networks/{name}",
        "gcp:compute/subnetwork:Subnetwork":
            f"projects/{_PROJECT}/regions/{location}/subnetworks/{name}",
    }  # fmt: skip
    if made.type in by_type:
        return by_type[made.type]
    if made.type in _INSIDE and "parent" in made.inputs:
        return f"{made.inputs['parent']}/{kind}/{name}"
    if made.type in _SETTINGS or service == "pubsub":
        return f"projects/{_PROJECT}/{_PLURAL.get(service, service)}/{name}"
    return f"projects/{_PROJECT}/locations/{location}/{_PLURAL.get(service, service)}/{name}"


_PLURAL = {"pubsub": "topics", "workflows": "workflows", "artifactregistry": "repositories"}

SDK = Sdk(
    provider="gcp",
    distribution="pulumi-gcp",
    install="pip install 'hybridspec[gcp]'",
    # Pools of identities are global, and hold nothing but the right to ask.
    region_pattern=r"\b(?:locations|regions)/(?!global/workloadIdentityPools/)([\w-]+)",
    where=where,
    outputs=outputs,
    # What a dashboard counts, and what a list is asked for, is named like an address of a store.
    address_pattern=r"(?:\bgs://|\bprojects/_/buckets/"
    r"|\bstorage\.googleapis\.com/(?!(?:storage/v2/total_bytes|objectListPrefix)\b)"
    r"|\blogging\.googleapis\.com/(?=projects/))"
    r"((?<=logging\.googleapis\.com/)projects/[\w./-]+|[\w.-]+)",
    keeps=_KEEPS,
    replaces=_ANEW,
)
