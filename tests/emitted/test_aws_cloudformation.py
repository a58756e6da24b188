"""What would be created in AWS, judged by the rules of others: cfn-lint, over a template of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cfnlint.api import ManualArgs, lint
from emitted.cloudformation import template
from emitted.slices import LONGEST, SLICES, job, part, service, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate

FULL = part(
    zone(training=(job("fault"),), log_days=400,
         services=(service(), service("kept", machine="c6i.xlarge", least=2, most=2))),
    contact="plant@example.org",
)  # fmt: skip
KINDS = {
    "CloudTrail::Trail", "EC2::SecurityGroup", "EC2::Subnet", "EC2::VPC", "EC2::VPCEndpoint",
    "ECR::Repository", "IAM::ManagedPolicy", "IAM::Role", "IAM::RolePolicy", "IoT::Policy",
    "IoT::ProvisioningTemplate", "IoT::ThingType", "KMS::Alias", "KMS::Key", "Logs::LogGroup",
    "S3::Bucket", "S3::BucketPolicy", "SNS::Topic", "SageMaker::Endpoint",
    "SageMaker::EndpointConfig", "SageMaker::Model", "SageMaker::Pipeline",
}  # fmt: skip
"""What has to be among what is judged, or the translation has lost it."""
FAULTS = (
    ("Logs::LogGroup", "RetentionInDays", 401),
    ("KMS::Key", "PendingWindowInDays", 3),
    ("ECR::Repository", "ImageTagMutability", "SOMETIMES"),
    ("EC2::Subnet", "CidrBlock", "10.64.0.0/129"),
    ("IAM::Role", "AssumeRolePolicyDocument", {"Statement": [{"Effect": "Perhaps"}]}),
    ("SNS::Subscription", "Protocol", None),
    ("CloudTrail::Trail", "S3BucketNames", "two"),
    ("SageMaker::Model", "ExecutionRoleArn", "nobody"),
)
"""A property of a type, and what cfn-lint has to object to; it is taken away if that is None."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = written(FULL, tmp_path_factory.mktemp("aws") / "stack")
    return evaluate(folder, project=FULL.spec)


def objections(made: dict[str, Any]) -> dict[str, list[str]]:
    """What cfn-lint objects to, errors and warnings, by resource."""
    said: dict[str, list[str]] = {}
    for match in lint(json.dumps(made), config=ManualArgs(regions=["eu-central-1"])):
        place = [str(part) for part in getattr(match, "path", None) or ["", ""]]
        said.setdefault(place[1], []).append(f"{match.rule.id} {'/'.join(place)}: {match.message}")
    return said


def test_cfn_lint_objects_to_nothing(found: Evaluation) -> None:
    made = template(found)
    assert {one["Type"].removeprefix("AWS::") for one in made["Resources"].values()} >= KINDS
    assert objections(made) == {}


def test_cfn_lint_objects_to_no_name_however_long(tmp_path_factory: pytest.TempPathFactory) -> None:
    made = SLICES["longest names"]
    folder = written(made, tmp_path_factory.mktemp("aws") / LONGEST)
    assert objections(template(evaluate(folder, project=made.spec))) == {}


def test_cfn_lint_objects_to_every_fault_put_in(found: Evaluation) -> None:
    """Each in a resource of its own, so that one reading shows all of them."""
    made, hit = template(found), set()
    for kind, name, value in FAULTS:
        place, one = next((place, one) for place, one in made["Resources"].items()
                          if one["Type"] == f"AWS::{kind}")  # fmt: skip
        one["Properties"].pop(name, None)
        one["Properties"] |= {} if value is None else {name: value}
        hit.add(place)
    assert set(objections(made)) == hit
