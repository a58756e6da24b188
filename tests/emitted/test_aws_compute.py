"""What computes in an emitted AWS project: images, models, training, endpoints, the network."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from emitted.found import arn, listed, of, one, rights, statements
from emitted.slices import SLICES, job, part, service, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.emit.stacks import emit_cloud
from hybridspec.ir.plan import CloudSlice
from hybridspec.target.registry import targets

KMS_KEY = "aws:kms/key:Key"
PIPELINE = "aws:sagemaker/pipeline:Pipeline"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
RULE = "aws:cloudwatch/eventRule:EventRule"
EVENT_TARGET = "aws:cloudwatch/eventTarget:EventTarget"


@pytest.fixture(scope="module")
def plan(built: Path) -> dict[str, Any]:
    return dict(json.loads((built / "plan.json").read_bytes()))


@pytest.fixture(scope="module")
def found(built: Path) -> Evaluation:
    return evaluate(built / "stacks" / "aws", project="vibration-watch")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """A zone with an endpoint without servers and one with."""
    made = SLICES["services"]
    return evaluate(written(made, tmp_path_factory.mktemp("served")), project=made.spec)


@pytest.fixture(scope="module")
def drifting(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """A zone whose model is trained when its input drifts, on machines that may be taken back."""
    made = part(zone(training=(replace(job("fault"), drift=True, spot=True),)))
    return evaluate(written(made, tmp_path_factory.mktemp("drifting")), project=made.spec)


def said(made: CloudSlice) -> list[str]:
    """What a slice is told that AWS cannot express."""
    _, refused = emit_cloud(targets()["aws"], made)
    return [one.what for one in refused]


def test_images_are_immutable_scanned_and_under_the_key(found: Evaluation) -> None:
    images = one(found, "aws:ecr/repository:Repository").inputs
    assert images["imageTagMutability"] == "IMMUTABLE"
    assert images["imageScanningConfiguration"] == {"scanOnPush": True}
    assert images["encryptionConfigurations"] == [
        {"encryptionType": "KMS", "kmsKey": arn(found, KMS_KEY)}
    ]


def test_no_other_account_touches_the_registries(found: Evaluation) -> None:
    (images,) = statements(one(found, "aws:ecr/repositoryPolicy:RepositoryPolicy")
                           .inputs["policy"])  # fmt: skip
    assert (images["Effect"], images["Principal"], images["Action"]) == ("Deny", "*", "ecr:*")
    assert images["Condition"]["StringNotEquals"] == {"aws:PrincipalAccount": "000000000000"}
    for policy in of(found, "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy"):
        (only,) = statements(policy.inputs["resourcePolicy"])
        assert only["Principal"] == {"AWS": "arn:aws:iam::000000000000:root"}
    rules = json.loads(one(found, "aws:ecr/lifecyclePolicy:LifecyclePolicy").inputs["policy"])
    assert rules["rules"][0]["selection"]["tagStatus"] == "untagged"


def test_a_package_group_per_model(found: Evaluation, plan: dict[str, Any]) -> None:
    groups = of(found, "aws:sagemaker/modelPackageGroup:ModelPackageGroup")
    assert [g.inputs["modelPackageGroupDescription"] for g in groups] == [
        f"Versions of {model['name']}" for model in plan["models"]
    ]


def arguments(found: Evaluation) -> dict[str, Any]:
    """The one training job of the one pipeline."""
    (step,) = json.loads(one(found, PIPELINE).inputs["pipelineDefinition"])["Steps"]
    return dict(step["Arguments"])


def test_training_works_inside_the_zone(found: Evaluation) -> None:
    job = arguments(found)
    key = arn(found, KMS_KEY)
    bucket = one(found, "aws:s3/bucket:Bucket", "eu-plants-store").outputs["bucket"]
    assert job["OutputDataConfig"] == {"S3OutputPath": f"s3://{bucket}/models/", "KmsKeyId": key}
    assert job["ResourceConfig"]["VolumeKmsKeyId"] == key
    (channel,) = job["InputDataConfig"]
    assert channel["DataSource"]["S3DataSource"]["S3Uri"] == f"s3://{bucket}/data/"
    region = one(found, KMS_KEY).provider
    image = job["AlgorithmSpecification"]["TrainingImage"]
    assert image.startswith(f"000000000000.dkr.ecr.{region}.amazonaws.com/")
    assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": 2 * 3600}
    assert job["EnableNetworkIsolation"] is True
    assert "EnableManagedSpotTraining" not in job
    (keyed,) = (set(actions) for actions, resources in rights(found, "fault-train")
                if resources == [key])  # fmt: skip
    assert {"kms:CreateGrant", "kms:Encrypt", "kms:GenerateDataKey"} <= keyed  # volume and output
    schedule = one(found, "aws:scheduler/schedule:Schedule").inputs
    assert schedule["scheduleExpression"] == "rate(720 hours)"
    assert not of(found, "aws:iot/topicRule:TopicRule")


def test_the_network_has_one_way_out(found: Evaluation) -> None:
    vpc = f"{one(found, 'aws:ec2/vpc:Vpc').name}-id"
    assert arguments(found)["VpcConfig"] == {
        "SecurityGroupIds": ["eu-plants-jobs-id"],
        "Subnets": ["eu-plants-private-0-id", "eu-plants-private-1-id"],
    }
    (way,) = of(found, "aws:ec2/vpcEndpoint:VpcEndpoint")
    assert (way.inputs["vpcId"], way.inputs["vpcEndpointType"]) == (vpc, "Gateway")
    store = arn(found, "aws:s3/bucket:Bucket", "eu-plants-store")
    (only,) = statements(way.inputs["policy"])
    assert only["Resource"] == [store, f"{store}/*"]
    (egress,) = of(found, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    assert egress.inputs["prefixListId"] == "pl-eu-plants-s3"
    assert "cidrIpv4" not in egress.inputs
    (closed,) = of(found, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
    assert not {"ingress", "egress"} & set(closed.inputs)
    assert all(s.inputs["mapPublicIpOnLaunch"] is False for s in of(found, "aws:ec2/subnet:Subnet"))
    flows = one(found, "aws:ec2/flowLog:FlowLog").inputs
    assert flows["trafficType"] == "ALL"
    assert flows["logDestination"] == arn(found, "aws:cloudwatch/logGroup:LogGroup",
                                          "eu-plants-flows")  # fmt: skip


def test_drift_starts_a_run(drifting: Evaluation) -> None:
    rule = one(drifting, "aws:iot/topicRule:TopicRule").inputs
    assert rule["sql"] == "SELECT * FROM 'watch-eu-plants/+/+/drift/fault'"
    (metric,) = rule["cloudwatchMetrics"]
    alarm = one(drifting, ALARM, "eu-plants--fault-drift")
    counted = (alarm.inputs["namespace"], alarm.inputs["metricName"])
    assert counted == (metric["metricNamespace"], metric["metricName"])
    pattern = json.loads(one(drifting, RULE, "eu-plants--fault-drift").inputs["eventPattern"])
    assert pattern["resources"] == [alarm.outputs["arn"]]
    assert pattern["detail"] == {"state": {"value": ["ALARM"]}}
    started = one(drifting, EVENT_TARGET, "eu-plants--fault-drift").inputs
    pipeline = arn(drifting, PIPELINE)
    assert started["arn"] == pipeline
    assert rights(drifting, "fault-drift") == [(["sagemaker:StartPipelineExecution"], [pipeline])]
    topic = f"{rule['sql'].split(chr(39))[1]}"
    own = [r for p in of(drifting, "aws:iot/policy:Policy")
           for s in statements(p.inputs["policy"]) for r in listed(s["Resource"])]  # fmt: skip
    assert any(r.endswith(":topic/watch-eu-plants/gateway/${iot:Connection.Thing.ThingName}/*")
               for r in own), topic  # fmt: skip


def test_a_run_that_may_be_interrupted_goes_on(drifting: Evaluation) -> None:
    job = arguments(drifting)
    bucket = one(drifting, "aws:s3/bucket:Bucket", "eu-plants-store").outputs["bucket"]
    assert job["EnableManagedSpotTraining"] is True
    assert job["CheckpointConfig"] == {"S3Uri": f"s3://{bucket}/checkpoints/fault/"}
    stop = job["StoppingCondition"]
    assert stop["MaxWaitTimeInSeconds"] >= stop["MaxRuntimeInSeconds"]
    rules = one(drifting, "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
                "eu-plants-store").inputs["rules"]  # fmt: skip
    assert any(r["filter"]["prefix"] == "checkpoints/" and "expiration" in r for r in rules)
    written_to = {r.rpartition(":")[2] for actions, resources in rights(drifting, "fault-train")
                  if "s3:PutObject" in actions for r in resources}  # fmt: skip
    assert written_to == {f"{bucket}/models/*", f"{bucket}/checkpoints/*"}


def test_a_run_that_fails_is_heard_of(found: Evaluation) -> None:
    rule = one(found, RULE, "eu-plants--bearing-fault-failed")
    pattern = json.loads(rule.inputs["eventPattern"])
    assert pattern["detail"]["pipelineArn"] == [arn(found, PIPELINE)]
    alarm = one(found, ALARM, "eu-plants--bearing-fault-failed").inputs
    assert alarm["dimensions"] == {"RuleName": rule.inputs["name"]}
    assert alarm["alarmActions"] == [arn(found, "aws:sns/topic:Topic")]


def test_a_service_without_servers_scales_by_itself(served: Evaluation) -> None:
    settings = one(served, "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
                   "eu-plants--watch").inputs  # fmt: skip
    (variant,) = settings["productionVariants"]
    assert variant["serverlessConfig"] == {"maxConcurrency": 4, "memorySizeInMb": 1024}
    assert "dataCaptureConfig" not in settings
    model = one(served, "aws:sagemaker/model:Model", "eu-plants--watch").inputs
    image = model["primaryContainer"]["image"]
    assert image == "000000000000.dkr.ecr.eu-central-1.amazonaws.com/watch-eu-plants:serve-watch-1"


def test_a_service_on_machines_is_private_and_as_large_as_the_plan_says(
    served: Evaluation,
) -> None:
    settings = one(served, "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
                   "eu-plants--kept").inputs  # fmt: skip
    (variant,) = settings["productionVariants"]
    assert (variant["instanceType"], variant["initialInstanceCount"]) == ("ml.c6i.xlarge", 2)
    assert settings["kmsKeyArn"] == arn(served, KMS_KEY)
    model = one(served, "aws:sagemaker/model:Model", "eu-plants--kept").inputs
    assert model["enableNetworkIsolation"] is True
    assert model["vpcConfig"]["securityGroupIds"] == ["eu-plants-jobs-id"]
    assert not of(served, "aws:appautoscaling/policy:Policy")


def test_machines_scale_where_the_plan_has_a_range(tmp_path: Path) -> None:
    made = part(zone(services=(service(machine="ml.m5.xlarge", least=1, most=3),)))
    found = evaluate(written(made, tmp_path / "stack"), project="watch")
    target = one(found, "aws:appautoscaling/target:Target").inputs
    assert (target["minCapacity"], target["maxCapacity"]) == (1, 3)
    endpoint = one(found, "aws:sagemaker/endpoint:Endpoint").inputs["name"]
    assert target["resourceId"] == f"endpoint/{endpoint}/variant/all"
    policy = one(found, "aws:appautoscaling/policy:Policy").inputs
    assert policy["policyType"] == "TargetTrackingScaling"


def test_devices_call_the_endpoints_of_their_flows_alone(served: Evaluation) -> None:
    called = [resources for actions, resources in rights(served, "--gateway-role")
              if actions == ["sagemaker:InvokeEndpoint"]]  # fmt: skip
    ends = {r.outputs["arn"] for r in of(served, "aws:sagemaker/endpoint:Endpoint")}
    assert len(ends) == 2
    assert [set(resources) for resources in called] == [
        {one for one in ends if "--kept-" not in one}
    ]


def test_answers_that_are_errors_are_heard_of_and_logged_under_the_key(served: Evaluation) -> None:
    for endpoint in of(served, "aws:sagemaker/endpoint:Endpoint"):
        name = endpoint.inputs["name"]
        assert len(name) <= 63
        alarms = [a for a in of(served, ALARM)
                  if a.inputs.get("dimensions", {}).get("EndpointName") == name]  # fmt: skip
        assert [a.inputs["metricName"] for a in alarms] == ["Invocation5XXErrors"]
        groups = [g for g in of(served, "aws:cloudwatch/logGroup:LogGroup")
                  if g.inputs["name"] == f"/aws/sagemaker/Endpoints/{name}"]  # fmt: skip
        assert [g.inputs["kmsKeyId"] for g in groups] == [arn(served, KMS_KEY)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"port": 9000}, "listens on port 9000"),
        ({"memory": 8 * 2**30}, "needs 9 GiB"),
        ({"most": 500}, "500 requests at once"),
        ({"timeout": 90}, "may take 90 s"),
        ({"image": ""}, "no service is emitted for it"),
        ({"machine": "c6i.xlarge", "least": 1}, "serves `watch` on ml.c6i.xlarge"),
    ],
)
def test_a_service_that_no_endpoint_can_be_is_a_finding(
    changes: dict[str, object], words: str, tmp_path: Path
) -> None:
    made = part(zone(services=(service(**changes),)), contact="plant@example.org")
    (why,) = (text for text in said(made) if "watch" in text)
    assert words in why
    found = evaluate(written(made, tmp_path / "stack"), project="watch")
    emitted = bool(of(found, "aws:sagemaker/endpoint:Endpoint"))
    assert emitted is ("machine" in changes)
