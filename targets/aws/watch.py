"""What keeps logs, findings and what computes in the zone's region, in what is emitted for AWS."""

from __future__ import annotations

import json
from typing import Any

from hybridspec.target.api import Emission, Guard, Made
from hybridspec.target.proof import at, each, every, first, listed, none, outputs, statements

from .proofs import (
    BUCKET,
    PIPELINE,
    POLICY,
    ROLE,
    TARGET,
    TOPIC,
    TOPIC_POLICY,
    VPC_ENDPOINT,
    about,
    buckets,
    elsewhere,
    keys,
    registered,
)

TRAIL = "aws:cloudtrail/trail:Trail"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
DETECTOR = "aws:guardduty/detector:Detector"
FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
SUBNET = "aws:ec2/subnet:Subnet"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
ROUTES = "aws:ec2/routeTable:RouteTable"
TOPIC_RULE = "aws:iot/topicRule:TopicRule"
MODEL = "aws:sagemaker/model:Model"
ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
ENDPOINT_CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
_READERS = ("EBS_MALWARE_PROTECTION", "RUNTIME_MONITORING")
"""Features of GuardDuty that look into disks and processes."""
_KEEPERS = ("aws:guardduty/malwareProtectionPlan:MalwareProtectionPlan",
            "aws:guardduty/publishingDestination:PublishingDestination")  # fmt: skip
_COUNTS = {"cloudwatchMetrics", "description", "enabled", "name", "region", "sql", "sqlVersion",
           "tags", "tagsAll"}  # fmt: skip
"""What a rule for messages of devices may have: every other input is where it would lead them."""
_WAYS_OUT = (
    "aws:ec2/internetGateway:InternetGateway", "aws:ec2/natGateway:NatGateway",
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway", "aws:ec2/route:Route",
    "aws:ec2/vpcPeeringConnection:VpcPeeringConnection", "aws:ec2/vpnGateway:VpnGateway",
    "aws:ec2/carrierGateway:CarrierGateway", "aws:ec2clientvpn/endpoint:Endpoint",
    "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",
    "aws:ec2transitgateway/vpcAttachment:VpcAttachment",
    "aws:networkmanager/vpcAttachment:VpcAttachment",
    "aws:vpclattice/serviceNetworkVpcAssociation:ServiceNetworkVpcAssociation",
)  # fmt: skip
_DOCS = "https://docs.aws.amazon.com"


def _trails(part: Emission) -> str:
    def fault(made: Made) -> str:
        said = made.inputs
        if said.get("isMultiRegionTrail") is not False:
            return "records every region"
        if said.get("includeGlobalServiceEvents") is not False:
            return "records what belongs to no region"
        if said.get("s3BucketName") not in buckets(part) or said.get("kmsKeyId") not in keys(part):
            return "writes elsewhere than to the zone's own, under its key"
        if said.get("enableLogging") is False:
            return "records nothing"
        if said.get("isOrganizationTrail"):
            return "records other accounts"
        if said.get("enableLogFileValidation") is not True:
            return "can be changed unseen"
        return elsewhere(part, made)

    return each(part, TRAIL, fault)


def _logs(part: Emission) -> str:
    def fault(made: Made) -> str:
        ours = made.inputs.get("kmsKeyId") in keys(part)
        return elsewhere(part, made) or ("" if ours else "is not under the zone's key")

    return each(part, LOG_GROUP, fault)


def _events(part: Emission) -> str:
    """Events go into a log group or start a pipeline, both of the zone, and alarms only count.

    What devices send is counted, and led nowhere.
    """
    ends = outputs(part, LOG_GROUP, "arn") | outputs(part, PIPELINE, "arn")
    topics = outputs(part, TOPIC, "arn")
    publishers = [
        (made.name, said.get("Principal"))
        for made in part.of(TOPIC_POLICY)
        for said in statements(made.inputs.get("policy"))
        if said.get("Effect") == "Allow"
    ]
    alarms = {"Service": "cloudwatch.amazonaws.com"}
    return first(
        every(part, TARGET, lambda made: made.inputs.get("arn") in ends,
              "sends events to what is not the zone's"),
        every(part, TOPIC_POLICY, lambda made: made.inputs.get("arn") in topics,
              "is of no topic of the zone"),
        every(part, TOPIC_RULE, lambda made: not {k for k, v in made.inputs.items() if v} - _COUNTS,
              "leads what devices send elsewhere", least=0),
        next((f"`{name}` lets others than alarms publish" for name, who in publishers
              if who != alarms), ""),
    )  # fmt: skip


def _threats(part: Emission) -> str:
    """An account has one detector in a region, whichever of its zones is emitted with it."""
    made = [one for one in part.program if one.region == part.region]
    detectors = [one for one in made if one.type == DETECTOR]
    if len(detectors) != 1:
        return f"there are {len(detectors)} detectors of the region"
    off = {one.inputs.get("name") for one in made
           if one.type == FEATURE and one.inputs.get("status") == "DISABLED"
           and one.inputs.get("detectorId") == detectors[0].outputs.get("id")}  # fmt: skip
    missing = sorted(set(_READERS) - off)
    return first(
        f"`{missing[0]}` is not switched off" if missing else "",
        next((f"`{one.name}` is a `{one.type}`" for one in made if one.type in _KEEPERS), ""),
    )


