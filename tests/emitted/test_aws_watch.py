"""What watches an emitted AWS project: trail, findings, alarms, budget, and what roles may do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from emitted.found import arn, listed, of, one, statements
from emitted.slices import SLICES, part, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.emit.stacks import emit_cloud
from hybridspec.ir.plan import CloudSlice, Existing
from hybridspec.target.registry import targets

TRAIL = "aws:cloudtrail/trail:Trail"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
KMS_KEY = "aws:kms/key:Key"
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken": "signing in to a registry; the images themselves are narrowed",
    "cloudwatch:PutMetricData": "its namespace is a condition",
    **dict.fromkeys(("ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces",
                     "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
                    "looking at networks"),
    **dict.fromkeys(("iot:DescribeCACertificate", "iot:DescribeCertificate",
                     "iot:GetLoggingOptions", "iot:GetPolicy", "iot:GetV2LoggingOptions",
                     "iot:ListCACertificates", "iot:ListCertificates", "iot:ListPolicies"),
                    "an audit looks at all of the account's"),
}  # fmt: skip
"""Actions that no resource narrows, and why that is all right."""


@pytest.fixture(scope="module")
def found(built: Path) -> Evaluation:
    return evaluate(built / "stacks" / "aws", project="vibration-watch")


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Evaluation]:
    """The other shapes of a plan, evaluated."""
    base = tmp_path_factory.mktemp("shapes")
    chosen = ("several of each", "longest names", "names that read alike", "services")
    return {
        name: evaluate(written(SLICES[name], base / name), project=SLICES[name].spec)
        for name in chosen
    }


def said(made: CloudSlice) -> list[str]:
    """What a slice is told that AWS cannot express."""
    _, refused = emit_cloud(targets()["aws"], made)
    return [one.what for one in refused]


def test_every_access_to_the_zones_buckets_is_recorded_in_the_zone(found: Evaluation) -> None:
    trail = one(found, TRAIL, "eu-plants-audit").inputs
    (selector,) = trail["advancedEventSelectors"]
    fields = {s["field"]: s.get("equals") or s.get("startsWiths")
              for s in selector["fieldSelectors"]}  # fmt: skip
    assert fields["resources.type"] == ["AWS::S3::Object"]
    arns = {arn(found, "aws:s3/bucket:Bucket", f"eu-plants-{x}") for x in ("channel", "store")}
    assert {name.rstrip("/") for name in fields["resources.ARN"]} == arns


def test_changes_are_recorded_once_a_region(
    found: Evaluation, shapes: dict[str, Evaluation]
) -> None:
    trail = one(found, TRAIL, "eu-plants-management").inputs
    (selector,) = trail["advancedEventSelectors"]
    assert selector["fieldSelectors"] == [{"field": "eventCategory", "equals": ["Management"]}]
    zones = shapes["names that read alike"]
    assert len([t for t in of(zones, TRAIL) if t.name.endswith("-management")]) == 1
    assert len([t for t in of(zones, TRAIL) if t.name.endswith("-audit")]) == 3


def test_a_trail_of_this_account_alone_may_write_logs(found: Evaluation) -> None:
    policy = one(found, "aws:s3/bucketPolicy:BucketPolicy", "eu-plants-logs").inputs["policy"]
    allowed = [s for s in statements(policy) if s["Effect"] == "Allow"]
    assert {s["Principal"]["Service"] for s in allowed} == {"cloudtrail.amazonaws.com"}
    for one_of in allowed:
        sources = one_of["Condition"]["ArnEquals"]["aws:SourceArn"]
        assert set(sources) == {trail.outputs["arn"] for trail in of(found, TRAIL)}
    (trail,) = (t for t in of(found, TRAIL) if t.name.endswith("-audit"))
    assert any("BucketPolicy" in urn for urn in trail.dependencies)


def test_a_key_is_for_the_logs_and_trails_of_its_zone_alone(
    found: Evaluation, shapes: dict[str, Evaluation]
) -> None:
    kinds = {"kms:EncryptionContext:aws:logs:arn": "aws:cloudwatch/logGroup:LogGroup",
             "aws:SourceArn": TRAIL}  # fmt: skip
    for made in (found, *shapes.values()):
        for key in of(made, KMS_KEY):
            told = [s["Condition"]["ArnEquals"] for s in statements(key.inputs["policy"])
                    if "ArnEquals" in s.get("Condition", {})]  # fmt: skip
            assert len(told) == 2
            for condition in told:
                ((name, arns),) = condition.items()
                under = {r.outputs["arn"] for r in of(made, kinds[name])
                         if r.inputs["kmsKeyId"] == key.outputs["arn"]}  # fmt: skip
                assert set(arns) == under


def test_events_are_written_by_the_rules_of_the_zone_alone(found: Evaluation) -> None:
    (policy,) = of(found, "aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
    stream, lines = statements(policy.inputs["policyDocument"])
    assert listed(stream["Action"]) == ["logs:CreateLogStream"]
    group = one(found, "aws:cloudwatch/logGroup:LogGroup", "eu-plants-findings").outputs["arn"]
    rules = {t.inputs["rule"] for t in of(found, "aws:cloudwatch/eventTarget:EventTarget")
             if t.inputs["arn"] == group}  # fmt: skip
    told = {arn.rpartition("/")[2] for arn in lines["Condition"]["ArnEquals"]["aws:SourceArn"]}
    assert told == rules


def test_a_change_of_the_key_is_heard_of(found: Evaluation) -> None:
    rule = one(found, "aws:cloudwatch/eventRule:EventRule", "eu-plants-key-change").inputs
    detail = json.loads(rule["eventPattern"])["detail"]
    assert {"ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy"} <= set(detail["eventName"])
    assert detail["resources"] == {"ARN": [arn(found, KMS_KEY)]}


def test_findings_are_logged_and_counted(found: Evaluation) -> None:
    rule = one(found, "aws:cloudwatch/eventRule:EventRule", "eu-plants-findings")
    assert json.loads(rule.inputs["eventPattern"]) == {
        "source": ["aws.guardduty", "aws.inspector2", "aws.macie"]
    }
    target = one(found, "aws:cloudwatch/eventTarget:EventTarget", "eu-plants-findings").inputs
    group = one(found, "aws:cloudwatch/logGroup:LogGroup", "eu-plants-findings")
    assert target["arn"] == group.outputs["arn"]
    assert group.inputs["kmsKeyId"] == arn(found, KMS_KEY)
    assert all(a.inputs["alarmActions"] == [arn(found, "aws:sns/topic:Topic")]
               for a in of(found, ALARM))  # fmt: skip


def test_alarms_reach_the_contact_and_nobody_else(
    found: Evaluation, shapes: dict[str, Evaluation]
) -> None:
    mail = one(found, "aws:sns/topicSubscription:TopicSubscription").inputs
    assert (mail["protocol"], mail["endpoint"]) == ("email", "plant-reliability@example.org")
    assert one(found, "aws:sns/topic:Topic").inputs["kmsMasterKeyId"] == arn(found, KMS_KEY)
    assert not of(shapes["several of each"], "aws:sns/topicSubscription:TopicSubscription")


def test_the_budget_is_what_the_plan_counts(shapes: dict[str, Evaluation]) -> None:
    budget = one(shapes["services"], "aws:budgets/budget:Budget").inputs
    assert (budget["limitAmount"], budget["limitUnit"]) == ("120", "USD")
    assert budget["timeUnit"] == "MONTHLY"
    mails = [n["subscriberEmailAddresses"] for n in budget["notifications"]]
    assert mails == [["plant@example.org"]] * 2


def test_a_budget_in_another_currency_is_a_finding() -> None:
    made = part(budget=10**7, currency="EUR", contact="a@example.org")
    assert [text for text in said(made) if "AWS counts budgets in USD" in text]
    assert not [text for text in said(part(budget=10**7)) if "budget" in text]


def test_a_region_without_macie_is_a_finding(tmp_path: Path) -> None:
    made = part(zone(offered=()))
    assert [text for text in said(made) if "has no Macie" in text]
    found = evaluate(written(made, tmp_path / "stack"), project="watch")
    assert not [r for r in found.resources if "macie" in r.type]
    assert not [text for text in said(part(zone(offered=(), regimes=()))) if "Macie" in text]


def test_the_store_of_a_zone_under_a_law_is_searched(
    found: Evaluation, shapes: dict[str, Evaluation]
) -> None:
    scan = one(found, "aws:macie2/classificationJob:ClassificationJob").inputs
    (searched,) = (d["buckets"] for d in scan["s3JobDefinition"]["bucketDefinitions"])
    assert searched == [one(found, "aws:s3/bucket:Bucket", "eu-plants-store").outputs["bucket"]]
    grant = one(found, "aws:kms/grant:Grant").inputs
    assert set(grant["operations"]) == {"Decrypt", "DescribeKey"}
    assert grant["granteePrincipal"].endswith("/AWSServiceRoleForAmazonMacie")
    lent = [s["Condition"] for s in statements(one(found, KMS_KEY).inputs["policy"])
            if s["Action"] == "kms:CreateGrant"]  # fmt: skip
    assert {
        "StringEquals": {"kms:GranteePrincipal": grant["granteePrincipal"]},
        "ForAllValues:StringEquals": {"kms:GrantOperations": grant["operations"]},
    } in lent
    jobs = of(shapes["several of each"], "aws:macie2/classificationJob:ClassificationJob")
    assert {r.owner for r in jobs} == {"eu-plants"}


@pytest.mark.parametrize(("days", "kept"), [(None, 0), (5, 1), (100, 90), (33, 30), (400, 365)])
def test_logs_are_kept_as_long_as_they_may_be(days: int | None, kept: int, tmp_path: Path) -> None:
    made = part(zone(log_days=days))
    found = evaluate(written(made, tmp_path / "stack"), project="watch")
    groups = of(found, "aws:cloudwatch/logGroup:LogGroup")
    assert {g.inputs["retentionInDays"] for g in groups} == {kept}


def test_logs_that_have_to_end_at_once_are_refused() -> None:
    assert [text for text in said(part(zone(log_days=2))) if "ends a line of a log" in text]


@pytest.mark.parametrize(
    "key",
    ["alias/own", "mrk-0a1b2c3d4e5f60718293a4b5c6d7e8f9",
     "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"],
)  # fmt: skip
def test_a_key_that_may_lie_elsewhere_is_not_adopted(key: str) -> None:
    own = Existing(key=key, origin="hybridspec.yaml:3")
    assert [text for text in said(part(zone(existing=own))) if "names no key of" in text]


def test_no_role_may_do_everything_or_work_in_another_region(
    found: Evaluation, shapes: dict[str, Evaluation]
) -> None:
    for made in (found, *shapes.values()):
        for policy in of(made, "aws:iam/rolePolicy:RolePolicy"):
            for rule in statements(policy.inputs["policy"]):
                actions = listed(rule["Action"])
                assert not [a for a in actions if a.endswith("*")]
                if "*" in listed(rule["Resource"]):
                    assert set(actions) <= set(WITHOUT_RESOURCE)
                for resource in listed(rule["Resource"]):
                    if resource.startswith("arn:") and ":s3:" not in resource:
                        assert resource.split(":")[3] in (policy.provider, ""), resource


def test_every_role_ends_at_the_region_of_its_zone(
    found: Evaluation, shapes: dict[str, Evaluation]
) -> None:
    boundary = one(found, "aws:iam/policy:Policy")
    roles = of(found, "aws:iam/role:Role")
    assert {r.inputs["permissionsBoundary"] for r in roles} == {boundary.outputs["arn"]}
    allow, deny = statements(boundary.inputs["policy"])
    assert set(deny["NotAction"]) == {"iam:PassRole"}
    region = one(found, KMS_KEY).provider
    assert deny["Condition"] == {"StringNotEquals": {"aws:RequestedRegion": region}}
    given = {action.partition(":")[0] for made in (found, *shapes.values())
             for policy in of(made, "aws:iam/rolePolicy:RolePolicy")
             for rule in statements(policy.inputs["policy"])
             for action in listed(rule["Action"])}  # fmt: skip
    assert given | {"cloudwatch"} == {action.partition(":")[0] for action in allow["Action"]}


def test_a_service_takes_a_role_for_this_account_alone(found: Evaluation) -> None:
    for role in of(found, "aws:iam/role:Role"):
        (trust,) = statements(role.inputs["assumeRolePolicy"])
        if trust["Principal"].get("Service"):
            ours = {"StringEquals": {"aws:SourceAccount": "000000000000"}}
            assert trust["Condition"] == ours, role.name


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


def test_the_organisation_is_given_a_policy_by_which_no_service_keeps_content(
    tmp_path: Path,
) -> None:
    folder = written(SLICES["one zone"], tmp_path / "stack")
    policy = json.loads((folder / "organization-opt-out.json").read_text())
    assert policy["services"]["default"]["opt_out_policy"]["@@assign"] == "optOut"


def test_exports_name_what_an_operator_needs(found: Evaluation) -> None:
    names = ("alarms", "bucket", "channel", "job-role", "key", "publisher-role", "registry")
    assert set(found.outputs) == {f"eu-plants:{name}" for name in names}


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
SHORTER = {
    "aws:cloudwatch/eventRule:EventRule": 64, "aws:sagemaker/endpoint:Endpoint": 63,
    "aws:iot/provisioningTemplate:ProvisioningTemplate": 36, "aws:cloudtrail/trail:Trail": 64,
    "aws:iot/topicRule:TopicRule": 128,
}  # fmt: skip


def test_names_keep_within_what_the_services_take(shapes: dict[str, Evaluation]) -> None:
    for found in shapes.values():
        for resource in found.resources:
            for key, limit in LIMITS.items():
                assert len(str(resource.inputs.get(key, ""))) <= limit, resource
            limit = SHORTER.get(resource.type, 512)
            assert len(str(resource.inputs.get("name", ""))) <= limit, resource
            if resource.type == "aws:iam/role:Role":  # 8 characters of random suffix follow
                assert len(resource.name) <= 56


NAMED = (
    ("aws:iot/thingType:ThingType", "name"), ("aws:iot/policy:Policy", "name"),
    ("aws:iot/provisioningTemplate:ProvisioningTemplate", "name"),
    ("aws:sagemaker/modelPackageGroup:ModelPackageGroup", "modelPackageGroupName"),
    ("aws:sagemaker/pipeline:Pipeline", "pipelineName"), ("aws:ecr/repository:Repository", "name"),
    ("aws:kms/alias:Alias", "name"), ("aws:cloudwatch/eventRule:EventRule", "name"),
    ("aws:cloudwatch/metricAlarm:MetricAlarm", "name"), ("aws:sns/topic:Topic", "name"),
    ("aws:cloudwatch/logGroup:LogGroup", "name"), (TRAIL, "name"),
)  # fmt: skip


def test_names_that_read_alike_stay_apart(shapes: dict[str, Evaluation]) -> None:
    found = shapes["names that read alike"]
    for kind, key in NAMED:
        names = [r.inputs[key] for r in of(found, kind)]
        assert len(names) >= 3
        assert len(set(names)) == len(names), kind


ID = "0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ({"key": f"arn:aws:kms:eu-central-1:999999999999:key/{ID}"}, "lies in account 9999"),
        ({"key": f"arn:aws-cn:kms:eu-central-1:123456789012:key/{ID}"}, "in partition `aws-cn`"),
        ({"bucket": "arn:aws-us-gov:s3:::own"}, "plain name of a bucket"),
        ({"bucket": "own-s3alias"}, "plain name of a bucket"),
        ({"bucket": "own--use1-az4--x-s3"}, "plain name of a bucket"),
        ({"bucket": "own"}, "nothing emitted ends what lies in `own`"),
        ({"registry": "9.dkr.ecr.us-east-1.amazonaws.com/own"}, "plain name of a repository"),
        ({"registry": "arn:aws:ecr:us-east-1:9:repository/own"}, "plain name of a repository"),
    ],
)
def test_what_another_account_or_place_has_is_not_adopted(there: dict[str, str], why: str) -> None:
    own = zone(existing=Existing(origin="hybridspec.yaml:3", **there))
    _, found = emit_cloud(targets()["aws"], part(own, account="123456789012"))
    assert any(one.promised and why in one.what for one in found)


def test_a_key_of_the_own_account_is_adopted() -> None:
    key = f"arn:aws:kms:eu-central-1:123456789012:key/{ID}"
    own = zone(existing=Existing(key=key, registry="own/images", origin="hybridspec.yaml:3"))
    _, found = emit_cloud(targets()["aws"], part(own, account="123456789012"))
    assert not [one for one in found if one.promised]


def test_what_an_account_logs_once_ends_with_the_zone_that_keeps_it_the_shortest(
    tmp_path: Path,
) -> None:
    both = part(zone(log_days=None), zone("fr-plants", log_days=40))
    assert [text for text in said(both) if "are kept with `eu-plants`" in text]
    assert not [text for text in said(part()) if "are kept with" in text]
    made = evaluate(written(both, tmp_path / "stack"), project="watch")
    groups = {r.inputs["name"]: r.inputs["retentionInDays"] for r in made.resources
              if r.type == "aws:cloudwatch/logGroup:LogGroup"}  # fmt: skip
    assert groups["/aws/sagemaker/TrainingJobs"] == groups["/aws/events/watch-eu-plants"] == 30


def test_who_administers_a_key_is_denied_its_use_by_more_than_its_policy(found: Evaluation) -> None:
    (policy,) = (r.inputs["policy"] for r in of(found, "aws:iam/rolePolicy:RolePolicy")
                 if r.name == "eu-plants-key-admin")  # fmt: skip
    (denied,) = (one for one in json.loads(policy)["Statement"] if one["Effect"] == "Deny")
    assert {"kms:CreateGrant", "kms:Decrypt", "kms:GenerateDataKey"} <= set(denied["Action"])
    assert denied["Resource"] == arn(found, KMS_KEY, "eu-plants-key")
