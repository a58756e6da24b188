"""The provider's published baseline as a table over what the program for AWS would create.

Ids are those of the controls of AWS Security Hub, most of them of its Foundational Security Best
Practices; the sentences are ours. What is about services that nothing emitted uses is not listed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from emitted.found import listed, of, statements
from emitted.slices import job, part, service, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.target.proof import at

ASKED = part(
    zone(training=(job("fault"),), log_days=400,
         services=(service(), service("kept", machine="c6i.xlarge", least=2, most=2))),
    contact="plant@example.org",
    budget=120 * 10**6,
)  # fmt: skip
Holds = Callable[[Mapping[str, Any]], bool]
ANYWHERE = ("0.0.0.0/0", "::/0")
DECRYPTING = {"*", "kms:*", "kms:Decrypt", "kms:ReEncryptFrom"}
BUCKET, GROUP = "aws:s3/bucket:Bucket", "aws:ec2/securityGroup:SecurityGroup"
ENTRY = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
MORE = {
    "user": ("aws:iam/user:User", {"name": "pat"}),
    "key": ("aws:iam/accessKey:AccessKey", {"user": "pat"}),
    "users policy": ("aws:iam/userPolicy:UserPolicy", {"user": "pat", "policy": "{}"}),
    "notebook": ("aws:sagemaker/notebookInstance:NotebookInstance", {"name": "n"}),
    "entry": (ENTRY, {"cidrIpv4": "0.0.0.0/0", "fromPort": 22, "toPort": 22}),
    "rule": ("aws:ec2/networkAclRule:NetworkAclRule", {"cidrBlock": "0.0.0.0/0"}),
    "address": ("aws:ec2/eip:Eip", {"domain": "vpc"}),
    "machine": ("aws:ec2/instance:Instance", {"ami": "ami-1"}),
}
"""What nothing emitted makes, and a control would be about."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    folder = written(ASKED, tmp_path_factory.mktemp("aws") / "stack")
    return evaluate(folder, project=ASKED.spec)


@dataclass(frozen=True)
class Control:
    """What has to hold; a text whose change, or a resource whose coming, ends it.

    `old` is replaced by `new` in the first resource of type `kind` whose inputs say it; that one
    goes if `old` is empty. `more` names a resource of `MORE` that comes instead.
    """

    id: str
    says: str
    holds: Callable[[Evaluation], bool]
    kind: str = ""
    old: str = ""
    new: str = ""
    more: str = ""


def short(found: Evaluation, kind: str) -> list[Mapping[str, Any]]:
    """The inputs of all resources whose type ends so."""
    return [r.inputs for r in found.resources if r.type.endswith(f":{kind}")]


def each(kind: str, holds: Holds) -> Callable[[Evaluation], bool]:
    """There are resources of a type, and all of them do."""
    return lambda found: bool(short(found, kind)) and all(map(holds, short(found, kind)))


def buckets(kind: str, holds: Holds) -> Callable[[Evaluation], bool]:
    """Every bucket has a resource of a type, and that does."""

    def all_have(found: Evaluation) -> bool:
        there = {made.outputs["bucket"] for made in of(found, BUCKET)}
        having = {one["bucket"] for one in short(found, kind) if holds(one)}
        return bool(there) and there == having

    return all_have


def none_of(*kinds: str) -> Callable[[Evaluation], bool]:
    """Nothing of these types is made."""
    return lambda found: not any(short(found, kind) for kind in kinds)


def said(*path: str, value: Any) -> Holds:
    """An input has a value."""
    return lambda inputs: bool(at(inputs, *path) == value)


def over_tls(inputs: Mapping[str, Any]) -> bool:
    """A policy denies everything without TLS to everybody, on the bucket and what is in it."""
    return any(
        one["Effect"] == "Deny" and one["Principal"] == "*" and one["Action"] == "s3:*"
        and one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and len(one["Resource"]) == 2
        for one in statements(inputs["policy"])
    )  # fmt: skip


def allowed(policy: str) -> Iterator[dict[str, Any]]:
    """What a policy document allows."""
    return (one for one in statements(policy) if one["Effect"] == "Allow")