def _network(part: Emission) -> str:
    """Every job is in subnets of the zone, from which no way leads but to the zone's buckets."""
    subnets, groups = outputs(part, SUBNET, "id"), outputs(part, SECURITY_GROUP, "id")
    arns = {f":s3:::{name}" for name in buckets(part)}

    def inside(made: Made) -> bool:
        steps = listed(at(json.loads(str(made.inputs.get("pipelineDefinition"))), "Steps"))
        return all(_within(at(step, "Arguments", "VpcConfig"), subnets, groups) for step in steps)

    def open_to(made: Made) -> bool:
        told = statements(made.inputs.get("policy"))
        named = {name for said in told for name in listed(said.get("Resource"))}
        return (
            bool(named)
            and all("Resource" in said for said in told)
            and all(
                any(f"{name.rstrip('*').rstrip('/')}".endswith(arn) for arn in arns)
                for name in named
            )
        )

    return first(
        none(part, _WAYS_OUT),
        every(part, ROUTES, lambda made: not made.inputs.get("routes"), "leads elsewhere", least=0),
        every(part, PIPELINE, inside, "is outside of the zone's network", least=0),
        every(part, VPC_ENDPOINT, open_to, "leads elsewhere than to the zone's buckets", least=0),
    )


def _within(said: Any, subnets: set[str], groups: set[str]) -> bool:
    used, under = listed(at(said, "Subnets")), listed(at(said, "SecurityGroupIds"))
    return bool(used and under) and set(used) <= subnets and set(under) <= groups


def _endpoints(part: Emission) -> str:
    def image(made: Made) -> str:
        ours = registered(part, str(at(made.inputs, "primaryContainer", "image")))
        return elsewhere(part, made) or ("" if ours else "runs an image of another registry")

    def settings(made: Made) -> str:
        if made.inputs.get("dataCaptureConfig"):
            return "keeps requests"
        variants = listed(made.inputs.get("productionVariants"))
        disks = any(at(one, "instanceType") for one in variants)
        if disks and made.inputs.get("kmsKeyArn") not in keys(part):
            return "has disks that are not under the zone's key"
        return elsewhere(part, made)

    return first(
        each(part, MODEL, image, least=0),
        each(part, ENDPOINT_CONFIGURATION, settings, least=0),
        each(part, ENDPOINT, lambda made: elsewhere(part, made), least=0),
    )


def _publisher(part: Emission) -> str:
    """One bucket is the channel's: whoever is not the publisher may write nothing there."""
    roles = outputs(part, ROLE, "arn")
    closed = [
        made.name
        for made in part.of(POLICY)
        for said in statements(made.inputs.get("policy"))
        if said.get("Effect") == "Deny"
        and said.get("Principal") == "*"
        and {"s3:PutObject", "s3:DeleteObject"} <= set(listed(said.get("Action")))
        and about(said, str(made.inputs.get("bucket")), ("/*",))
        and list(said.get("Condition") or ()) == ["ArnNotEquals"]
        and at(said, "Condition", "ArnNotEquals", "aws:PrincipalArn") in roles
    ]
    return "" if closed and outputs(part, BUCKET, "bucket") else "anybody may publish releases"


WATCHES = (
    Guard(
        id="trail-in-region",
        title="audit trails record the zone's region alone, into its bucket and under its key",
        facets=("logs",), assets=("account",),
        source=f"{_DOCS}/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html",
        missing=_trails,
    ),
    Guard(
        id="logs-in-region",
        title="groups of logs lie in the zone's region, under its key",
        facets=("logs",), assets=("account",),
        source=f"{_DOCS}/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html", missing=_logs,
    ),
    Guard(
        id="events-in-zone",
        title="events are logged in the zone or start its training; alarms tell numbers alone",
        facets=("logs",), assets=("account",),
        source=f"{_DOCS}/eventbridge/latest/userguide/eb-targets.html", missing=_events,
    ),
    Guard(
        id="threats-read-no-content",
        title="what of GuardDuty looks into disks and processes, and may keep it, is off",
        facets=("logs",), assets=("account",),
        source=f"{_DOCS}/guardduty/latest/ug/guardduty-opting-out-using-data.html",
        missing=_threats,
    ),
    Guard(
        id="training-network-closed",
        title="training is in a network whose one way out leads to the zone's buckets",
        facets=("process",), assets=("training",),
        source=f"{_DOCS}/sagemaker/latest/dg/train-vpc.html", missing=_network,
    ),
    Guard(
        id="endpoint-in-region",
        title="endpoints of stages lie in the zone's region, on its images, and keep no request",
        facets=(), assets=("stage",),
        source=f"{_DOCS}/sagemaker/latest/dg/realtime-endpoints.html", missing=_endpoints,
    ),
    Guard(
        id="channel-publisher-alone",
        title="nobody but the publisher's role may write into the update channel",
        facets=(), assets=("store",),
        source=f"{_DOCS}/AmazonS3/latest/userguide/example-bucket-policies.html",
        missing=_publisher,
    ),
)  # fmt: skip
