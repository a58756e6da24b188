"""What an emitted AWS program would create as a CloudFormation template, where it is a renaming.

A tool of others reads that one, with a rule set that is not ours. Resources that CloudFormation
has otherwise, or not at all, are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from hybridspec.deliver.evaluate import Evaluation, Resource

Inputs = dict[str, Any]
TYPES = {
    "cloudtrail/trail:Trail": "CloudTrail::Trail",
    "cloudwatch/logGroup:LogGroup": "Logs::LogGroup",
    "cloudwatch/metricAlarm:MetricAlarm": "CloudWatch::Alarm",
    "ec2/flowLog:FlowLog": "EC2::FlowLog",
    "ec2/routeTable:RouteTable": "EC2::RouteTable",
    "ec2/routeTableAssociation:RouteTableAssociation": "EC2::SubnetRouteTableAssociation",
    "ec2/securityGroup:SecurityGroup": "EC2::SecurityGroup",
    "ec2/subnet:Subnet": "EC2::Subnet",
    "ec2/vpc:Vpc": "EC2::VPC",
    "ec2/vpcEndpoint:VpcEndpoint": "EC2::VPCEndpoint",
    "ecr/repository:Repository": "ECR::Repository",
    "guardduty/detector:Detector": "GuardDuty::Detector",
    "iam/policy:Policy": "IAM::ManagedPolicy",
    "iam/role:Role": "IAM::Role",
    "iam/rolePolicy:RolePolicy": "IAM::RolePolicy",
    "iot/policy:Policy": "IoT::Policy",
    "iot/provisioningTemplate:ProvisioningTemplate": "IoT::ProvisioningTemplate",
    "iot/roleAlias:RoleAlias": "IoT::RoleAlias",
    "iot/thingGroup:ThingGroup": "IoT::ThingGroup",
    "iot/thingType:ThingType": "IoT::ThingType",
    "kms/alias:Alias": "KMS::Alias",
    "kms/key:Key": "KMS::Key",
    "macie2/account:Account": "Macie::Session",
    "s3/bucket:Bucket": "S3::Bucket",
    "s3/bucketPolicy:BucketPolicy": "S3::BucketPolicy",
    "sagemaker/endpoint:Endpoint": "SageMaker::Endpoint",
    "sagemaker/endpointConfiguration:EndpointConfiguration": "SageMaker::EndpointConfig",
    "sagemaker/model:Model": "SageMaker::Model",
    "sagemaker/modelPackageGroup:ModelPackageGroup": "SageMaker::ModelPackageGroup",
    "sagemaker/pipeline:Pipeline": "SageMaker::Pipeline",
    "scheduler/schedule:Schedule": "Scheduler::Schedule",
    "sns/topic:Topic": "SNS::Topic",
    "sns/topicPolicy:TopicPolicy": "SNS::TopicPolicy",
    "sns/topicSubscription:TopicSubscription": "SNS::Subscription",
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": "EC2::SecurityGroupEgress",
}
"""The types whose properties are the provider's with a capital, but for what is renamed below."""
RENAMED: dict[str, dict[str, str]] = {
    "CloudTrail::Trail": {"kmsKeyId": "KMSKeyId", "startsWiths": "StartsWith"},
    "CloudWatch::Alarm": {"name": "AlarmName"},
    "EC2::FlowLog": {"vpcId": "ResourceId", "iamRoleArn": "DeliverLogsPermissionArn"},
    "EC2::SecurityGroup": {"description": "GroupDescription"},
    "EC2::SecurityGroupEgress": {"securityGroupId": "GroupId",
                                 "prefixListId": "DestinationPrefixListId"},
    "EC2::VPCEndpoint": {"policy": "PolicyDocument"},
    "ECR::Repository": {"name": "RepositoryName"},
    "IAM::ManagedPolicy": {"policy": "PolicyDocument"},
    "IAM::Role": {"assumeRolePolicy": "AssumeRolePolicyDocument"},
    "IAM::RolePolicy": {"policy": "PolicyDocument", "role": "RoleName"},
    "IoT::Policy": {"name": "PolicyName", "policy": "PolicyDocument"},
    "IoT::ProvisioningTemplate": {"name": "TemplateName"},
    "IoT::RoleAlias": {"alias": "RoleAlias", "credentialDuration": "CredentialDurationSeconds"},
    "IoT::ThingGroup": {"name": "ThingGroupName"},
    "IoT::ThingType": {"name": "ThingTypeName", "properties": "ThingTypeProperties",
                       "description": "ThingTypeDescription"},
    "KMS::Alias": {"name": "AliasName"},
    "KMS::Key": {"deletionWindowInDays": "PendingWindowInDays", "policy": "KeyPolicy"},
    "Logs::LogGroup": {"name": "LogGroupName"},
    "S3::BucketPolicy": {"policy": "PolicyDocument"},
    "SageMaker::Endpoint": {"name": "EndpointName"},
    "SageMaker::EndpointConfig": {"kmsKeyArn": "KmsKeyId", "memorySizeInMb": "MemorySizeInMB"},
    "SNS::Subscription": {"topic": "TopicArn"},
    "SNS::Topic": {"name": "TopicName"},
    "SNS::TopicPolicy": {"policy": "PolicyDocument"},
}  # fmt: skip
"""What CloudFormation calls otherwise, at any depth of a type."""
NAMED = {
    "EC2::RouteTable": {"id": ""},
    "EC2::SecurityGroup": {"id": "GroupId"},
    "EC2::Subnet": {"id": ""},
    "EC2::VPC": {"id": ""},
    "IAM::ManagedPolicy": {"arn": ""},
    "IAM::Role": {"arn": "Arn", "id": ""},
    "KMS::Key": {"arn": "Arn", "id": ""},
    "Logs::LogGroup": {"arn": "Arn"},
    "S3::Bucket": {"arn": "Arn", "bucket": ""},
    "SNS::Topic": {"arn": ""},
    "SageMaker::EndpointConfig": {"name": "EndpointConfigName"},
    "SageMaker::Model": {"name": "ModelName"},
}
"""By what outputs others point at a resource: an attribute, or its reference if that is empty."""


