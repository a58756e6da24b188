"""Who may use what a zone has in AWS: its own account and services by name, and nobody else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from hybridspec.target.api import At, Emission, Guard, Made, Registration
from hybridspec.target.proof import at, first, listed, outputs, statements

from .offline import where
from .proofs import (
    ALARM,
    BOUNDARY,
    BUCKET,
    KEY,
    PIPELINE,
    POLICY,
    ROLE,
    SCHEDULE,
    TARGET,
    TOPIC,
    TOPIC_POLICY,
    VPC_ENDPOINT,
    keys,
)


@dataclass(frozen=True, slots=True)
class Holders:
    """Whom a policy may allow something: the account itself, and these services for it.

    In a name, `{region}` is the zone's. `anybody` in the account is how an endpoint of a network
    says it; a policy that names nobody is of a role, which the role's trust is for.
    """

    services: tuple[str, ...] = ()
    account: bool = False
    anybody: bool = False
    nobody: bool = False


_ROLES = ("credentials.iot", "events", "iot", "sagemaker", "scheduler", "vpc-flow-logs")
_POLICIES: Mapping[tuple[str, str], Holders] = {
    (KEY, "policy"): Holders(("cloudtrail", "cloudwatch", "logs.{region}"), account=True),
    (POLICY, "policy"): Holders(("cloudtrail",)),
    (TOPIC_POLICY, "policy"): Holders(("cloudwatch",)),
    ("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "policyDocument"):
        Holders(("delivery.logs", "events")),
    ("aws:ecr/repositoryPolicy:RepositoryPolicy", "policy"): Holders(),
    ("aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy", "resourcePolicy"):
        Holders(account=True),
    (VPC_ENDPOINT, "policy"): Holders(anybody=True),
    (ROLE, "assumeRolePolicy"): Holders(_ROLES, account=True),
    (BOUNDARY, "policy"): Holders(nobody=True),
    ("aws:iam/rolePolicy:RolePolicy", "policy"): Holders(nobody=True),
    ("aws:iot/policy:Policy", "policy"): Holders(nobody=True),
}  # fmt: skip
"""Every policy that is emitted, by type and input: one that is elsewhere is nobody's."""
_GIVEN = {
    BUCKET: {"bucketPrefix", "region", "tags", "tagsAll"},
    "aws:kms/grant:Grant": {"granteePrincipal", "keyId", "name", "operations", "region"},
    SCHEDULE: {"flexibleTimeWindow", "kmsKeyArn", "name", "region", "scheduleExpression", "target"},
    TARGET: {"arn", "region", "roleArn", "rule", "targetId"},
    "aws:sns/topicSubscription:TopicSubscription": {"endpoint", "protocol", "region", "topic"},
}  # fmt: skip
"""All that these types may be given: others of their inputs are ways to somebody else."""
_SERVICE_ROLES = ("macie.amazonaws.com/AWSServiceRoleForAmazonMacie",)
"""Roles that a service has in the account, and that a key may be lent to."""
_LENT = {"Decrypt", "DescribeKey"}
_BEHIND = ("s3",)
"""Services that a network's endpoints lead to."""
_ARN = re.compile(r"\barn:[\w-]+:[\w*-]+:[\w*-]*:([^:\s\"]*):")
_REGISTRY = re.compile(r"(\d{12})\.dkr\.ecr\.")
_SOURCES = ("aws:SourceArn", "kms:EncryptionContext:aws:logs:arn")
_EXACT = ("ArnEquals", "ArnLike", "StringEquals")
_STREAM = ["logs:CreateLogStream"]
"""What EventBridge asks without saying for which rule: an empty stream, in the zone's group."""


def _strangers(part: Emission) -> str:
    """The first resource of the zone that gives something to somebody else."""
    accounts = {str(arn).split(":")[4] for arn in outputs(part, BOUNDARY, "arn")}
    if len(accounts) != 1:
        return "no boundary tells the zone's account"
    (account,) = accounts
    return next(
        (f"`{made.name}` {why}" for made in part.resources
         if not made.type.startswith("pulumi:") and (why := _fault(part, made, account))), "",
    )  # fmt: skip


