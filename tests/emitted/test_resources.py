"""What the emitted programs would create, resource by resource, against what the plan promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from emitted.found import of, one
from emitted.slices import SLICES, part, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.deliver.outside_plan import outside_plan

KMS_KEY = "aws:kms/key:Key"
BUCKET = "aws:s3/bucket:Bucket"
ENCRYPTION = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
)
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
ROUNDING = 3
"""Days by which S3 may be late: two roundings up to midnight, and the day of a deleted version."""


@pytest.fixture(scope="module")
def plan(built: Path) -> dict[str, Any]:
    return dict(json.loads((built / "plan.json").read_bytes()))


@pytest.fixture(scope="module")
def found(built: Path) -> Evaluation:
    return evaluate(built / "stacks" / "aws", project="vibration-watch")


def arn(found: Evaluation, kind: str) -> str:
    """The name by which others point at the only resource of a type."""
    resource = one(found, kind)
    service = kind.split(":")[1].split("/")[0]
    return f"arn:aws:{service}:{resource.provider}:000000000000:{resource.name}"


def statements(policy: str) -> list[dict[str, Any]]:
    """The statements of an IAM policy document."""
    return list(json.loads(policy)["Statement"])


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_every_resource_lies_in_a_country_of_its_zone(
    found: Evaluation, plan: dict[str, Any]
) -> None:
    (store,) = plan["stores"]
    region = store["region"].rpartition("/")[2].rpartition(":")[2]
    custom = [r for r in found.resources if r.custom]
    assert len(custom) >= 24
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


def test_the_store_is_under_the_key_private_versioned_and_reached_by_tls(found: Evaluation) -> None:
    bucket = one(found, BUCKET)
    assert bucket.protect
    name = one(found, ENCRYPTION).inputs["bucket"]
    (rule,) = one(found, ENCRYPTION).inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {
        "sseAlgorithm": "aws:kms",
        "kmsMasterKeyId": arn(found, KMS_KEY),
    }
    versioning = one(found, "aws:s3/bucketVersioning:BucketVersioning").inputs
    assert versioning == {"bucket": name, "versioningConfiguration": {"status": "Enabled"}}
    block = dict(one(found, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs)
    assert block.pop("bucket") == name
    assert set(block) == {"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls",
                          "restrictPublicBuckets"}  # fmt: skip
    assert set(block.values()) == {True}
    owner = one(found, "aws:s3/bucketOwnershipControls:BucketOwnershipControls").inputs
    assert owner["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    policy = one(found, "aws:s3/bucketPolicy:BucketPolicy").inputs
    said = {one.pop("Sid"): one for one in statements(policy["policy"])}
    assert {(one["Effect"], one["Principal"]) for one in said.values()} == {("Deny", "*")}
    tls, key, copies = said["TlsOnly"], said["NoOtherKey"], said["NoCopies"]
    assert tls["Action"] == "s3:*"
    assert tls["Resource"] == [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    assert key["Condition"] == {"Null": {header: "false"},
                                "StringNotEquals": {header: arn(found, KMS_KEY)}}  # fmt: skip
    assert "s3:PutReplicationConfiguration" in copies["Action"]
    assert "Condition" not in copies


def longest(rule: dict[str, Any]) -> int:
    """Days after which S3 has deleted an object and its versions for good, at the latest."""
    versions = rule["noncurrentVersionExpiration"]["noncurrentDays"]
    return int(rule["expiration"]["days"] + versions + ROUNDING - 1)


def test_the_lifecycle_ends_every_object_within_the_retention(
    found: Evaluation, plan: dict[str, Any]
) -> None:
    rules = one(found, LIFECYCLE).inputs["rules"]
    ends = {r["filter"]["prefix"]: longest(r) for r in rules if "expiration" in r}
    assert ends == {"data/": 30}
    assert {r["status"] for r in rules} == {"Enabled"}
    assert any("abortIncompleteMultipartUpload" in r for r in rules)


def test_images_are_immutable_scanned_and_under_the_key(found: Evaluation) -> None:
    images = one(found, "aws:ecr/repository:Repository").inputs
    assert images["imageTagMutability"] == "IMMUTABLE"
    assert images["imageScanningConfiguration"] == {"scanOnPush": True}
    assert images["encryptionConfigurations"] == [
        {"encryptionType": "KMS", "kmsKey": arn(found, KMS_KEY)}
    ]


def test_a_package_group_per_model(found: Evaluation, plan: dict[str, Any]) -> None:
    groups = of(found, "aws:sagemaker/modelPackageGroup:ModelPackageGroup")
    assert [g.inputs["modelPackageGroupDescription"] for g in groups] == [
        f"Versions of {model['name']}" for model in plan["models"]
    ]


def test_a_thing_type_and_a_policy_per_class(found: Evaluation, plan: dict[str, Any]) -> None:
    classes = {member["deviceClass"] for member in plan["fleet"]}
    types = of(found, "aws:iot/thingType:ThingType")
    described = {t.inputs["properties"]["description"] for t in types}
    assert described == {f"Device class {name}" for name in classes}
    policies = of(found, "aws:iot/policy:Policy")
    assert {p.inputs["name"] for p in policies} == {t.inputs["name"] for t in types}
    for policy in policies:
        rules = statements(policy.inputs["policy"])
        actions = {action for rule in rules for action in listed(rule["Action"])}
        assert actions == {"iot:Connect", "iot:Publish", "iot:Receive", "iot:Subscribe"}
        for resource in (r for rule in rules for r in listed(rule["Resource"])):
            assert resource.startswith(f"arn:aws:iot:{policy.provider}:*:")
            assert "${iot:Connection.Thing.ThingName}" in resource


def test_jobs_read_the_channel_and_nothing_else(found: Evaluation) -> None:
    (role,) = (r for r in of(found, "aws:iam/role:Role") if r.name.endswith("-jobs"))
    (trust,) = statements(role.inputs["assumeRolePolicy"])
    assert trust["Principal"] == {"Service": "iot.amazonaws.com"}
    (policy,) = (r for r in of(found, "aws:iam/rolePolicy:RolePolicy")
                 if r.inputs["role"] == f"{role.name}-id")  # fmt: skip
    bucket = one(found, ENCRYPTION).inputs["bucket"]
    allowed = [(s["Effect"], s["Action"], s["Resource"])
               for s in statements(policy.inputs["policy"])]  # fmt: skip
    assert allowed == [
        ("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/ota/*"),
        ("Allow", "kms:Decrypt", arn(found, KMS_KEY)),
    ]


def test_no_role_may_do_everything_or_work_in_another_region(found: Evaluation) -> None:
    for policy in of(found, "aws:iam/rolePolicy:RolePolicy"):
        for rule in statements(policy.inputs["policy"]):
            actions = listed(rule["Action"])
            assert not [a for a in actions if a.endswith("*")]
            if "*" in listed(rule["Resource"]):
                # Signing in to a registry has no resource; the images themselves are narrowed.
                assert actions == ["ecr:GetAuthorizationToken"]
            for resource in listed(rule["Resource"]):
                if resource.startswith("arn:") and ":s3:" not in resource:
                    assert resource.split(":")[3] in (policy.provider, ""), resource


def test_training_works_inside_the_zone(found: Evaluation) -> None:
    pipeline = one(found, "aws:sagemaker/pipeline:Pipeline").inputs
    (step,) = json.loads(pipeline["pipelineDefinition"])["Steps"]
    key, bucket = arn(found, KMS_KEY), one(found, ENCRYPTION).inputs["bucket"]
    job = step["Arguments"]
    assert job["OutputDataConfig"] == {"S3OutputPath": f"s3://{bucket}/models/", "KmsKeyId": key}
    assert job["ResourceConfig"]["VolumeKmsKeyId"] == key
    (channel,) = job["InputDataConfig"]
    assert channel["DataSource"]["S3DataSource"]["S3Uri"] == f"s3://{bucket}/data/"
    region = one(found, KMS_KEY).provider
    image = job["AlgorithmSpecification"]["TrainingImage"]
    assert image.startswith(f"000000000000.dkr.ecr.{region}.amazonaws.com/")
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 2 * 3600}
    schedule = one(found, "aws:scheduler/schedule:Schedule").inputs
    assert schedule["scheduleExpression"] == "rate(720 hours)"


def test_nothing_is_replicated(found: Evaluation) -> None:
    assert not [r for r in found.resources if "replica" in r.type.lower()]
    said = json.dumps([dict(r.inputs) for r in found.resources])
    # How training data is spread over the machines of one job, and what nobody may set.
    for harmless in ("FullyReplicated", "s3:PutReplicationConfiguration"):
        said = said.replace(harmless, "")
    assert "eplica" not in said


def test_every_role_ends_at_the_region_of_its_zone(found: Evaluation) -> None:
    boundary = one(found, "aws:iam/policy:Policy")
    roles = of(found, "aws:iam/role:Role")
    assert len(roles) == 3
    assert {r.inputs["permissionsBoundary"] for r in roles} == {arn(found, boundary.type)}
    allow, deny = statements(boundary.inputs["policy"])
    assert set(deny["NotAction"]) == {"iam:PassRole"}
    region = one(found, KMS_KEY).provider
    assert deny["Condition"] == {"StringNotEquals": {"aws:RequestedRegion": region}}
    given = {action.partition(":")[0] for policy in of(found, "aws:iam/rolePolicy:RolePolicy")
             for rule in statements(policy.inputs["policy"])
             for action in listed(rule["Action"])}  # fmt: skip
    assert given == {action.partition(":")[0] for action in allow["Action"]}


def test_the_organisation_is_given_a_policy_for_all_regions_of_the_plan(tmp_path: Path) -> None:
    folder = written(SLICES["several of each"], tmp_path / "stack")
    text = (folder / "organization-policy.json").read_text()
    deny, copies = statements(text)
    assert len(text) <= 5120
    assert deny["Condition"] == {
        "StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "us-east-1"]}
    }
    carrying = {"cloudfront:*", "globalaccelerator:*", "s3:*"}
    assert not carrying & set(deny["NotAction"])
    assert "kms:ReplicateKey" in copies["Action"]


def test_exports_name_what_an_operator_needs(found: Evaluation) -> None:
    assert set(found.outputs) == {f"eu-plants:{x}" for x in ("bucket", "key", "registry",
                                                            "job-role")}  # fmt: skip


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Evaluation]:
    """The other shapes of a plan, evaluated."""
    base = tmp_path_factory.mktemp("shapes")
    chosen = ("several of each", "longest names", "names that read alike")
    return {
        name: evaluate(written(SLICES[name], base / name), project=SLICES[name].spec)
        for name in chosen
    }


def test_each_zone_has_its_own_key_and_stays_in_its_region(shapes: dict[str, Evaluation]) -> None:
    found = shapes["several of each"]
    regions = {"eu-plants": "eu-central-1", "us-plants": "us-east-1"}
    for name, region in regions.items():
        mine = [r for r in found.resources if r.custom and r.name.startswith(name)]
        assert {r.provider for r in mine} == {region}
        assert len([r for r in mine if r.type == KMS_KEY]) == 1
        other = next(r for r in regions.values() if r != region)
        assert other not in json.dumps([dict(r.inputs) for r in mine])
    assert len([r for r in found.resources if r.custom]) == len(
        [r for r in found.resources if r.custom and r.name.startswith(tuple(regions))]
    )


LIMITS = {
    "name": 128, "bucketPrefix": 37, "modelPackageGroupName": 63, "pipelineName": 256,
}  # fmt: skip


def test_names_keep_within_what_the_services_take(shapes: dict[str, Evaluation]) -> None:
    for found in shapes.values():
        for resource in found.resources:
            for key, limit in LIMITS.items():
                assert len(str(resource.inputs.get(key, ""))) <= limit, resource
            if resource.type == "aws:iam/role:Role":  # 8 characters of random suffix follow
                assert len(resource.name) <= 56


def test_names_that_read_alike_stay_apart(shapes: dict[str, Evaluation]) -> None:
    found = shapes["names that read alike"]
    for kind, key in (("aws:iot/thingType:ThingType", "name"), ("aws:iot/policy:Policy", "name"),
                      ("aws:sagemaker/modelPackageGroup:ModelPackageGroup",
                       "modelPackageGroupName"),
                      ("aws:sagemaker/pipeline:Pipeline", "pipelineName"),
                      ("aws:ecr/repository:Repository", "name"),
                      ("aws:kms/alias:Alias", "name")):  # fmt: skip
        names = [r.inputs[key] for r in of(found, kind)]
        assert len(names) == 3
        assert len(set(names)) == 3


def test_a_store_with_a_shorter_retention_ends_earlier(tmp_path: Path) -> None:
    made = part(zone(stores=(("watch/history", 7), ("watch/archive", None))))
    found = evaluate(written(made, tmp_path / "stack"), project="watch")
    rules = one(found, LIFECYCLE).inputs["rules"]
    ends = {r["filter"]["prefix"]: longest(r) for r in rules if "expiration" in r}
    assert ends == {"data/": 30, "data/watch/history/": 7}
    assert len({r["id"] for r in rules}) == len(rules)