def to_own(inputs: Mapping[str, Any]) -> bool:
    """A policy allows nothing to everybody, nor to another account."""
    for one in allowed(inputs["policy"]):
        if one["Principal"] == "*":
            return False
        for kind, names in one["Principal"].items():
            if kind == "AWS" and not all(n.split(":")[4:5] == ["000000000000"]
                                         for n in listed(names)):  # fmt: skip
                return False
    return True


def named(inputs: Mapping[str, Any]) -> bool:
    """A policy does not allow all actions on everything."""
    return not any("*" in listed(one["Action"]) for one in allowed(inputs["policy"]))


def narrow(inputs: Mapping[str, Any]) -> bool:
    """A role's own policy decrypts with no key that it does not name."""
    return not any(
        DECRYPTING & set(listed(one["Action"]))
        and any(r == "*" or r.endswith((":key/*", ":*")) for r in listed(one["Resource"]))
        for one in allowed(inputs["policy"])
    )


def entered(found: Evaluation) -> bool:
    """Whether anybody gets into a security group from anywhere."""
    inside = [rule for made in of(found, GROUP) for rule in made.inputs.get("ingress") or ()]
    rules = [*short(found, "SecurityGroupIngressRule"), *short(found, "SecurityGroupRule")]
    return bool(inside) or any(at(r, "cidrIpv4") in ANYWHERE or at(r, "cidrIpv6") in ANYWHERE
                               or at(r, "type") == "ingress" for r in rules)  # fmt: skip


def flowing(found: Evaluation) -> bool:
    """Every network logs what flows, or what is rejected."""
    there = {made.outputs["id"] for made in of(found, "aws:ec2/vpc:Vpc")}
    return bool(there) and there == {log["vpcId"] for log in short(found, "FlowLog")
                                     if log["trafficType"] in ("ALL", "REJECT")}  # fmt: skip


def closed(found: Evaluation) -> bool:
    """The group that a network brings along lets nothing in or out."""
    there = {made.outputs["id"] for made in of(found, "aws:ec2/vpc:Vpc")}
    return there == {one["vpcId"] for one in short(found, "DefaultSecurityGroup")
                     if not one.get("ingress") and not one.get("egress")}  # fmt: skip


def unread(found: Evaluation) -> bool:
    """Where trails end is a bucket of ours that nobody unknown opens."""
    private = {one["bucket"] for one in short(found, "BucketPublicAccessBlock")
               if one["restrictPublicBuckets"] and one["blockPublicPolicy"]}  # fmt: skip
    return {one["s3BucketName"] for one in short(found, "Trail")} <= private


def uploads_end(inputs: Mapping[str, Any]) -> bool:
    """A bucket's lifecycle is on, and ends uploads that nobody completes."""
    return any(r["status"] == "Enabled" and "abortIncompleteMultipartUpload" in r
               for r in inputs["rules"])  # fmt: skip


def tagged(found: Evaluation) -> bool:
    """Whatever can have tags gets those of the zone from its provider."""
    made = [r.inputs for r in found.resources if r.type == "pulumi:providers:aws"]
    return all(json.loads(one["defaultTags"])["tags"].get("hybridspec:zone") for one in made)