def template(found: Evaluation) -> dict[str, Any]:
    """What is translated of an evaluation."""
    made = [(r, TYPES[r.type.removeprefix("aws:")]) for r in found.resources
            if r.type.removeprefix("aws:") in TYPES]  # fmt: skip
    named: dict[str, Any] = {}
    after: dict[str, set[str]] = {}
    for resource, kind in made:
        for urn in resource.dependencies:
            mine = {resource.outputs[output] for output in NAMED.get(kind, {})}
            after.setdefault(urn, set()).update(mine)
    for resource, kind in made:
        for output, attribute in NAMED.get(kind, {}).items():
            name = logical(resource, kind)
            points = {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
            named[resource.outputs[output]] = points
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            logical(resource, kind): {
                "Type": f"AWS::{kind}",
                "Properties": linked(
                    properties(found, resource, kind),
                    {
                        name: points
                        for name, points in named.items()
                        if name not in after.get(resource.urn, ())
                    },
                ),
            }
            for resource, kind in made
        },
    }


def logical(resource: Resource, kind: str) -> str:
    """What a template calls a resource."""
    return re.sub("[^A-Za-z0-9]", "", f"{kind} {resource.name.title()}")


def linked(value: Any, named: Mapping[str, Any]) -> Any:
    """A value whose texts that name a resource point at it."""
    if isinstance(value, Mapping):
        return {key: linked(one, named) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [linked(one, named) for one in value]
    return named.get(value, value) if isinstance(value, str) else value


def properties(found: Evaluation, resource: Resource, kind: str) -> Inputs:
    """The properties of a resource, with those of its satellites."""
    inputs = dict(resource.inputs)
    more = _MORE[kind](found, resource, inputs) if kind in _MORE else {}
    return {**renamed(inputs, RENAMED.get(kind, {})), **more}


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Properties as CloudFormation spells them; policies as documents."""
    if isinstance(value, Mapping):
        said = {names.get(key, key[0].upper() + key[1:]): renamed(one, names)
                for key, one in value.items()}  # fmt: skip
        return {key: json.loads(one) if key in _DOCUMENTS and isinstance(one, str) else one
                for key, one in said.items()}  # fmt: skip
    return [renamed(one, names) for one in value] if isinstance(value, list | tuple) else value


_DOCUMENTS = ("AssumeRolePolicyDocument", "KeyPolicy", "PolicyDocument")


def beside(found: Evaluation, kind: str, key: str, value: str) -> list[Mapping[str, Any]]:
    """The inputs of the resources of a type that belong to one."""
    return [r.inputs for r in found.resources
            if r.type.endswith(f":{kind}") and r.inputs[key] == value]  # fmt: skip


def _bucket(found: Evaluation, resource: Resource, inputs: Inputs) -> Inputs:
    """A bucket says itself what the provider has resources of their own for."""
    inputs.clear()
    said: Inputs = {}
    own = resource.outputs["bucket"]
    for one in beside(found, "BucketPublicAccessBlock", "bucket", own):
        block = {key: value for key, value in one.items() if key != "bucket"}
        said["PublicAccessBlockConfiguration"] = renamed(block, {})
    for one in beside(found, "BucketVersioning", "bucket", own):
        said["VersioningConfiguration"] = renamed(one["versioningConfiguration"], {})
    for one in beside(found, "BucketOwnershipControls", "bucket", own):
        said["OwnershipControls"] = {"Rules": [renamed(one["rule"], {})]}
    for one in beside(found, "BucketServerSideEncryptionConfiguration", "bucket", own):
        rules = renamed(one["rules"], {
            "applyServerSideEncryptionByDefault": "ServerSideEncryptionByDefault",
            "sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"})  # fmt: skip
        said["BucketEncryption"] = {"ServerSideEncryptionConfiguration": rules}
    for one in beside(found, "BucketLifecycleConfiguration", "bucket", own):
        said["LifecycleConfiguration"] = {"Rules": [_expiry(rule) for rule in one["rules"]]}
    return said


def _expiry(rule: Mapping[str, Any]) -> Inputs:
    """A rule of a lifecycle, whose filter and days lie flat."""
    flat = renamed({k: v for k, v in rule.items() if k not in ("filter", "expiration")}, {})
    prefix = rule["filter"].get("prefix")
    flat |= {"Prefix": prefix} if prefix else {}
    return flat | ({"ExpirationInDays": rule["expiration"]["days"]} if "expiration" in rule else {})


def _images(found: Evaluation, resource: Resource, inputs: Inputs) -> Inputs:
    """A registry says itself what expires, and who may do what."""
    (under,) = inputs.pop("encryptionConfigurations")
    said: Inputs = {"EncryptionConfiguration": renamed(under, {})}
    for one in beside(found, "LifecyclePolicy", "repository", inputs["name"]):
        said["LifecyclePolicy"] = {"LifecyclePolicyText": one["policy"]}
    for one in beside(found, "RepositoryPolicy", "repository", inputs["name"]):
        said["RepositoryPolicyText"] = json.loads(one["policy"])
    return said


def _trail(found: Evaluation, resource: Resource, inputs: Inputs) -> Inputs:
    """Its selectors have names too, and keep them."""
    return {"IsLogging": True, "TrailName": inputs.pop("name")}


def _alarm(found: Evaluation, resource: Resource, inputs: Inputs) -> Inputs:
    """Dimensions are a list."""
    where = inputs.pop("dimensions")
    return {"Dimensions": [{"Name": name, "Value": value} for name, value in where.items()]}


def _kept(found: Evaluation, resource: Resource, inputs: Inputs) -> Inputs:
    """For ever is not said."""
    if not inputs["retentionInDays"]:
        del inputs["retentionInDays"]
    return {}


def _pipeline(found: Evaluation, resource: Resource, inputs: Inputs) -> Inputs:
    """The definition is the body of one."""
    return {"PipelineDefinition": {"PipelineDefinitionBody": inputs.pop("pipelineDefinition")}}


def _topic_policy(found: Evaluation, resource: Resource, inputs: Inputs) -> Inputs:
    """A policy may be of several topics."""
    return {"Topics": [inputs.pop("arn")]}


_MORE: dict[str, Callable[[Evaluation, Resource, Inputs], Inputs]] = {
    "CloudTrail::Trail": _trail,
    "CloudWatch::Alarm": _alarm,
    "EC2::FlowLog": lambda found, resource, inputs: {"ResourceType": "VPC"},
    "ECR::Repository": _images,
    "IAM::RolePolicy": lambda found, resource, inputs: {"PolicyName": resource.name},
    "Logs::LogGroup": _kept,
    "S3::Bucket": _bucket,
    "SNS::TopicPolicy": _topic_policy,
    "SageMaker::Pipeline": _pipeline,
}
