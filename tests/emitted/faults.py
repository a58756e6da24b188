"""Faults of emitted programs, by cloud: each takes a guard away or leaves the plan."""

from __future__ import annotations

from emitted.faults_aws import AWS_LEADING, AWS_STRANGERS
from emitted.faults_azure import AZURE_ADDED, AZURE_MORE
from emitted.faults_gcp import GCP, GCP_ADDED
from emitted.faults_strangers import (
    AZURE_STRANGERS,
    AZURE_STRANGERS_ADDED,
    GCP_STRANGERS,
    GCP_STRANGERS_ADDED,
)
from emitted.mutants import Mutant, mutant

AWS = {
    "a region deny without the deny": mutant(
        "iam/policy:Policy", 'Effect\\": \\"Deny', 'Effect\\": \\"Allow', "region-deny"),
    "a region deny that spares S3": mutant(
        "iam/policy:Policy", 'NotAction\\": [\\"iam:PassRole', 'NotAction\\": [\\"s3:*',
        "region-deny"),
    "a region deny for another region": mutant(
        "iam/policy:Policy", "eu-central-1", "eu-west-3", "region-deny", outside="eu-west-3"),
    "a role without its boundary": mutant(
        "iam/role:Role", "permissionsBoundary", "description", "region-deny"),
    "a role with the boundary of another zone": mutant(
        "iam/role:Role", "eu-plants-boundary", "fr-plants-boundary", "region-deny",
        outside="fr-plants"),
    "a bucket without TLS": mutant(
        "BucketPolicy", 'SecureTransport\\": \\"false', 'SecureTransport\\": \\"true',
        "bucket-tls-only"),
    "a bucket without a policy": mutant(
        "BucketPolicy", "", "", "bucket-tls-only", "bucket-zone-key", "bucket-replication-off"),
    "a bucket that anybody may replicate": mutant(
        "BucketPolicy", "s3:PutReplicationConfiguration", "s3:PutBucketTagging",
        "bucket-replication-off"),
    "a bucket that takes another key": mutant(
        "BucketPolicy", "eu-plants-key", "any", "bucket-zone-key"),
    "a bucket that is public": mutant(
        "BucketPolicy", 'Effect\\": \\"Deny', 'Effect\\": \\"Allow', "bucket-tls-only",
        outside="allows everybody"),
    "a bucket under the provider's key": mutant(
        "BucketServerSideEncryptionConfiguration", "aws:kms", "AES256", "bucket-zone-key"),
    "a bucket under the key of another zone": mutant(
        "BucketServerSideEncryptionConfiguration", "fr-plants-key", "eu-plants-key",
        "bucket-zone-key", outside="resource of zone `eu-plants`", zone="fr-plants"),
    "a bucket without its block": mutant(
        "BucketPublicAccessBlock", '"restrictPublicBuckets": true',
        '"restrictPublicBuckets": false', "bucket-public-blocked"),
    "a bucket elsewhere": mutant(
        "s3/bucket:Bucket", "{", '{"region": "eu-west-3", ', "bucket-in-region",
        outside="eu-west-3"),
    "a key for many regions": mutant(
        "kms/key:Key", '"multiRegion": false', '"multiRegion": true', "key-single-region",
        outside="replicates"),
    "a key elsewhere": mutant(
        "kms/key:Key", '"multiRegion"', '"region": "eu-west-3", "multiRegion"', "key-in-region",
        outside="eu-west-3"),
    "a store of somebody else": mutant(
        "sagemaker/pipeline:Pipeline", "0000000/models/", "elsewhere/models/",
        "training-in-region", outside="elsewhere"),
    "images of somebody else": mutant(
        "sagemaker/pipeline:Pipeline", "dkr.ecr.eu-central-1.amazonaws.com", "dkr.example.org",
        "training-in-region"),
    "training on disks without the key": mutant(
        "sagemaker/pipeline:Pipeline", "VolumeKmsKeyId", "Nothing", "training-in-region"),
    "training with a network": mutant(
        "sagemaker/pipeline:Pipeline", 'EnableNetworkIsolation\\": true',
        'EnableNetworkIsolation\\": false', "training-isolated"),
    "images under the provider's key": mutant(
        "ecr/repository:Repository", "kmsKey", "other", "registry-in-region"),
    "a role for every bucket": mutant(
        "iam/rolePolicy:RolePolicy", "arn:aws:s3:::watch-eu-plants-0000000", "arn:aws:s3:::*",
        outside="`*`, which is no store of its zone"),
    "devices of any region": mutant(
        "iot/policy:Policy", ":iot:eu-central-1:", ":iot:*:", "iot-in-region", outside="*"),
    "a trail of every region": mutant(
        "trail:Trail", '"isMultiRegionTrail": false', '"isMultiRegionTrail": true',
        "trail-in-region", outside="replicates"),
    "a trail into a bucket of somebody else": mutant(
        "trail:Trail", "watch-eu-plants-logs-0000000", "elsewhere", "trail-in-region"),
    "a trail that can be changed": mutant(
        "trail:Trail", '"enableLogFileValidation": true', '"enableLogFileValidation": false',
        "trail-in-region"),
    "a trail under the provider's key": mutant(
        "trail:Trail", "kmsKeyId", "other", "trail-in-region"),
    "logs under the provider's key": mutant(
        "logGroup:LogGroup", "kmsKeyId", "other", "logs-in-region"),
    "logs elsewhere": mutant(
        "logGroup:LogGroup", "{", '{"region": "eu-west-3", ', "logs-in-region",
        outside="eu-west-3"),
    "findings that go to the bus of another region": mutant(
        "eventTarget:EventTarget", "arn:aws:logs:eu-central-1:000000000000:log-group:",
        "arn:aws:events:eu-west-3:000000000000:event-bus/", "events-in-zone",
        outside="eu-west-3"),
    "findings that are mailed": mutant(
        "topicPolicy:TopicPolicy", "cloudwatch.amazonaws.com", "events.amazonaws.com",
        "events-in-zone"),
    "threats read what disks hold": mutant(
        "detectorFeature:DetectorFeature", '"DISABLED"', '"ENABLED"', "threats-read-no-content"),
    "no detector": mutant("detector:Detector", "", "", "threats-read-no-content"),
    "training outside of the network": mutant(
        "sagemaker/pipeline:Pipeline", "VpcConfig", "Nothing", "training-network-closed"),
    "a network that leads to every bucket": mutant(
        "vpcEndpoint:VpcEndpoint", "arn:aws:s3:::watch-eu-plants-0000000", "*",
        "training-network-closed"),
    "an endpoint on images of somebody else": mutant(
        "sagemaker/model:Model", "dkr.ecr.eu-central-1.amazonaws.com", "dkr.example.org",
        "endpoint-in-region"),
    "an endpoint that keeps requests": mutant(
        "EndpointConfiguration", '"productionVariants"',
        '"dataCaptureConfig": {"enableCapture": true}, "productionVariants"',
        "endpoint-in-region"),
    "an endpoint with disks of the provider's key": mutant(
        "EndpointConfiguration", "kmsKeyArn", "other", "endpoint-in-region"),
    "an endpoint elsewhere": mutant(
        "sagemaker/endpoint:Endpoint", "{", '{"region": "eu-west-3", ', "endpoint-in-region",
        outside="eu-west-3"),
    "a channel that anybody writes": mutant(
        "BucketPolicy", "ArnNotEquals", "ArnEquals", "channel-publisher-alone"),
    "a denial about some of a bucket": mutant(
        "BucketPolicy", "0000000/*", "0000000/none/*", "bucket-tls-only", "bucket-zone-key",
        "channel-publisher-alone"),
    "a denial of another key with an exception": mutant(
        "BucketPolicy", '\\"Null\\": {\\"s3:x-amz-server-side-encryption-aws',
        '\\"StringEquals\\": {\\"aws:PrincipalTag/x\\": \\"y\\"}, '
        '\\"Null\\": {\\"s3:x-amz-server-side-encryption-aws', "bucket-zone-key"),
    "a denial of another key to what only tags": mutant(
        "BucketPolicy", '\\"Action\\": \\"s3:PutObject\\"',
        '\\"Action\\": \\"s3:PutObjectTagging\\"', "bucket-zone-key"),
    "a bucket whose inventory anybody may send": mutant(
        "BucketPolicy", "s3:PutInventoryConfiguration", "s3:PutBucketTagging",
        "bucket-replication-off"),
    "a channel with another writer by a tag": mutant(
        "BucketPolicy", '\\"ArnNotEquals\\"',
        '\\"StringNotEquals\\": {\\"aws:PrincipalTag/x\\": \\"y\\"}, \\"ArnNotEquals\\"',
        "channel-publisher-alone"),
    "a trail that is off": mutant(
        "trail:Trail", '"enableLogFileValidation"',
        '"enableLogging": false, "enableLogFileValidation"', "trail-in-region"),
    "a trail of every account": mutant(
        "trail:Trail", '"enableLogFileValidation"',
        '"isOrganizationTrail": true, "enableLogFileValidation"', "trail-in-region"),
    "messages of devices that go to a host": mutant(
        "iot/topicRule:TopicRule", '"cloudwatchMetrics"',
        '"https": [{"url": "https://example.org"}], "cloudwatchMetrics"', "events-in-zone"),
    "a route to elsewhere": mutant(
        "ec2/routeTable:RouteTable", '"vpcId"',
        '"routes": [{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}], "vpcId"',
        "training-network-closed"),
    "a network that leads to all but one": mutant(
        "vpcEndpoint:VpcEndpoint", '\\"Statement\\": [',
        '\\"Statement\\": [{\\"Effect\\": \\"Allow\\", \\"Action\\": \\"*\\", '
        '\\"Principal\\": {\\"AWS\\": \\"a\\"}, \\"NotResource\\": \\"arn:aws:s3:::x\\"}, ',
        "training-network-closed"),
    "a policy of everybody's for a topic": mutant(
        "topicPolicy:TopicPolicy", '{\\"Service\\": \\"cloudwatch.amazonaws.com\\"}',
        '\\"*\\"', "events-in-zone", outside="allows everybody"),
    **AWS_STRANGERS,
}  # fmt: skip
AZURE = {
    "another region is allowed": mutant(
        "PolicyAssignment", '"value": ["germanywestcentral"]',
        '"value": ["germanywestcentral", "eastus"]', "allowed-locations"),
    "a policy that only watches": mutant(
        "PolicyAssignment", '"enforcementMode": "Default"', '"enforcementMode": "DoNotEnforce"',
        "allowed-locations", "storage-skus"),
    "a policy with an exception": mutant(
        "PolicyAssignment", '"enforcementMode"', '"notScopes": ["x"], "enforcementMode"',
        "allowed-locations", "storage-skus"),
    "no policy": mutant("PolicyAssignment", "", "", "allowed-locations", "storage-skus"),
    "a copy in the pair is allowed": mutant(
        "PolicyAssignment", '"Standard_LRS"', '"Standard_GRS"', "storage-skus"),
    "an account elsewhere": mutant(
        "StorageAccount", '"location": "germanywestcentral"', '"location": "westeurope"',
        "storage-in-region", outside="westeurope"),
    "an account with a copy": mutant(
        "StorageAccount", "Standard_LRS", "Standard_RAGRS", "storage-lrs", outside="pairs with"),
    "an account that may be public": mutant(
        "StorageAccount", '"allowBlobPublicAccess": false', '"allowBlobPublicAccess": true',
        "storage-public-blocked", outside="open to everybody"),
    "an account whose keys sign": mutant(
        "StorageAccount", '"allowSharedKeyAccess": false', '"allowSharedKeyAccess": true',
        "storage-public-blocked"),
    "a container that is public": mutant(
        "BlobContainer", '"publicAccess": "None"', '"publicAccess": "Blob"',
        "storage-public-blocked", outside="open to everybody"),
    "an account that is copied to any tenant": mutant(
        "StorageAccount", '"allowedCopyScope": "AAD"', '"x": "y"', "storage-copies-in-tenant"),
    "an account without TLS": mutant(
        "StorageAccount", '"enableHttpsTrafficOnly": true', '"enableHttpsTrafficOnly": false',
        "storage-tls-only"),
    "an account under the provider's key": mutant(
        "StorageAccount", "Microsoft.Keyvault", "Microsoft.Storage", "storage-zone-key"),
    "a vault elsewhere": mutant(
        "keyvault:Vault", '"location": "germanywestcentral"', '"location": "global"',
        "vault-in-region", outside="global"),
    "a key in software": mutant("keyvault:Key", "RSA-HSM", "RSA", "key-in-hsm"),
    "a registry elsewhere": mutant(
        "Registry", '"location": "germanywestcentral"', '"location": "westeurope"',
        "acr-in-region", outside="westeurope"),
    "a registry that anybody reads": mutant(
        "Registry", '"anonymousPullEnabled": false', '"anonymousPullEnabled": true',
        outside="open to everybody"),
    "a hub with a copy": mutant(
        "IotHubResource", '"location": "germanywestcentral"', '"location": "southeastasia"',
        "hub-in-region", "iothub-data-residency", outside="pairs with"),
    "a hub elsewhere": mutant(
        "IotHubResource", '"location": "germanywestcentral"', '"location": "westeurope"',
        "hub-in-region", outside="westeurope"),
    "a workspace elsewhere": mutant(
        "Workspace", '"location": "germanywestcentral"', '"location": "westeurope"',
        "workspace-in-region", outside="westeurope"),
    "a workspace that reports": mutant(
        "Workspace", '"hbiWorkspace": true', '"hbiWorkspace": false', "workspace-hbi"),
    "training in another store": mutant(
        "Schedule", ".blob.core.windows.net/models", "x.blob.core.windows.net/models",
        "training-in-region", outside="no store of its zone"),
    "training with another image": mutant(
        "EnvironmentVersion", ".azurecr.io", ".example.org", "training-in-region"),
    **AZURE_MORE,
}  # fmt: skip
MUTANTS: dict[str, dict[str, Mutant]] = {
    "aws": AWS, "azure": {**AZURE, **AZURE_STRANGERS}, "gcp": {**GCP, **GCP_STRANGERS},
}  # fmt: skip
ADDED: dict[str, dict[str, tuple[str, dict[str, object], set[str]]]] = {
    "aws": {
        "images that are copied": (
            "aws:ecr/replicationConfiguration:ReplicationConfiguration", {},
            {"registry-replication-off"}),
        "a bucket that is copied": (
            "aws:s3/bucketReplicationConfig:BucketReplicationConfig", {"bucket": "b"},
            {"bucket-replication-off"}),
        "a network of caches": ("aws:cloudfront/distribution:Distribution", {}, set()),
        "a log of accesses elsewhere": (
            "aws:s3/bucketLogging:BucketLogging", {"targetBucket": "logs-of-us"}, set()),
        "a database": ("aws:dynamodb/table:Table", {"hashKey": "k"}, set()),
        "a second key elsewhere": (
            "aws:kms/key:Key", {"region": "us-east-1"}, {"key-in-region", "key-single-region"}),
        "a second, open bucket": (
            "aws:s3/bucket:Bucket", {"acl": "public-read"}, {"bucket-public-blocked"}),
        "a second detector": (
            "aws:guardduty/detector:Detector", {"enable": True}, {"threats-read-no-content"}),
        "findings that are kept elsewhere": (
            "aws:guardduty/publishingDestination:PublishingDestination",
            {"destinationArn": "arn:aws:s3:::elsewhere"}, {"threats-read-no-content"}),
        "a way out of the network": (
            "aws:ec2/internetGateway:InternetGateway", {}, {"training-network-closed"}),
        "a second trail": (
            "aws:cloudtrail/trail:Trail", {"s3BucketName": "elsewhere"}, {"trail-in-region"}),
        "a dashboard": ("aws:cloudwatch/dashboard:Dashboard", {"dashboardBody": "{}"}, set()),
        "something of Cloud Control": (
            "aws:cloudcontrol/resource:Resource", {"typeName": "AWS::S3::Bucket"}, set()),
        **AWS_LEADING,
    },
    "azure": {
        "images that are copied": (
            "azure-native:containerregistry:Replication", {"location": "germanywestcentral"},
            {"acr-no-replication"}),
        "objects that are copied": (
            "azure-native:storage:ObjectReplicationPolicy", {"accountName": "a"},
            {"storage-copies-in-tenant"}),
        "a network of caches": (
            "azure-native:cdn:Profile", {"location": "germanywestcentral"}, set()),
        "a database": (
            "azure-native:documentdb:DatabaseAccount", {"location": "germanywestcentral"}, set()),
        "logs that go elsewhere": (
            "azure-native:insights:DiagnosticSetting", {"workspaceId": "/subscriptions/x"}, set()),
        "a second group without policies": (
            "azure-native:resources:ResourceGroup", {"location": "germanywestcentral"},
            {"allowed-locations", "storage-skus"}),
        **AZURE_ADDED,
        **AZURE_STRANGERS_ADDED,
    },
    "gcp": {**GCP_ADDED, **GCP_STRANGERS_ADDED},
}  # fmt: skip
"""Resources that nobody asked for, with their inputs and the guards that miss something then."""
