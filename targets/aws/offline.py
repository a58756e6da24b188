"""How AWS answers the offline evaluation: plausible identifiers, and where a resource lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridspec.target.api import At, Registration, Sdk, Where

_ACCOUNT = "000000000000"
_REGIONAL = {
    "appautoscaling": ("policy:Policy", "target:Target"),
    "cloudtrail": ("trail:Trail",),
    "cloudwatch": (
        "eventRule:EventRule", "eventTarget:EventTarget", "logGroup:LogGroup",
        "logResourcePolicy:LogResourcePolicy", "metricAlarm:MetricAlarm",
    ),
    "ec2": (
        "defaultSecurityGroup:DefaultSecurityGroup", "flowLog:FlowLog", "routeTable:RouteTable",
        "routeTableAssociation:RouteTableAssociation", "securityGroup:SecurityGroup",
        "subnet:Subnet", "vpc:Vpc", "vpcEndpoint:VpcEndpoint",
    ),
    "ecr": (
        "lifecyclePolicy:LifecyclePolicy", "repository:Repository",
        "repositoryPolicy:RepositoryPolicy",
    ),
    "guardduty": ("detector:Detector", "detectorFeature:DetectorFeature"),
    "inspector2": ("enabler:Enabler",),
    "iot": (
        "loggingOptions:LoggingOptions", "policy:Policy",
        "provisioningTemplate:ProvisioningTemplate", "roleAlias:RoleAlias",
        "thingGroup:ThingGroup", "thingType:ThingType", "topicRule:TopicRule",
    ),
    "kms": ("alias:Alias", "grant:Grant", "key:Key"),
    "macie2": ("account:Account", "classificationJob:ClassificationJob"),
    "s3": (
        "bucket:Bucket", "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "bucketOwnershipControls:BucketOwnershipControls", "bucketPolicy:BucketPolicy",
        "bucketPublicAccessBlock:BucketPublicAccessBlock",
        "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "bucketVersioning:BucketVersioning",
    ),
    "sagemaker": (
        "endpoint:Endpoint", "endpointConfiguration:EndpointConfiguration", "model:Model",
        "modelPackageGroup:ModelPackageGroup", "modelPackageGroupPolicy:ModelPackageGroupPolicy",
        "pipeline:Pipeline",
    ),
    "scheduler": ("schedule:Schedule",),
    "sns": ("topic:Topic", "topicPolicy:TopicPolicy", "topicSubscription:TopicSubscription"),
    "vpc": ("securityGroupEgressRule:SecurityGroupEgressRule",),
}  # fmt: skip
"""Types that lie where their provider works, all that is emitted. Others may be global."""
_WITHOUT_PLACE = {
    "budgets": ("budget:Budget",),
    "iam": ("policy:Policy", "role:Role", "rolePolicy:RolePolicy"),
}
"""Types that an account has once for all regions, and that hold no data."""
_CLOUD_CONTROL = ("AWS::IoT::AccountAuditConfiguration", "AWS::IoT::ScheduledAudit",
                  "AWS::IoT::SecurityProfile")  # fmt: skip
"""Types of CloudFormation that Cloud Control makes where its provider works."""
_ARNS = {
    "aws:cloudtrail/trail:Trail": ("cloudtrail", "trail/"),
    "aws:cloudwatch/eventRule:EventRule": ("events", "rule/"),
    "aws:cloudwatch/logGroup:LogGroup": ("logs", "log-group:"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": ("cloudwatch", "alarm:"),
    "aws:iot/thingGroup:ThingGroup": ("iot", "thinggroup/"),
}
"""Types whose names do not begin with the service of their type."""
_GIVEN = {"aws:ec2/vpcEndpoint:VpcEndpoint": {"prefixListId": "pl-{}"}}
"""What a type answers beside names, by output."""


def where(made: Registration) -> Where:
    """Where its provider works; a `region` of its own counts too. Other types lie nowhere known."""
    service, _, kind = made.type.removeprefix("aws:").partition("/")
    if service == "cloudcontrol":
        known = made.inputs.get("typeName") in _CLOUD_CONTROL
    else:
        known = kind in _REGIONAL.get(service, _WITHOUT_PLACE.get(service, ()))
    if not known:
        return At(())
    places = {made.region, str(made.inputs.get("region") or made.region)} - {""}
    return At(tuple(sorted(places)))


def outputs(made: Registration) -> Mapping[str, Any]:
    """Names with the random suffix of a prefix, ARNs, and the address of a registry."""
    physical = str(made.inputs.get("name", made.name))
    for key in ("bucketPrefix", "namePrefix"):
        if made.inputs.get(key):
            physical = f"{made.inputs[key]}0000000"
    extra = {key: text.format(made.name) for key, text in _GIVEN.get(made.type, {}).items()}
    if made.type.startswith("aws:s3/bucket:"):
        extra |= {"bucket": physical, "arn": f"arn:aws:s3:::{physical}"}
    elif made.type.startswith("aws:s3/") and made.inputs.get("bucket"):
        extra["id"] = str(made.inputs["bucket"])
    else:
        extra["arn"] = _arn(made, physical)
    image = made.inputs.get("name", made.name)
    url = f"{_ACCOUNT}.dkr.ecr.{made.region}.amazonaws.com/{image}"
    return {"name": physical, "repositoryUrl": url, **extra, **made.inputs}


def _arn(made: Registration, physical: str) -> str:
    service = made.type.split(":")[1].split("/")[0]
    service, path = _ARNS.get(made.type, (service, ""))
    region = "" if service in _WITHOUT_PLACE else made.region
    return f"arn:aws:{service}:{region}:{_ACCOUNT}:{path}{physical if path else made.name}"


_KEEPS = ("aws:kms/key:Key", "aws:s3/bucket:Bucket")
"""Types that hold data or keys."""
_ANEW = {
    "*": ("bucket", "bucketPrefix", "name", "namePrefix", "path", "region"),
    "aws:kms/key:Key": (
        "customKeyStoreId",
        "customerMasterKeySpec",
        "keyUsage",
        "multiRegion",
        "xksKeyId",
    ),
    "aws:ecr/repository:Repository": ("encryptionConfigurations",),
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup": (
        "modelPackageGroupDescription",
        "modelPackageGroupName",
    ),
    "aws:sagemaker/pipeline:Pipeline": ("pipelineName",),
    "aws:scheduler/schedule:Schedule": ("groupName",),
    "aws:iam/rolePolicy:RolePolicy": ("role",),
    "aws:cloudcontrol/resource:Resource": ("typeName",),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": ("vpcId",),
    "aws:ec2/flowLog:FlowLog": ("iamRoleArn", "logDestination", "trafficType", "vpcId"),
    "aws:ec2/routeTable:RouteTable": ("vpcId",),
    "aws:ec2/securityGroup:SecurityGroup": ("description", "vpcId"),
    "aws:ec2/subnet:Subnet": ("cidrBlock", "vpcId"),
    "aws:ec2/vpc:Vpc": ("cidrBlock",),
    "aws:ec2/vpcEndpoint:VpcEndpoint": ("serviceName", "vpcEndpointType", "vpcId"),
    "aws:guardduty/detectorFeature:DetectorFeature": ("detectorId",),
    "aws:iot/roleAlias:RoleAlias": ("alias",),
    "aws:kms/grant:Grant": ("granteePrincipal", "keyId", "operations"),
    "aws:macie2/classificationJob:ClassificationJob": (
        "jobType",
        "s3JobDefinition",
        "samplingPercentage",
        "scheduleFrequency",
    ),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": (
        "kmsKeyArn",
        "productionVariants",
    ),
    "aws:sagemaker/model:Model": (
        "enableNetworkIsolation",
        "executionRoleArn",
        "primaryContainer",
        "vpcConfig",
    ),
    "aws:sns/topicSubscription:TopicSubscription": ("endpoint", "protocol", "topic"),
}
"""Arguments that the provider cannot change in place, by type; `*` for any."""

SDK = Sdk(
    provider="aws",
    distribution="pulumi-aws",
    install="pip install 'hybridspec[aws]'",
    where=where,
    outputs=outputs,
    region_pattern=r"\barn:[\w-]+:[\w-]+:([\w*-]+):",
    address_pattern=r"(?:\barn:[\w-]+:s3:::|\bs3://)([\w.*-]+)",
    keeps=_KEEPS,
    replaces=_ANEW,
)