_PRIVATE = "BucketPublicAccessBlock"
_SEEN = "aws:SecureTransport"
CONTROLS = (
    Control("S3.2", "nobody unknown reads a bucket",
            buckets(_PRIVATE, lambda b: b["restrictPublicBuckets"] and b["ignorePublicAcls"]),
            _PRIVATE, '"restrictPublicBuckets": true', '"restrictPublicBuckets": false'),
    Control("S3.3", "nobody unknown writes a bucket",
            buckets(_PRIVATE, lambda b: b["restrictPublicBuckets"] and b["ignorePublicAcls"]),
            _PRIVATE, '"ignorePublicAcls": true', '"ignorePublicAcls": false'),
    Control("S3.5", "buckets are reached over TLS", buckets("BucketPolicy", over_tls),
            "BucketPolicy", _SEEN, "aws:Nothing"),
    Control("S3.6", "no other account changes a bucket", buckets("BucketPolicy", to_own),
            "BucketPolicy", "Deny", "Allow"),
    Control("S3.8", "every bucket blocks what is public",
            buckets(_PRIVATE, lambda b: all(b[k] for k in (
                "blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls",
                "restrictPublicBuckets"))),
            _PRIVATE),
    Control("S3.10", "buckets with versions have a lifecycle",
            buckets("BucketLifecycleConfiguration", lambda b: bool(b["rules"])),
            "BucketLifecycleConfiguration"),
    Control("S3.12", "no access lists",
            buckets("BucketOwnershipControls",
                    said("rule", "objectOwnership", value="BucketOwnerEnforced")),
            "BucketOwnershipControls", "BucketOwnerEnforced", "ObjectWriter"),
    Control("S3.13", "buckets have a lifecycle",
            buckets("BucketLifecycleConfiguration", uploads_end),
            "BucketLifecycleConfiguration", '"Enabled"', '"Disabled"'),
    Control("S3.14", "buckets keep versions",
            buckets("BucketVersioning", said("versioningConfiguration", "status",
                                             value="Enabled")),
            "BucketVersioning", "Enabled", "Suspended"),
    Control("S3.17", "buckets are under a key",
            buckets("BucketServerSideEncryptionConfiguration",
                    lambda b: all(at(r, "applyServerSideEncryptionByDefault", "sseAlgorithm")
                                  == "aws:kms" for r in b["rules"])),
            "BucketServerSideEncryptionConfiguration", "aws:kms\"", "AES256\""),
    Control("KMS.2", "roles decrypt with named keys alone", each("RolePolicy", narrow),
            "RolePolicy", "arn:aws:kms:eu-central-1:000000000000:eu-plants-key", "*"),
    Control("KMS.3", "keys are not deleted by mistake",
            lambda f: all(r.protect and r.inputs["deletionWindowInDays"] == 30
                          for r in of(f, "aws:kms/key:Key")),
            "Key", '"deletionWindowInDays": 30', '"deletionWindowInDays": 7'),
    Control("KMS.4", "keys rotate", each("Key", said("enableKeyRotation", value=True)),
            "Key", '"enableKeyRotation": true', '"enableKeyRotation": false'),
    Control("KMS.5", "keys are open to nobody unknown", each("Key", to_own),
            "Key", "arn:aws:iam::000000000000:root", "arn:aws:iam::111111111111:root"),
    Control("CloudTrail.2", "trails are under a key of ours",
            each("Trail", lambda t: t["kmsKeyId"].startswith("arn:aws:kms:")),
            "Trail", "arn:aws:kms:", "none:"),
    Control("CloudTrail.4", "trails prove that nobody changed them",
            each("Trail", said("enableLogFileValidation", value=True)),
            "Trail", '"enableLogFileValidation": true', '"enableLogFileValidation": false'),
    Control("CloudTrail.6", "where trails end is not public", unread,
            _PRIVATE, "-logs-", "-others-"),
    Control("ECR.1", "images are scanned when they are pushed",
            each("Repository", said("imageScanningConfiguration", "scanOnPush", value=True)),
            "Repository", '"scanOnPush": true', '"scanOnPush": false'),
    Control("ECR.2", "tags name one image for ever",
            each("Repository", said("imageTagMutability", value="IMMUTABLE")),
            "Repository", "IMMUTABLE", "MUTABLE"),
    Control("ECR.3", "registries have a lifecycle",
            lambda f: ({r["name"] for r in short(f, "Repository")}
                       == {r["repository"] for r in short(f, "LifecyclePolicy")}),
            "LifecyclePolicy"),
    Control("ECR.5", "registries are under a key of ours",
            each("Repository", lambda r: all(
                e["encryptionType"] == "KMS" and e["kmsKey"].startswith("arn:aws:kms:")
                for e in r["encryptionConfigurations"])),
            "Repository", '"KMS"', '"AES256"'),
    Control("IAM.1", "no policy allows everything",
            lambda f: each("Policy", lambda p: "policy" not in p or named(p))(f)
            and each("RolePolicy", named)(f),
            "RolePolicy", "sagemaker:StartPipelineExecution", "*"),
    Control("IAM.2", "no person has a policy", none_of("User", "UserPolicy",
                                                       "UserPolicyAttachment"), more="user"),
    Control("IAM.3", "no keys of people, old or new", none_of("AccessKey"), more="key"),
    Control("EC2.2", "the group that a network brings along is closed", closed,
            "DefaultSecurityGroup", '"vpcId"', '"ingress": [{"fromPort": 0}], "vpcId"'),
    Control("EC2.6", "flows are logged", flowing, "FlowLog", '"ALL"', '"ACCEPT"'),
    Control("EC2.8", "no machines of ours that answer for their roles", none_of("Instance"),
            more="machine"),
    Control("EC2.13", "nobody reaches SSH from anywhere", lambda f: not entered(f), more="entry"),
    Control("EC2.15", "subnets give no public addresses",
            each("Subnet", said("mapPublicIpOnLaunch", value=False)),
            "Subnet", '"mapPublicIpOnLaunch": false', '"mapPublicIpOnLaunch": true'),
    Control("EC2.12", "no addresses lie about", none_of("Eip"), more="address"),
    Control("EC2.19", "nobody reaches ports of risk from anywhere",
            lambda f: not entered(f), "SecurityGroup", '"description"',
            '"ingress": [{"cidrBlocks": ["0.0.0.0/0"]}], "description"'),
    Control("EC2.21", "no list of a network lets anybody in",
            none_of("NetworkAcl", "NetworkAclRule"), more="rule"),
    Control("SageMaker.1", "no notebook reaches the Internet", none_of("NotebookInstance"),
            more="notebook"),
    Control("SageMaker.2", "no notebook outside a network", none_of("NotebookInstance"),
            more="notebook"),
    Control("SageMaker.3", "nobody is root of a notebook", none_of("NotebookInstance"),
            more="notebook"),
    Control("Macie.1", "personal data is looked for",
            lambda f: [one["status"] for one in short(f, "Account")] == ["ENABLED"],
            "Account", "ENABLED", "PAUSED"),
    Control("GuardDuty.1", "threats are looked for", each("Detector", said("enable", value=True)),
            "Detector", '"enable": true', '"enable": false'),
    Control("GuardDuty.10", "threats to buckets are looked for",
            lambda f: any((one["name"], one["status"]) == ("S3_DATA_EVENTS", "ENABLED")
                          for one in short(f, "DetectorFeature")),
            "DetectorFeature", "ENABLED", "DISABLED"),
    Control("Inspector.2", "images are searched for known faults",
            each("Enabler", lambda e: "ECR" in e["resourceTypes"]),
            "Enabler", '"ECR"', '"EC2"'),
    Control("SNS.1", "alarms are under a key of ours",
            each("Topic", lambda t: t["kmsMasterKeyId"].startswith("arn:aws:kms:")),
            "Topic", "arn:aws:kms:", "alias/aws/"),
    Control("SNS.4", "nobody unknown sends alarms", each("TopicPolicy", to_own),
            "TopicPolicy", "Deny", "Allow"),
    Control("CloudWatch.15", "alarms tell somebody",
            each("MetricAlarm", lambda a: bool(a["alarmActions"])),
            "MetricAlarm", '"alarmActions": ["', '"alarmActions": [], "x": ["'),
    Control("CloudWatch.16", "logs are kept for a year where the zone lets them",
            each("LogGroup", lambda g: g["retentionInDays"] >= 365),
            "LogGroup", '"retentionInDays": 365', '"retentionInDays": 1'),
    Control("CloudWatch.17", "no alarm is off",
            each("MetricAlarm", lambda a: a.get("actionsEnabled", True)),
            "MetricAlarm", '"alarmActions"', '"actionsEnabled": false, "alarmActions"'),
    Control("IoT.1", "what can be tagged says whose it is", tagged, "aws",
            "hybridspec:zone", "zone"),
)  # fmt: skip