def _fault(part: Emission, made: Made, account: str) -> str:
    known = where(Registration(type=made.type, name=made.name, region=part.region,
                               inputs=made.inputs))  # fmt: skip
    if known == At(()):
        return f"is a `{made.type}`, and nobody knows whom that may let in"
    more = sorted(set(made.inputs) - _GIVEN.get(made.type, set(made.inputs)))
    check = _BY_TYPE.get(made.type)
    return first(
        f"has `{more[0]}`, which may lead to somebody else" if more else "",
        _documents(part, made, account),
        next((f"names account {name or 'of nobody'}" for name in _accounts(made.inputs)
              if name != account), ""),
        check(part, made) if check else "",
    )  # fmt: skip


def _documents(part: Emission, made: Made, account: str) -> str:
    """What is wrong with a policy of a resource, wherever in its inputs it stands."""
    for key, value in made.inputs.items():
        found = list(_read(value))
        if (made.type, key) in _POLICIES and not found:
            return f"has a `{key}` that cannot be read"
        for said in found:
            holders = _POLICIES.get((made.type, key))
            if holders is None:
                return f"has a policy in `{key}`, where none is known"
            for one in listed(said["Statement"]):
                if why := _statement(part, one, holders, account):
                    return why
    return ""


def _read(value: Any) -> Iterator[dict[str, Any]]:
    """Every policy document in a value, and in what its texts say as JSON."""
    if isinstance(value, str):
        yield from _read(_parsed(value))
    elif isinstance(value, Mapping):
        if "Statement" in value:
            yield dict(value)
        for item in value.values():
            yield from _read(item)
    elif isinstance(value, list):
        for item in value:
            yield from _read(item)


def _parsed(text: str) -> Any:
    """What a text says as JSON; None if it is none."""
    try:
        return json.loads(text) if text.lstrip()[:1] in ("{", "[") else None
    except ValueError:
        return None


def _statement(part: Emission, said: Any, holders: Holders, account: str) -> str:
    """Why a statement lets in a stranger, or cannot be read; empty if it does not."""
    if not isinstance(said, Mapping) or said.get("Effect") not in ("Allow", "Deny"):
        return "has a statement that cannot be read"
    if "NotPrincipal" in said:
        return "names whom it does not mean"
    if said["Effect"] == "Deny":
        return ""
    who = said.get("Principal")
    if holders.nobody or who is None:
        return "" if holders.nobody and who is None else "allows something, and not to whom"
    if "NotAction" in said:
        return "allows all but some"
    if holders.anybody:
        ours = {"StringEquals": {"aws:PrincipalAccount": account}}
        return "" if who == "*" and said.get("Condition") == ours else "lets in other accounts"
    if not isinstance(who, Mapping):
        return "allows everybody"
    named = [(kind, str(name)) for kind, names in who.items() for name in listed(names)]
    return first(*(_named(part, said, holders, account, *one) for one in named))


def _named(
    part: Emission, said: Mapping[str, Any], holders: Holders, account: str, kind: str, name: str
) -> str:
    """Why a principal of a statement is a stranger, or is let in for others; empty if it is not."""
    if kind == "AWS" and holders.account:
        root = re.fullmatch(rf"arn:[\w-]+:iam::{account}:root", name)
        return "" if root or name in outputs(part, ROLE, "arn") else f"allows {name}"
    services = {one.format(region=part.region) for one in holders.services}
    if kind != "Service" or _service(name) not in services:
        return f"allows {name}"
    bound = _bound(said, account)
    return "" if bound else f"allows {name} for other accounts too, or for more than is named"


def _service(name: str) -> str:
    return re.sub(r"\.amazonaws\.com(\.cn)?$", "", name)


def _bound(said: Mapping[str, Any], account: str) -> bool:
    """Whether a service is let in for the account alone, and for nothing by a pattern."""
    if said.get("Action") == _STREAM[0] or said.get("Action") == _STREAM:
        return True
    condition = said.get("Condition")
    told = [(key, listed(values)) for kind in _EXACT for key, values in
            (at(condition, kind) or {}).items()]  # fmt: skip
    sources = [values for key, values in told if key in _SOURCES]
    named = all(
        values and all("*" not in str(one) and str(one).split(":")[4:5] == [account]
                       for one in values)
        for values in sources
    )  # fmt: skip
    owners = [values for key, values in told if key == "aws:SourceAccount"]
    return named and all(values == [account] for values in owners) and bool(sources or owners)


