"""What a provider or the engine would refuse late, the offline evaluation refuses at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from emitted.slices import SLICES, moved, written

from hybridspec.deliver.arguments import faults
from hybridspec.deliver.evaluate import EvaluationFailed, evaluate
from hybridspec.ir.plan import CloudSlice

ENCRYPTION = """\
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                        sse_algorithm="aws:kms",
                        kms_master_key_id=args.key_arn,
                    ),
"""


@dataclass(frozen=True)
class Fault:
    """One text of an emitted file replaced, and what the evaluation has to say of it."""

    cloud: str
    file: str
    old: str
    new: str
    says: str


def nested(keys: str, says: str) -> Fault:
    """A mapping in place of the SDK's class, which checks none of its keys."""
    new = (
        '                {"bucket_key_enabled": True, "apply_server_side_encryption_by_default": {'
    )
    end = "                    bucket_key_enabled=True,\n                ),\n"
    return Fault("aws", "bucket.py", ENCRYPTION + end, new + keys + "}},\n", says)


FAULTS = {
    "an unknown argument": Fault(
        "aws", "keys.py", "enable_key_rotation=True", "enable_key_rotatoin=True",
        "enable_key_rotatoin"),
    "an unknown key of a mapping": nested(
        '"sse_algorithm": "aws:kms", "kms_master_key": "k"',
        "unknown argument `rules[0].applyServerSideEncryptionByDefault.kms_master_key`"),
    "a required argument left out": Fault(
        "aws", "keys.py", "target_key_id=key.id,", "", "Missing required property 'target_key_id'"),
    "a required key of a mapping left out": nested(
        '"kms_master_key_id": args.key_arn',
        "argument `rules[0].applyServerSideEncryptionByDefault.sseAlgorithm` is missing"),
    "a number where a text stands": Fault(
        "aws", "keys.py", 'description=f"Customer key of {args.prefix}"', "description=7",
        "argument `description` is `7`, not a text"),
    "a text where a number stands": Fault(
        "aws", "keys.py", "rotation_period_in_days=365", 'rotation_period_in_days="365"',
        'argument `rotationPeriodInDays` is `"365"`, not a whole number'),
    "a part of a number": Fault(
        "aws", "keys.py", "deletion_window_in_days=30", "deletion_window_in_days=30.5",
        "argument `deletionWindowInDays` is `30.5`, not a whole number"),
    "a text where yes or no stands": Fault(
        "aws", "keys.py", "multi_region=False", 'multi_region="no"',
        'argument `multiRegion` is `"no"`, not true or false'),
    "a mapping where a list stands": Fault(
        "aws", "bucket.py", "rules=rules,", "rules=rules[0],",
        "expected a value of type `typing.Sequence"),
    "a value that an enumeration lacks": Fault(
        "azure", "registry.py", 'system_datastores_auth_mode="Identity"',
        'system_datastores_auth_mode="identity"', "did you mean `Identity`?"),
    "a value that the documentation does not list": Fault(
        "gcp", "registry.py", 'format="DOCKER"', 'mode="DOKCER_REPOSITORY", format="DOCKER"',
        "argument `mode` is `\"DOKCER_REPOSITORY\"`, which is none of its values"),
    "a store that anybody may delete": Fault(
        "aws", "bucket.py", "opts=pulumi.ResourceOptions(parent=self, protect=True)",
        "opts=pulumi.ResourceOptions(parent=self)", "not protected from deletion"),
    "a key that anybody may delete": Fault(
        "gcp", "keys.py", "opts=pulumi.ResourceOptions(parent=self, protect=True)",
        "opts=pulumi.ResourceOptions(parent=self)", "not protected from deletion"),
    "a key that is named and not waited for": Fault(
        "aws", "keys.py", "target_key_id=key.id", 'target_key_id=f"{name}-key-id"',
        "names aws:kms/key:Key `eu-plants-key` without depending on it"),
    "a key that names a log which does not wait for it": Fault(
        "aws", "observability.py", "kms_key_id=args.key_arn,\n            retention", "retention",
        "names aws:cloudwatch/logGroup:LogGroup `eu-plants-findings` without depending on it"),
    "a resource that the SDK does not know": Fault(
        "aws", "keys.py", "return key.arn",
        'pulumi.CustomResource("aws:kms/keyy:Keyy", f"{name}-y", {}, child)\n'
        "        return key.arn",
        "no class of the SDK makes this type"),
}  # fmt: skip


