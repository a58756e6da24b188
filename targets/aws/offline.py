"""How AWS answers the offline evaluation: plausible identifiers, and where a resource lies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridspec.target.api import At, Registration, Sdk, Where

_ACCOUNT = "000000000000"
_REGIONAL = {
    "ecr": ("repository:Repository",),
    "iot": ("policy:Policy", "thingType:ThingType"),
    "kms": ("alias:Alias", "key:Key"),
    "s3": (
        "bucket:Bucket", "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "bucketOwnershipControls:BucketOwnershipControls", "bucketPolicy:BucketPolicy",
        "bucketPublicAccessBlock:BucketPublicAccessBlock",
        "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "bucketVersioning:BucketVersioning",
    ),
    "sagemaker": ("modelPackageGroup:ModelPackageGroup", "pipeline:Pipeline"),
    "scheduler": ("schedule:Schedule",),
}  # fmt: skip
"""Types that lie where their provider works, all that is emitted. Others may be global."""
_PERMISSIONS = ("policy:Policy", "role:Role", "rolePolicy:RolePolicy")
"""Types of IAM: an account has them once for all regions, and they hold no data."""


def where(made: Registration) -> Where:
    """Where its provider works; a `region` of its own counts too. Other types lie nowhere known."""
    service, _, kind = made.type.removeprefix("aws:").partition("/")
    if kind not in _REGIONAL.get(service, _PERMISSIONS if service == "iam" else ()):
        return At(())
    places = {made.region, str(made.inputs.get("region") or made.region)} - {""}
    return At(tuple(sorted(places)))


def outputs(made: Registration) -> Mapping[str, Any]:
    """Names with the random suffix of a prefix, ARNs, and the address of a registry."""
    physical = made.name
    for key in ("bucketPrefix", "namePrefix"):
        if made.inputs.get(key):
            physical = f"{made.inputs[key]}0000000"
    if made.type.startswith("aws:s3/bucket:"):
        extra = {"bucket": physical, "arn": f"arn:aws:s3:::{physical}"}
    else:
        service = made.type.split(":")[1].split("/")[0]
        extra = {"arn": f"arn:aws:{service}:{made.region}:{_ACCOUNT}:{made.name}"}
    image = made.inputs.get("name", made.name)
    url = f"{_ACCOUNT}.dkr.ecr.{made.region}.amazonaws.com/{image}"
    return {"name": physical, "repositoryUrl": url, **extra, **made.inputs}


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