def _accounts(value: Any, key: str = "") -> Iterator[str]:
    """Every account that inputs name: in ARNs, in hosts of registries, and where one must stand."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _accounts(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from _accounts(item, key)
    elif isinstance(value, str):
        if (said := _parsed(value)) is not None:
            yield from _accounts(said)
            return
        if re.search("account(ids?)?$", key, re.I) and value.isdigit():
            yield value
        yield from (name for name in _ARN.findall(value) if name)
        yield from _REGISTRY.findall(value)


def _lent(part: Emission, made: Made) -> str:
    """A key is lent to roles of the zone, and to those that services have in the account."""
    ours = outputs(part, ROLE, "arn")
    for key in ("granteePrincipal", "retiringPrincipal"):
        who = made.inputs.get(key)
        role = str(who).partition(":role/aws-service-role/")[2]
        if who is not None and who not in ours and role not in _SERVICE_ROLES:
            return f"lends the key to {who}"
    if made.inputs.get("keyId") not in keys(part):
        return "lends a key of somebody else"
    return "" if set(listed(made.inputs.get("operations"))) <= _LENT else "lends more than reading"


def _lendable(_: Emission, made: Made) -> str:
    """A key can be lent by services for what they keep, and to a role that a service has."""
    for said in statements(made.inputs.get("policy")):
        actions = [str(one).lower() for one in listed(said.get("Action"))]
        lends = any(fnmatchcase("kms:creategrant", one) for one in actions)
        if said.get("Effect") == "Allow" and lends and not _lending(said.get("Condition")):
            return "may be lent to anybody"
    return ""


def _lending(condition: Any) -> bool:
    """Whether a condition leaves grants of services alone, or reading by such a role."""
    role = str(at(condition, "StringEquals", "kms:GranteePrincipal"))
    what = listed(at(condition, "ForAllValues:StringEquals", "kms:GrantOperations"))
    served = role.partition(":role/aws-service-role/")[2] in _SERVICE_ROLES
    reads = bool(what) and set(what) <= _LENT
    return at(condition, "Bool", "kms:GrantIsForAWSResource") == "true" or (served and reads)


def _told(part: Emission, made: Made) -> str:
    """An alarm is sent by mail, to an address that the spec names."""
    topics, said = outputs(part, TOPIC, "arn"), made.inputs
    if said.get("protocol") != "email" or said.get("endpoint") not in part.told:
        return f"tells {said.get('endpoint')}, whom the spec does not name"
    return "" if said.get("topic") in topics else "is about no topic of the zone"


def _budget(part: Emission, made: Made) -> str:
    for note in listed(made.inputs.get("notifications")):
        if listed(at(note, "subscriberSnsTopicArns")):
            return "tells a topic"
        for who in listed(at(note, "subscriberEmailAddresses")):
            if who not in part.told:
                return f"tells {who}, whom the spec does not name"
    return ""


def _alarm(part: Emission, made: Made) -> str:
    topics = outputs(part, TOPIC, "arn")
    actions = {one for key in ("alarmActions", "okActions", "insufficientDataActions")
               for one in listed(made.inputs.get(key))}  # fmt: skip
    return "" if actions <= topics else "tells a topic that is not the zone's"


def _target(part: Emission, made: Made) -> str:
    role = made.inputs.get("roleArn")
    return "" if role is None or role in outputs(part, ROLE, "arn") else f"acts as {role}"


def _schedule(part: Emission, made: Made) -> str:
    said = made.inputs.get("target") or {}
    ours = at(said, "arn") in outputs(part, PIPELINE, "arn") and set(said) <= {"arn", "roleArn"}
    return "" if ours and at(said, "roleArn") in outputs(part, ROLE, "arn") else \
        "starts what is not the zone's"  # fmt: skip


def _behind(part: Emission, made: Made) -> str:
    names = {f"com.amazonaws.{part.region}.{one}" for one in _BEHIND}
    name = str(made.inputs.get("serviceName"))
    if name.removeprefix("cn.") not in names:
        return f"leads to {name}"
    return "" if "policy" in made.inputs else "lets everybody through"


_BY_TYPE: Mapping[str, Callable[[Emission, Made], str]] = {
    ALARM: _alarm,
    "aws:budgets/budget:Budget": _budget,
    TARGET: _target,
    VPC_ENDPOINT: _behind,
    "aws:kms/grant:Grant": _lent,
    KEY: _lendable,
    SCHEDULE: _schedule,
    "aws:sns/topicSubscription:TopicSubscription": _told,
}

GRANTS = Guard(
    id="no-strangers",
    title="policies, trusts, grants and subscriptions name the zone's account, and the services "
    "that need them for it",
    facets=("store", "backup", "ciphertext", "keys", "logs", "model"),
    assets=("store", "model", "training", "account"),
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/"
    "access_policies-cross-account-resource-access.html",
    missing=_strangers,
)