def asked(cloud: str) -> CloudSlice:
    """A whole slice of a cloud."""
    made = SLICES["one zone"]
    return made if cloud == "aws" else moved(made, cloud)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    folder = written(asked(fault.cloud), tmp_path / "stack")
    path = folder / fault.file
    text = path.read_text()
    assert fault.old in text
    path.write_text(text.replace(fault.old, fault.new))
    with pytest.raises(EvaluationFailed) as failed:
        evaluate(folder, project="watch")
    assert fault.says in f"{failed.value.message}\n{failed.value.help}"


def test_every_fault_of_a_program_is_named(tmp_path: Path) -> None:
    folder = written(asked("aws"), tmp_path / "stack")
    path = folder / "keys.py"
    text = path.read_text().replace("multi_region=False", "multi_region=0")
    path.write_text(text.replace(", protect=True", ""))
    with pytest.raises(EvaluationFailed) as failed:
        evaluate(folder, project="watch")
    assert "`multiRegion` is `0`" in failed.value.message
    assert "also: aws:kms/key:Key `eu-plants-key`: it keeps data or a key" in failed.value.help


@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp"])
def test_every_resource_says_which_line_asked_for_it(cloud: str, tmp_path: Path) -> None:
    made = evaluate(written(asked(cloud), tmp_path / "stack"), project="watch")
    said = {resource.origin for resource in made.resources if resource.custom}
    assert said - {""} == {f"hybridspec.yaml:{line}" for line in (10, 18, 41, 50)}
    silent = [r for r in made.resources if r.custom and not r.origin]
    assert len(silent) <= len(made.resources) / 4


KNOWN: dict[str, Any] = {
    "resources": {
        "a:b:C": {
            "name": {"kind": "str", "required": True},
            "size": {"kind": {"union": ["int", {"list": "int"}]}, "required": False},
            "tags": {"kind": {"map": "str"}, "required": False},
            "inner": {"kind": {"list": {"object": "D"}}, "required": False},
        },
        "pulumi:providers:a": {
            "region": {"kind": "str", "required": False},
            "retries": {"kind": "int", "required": False},
            "inner": {"kind": {"object": "D"}, "required": False},
        },
    },
    "objects": {"D": {"mode": {"kind": {"enum": ["on", "off"]}, "required": True}}},
}


@pytest.mark.parametrize(
    ("token", "inputs", "says"),
    [
        ("a:b:C", {"name": "x", "size": [1], "tags": {"k": "v"}, "inner": [{"mode": "on"}]}, []),
        ("a:b:C", {"name": "[secret]", "size": "[secret]", "inner": None}, []),
        ("a:b:C", {}, ["argument `name` is missing"]),
        ("a:b:C", {"name": "x", "naem": 1}, ["unknown argument `naem`; did you mean `name`?"]),
        ("a:b:C", {"name": True}, ["argument `name` is `true`, not a text"]),
        ("a:b:C", {"name": "x", "size": True}, ["argument `size` is `true`, not a whole number"]),
        ("a:b:C", {"name": "x", "size": ["1"]}, ["argument `size` is a list, not a whole number"]),
        ("a:b:C", {"name": "x", "tags": {"k": 1}}, ["argument `tags.k` is `1`, not a text"]),
        ("a:b:C", {"name": "x", "tags": ["k"]}, ["argument `tags` is a list, not a mapping"]),
        ("a:b:C", {"name": "x", "inner": [{"mode": "of"}]},
         ['argument `inner[0].mode` is `"of"`, which is none of its values; did you mean `off`?']),
        ("a:b:C", {"name": "x", "inner": [{}]}, ["argument `inner[0].mode` is missing"]),
        ("a:b:X", {}, ["no class of the SDK makes this type"]),
        ("pulumi:providers:a", {"region": "1", "retries": "3", "inner": '{"mode": "on"}'}, []),
        ("pulumi:providers:a", {"retries": '"three"'},
         ['argument `retries` is `"three"`, not a whole number']),
    ],
)  # fmt: skip
def test_what_is_given_is_held_against_the_signature(
    token: str, inputs: dict[str, Any], says: list[str]
) -> None:
    assert list(faults(token, inputs, KNOWN)) == says
