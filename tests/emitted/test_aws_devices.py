"""The devices of an emitted AWS project: identities, what they may do, and what watches them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from emitted.found import arn, listed, of, one, rights, statements
from emitted.slices import SLICES, part, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate

THING = "${iot:Connection.Thing.ThingName}"
TEMPLATE = "aws:iot/provisioningTemplate:ProvisioningTemplate"
CONTROL = "aws:cloudcontrol/resource:Resource"


@pytest.fixture(scope="module")
def plan(built: Path) -> dict[str, Any]:
    return dict(json.loads((built / "plan.json").read_bytes()))


@pytest.fixture(scope="module")
def found(built: Path) -> Evaluation:
    return evaluate(built / "stacks" / "aws", project="vibration-watch")


def test_a_thing_type_and_a_policy_per_class(found: Evaluation, plan: dict[str, Any]) -> None:
    classes = {member["deviceClass"] for member in plan["fleet"]}
    types = of(found, "aws:iot/thingType:ThingType")
    described = {t.inputs["properties"]["description"] for t in types}
    assert described == {f"Device class {name}" for name in classes}
    policies = of(found, "aws:iot/policy:Policy")
    assert {p.inputs["name"] for p in policies} == {t.inputs["name"] for t in types}
    aliases = {a.inputs["alias"]: a.outputs["arn"]
               for a in of(found, "aws:iot/roleAlias:RoleAlias")}  # fmt: skip
    for policy in policies:
        alias = aliases[policy.inputs["name"]]
        rules = statements(policy.inputs["policy"])
        actions = {action for rule in rules for action in listed(rule["Action"])}
        assert actions == {"iot:AssumeRoleWithCertificate", "iot:Connect", "iot:Publish",
                           "iot:Receive", "iot:Subscribe"}  # fmt: skip
        for resource in (r for rule in rules for r in listed(rule["Resource"])):
            assert resource == alias or (
                resource.startswith(f"arn:aws:iot:{policy.provider}:000000000000:")
                and THING in resource
            )


def test_a_certificate_without_its_thing_connects_to_nothing(found: Evaluation) -> None:
    for policy in of(found, "aws:iot/policy:Policy"):
        for rule in statements(policy.inputs["policy"]):
            if rule["Action"] in ("iot:Connect", "iot:AssumeRoleWithCertificate"):
                assert rule["Condition"] == {"Bool": {"iot:Connection.Thing.IsAttached": "true"}}


def test_a_device_is_certified_by_its_own_request_alone(found: Evaluation, built: Path) -> None:
    folder = built / "stacks" / "aws" / "registration"
    shipped = {path.name: json.loads(path.read_text()) for path in folder.iterdir()}
    assert len(shipped) == len(of(found, TEMPLATE))
    for template in of(found, TEMPLATE):
        assert template.inputs["enabled"] is True
        said = json.loads(template.inputs["templateBody"])["Resources"]
        certificate = said["certificate"]["Properties"]
        assert certificate["CertificateId"] == {"Ref": "AWS::IoT::Certificate::Id"}
        label = template.name.partition("--")[2]
        before = shipped[f"eu-plants--{label}.json"]["Resources"]
        request = before["certificate"]["Properties"]["CertificateSigningRequest"]
        assert request == {"Ref": "CSR"}
        for key in ("policy", "thing"):
            assert before[key]["Properties"] == said[key]["Properties"]
        assert "PrivateKey" not in json.dumps([said, before])
    assert not of(found, "aws:iot/certificate:Certificate")


def test_the_registrar_registers_devices_of_the_zone_alone(found: Evaluation) -> None:
    for actions, resources in rights(found, "-registrar"):
        assert all(action.startswith("iot:") for action in actions)
        assert all("vibration-watch-eu-plants" in one or one.endswith("cert/*")
                   for one in resources)  # fmt: skip
        attaches = "iot:AttachThingPrincipal" in actions
        assert not attaches or [one for one in resources if not one.endswith("cert/*")] == []


def test_jobs_read_the_channel_and_nothing_else(found: Evaluation) -> None:
    channel = arn(found, "aws:s3/bucket:Bucket", "eu-plants-channel")
    assert rights(found, "-jobs") == [
        (["s3:GetObject"], [f"{channel}/*"]),
        (["kms:Decrypt"], [arn(found, "aws:kms/key:Key")]),
    ]


def test_sessions_of_devices_read_the_channel_and_write_their_stores(tmp_path: Path) -> None:
    made = part(zone(stores=(("watch/history", 7), ("other/history", 7)), services=(),
                     device_classes=("camera", "gateway"),
                     class_flows=(("camera", ("other",)), ("gateway", ("watch",)))))  # fmt: skip
    found = evaluate(written(made, tmp_path / "stack"), project="watch")
    channel = arn(found, "aws:s3/bucket:Bucket", "eu-plants-channel")
    store = arn(found, "aws:s3/bucket:Bucket", "eu-plants-store")
    assert rights(found, "--gateway-role") == [
        (["s3:GetObject"], [f"{channel}/*"]),
        (["kms:Decrypt", "kms:GenerateDataKey"], [arn(found, "aws:kms/key:Key")]),
        (["s3:PutObject"], [f"{store}/data/watch/history/*"]),
    ]
    assert rights(found, "--camera-role")[-1] == (["s3:PutObject"],
                                                  [f"{store}/data/other/history/*"])  # fmt: skip
    for alias in of(found, "aws:iot/roleAlias:RoleAlias"):
        assert alias.inputs["credentialDuration"] == 3600
        label = alias.inputs["alias"].removeprefix("watch-")
        role = one(found, "aws:iam/role:Role", f"{label}-role")
        assert alias.inputs["roleArn"] == role.outputs["arn"]
        (trust,) = statements(role.inputs["assumeRolePolicy"])
        assert trust["Principal"] == {"Service": "credentials.iot.amazonaws.com"}


def test_behaviour_that_is_odd_raises_an_alarm(found: Evaluation) -> None:
    (profile,) = (r for r in of(found, CONTROL)
                  if r.inputs["typeName"] == "AWS::IoT::SecurityProfile")  # fmt: skip
    said = json.loads(profile.inputs["desiredState"])
    assert said["TargetArns"] == [arn(found, "aws:iot/thingGroup:ThingGroup")]
    assert len(said["Behaviors"]) >= 3
    alarm = one(found, "aws:cloudwatch/metricAlarm:MetricAlarm", "eu-plants-behaviour").inputs
    assert alarm["dimensions"] == {"SecurityProfileName": said["SecurityProfileName"]}
    assert alarm["alarmActions"] == [arn(found, "aws:sns/topic:Topic")]


def test_the_account_is_audited_once_a_region(tmp_path: Path) -> None:
    made = part(
        zone(), zone("fr-plants"),
        zone("us-plants", countries=("US",), region="us-east-1", country="US", regimes=()),
    )  # fmt: skip
    found = evaluate(written(made, tmp_path / "stack"), project="watch")
    audits = [r for r in of(found, CONTROL)
              if r.inputs["typeName"] == "AWS::IoT::AccountAuditConfiguration"]  # fmt: skip
    assert sorted(r.provider for r in audits) == ["eu-central-1", "us-east-1"]
    checks = json.loads(audits[0].inputs["desiredState"])["AuditCheckConfigurations"]
    asked = [json.loads(r.inputs["desiredState"])["TargetCheckNames"] for r in of(found, CONTROL)
             if r.inputs["typeName"] == "AWS::IoT::ScheduledAudit"]  # fmt: skip
    assert {len(names) for names in asked} == {len(checks)}
    assert "DEVICE_CERTIFICATE_SHARED_CHECK" in asked[0]
    for kind in ("aws:guardduty/detector:Detector", "aws:macie2/account:Account",
                 "aws:iot/loggingOptions:LoggingOptions"):  # fmt: skip
        regions = [r.provider for r in of(found, kind)]
        assert len(regions) == len(set(regions))


def test_a_zone_without_devices_has_no_audit_of_them(tmp_path: Path) -> None:
    made = SLICES["no models, no devices"]
    found = evaluate(written(made, tmp_path / "stack"), project=made.spec)
    assert {r.inputs["typeName"] for r in of(found, CONTROL)} == {"AWS::IoT::SecurityProfile"}
    assert not of(found, TEMPLATE)
    assert not list((tmp_path / "stack").glob("registration/*"))
