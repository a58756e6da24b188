"""The stores of an emitted AWS project: key, buckets, update channel, and what ends when."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from emitted.found import arn, listed, of, one, rights, statements
from emitted.slices import part, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.deliver.outside_plan import outside_plan
from hybridspec.ir.plan import Existing

KMS_KEY = "aws:kms/key:Key"
BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
BUCKETS = ("eu-plants-channel", "eu-plants-logs", "eu-plants-store")
ROUNDING = 3
"""Days by which S3 may be late: two roundings up to midnight, and the day of a deleted version."""


@pytest.fixture(scope="module")
def plan(built: Path) -> dict[str, Any]:
    return dict(json.loads((built / "plan.json").read_bytes()))


@pytest.fixture(scope="module")
def found(built: Path) -> Evaluation:
    return evaluate(built / "stacks" / "aws", project="vibration-watch")


def test_every_resource_lies_in_a_country_of_its_zone(
    found: Evaluation, plan: dict[str, Any]
) -> None:
    (store,) = plan["stores"]
    region = store["region"].rpartition("/")[2].rpartition(":")[2]
    custom = [r for r in found.resources if r.custom]
    assert len(custom) >= 90
    assert {r.provider for r in custom} == {region}
    assert store["country"] in {"DE", "IE", "FR"}
    assert outside_plan(found, {region}, {"eu-west-1", "us-east-1"}) == ()


def test_one_rotated_customer_key_for_the_zone(found: Evaluation) -> None:
    key = one(found, KMS_KEY)
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["multiRegion"] is False
    assert key.inputs["deletionWindowInDays"] >= 7
    assert key.protect
    assert one(found, "aws:kms/alias:Alias").inputs["targetKeyId"] == f"{key.name}-id"


def test_who_administers_the_key_uses_it_for_nothing(found: Evaluation) -> None:
    said = {s["Sid"]: s for s in statements(one(found, KMS_KEY).inputs["policy"])}
    admin = arn(found, "aws:iam/role:Role", "eu-plants-key-admin")
    denied = said["AdministratorsUseNothing"]
    assert (denied["Effect"], denied["Principal"]) == ("Deny", {"AWS": admin})
    use = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}
    assert use <= set(denied["Action"])
    ((given, keys),) = rights(found, "-key-admin")
    assert not use & set(given)
    assert {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} <= set(given)
    assert keys[0] == arn(found, KMS_KEY)
    trust = statements(one(found, "aws:iam/role:Role", "eu-plants-key-admin")
                       .inputs["assumeRolePolicy"])  # fmt: skip
    assert trust[0]["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def test_who_uses_the_key_administers_nothing(found: Evaluation) -> None:
    said = {s["Sid"]: s for s in statements(one(found, KMS_KEY).inputs["policy"])}
    administer = set(said["AdministrationByWhomIamLets"]["Action"]) - {"kms:DescribeKey"}
    for policy in of(found, "aws:iam/rolePolicy:RolePolicy"):
        given = {a for s in statements(policy.inputs["policy"]) for a in listed(s["Action"])}
        assert policy.name.endswith("-key-admin") or not given & administer, policy.name


def test_services_use_the_key_for_this_account_alone(found: Evaluation) -> None:
    by_service = [s for s in statements(one(found, KMS_KEY).inputs["policy"])
                  if "Service" in s["Principal"]]  # fmt: skip
    assert {s["Principal"]["Service"] for s in by_service} == {
        "cloudtrail.amazonaws.com", "cloudwatch.amazonaws.com", "logs.eu-west-1.amazonaws.com",
    }  # fmt: skip
    assert all("000000000000" in json.dumps(s["Condition"]) for s in by_service)


def test_every_bucket_is_under_the_key_private_versioned_and_reached_by_tls(
    found: Evaluation,
) -> None:
    assert {b.name for b in of(found, BUCKET)} == set(BUCKETS)
    for label in BUCKETS:
        bucket = one(found, BUCKET, label)
        name = bucket.outputs["bucket"]
        assert bucket.protect
        encryption = one(found, ENCRYPTION, label).inputs
        assert encryption["bucket"] == name
        (rule,) = encryption["rules"]
        assert rule["applyServerSideEncryptionByDefault"] == {
            "sseAlgorithm": "aws:kms",
            "kmsMasterKeyId": arn(found, KMS_KEY),
        }
        versioning = one(found, "aws:s3/bucketVersioning:BucketVersioning", label).inputs
        assert versioning == {"bucket": name, "versioningConfiguration": {"status": "Enabled"}}
        block = dict(one(found, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", label)
                     .inputs)  # fmt: skip
        assert block.pop("bucket") == name
        assert set(block) == {"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls",
                              "restrictPublicBuckets"}  # fmt: skip
        assert set(block.values()) == {True}
        owner = one(found, "aws:s3/bucketOwnershipControls:BucketOwnershipControls", label).inputs
        assert owner["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
        denials(found, label, name)


def denials(found: Evaluation, label: str, name: str) -> None:
    """What nobody may do to a bucket of the zone."""
    policy = one(found, POLICY, label).inputs
    said = {s["Sid"]: s for s in statements(policy["policy"])}
    tls, key, copies = said["TlsOnly"], said["NoOtherKey"], said["NoCopies"]
    assert {(s["Effect"], s["Principal"]) for s in (tls, key, copies)} == {("Deny", "*")}
    assert tls["Action"] == "s3:*"
    assert tls["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    assert key["Condition"] == {"Null": {header: "false"},
                                "StringNotEquals": {header: arn(found, KMS_KEY)}}  # fmt: skip
    assert "s3:PutReplicationConfiguration" in copies["Action"]
    assert "Condition" not in copies


def test_the_publisher_alone_writes_into_the_channel(found: Evaluation) -> None:
    said = {s["Sid"]: s for s in statements(one(found, POLICY, "eu-plants-channel")
                                            .inputs["policy"])}  # fmt: skip
    alone = said["PublisherAlone"]
    publisher = arn(found, "aws:iam/role:Role", "eu-plants-publisher")
    assert alone["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": publisher}}
    assert {"s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"} == set(alone["Action"])
    channel = arn(found, BUCKET, "eu-plants-channel")
    writers = [p.name for p in of(found, "aws:iam/rolePolicy:RolePolicy")
               if any(f"{channel}/*" in listed(s["Resource"]) and "s3:PutObject" in
                      listed(s["Action"]) for s in statements(p.inputs["policy"]))]  # fmt: skip
    assert writers == ["eu-plants-publisher"]


def longest(rule: dict[str, Any]) -> int:
    """Days after which S3 has deleted an object and its versions for good, at the latest."""
    versions = rule["noncurrentVersionExpiration"]["noncurrentDays"]
    return int(rule["expiration"]["days"] + versions + ROUNDING - 1)


def test_the_lifecycle_ends_every_object_within_the_retention(
    found: Evaluation, plan: dict[str, Any]
) -> None:
    rules = one(found, LIFECYCLE, "eu-plants-store").inputs["rules"]
    ends = {r["filter"]["prefix"]: longest(r) for r in rules if "expiration" in r}
    assert ends == {"data/": 30}
    assert {r["status"] for r in rules} == {"Enabled"}
    assert any("abortIncompleteMultipartUpload" in r for r in rules)


def test_replaced_releases_end(found: Evaluation) -> None:
    rules = one(found, LIFECYCLE, "eu-plants-channel").inputs["rules"]
    (replaced,) = (r for r in rules if r["id"] == "replaced")
    assert replaced["noncurrentVersionExpiration"] == {"noncurrentDays": 90}
    assert "expiration" not in replaced


def test_a_store_with_a_shorter_retention_ends_earlier(tmp_path: Path) -> None:
    made = part(zone(stores=(("watch/history", 7), ("watch/archive", None))))
    found = evaluate(written(made, tmp_path / "stack"), project="watch")
    rules = one(found, LIFECYCLE, "eu-plants-store").inputs["rules"]
    ends = {r["filter"]["prefix"]: longest(r) for r in rules if "expiration" in r}
    assert ends == {"data/": 30, "data/watch/history/": 7}
    assert len({r["id"] for r in rules}) == len(rules)


def test_logs_end_in_time_wherever_they_are(tmp_path: Path) -> None:
    found = evaluate(written(part(zone(log_days=100)), tmp_path / "stack"), project="watch")
    rules = one(found, LIFECYCLE, "eu-plants-logs").inputs["rules"]
    assert {r["filter"]["prefix"]: longest(r) for r in rules if "expiration" in r} == {"": 100}
    groups = of(found, "aws:cloudwatch/logGroup:LogGroup")
    assert {g.inputs["retentionInDays"] for g in groups} == {90}


def test_nothing_is_replicated(found: Evaluation) -> None:
    assert not [r for r in found.resources if "replica" in r.type.lower()]
    said = json.dumps([dict(r.inputs) for r in found.resources])
    # How training data is spread over the machines of one job, and what nobody may set.
    for harmless in ("FullyReplicated", "s3:PutReplicationConfiguration"):
        said = said.replace(harmless, "")
    assert "eplica" not in said


KEY_ID = "0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"


def test_what_is_there_already_is_set_up_and_not_made(tmp_path: Path) -> None:
    own = Existing(bucket="own-data", key=KEY_ID, registry="own/images", origin="hybridspec.yaml:3")
    found = evaluate(written(part(zone(existing=own)), tmp_path / "stack"), project="watch")
    assert [b.name for b in of(found, BUCKET)] == ["eu-plants-channel", "eu-plants-logs"]
    assert not of(found, KMS_KEY)
    assert not of(found, "aws:ecr/repository:Repository")
    key = f"arn:aws:kms:eu-central-1:000000000000:key/{KEY_ID}"
    encryption = one(found, ENCRYPTION, "eu-plants-store").inputs
    assert encryption["bucket"] == "own-data"
    assert key in json.dumps(dict(encryption))
    job = one(found, "aws:sagemaker/pipeline:Pipeline").inputs["pipelineDefinition"]
    assert "000000000000.dkr.ecr.eu-central-1.amazonaws.com/own/images:" in job
    assert "s3://own-data/data/" in job