WAIVED = {
    "CloudTrail.1": "high: a trail of every region brings what happens elsewhere into the zone's "
    "bucket; the zone's region has one of its own, and the organisation policy closes the others",
    "CloudTrail.5": "a second copy of the trail; the bucket is under the key, and proves itself",
    "CloudTrail.7": "a log of the bucket of logs would lie in a bucket that itself has none",
    "Config.1": "critical: an account has one recorder in a region, which records what is not this "
    "stack's too and keeps it for 30 days at least, whatever a zone allows its logs: the landing "
    "zone's; who changed what here is in the zone's trail, and drift in `verify --live`",
    "EC2.7": "a setting of the account; what has disks here is given the zone's key",
    "EC2.10": "nothing in the network calls the API of EC2; SageMaker does, outside of it",
    "GuardDuty.8": "high: it copies disks to an account of the provider, and no machine of ours "
    "has any",
    "GuardDuty.11": "high: it looks into processes of instances, EKS and ECS, of which there are "
    "none, and the provider may keep what it finds unless an organisation opts out",
    "IAM.21": "the boundary names services whole: it grants nothing, what a role has says its own",
    "KMS.1": "the boundary again: no role decrypts with a key that its own policy does not name",
    "Macie.2": "high: it samples every bucket of the account, those of others too; the store of a "
    "zone that a law binds has a weekly job of its own",
    "S3.1": "a setting of the account, whose other buckets are not ours; each of ours says it",
    "S3.7": "copies in another region leave the zone",
    "S3.9": "every access to data and bundles is in the trail, which names who it was",
    "S3.11": "nobody listens: arrivals start nothing, and the trail has them",
    "S3.15": "what is locked cannot be erased when a person asks for it",
    "S3.20": "only the account's root user can ask for a second factor to delete",
    "S3.22": "the zone's own trail has what is written, of the zone's region alone: CloudTrail.1",
    "S3.23": "the zone's own trail has what is read, of the zone's region alone: CloudTrail.1",
    "SageMaker.4": "how many instances a service has is the plan's, which counts what they cost",
    "SageMaker.5": "services billed by request cannot have it; those on instances do",
}
"""What is not carried out, and why."""


