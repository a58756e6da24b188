"""What proofs of AWS's guards look at: buckets, keys and registries of a zone, and their places."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from hybridspec.target.api import Emission, Made
from hybridspec.target.proof import at, listed, outputs, statements

BUCKET = "aws:s3/bucket:Bucket"
KEY = "aws:kms/key:Key"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
REPOSITORY = "aws:ecr/repository:Repository"
ROLE = "aws:iam/role:Role"
BOUNDARY = "aws:iam/policy:Policy"
PIPELINE = "aws:sagemaker/pipeline:Pipeline"
SCHEDULE = "aws:scheduler/schedule:Schedule"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
VPC_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
_SETTINGS = (BLOCK, ENCRYPTION, POLICY)
"""What every bucket of a zone has, one that is adopted too."""


def buckets(part: Emission) -> set[str]:
    """The names of the zone's buckets: those that are made, and those that are set up."""
    named = {str(made.inputs.get("bucket", "")) for kind in _SETTINGS for made in part.of(kind)}
    return (outputs(part, BUCKET, "bucket") | named) - {""}


def keys(part: Emission) -> set[str]:
    """The zone's keys; if none is made, those of its region that its buckets are under."""
    if made := outputs(part, KEY, "arn"):
        return made
    key = re.compile(rf"arn:[\w-]+:kms:{re.escape(part.region)}:\d{{12}}:key/[0-9a-f-]{{36}}")
    named = {
        str(at(rule, "applyServerSideEncryptionByDefault", "kmsMasterKeyId"))
        for made in part.of(ENCRYPTION)
        for rule in listed(made.inputs.get("rules"))
    }
    return {name for name in named if key.fullmatch(name)}


def registered(part: Emission, image: str) -> bool:
    """Whether an image is of the zone's registry; if none is made, of one in its region."""
    url = image.rpartition(":")[0]
    if made := outputs(part, REPOSITORY, "repositoryUrl"):
        return url in made
    host = rf"\d{{12}}\.dkr\.ecr\.{re.escape(part.region)}\.amazonaws\.com/[a-z0-9._/-]+"
    return re.fullmatch(host, url) is not None


def uncovered(part: Emission, covered: Collection[Any], why: str) -> str:
    """What lacks where not each of the zone's buckets is covered."""
    found = buckets(part)
    unnamed = next((made.name for made in part.of(BUCKET) if "bucket" not in made.outputs), "")
    lacks = next((name for name in sorted(found) if name not in covered), unnamed)
    if lacks:
        return f"`{lacks}` {why}"
    return "" if found else "there is no bucket"


def elsewhere(part: Emission, made: Made) -> str:
    region = made.inputs.get("region") or made.region
    return "" if region == part.region == made.region else f"lies in {region or 'no region'}"


def denies(
    part: Emission, what: str, ends: Collection[str], wanted: Callable[[dict[str, Any]], bool]
) -> str:
    """Every bucket has a policy, and one of its denials, for everybody, is the wanted one.

    It is about the bucket itself: its name with each of the endings, and nothing else.
    """
    denied = {
        bucket
        for made in part.of(POLICY)
        for bucket in (str(made.inputs.get("bucket", "")),)
        for said in statements(made.inputs.get("policy"))
        if said.get("Effect") == "Deny" and said.get("Principal") == "*"
        and about(said, bucket, ends) and wanted(said)
    }  # fmt: skip
    return uncovered(part, denied, f"has no policy that denies {what}")


def about(said: dict[str, Any], bucket: str, ends: Collection[str]) -> bool:
    """Whether a statement is about a bucket, by its name with each of the endings."""
    named = {str(one).partition(":s3:::")[2] for one in listed(said.get("Resource"))}
    return named == {bucket + end for end in ends}
