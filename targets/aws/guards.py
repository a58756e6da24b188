"""What keeps a zone's data where the plan says, in what is emitted for AWS, and how it is seen."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from hybridspec.target.api import Emission, Guard, Made
from hybridspec.target.cloud import UNSETTABLE
from hybridspec.target.proof import at, each, every, first, listed, none, statements

from .grants import GRANTS
from .proofs import (
    BLOCK,
    BOUNDARY,
    BUCKET,
    ENCRYPTION,
    KEY,
    PIPELINE,
    REPOSITORY,
    ROLE,
    SCHEDULE,
    buckets,
    denies,
    elsewhere,
    keys,
    registered,
    uncovered,
)
from .watch import WATCHES

_COPIES = ("aws:s3/bucketReplicationConfig:BucketReplicationConfig",
           "aws:s3control/multiRegionAccessPoint:MultiRegionAccessPoint")  # fmt: skip
_IMAGE_COPIES = ("aws:ecr/replicationConfiguration:ReplicationConfiguration",
                 "aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
                 "aws:ecrpublic/repository:Repository")  # fmt: skip
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_SPREADS = {"s3:PutAccelerateConfiguration", "s3:PutInventoryConfiguration",
            "s3:PutReplicationConfiguration"}  # fmt: skip
"""What nobody may ask of a bucket: each of them sends on what it holds."""
_FREE = {"iam:PassRole"}
"""Actions that the region deny may leave out: they belong to no region."""


def _tls(part: Emission) -> str:
    return denies(
        part, "what comes without TLS", ("", "/*"),
        lambda said: said.get("Action") == "s3:*"
        and said.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}},
    )  # fmt: skip


def _no_copies(part: Emission) -> str:
    return first(
        none(part, _COPIES),
        denies(
            part, "replication", ("",),
            lambda said: set(listed(said.get("Action"))) >= _SPREADS and "Condition" not in said,
        ),
    )  # fmt: skip


def _zone_key(part: Emission) -> str:
    ours = keys(part)
    covered = {
        made.inputs.get("bucket")
        for made in part.of(ENCRYPTION)
        for rule in listed(made.inputs.get("rules"))
        if (by := at(rule, "applyServerSideEncryptionByDefault"))
        and by.get("sseAlgorithm") == "aws:kms"
        and by.get("kmsMasterKeyId") in ours
    }
    other = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    return first(
        uncovered(part, covered, "is not under the zone's key"),
        denies(part, "another key", ("/*",), lambda said: said.get("Action") == "s3:PutObject"
               and at(said, "Condition", "StringNotEquals", other) in ours
               and said["Condition"] == {"Null": {other: "false"}, "StringNotEquals": {
                   other: said["Condition"]["StringNotEquals"][other]}}),
    )  # fmt: skip


def _closed(part: Emission) -> str:
    closed = {
        made.inputs.get("bucket")
        for made in part.of(BLOCK)
        if all(made.inputs.get(key) is True for key in _BLOCKS)
    }
    return uncovered(part, closed, "may be opened to the public")


def _one_region(part: Emission) -> str:
    """A key that is adopted is named by an identifier that none of several regions has."""
    return every(part, KEY, lambda made: made.inputs.get("multiRegion") is False,
                 "may be replicated", least=0 if keys(part) else 1)  # fmt: skip


def _key_here(part: Emission) -> str:
    return each(part, KEY, lambda made: elsewhere(part, made), least=0 if keys(part) else 1)


def _bucket_here(part: Emission) -> str:
    """Settings of a bucket are taken by its own region alone, so one that is adopted lies there."""
    return first(
        *(each(part, kind, lambda made: elsewhere(part, made), least=least)
          for kind, least in ((BUCKET, 0), (BLOCK, 1), (ENCRYPTION, 1)))
    )  # fmt: skip


def _images(part: Emission) -> str:
    zone_keys = keys(part)

    def fault(made: Made) -> str:
        under = [at(one, "kmsKey") for one in listed(made.inputs.get("encryptionConfigurations"))]
        ours = under and set(under) <= zone_keys
        return elsewhere(part, made) or ("" if ours else "is not under the zone's key")

    return each(part, REPOSITORY, fault, least=0)


def _no_image_copies(part: Emission) -> str:
    return none(part, _IMAGE_COPIES)


def _deny(part: Emission) -> str:
    """Every role is bounded by a policy that denies whatever is asked of another region."""
    bounds = {
        made.outputs.get("arn")
        for made in part.of(BOUNDARY)
        if any(
            said.get("Effect") == "Deny"
            and "NotAction" in said
            and set(listed(said["NotAction"])) <= _FREE
            and said.get("Resource") == "*"
            and said.get("Condition") == {"StringNotEquals": {"aws:RequestedRegion": part.region}}
            for said in statements(made.inputs.get("policy"))
        )
    }
    return every(part, ROLE, lambda made: made.inputs.get("permissionsBoundary") in bounds,
                 "may act in another region")  # fmt: skip


def _jobs(part: Emission, fault: Callable[[Any], str]) -> str:
    """The first fault of a training step; a zone that trains nothing has none."""

    def steps(made: Made) -> str:
        try:
            said = json.loads(str(made.inputs.get("pipelineDefinition")))
        except ValueError:
            return "has no definition that can be read"
        found = [at(step, "Arguments") for step in listed(at(said, "Steps"))]
        return first(*map(fault, found)) if found else "has no step"

    return each(part, PIPELINE, steps, least=0)


def _training(part: Emission) -> str:
    zone_keys, stores = keys(part), buckets(part)

    def fault(job: Any) -> str:
        places = re.findall(r"s3://([\w.-]+)", json.dumps(job))
        image = str(at(job, "AlgorithmSpecification", "TrainingImage"))
        used = {
            at(job, "OutputDataConfig", "KmsKeyId"),
            at(job, "ResourceConfig", "VolumeKmsKeyId"),
        }
        if not places or not set(places) <= stores:
            return "reads or writes what is not the zone's store"
        if not used <= zone_keys:
            return "uses a key that is not the zone's"
        return "" if registered(part, image) else "runs an image that is not of the zone's registry"

    return first(
        each(part, PIPELINE, lambda made: elsewhere(part, made), least=0),
        each(part, SCHEDULE, lambda made: elsewhere(part, made), least=0),
        _jobs(part, fault),
    )


def _isolated(part: Emission) -> str:
    return _jobs(
        part, lambda job: "" if at(job, "EnableNetworkIsolation") is True else "has a network"
    )


def _devices(part: Emission) -> str:
    """Device policies name their own region alone; a zone without devices has none."""

    def fault(made: Made) -> str:
        named = re.findall(r"arn:[\w-]+:iot:([^:]*):", str(made.inputs.get("policy")))
        ours = named and set(named) == {part.region}
        return elsewhere(part, made) or ("" if ours else "lets devices work in another region")

    return each(part, "aws:iot/policy:Policy", fault, least=0)


_DOCS = "https://docs.aws.amazon.com"
_S3 = f"{_DOCS}/AmazonS3/latest/userguide"
_ALL = ("store", "model", "training", "account")

GUARDS = (
    Guard(
        id="region-deny",
        title="a permissions boundary denies every role of the zone all other regions",
        facets=("process", "store", "backup", "logs", "model"), assets=_ALL,
        source=f"{_DOCS}/IAM/latest/UserGuide/access_policies_boundaries.html",
        missing=_deny,
    ),
    Guard(
        id="bucket-in-region",
        title="the bucket is made in the zone's region; S3 keeps objects in the region of theirs",
        facets=("store", "backup", "ciphertext", "model"), assets=("store", "model"),
        source=f"{_S3}/Welcome.html", missing=_bucket_here,
    ),
    Guard(
        id="bucket-replication-off",
        title="nobody may give the bucket a replication, inventory or acceleration",
        facets=("store", "backup", "ciphertext", "model"), assets=("store", "model"),
        source=f"{_S3}/replication.html", missing=_no_copies,
    ),
    Guard(
        id="bucket-zone-key",
        title="objects are under the zone's key, and one with another key is refused",
        facets=("store", "ciphertext", "keys", "backup"), assets=("store", "model"),
        source=f"{_S3}/UsingKMSEncryption.html", missing=_zone_key,
    ),
    Guard(
        id="bucket-public-blocked",
        title="the bucket's four blocks of public access are on",
        facets=("store", "model"), assets=("store", "model"),
        source=f"{_S3}/access-control-block-public-access.html", missing=_closed,
    ),
    Guard(
        id="bucket-tls-only",
        title="the bucket refuses what does not come over TLS",
        facets=(), assets=("store",),
        source=f"{_S3}/security-best-practices.html", missing=_tls,
    ),
    Guard(
        id="key-in-region",
        title="the customer key is made in the zone's region, which its material never leaves",
        facets=("keys", "ciphertext"), assets=("store", "model", "account"),
        source=f"{_DOCS}/kms/latest/developerguide/concepts.html", missing=_key_here,
    ),
    Guard(
        id="key-single-region",
        title="the customer key is for one region, and none can be added later",
        facets=("keys",), assets=("store", "model", "account"),
        source=f"{_DOCS}/kms/latest/developerguide/multi-region-keys-overview.html",
        missing=_one_region,
    ),
    Guard(
        id="registry-in-region",
        title="the registry lies in the zone's region, under the zone's key",
        facets=("store", "model", "ciphertext"), assets=("model",),
        source=f"{_DOCS}/AmazonECR/latest/userguide/Registries.html", missing=_images,
    ),
    Guard(
        id="registry-replication-off",
        title="no replication or pull-through cache of the registry is emitted; by default there "
        "is none",
        facets=("store", "model", "backup"), assets=("model",),
        source=f"{_DOCS}/AmazonECR/latest/userguide/replication.html", missing=_no_image_copies,
    ),
    Guard(
        id="training-in-region",
        title="training runs in the zone's region, on its store, registry and key",
        facets=("process", "store", "model"), assets=("training",),
        source=f"{_DOCS}/sagemaker/latest/dg/how-it-works-training.html", missing=_training,
    ),
    Guard(
        id="training-isolated",
        title="the training container has no network",
        facets=("process",), assets=("training",),
        source=f"{_DOCS}/sagemaker/latest/dg/mkt-algo-model-internet-free.html",
        missing=_isolated,
    ),
    Guard(
        id="iot-in-region",
        title="device policies allow the zone's region alone",
        facets=("logs",), assets=("account",),
        source=f"{_DOCS}/iot/latest/developerguide/iot-policies.html", missing=_devices,
    ),
    GRANTS,
    *WATCHES,
)  # fmt: skip

UNGUARDED = {
    **UNSETTABLE,
    "stage": "an endpoint is emitted for a stage whose image the spec names, and proved to lie in "
    "the region; who else computes the stage is not seen",
    "key_admin": "no key policy knows where an administrator sits",
    "support": "no setting of an account says where its support sits",
    "control_plane": "identity and billing are global services of the partition",
}


def endpoints(region: str) -> tuple[str, ...]:
    """The hosts by which a device reaches store, device service and endpoints of a region."""
    end = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return (
        f"s3.{region}.{end}", f"*.s3.{region}.{end}", f"*.iot.{region}.{end}",
        f"*.credentials.iot.{region}.{end}", f"runtime.sagemaker.{region}.{end}",
    )  # fmt: skip