def broken(found: Evaluation, control: Control) -> Evaluation:
    """The same, with the fault of a control in it."""
    if control.more:
        kind, inputs = MORE[control.more]
        like = of(found, BUCKET)[0]
        more = replace(like, urn="urn:more", type=kind, name="eu-plants-more", inputs=inputs)
        return replace(found, resources=(*found.resources, more))
    made = list(found.resources)
    for place, one in enumerate(made):
        text = json.dumps(dict(one.inputs))
        if not one.type.endswith(f":{control.kind}") or control.old not in text:
            continue
        inputs = json.loads(text.replace(control.old, control.new)) if control.old else {}
        made[place : place + 1] = [replace(one, inputs=inputs)] if control.old else []
        return replace(found, resources=tuple(made))
    raise AssertionError(f"no {control.kind} says {control.old}")


@pytest.mark.parametrize("control", CONTROLS, ids=[c.id for c in CONTROLS])
def test_the_baseline_holds(control: Control, found: Evaluation) -> None:
    assert control.holds(found), control.says


@pytest.mark.parametrize("control", CONTROLS, ids=[c.id for c in CONTROLS])
def test_what_breaks_it_is_seen(control: Control, found: Evaluation) -> None:
    assert not control.holds(broken(found, control)), control.says


def test_models_on_instances_reach_no_network(found: Evaluation) -> None:
    isolated = {"vpcConfig" in m: m["enableNetworkIsolation"] for m in short(found, "Model")}
    assert isolated == {True: True, False: False}


def test_the_boundary_alone_names_services_whole(found: Evaluation) -> None:
    said = [(r.type, r.inputs["policy"]) for r in found.resources
            if r.type.startswith("aws:iam/") and "policy" in r.inputs]  # fmt: skip
    whole = {kind for kind, policy in said for one in allowed(policy)
             if any(action.endswith(":*") for action in listed(one["Action"]))}  # fmt: skip
    assert whole == {"aws:iam/policy:Policy"}


def test_access_to_buckets_that_is_not_logged_by_s3_is_in_a_trail(found: Evaluation) -> None:
    trails = json.dumps(short(found, "Trail"))
    unlogged = {made.outputs["arn"] for made in of(found, BUCKET)
                if f"{made.outputs['arn']}/" not in trails}  # fmt: skip
    assert unlogged <= {one.outputs["arn"] for one in of(found, BUCKET)
                        if one.name.endswith("-logs")}  # fmt: skip


def test_a_waiver_says_why_and_waives_no_control_that_is_carried_out() -> None:
    names = [c.id for c in CONTROLS]
    assert len(set(names)) == len(names)
    assert not set(WAIVED) & set(names)
    assert all(len(why) > 20 for why in WAIVED.values())
