"""Faults of emitted programs for AWS that give something to strangers: other accounts, services."""

from __future__ import annotations

from emitted.mutants import Mutant, mutant

OTHER = "111111111111"
_ROOT = "arn:aws:iam::000000000000:root"
_THEIRS = f"arn:aws:iam::{OTHER}:root"
_ALLOW = '\\"Statement\\": ['
_TRAIL = "trail/watch-eu-plants-audit"


def _more(principal: str, action: str, condition: str = "") -> str:
    """A statement more, at the head of a policy: for a principal, under a condition."""
    under = f', \\"Condition\\": {condition}' if condition else ""
    return (f'{_ALLOW}{{\\"Effect\\": \\"Allow\\", \\"Principal\\": {principal}, '
            f'\\"Action\\": \\"{action}\\", \\"Resource\\": \\"*\\"{under}}}, ')  # fmt: skip


def _aws(name: str) -> str:
    return f'{{\\"AWS\\": \\"{name}\\"}}'


def _service(name: str) -> str:
    return f'{{\\"Service\\": \\"{name}.amazonaws.com\\"}}'


def _stranger(kind: str, old: str, new: str, zone: str = "eu-plants") -> Mutant:
    return mutant(kind, old, new, "no-strangers", zone=zone)


AWS_STRANGERS = {
    "a key of another account": _stranger("kms/key:Key", _ROOT, _THEIRS),
    "a key for another account too": _stranger(
        "kms/key:Key", _ALLOW, _more(_aws(OTHER), "kms:Decrypt")),
    "a key for a role elsewhere": _stranger(
        "kms/key:Key", _ALLOW, _more(_aws(f"arn:aws:iam::{OTHER}:role/reader"), "kms:Decrypt")),
    "a key for a role of nobody known": _stranger(
        "kms/key:Key", _ALLOW, _more(_aws("arn:aws:iam::000000000000:role/x"), "kms:Decrypt")),
    "a key for everybody of an organisation": _stranger(
        "kms/key:Key", _ALLOW,
        _more(_aws("*"), "kms:Decrypt",
              '{\\"StringEquals\\": {\\"aws:PrincipalOrgID\\": \\"o-a1b2c3d4e5\\"}}')),
    "a key for a service that nobody needs": _stranger(
        "kms/key:Key", _ALLOW,
        _more(_service("lambda"), "kms:Decrypt",
              '{\\"StringEquals\\": {\\"aws:SourceAccount\\": \\"000000000000\\"}}')),
    "a key for logs of another region": _stranger(
        "kms/key:Key", "logs.eu-central-1.amazonaws", "logs.eu-west-3.amazonaws"),
    "a key for trails of other accounts": _stranger(
        "kms/key:Key", '\\"Condition\\": {\\"ArnEquals\\": {\\"aws:SourceArn\\"',
        '\\"Condition\\": {\\"ArnNotEquals\\": {\\"aws:SourceArn\\"'),
    "a key for every trail": _stranger("kms/key:Key", _TRAIL, "trail/*"),
    "a key for every log": _stranger(
        "kms/key:Key", "log-group:/aws/events/watch-eu-plants", "log-group:*"),
    "a key for all but some": _stranger(
        "kms/key:Key", f'\\"Principal\\": {{\\"AWS\\": \\"{_ROOT}\\"}}',
        '\\"NotPrincipal\\": {\\"AWS\\": \\"arn:aws:iam::000000000000:user/x\\"}'),
    "a key whose policy is none": _stranger("kms/key:Key", '"policy": "{', '"policy": "'),
    "a key that anybody may lend": _stranger(
        "kms/key:Key", "kms:GrantIsForAWSResource", "kms:ViaService"),
    "a key that may be lent to another role": _stranger(
        "kms/key:Key", "AWSServiceRoleForAmazonMacie", "AWSServiceRoleForOthers"),
    "a key that may be lent by a pattern": _stranger(
        "kms/key:Key", '\\"kms:DescribeKey\\", \\"kms:Encrypt\\"',
        '\\"kms:DescribeKey\\", \\"kms:Create*\\"'),
    "a key that is lent": _stranger(
        "kms/grant:Grant", "000000000000:role/aws-service-role", f"{OTHER}:role"),
    "a key that is lent for more": _stranger(
        "kms/grant:Grant", '"Decrypt", "DescribeKey"', '"Decrypt", "CreateGrant"'),
    "a key that another account takes back": _stranger(
        "kms/grant:Grant", '"keyId"', f'"retiringPrincipal": "{_THEIRS}", "keyId"'),
    "a bucket for another account": _stranger(
        "BucketPolicy", _ALLOW, _more(_aws(_THEIRS), "s3:GetObject")),
    "a bucket for a stranger by canonical name": _stranger(
        "BucketPolicy", _ALLOW, _more('{\\"CanonicalUser\\": \\"79a59df900b949e5\\"}',
                                      "s3:GetObject")),
    "a bucket for a network of caches": _stranger(
        "BucketPolicy", _ALLOW, _more(_service("cloudfront"), "s3:GetObject")),
    "a bucket for trails of another account": _stranger(
        "BucketPolicy", f"eu-central-1:000000000000:{_TRAIL}", f"eu-central-1:{OTHER}:{_TRAIL}"),
    "a bucket for every trail": _stranger("BucketPolicy", _TRAIL, "trail/*"),
    "a bucket with a list of who reads it": _stranger(
        "s3/bucket:Bucket", '"bucketPrefix"',
        '"grants": [{"id": "79a59df900b949e5", "permissions": ["READ"], "type": '
        '"CanonicalUser"}], "bucketPrefix"'),
    "a bucket with a policy of its own": _stranger(
        "s3/bucket:Bucket", '"bucketPrefix"',
        '"policy": "{\\"Statement\\": []}", "bucketPrefix"'),
    "a topic for another account": _stranger(
        "topicPolicy:TopicPolicy", _ALLOW, _more(_aws(_THEIRS), "sns:Subscribe")),
    "a topic for alarms of all accounts": _stranger(
        "topicPolicy:TopicPolicy", '\\"aws:SourceAccount\\": \\"000000000000\\"',
        '\\"aws:SourceOrgID\\": \\"o-a1b2c3d4e5\\"'),
    "alarms for a stranger": _stranger(
        "TopicSubscription", "plant@example.org", "stranger@example.com"),
    "alarms for a host": _stranger(
        "TopicSubscription", '"endpoint": "plant@example.org", "protocol": "email"',
        '"endpoint": "https://example.com/a", "protocol": "https"'),
    "alarms for a queue of another account": _stranger(
        "TopicSubscription", '"endpoint": "plant@example.org", "protocol": "email"',
        f'"endpoint": "arn:aws:sqs:eu-central-1:{OTHER}:q", "protocol": "sqs"'),
    "an alarm of another topic": _stranger(
        "metricAlarm:MetricAlarm", '"alarmActions"',
        '"okActions": ["arn:aws:sns:eu-central-1:000000000000:x"], "alarmActions"'),
    "an alarm that tells another account": _stranger(
        "metricAlarm:MetricAlarm", "arn:aws:sns:eu-central-1:000000000000",
        f"arn:aws:sns:eu-central-1:{OTHER}"),
    "a role for another account": _stranger(
        "iam/role:Role", _ROOT, _THEIRS),
    "a role for another account that knows a word": _stranger(
        "iam/role:Role", _ALLOW, _more(_aws(OTHER), "sts:AssumeRole",
                                       '{\\"StringEquals\\": {\\"sts:ExternalId\\": \\"x\\"}}')),
    "a role for who signs in elsewhere": _stranger(
        "iam/role:Role", _ALLOW,
        _more('{\\"Federated\\": \\"token.actions.githubusercontent.com\\"}',
              "sts:AssumeRoleWithWebIdentity")),
    "a role for a service that nobody needs": _stranger(
        "iam/role:Role", "scheduler.amazonaws.com", "ec2.amazonaws.com"),
    "a role for a service of all accounts": _stranger(
        "iam/role:Role", '\\"aws:SourceAccount\\": \\"000000000000\\"',
        f'\\"aws:SourceAccount\\": \\"{OTHER}\\"'),
    "a role for devices of all accounts": _stranger(
        "iam/role:Role", '\\"Principal\\": {\\"Service\\": \\"credentials.iot.amazonaws.com\\"}, '
        '\\"Condition\\"', '\\"Principal\\": {\\"Service\\": \\"credentials.iot.amazonaws.com\\"}, '
        '\\"Nothing\\"'),
    "a role for everybody": mutant(
        "iam/role:Role", _aws(_ROOT), '\\"*\\"', "no-strangers", outside="allows everybody"),
    "a role with rights of the provider's": _stranger(
        "iam/role:Role", '"assumeRolePolicy"',
        '"managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"], '
        '"assumeRolePolicy"'),
    "a role with rights that no policy shows": _stranger(
        "iam/role:Role", '"assumeRolePolicy"',
        '"inlinePolicies": [{"name": "x", "policy": "{\\"Statement\\": []}"}], '
        '"assumeRolePolicy"'),
    "a role that takes one of another account": _stranger(
        "iam/rolePolicy:RolePolicy", _ALLOW,
        f'{_ALLOW}{{\\"Effect\\": \\"Allow\\", \\"Action\\": \\"sts:AssumeRole\\", '
        f'\\"Resource\\": \\"arn:aws:iam::{OTHER}:role/x\\"}}, '),
    "images for another account": _stranger(
        "RepositoryPolicy", _ALLOW, _more(_aws(_THEIRS), "ecr:BatchGetImage")),
    "images that one more account is spared": _stranger(
        "RepositoryPolicy", '\\"aws:PrincipalAccount\\": \\"000000000000\\"',
        f'\\"aws:PrincipalAccount\\": [\\"000000000000\\", \\"{OTHER}\\"]'),
    "models for another account": _stranger("ModelPackageGroupPolicy", _ROOT, _THEIRS),
    "events that go to another account": _stranger(
        "eventTarget:EventTarget", "arn:aws:logs:eu-central-1:000000000000:log-group:",
        f"arn:aws:events:eu-central-1:{OTHER}:event-bus/"),
    "events whose failures go to a queue": _stranger(
        "eventTarget:EventTarget", '"rule"',
        '"deadLetterConfig": {"arn": "arn:aws:sqs:eu-central-1:000000000000:q"}, "rule"'),
    "events of another account's bus": _stranger(
        "eventRule:EventRule", '"eventPattern"',
        f'"eventBusName": "arn:aws:events:eu-central-1:{OTHER}:event-bus/x", "eventPattern"'),
    "logs that rules of another account write": _stranger(
        "LogResourcePolicy", "arn:aws:events:eu-central-1:000000000000",
        f"arn:aws:events:eu-central-1:{OTHER}"),
    "logs that every rule writes": _stranger(
        "LogResourcePolicy", "rule/watcheuplants2d9e9a-key-change", "rule/*"),
    "a schedule that starts something else": _stranger(
        "schedule:Schedule", '"arn": "arn:aws:sagemaker:eu-central-1:000000000000:eu-plants--fault-'
        'pipeline"', '"arn": "arn:aws:scheduler:::aws-sdk:s3:putBucketPolicy"'),
    "a network that lets other accounts through": _stranger(
        "vpcEndpoint:VpcEndpoint", '\\"aws:PrincipalAccount\\": \\"000000000000\\"',
        f'\\"aws:PrincipalAccount\\": \\"{OTHER}\\"'),
    "a network that leads to a stranger's service": _stranger(
        "vpcEndpoint:VpcEndpoint", "com.amazonaws.eu-central-1.s3",
        "com.amazonaws.vpce.eu-central-1.vpce-svc-0a1b2c3d"),
    "devices of other accounts": _stranger(
        "iot/policy:Policy", ":iot:eu-central-1:000000000000:client", ":iot:eu-central-1:*:client"),
    "personal data is looked for by another account": _stranger(
        "ClassificationJob", '"accountId": "000000000000"', f'"accountId": "{OTHER}"'),
    "images are searched for another account": _stranger(
        "enabler:Enabler", '"accountIds": ["000000000000"]', f'"accountIds": ["{OTHER}"]'),
    "the budget tells a stranger": _stranger(
        "budget:Budget", "plant@example.org", "stranger@example.com"),
    "an image of another account": mutant(
        "sagemaker/model:Model", "000000000000.dkr", f"{OTHER}.dkr", "no-strangers",
        "endpoint-in-region"),
}  # fmt: skip
_POLICY = f'{{"Statement": [{{"Effect": "Allow", "Principal": {{"AWS": "{OTHER}"}}}}]}}'
AWS_LEADING: dict[str, tuple[str, dict[str, object], set[str]]] = {
    name: (kind, inputs, {"no-strangers"}) for name, (kind, inputs) in {
        "logs that another account subscribes to": (
            "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
            {"destinationArn": f"arn:aws:logs:eu-central-1:{OTHER}:destination:x"}),
        "logs that all go elsewhere": (
            "aws:cloudwatch/logAccountPolicy:LogAccountPolicy", {"policyName": "x"}),
        "a bus that another account writes to": (
            "aws:cloudwatch/eventPermission:EventPermission", {"principal": OTHER}),
        "a bus with a policy": ("aws:cloudwatch/eventBusPolicy:EventBusPolicy",
                                {"policy": _POLICY}),
        "a function that anybody calls": ("aws:lambda/permission:Permission", {"principal": "*"}),
        "a share with another account": ("aws:ram/resourceShare:ResourceShare", {"name": "x"}),
        "a share of a registry": ("aws:ecr/registryPolicy:RegistryPolicy", {"policy": _POLICY}),
        "a list of who reads a bucket": ("aws:s3/bucketAcl:BucketAcl", {"acl": "private"}),
        "a door of a bucket": ("aws:s3/accessPoint:AccessPoint", {"accountId": OTHER}),
        "a policy that a role gets": (
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        "a second subscription": (
            "aws:sns/topicSubscription:TopicSubscription",
            {"endpoint": "+15550100", "protocol": "sms"}),
        "a second grant": (
            "aws:kms/grant:Grant", {"granteePrincipal": OTHER, "operations": ["Decrypt"]}),
        "findings that another account reads": (
            "aws:guardduty/inviteAccepter:InviteAccepter", {"masterAccountId": OTHER}),
        "something of a type that nobody knows": ("aws:new/thing:Thing", {}),
    }.items()
}  # fmt: skip
"""Resources by which somebody else would be let in."""
