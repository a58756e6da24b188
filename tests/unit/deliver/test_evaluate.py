"""The offline evaluation refuses what the engine, the cloud or the plan would refuse."""

from __future__ import annotations

import base64
import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from hybridspec.deliver.difference import changes
from hybridspec.deliver.evaluate import Evaluation, EvaluationFailed, Resource, evaluate
from hybridspec.deliver.outside_plan import outside_plan
from hybridspec.deliver.snapshot import snapshot

ALLOWED, KNOWN = {"eu-central-1"}, {"eu-central-1", "eu-west-1", "us-east-1"}


def run(folder: Path, program: str, **options: Any) -> Evaluation:
    """Evaluate a program of a few lines."""
    folder.mkdir(exist_ok=True)
    (folder / "__main__.py").write_text(textwrap.dedent(program))
    return evaluate(folder, project="small", **options)


def test_a_program_is_recorded_with_types_parents_providers_and_outputs(tmp_path: Path) -> None:
    found = run(
        tmp_path / "program",
        """
        import pulumi
        import pulumi_aws as aws

        here = aws.Provider("here", region="eu-central-1")
        group = pulumi.ComponentResource(
            "test:x:Group", "group", None, pulumi.ResourceOptions(providers={"aws": here})
        )
        key = aws.kms.Key(
            "key", description="k", opts=pulumi.ResourceOptions(parent=group, protect=True)
        )
        aws.kms.Alias(
            "alias", name="alias/k", target_key_id=key.id, opts=pulumi.ResourceOptions(parent=group)
        )
        pulumi.export("arn", key.arn)
        """,
    )
    by_type = {r.type: r for r in found.resources}
    key, alias = by_type["aws:kms/key:Key"], by_type["aws:kms/alias:Alias"]
    assert key.urn == "urn:pulumi:local::small::test:x:Group$aws:kms/key:Key::key"
    assert (key.provider, key.protect, key.custom) == ("eu-central-1", True, True)
    assert key.parent == by_type["test:x:Group"].urn
    assert not by_type["test:x:Group"].custom
    assert alias.dependencies == (key.urn,)
    assert found.outputs == {"arn": "arn:aws:kms:eu-central-1:000000000000:key"}
    assert [r.urn for r in found.resources] == sorted(r.urn for r in found.resources)


def test_what_the_engine_would_not_change_is_recorded_and_not_compared(tmp_path: Path) -> None:
    program = """
        import pulumi
        import pulumi_aws as aws

        here = aws.Provider("here", region="eu-central-1")
        aws.sns.Topic(
            "topic", display_name="%s", name="t",
            opts=pulumi.ResourceOptions(provider=here, ignore_changes=["displayName"]),
        )
    """
    found = [run(tmp_path / "program", program % month) for month in ("May", "June")]
    assert [r.inputs["displayName"] for e in found for r in e.resources if r.ignored] == [
        "May", "June",
    ]  # fmt: skip
    before, after = (snapshot({"aws": evaluation}) for evaluation in found)
    assert {change["op"] for change in changes(before, after)} == {"same"}


def test_secrets_are_masked_and_configuration_is_handed_on(tmp_path: Path) -> None:
    found = run(
        tmp_path / "program",
        """
        import pulumi
        import pulumi_aws as aws

        config = pulumi.Config("small")
        here = aws.Provider("here", region="eu-central-1", secret_key="hidden")
        aws.ssm.Parameter(
            "p", type="SecureString", value=pulumi.Output.secret("hidden"),
            opts=pulumi.ResourceOptions(provider=here),
        )
        pulumi.export("word", config.require("word"))
        """,
        config={"small:word": "given"},
    )
    assert found.outputs == {"word": "given"}
    assert "hidden" not in json.dumps([dict(r.inputs) for r in found.resources])


HEAD = "import os, socket, time\nimport pulumi\nimport pulumi_aws as aws\n"
REFUSED = {
    "one name twice": (
        "aws.kms.Key('k')\naws.kms.Key('k')\n",
        "two resources have the URN urn:pulumi:local::small::aws:kms/key:Key::k",
    ),
    "an unknown argument": ("aws.kms.Key('k', descripton='x')\n", "descripton"),
    "a missing argument": ("aws.ssm.Parameter('p', value='x')\n", "'type'"),
    "an exception": ("raise ValueError('no such thing')\n", "ValueError: no such thing"),
    "a syntax error": ("def\n", "SyntaxError"),
    "an exit": ("raise SystemExit(3)\n", "it crashed"),
    "a reported error": ("pulumi.log.error('wrong region')\n", "wrong region"),
    "a question to the cloud": (
        "aws.get_caller_identity()\n",
        "the program asks the cloud for aws:index/getCallerIdentity:getCallerIdentity",
    ),
    "a question to the cloud, and its answer used": (
        "aws.get_availability_zones().names[0]\n",
        "the program asks the cloud for aws:index/getAvailabilityZones:getAvailabilityZones",
    ),
    "a lookup of what exists": ("aws.kms.Key.get('k', 'id')\n", "asks the cloud for an existing"),
    "a connection": (
        "socket.create_connection(('192.0.2.1', 443), timeout=30)\n",
        "the program reaches for 192.0.2.1",
    ),
    "a name to resolve": (
        "import urllib.request\nurllib.request.urlopen('http://example.org')\n",
        "the program reaches for example.org",
    ),
    "a datagram": (
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))\n",
        "the program reaches for 192.0.2.1",
    ),
    "a file in its folder": ("open('notes.txt', 'w').close()\n", "notes.txt"),
    "a change of itself": ("open('__main__.py', 'a').write('#')\n", "__main__.py"),
}


@pytest.mark.parametrize(("body", "said"), REFUSED.values(), ids=list(REFUSED))
def test_refused(body: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(EvaluationFailed) as refused:
        run(tmp_path / "program", HEAD + body)
    assert said in f"{refused.value.message}\n{refused.value.help}"
    assert "Traceback" not in refused.value.message
    assert "\n" not in refused.value.message


def test_nothing_is_collected_in_a_process_that_ends_with_its_program(tmp_path: Path) -> None:
    program = "import gc\nimport pulumi\npulumi.export('collects', gc.isenabled())\n"
    assert run(tmp_path / "program", program).outputs == {"collects": False}


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(EvaluationFailed, match="did not end within 2 s"):
        run(tmp_path / "program", "import time\ntime.sleep(600)\n", timeout_s=2)


def test_a_program_sees_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "hidden")
    found = run(
        tmp_path / "program",
        """
        import os
        from pathlib import Path

        import pulumi

        pulumi.export("names", sorted(os.environ))
        pulumi.export("home", sorted(p.name for p in Path.home().iterdir()))
        pulumi.export("values", " ".join(os.environ.values()))
        """,
    )
    given = {"HOME", "LC_CTYPE", "NO_COLOR", "PATH", "PULUMI_CONFIG", "PYTHONPATH"}
    added = {n for n in found.outputs["names"] if n.startswith(("PULUMI_", "GRPC_"))}
    assert set(found.outputs["names"]) <= given | added
    assert found.outputs["home"] == []
    assert "hidden" not in found.outputs["values"]


def test_a_program_is_not_misled_by_what_lies_where_the_user_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pulumi.py").write_text("raise SystemExit('not the SDK')\n")
    monkeypatch.chdir(tmp_path)
    assert run(tmp_path / "program", "import pulumi\npulumi.export('a', 1)\n").outputs == {"a": 1}


def resource(
    inputs: dict[str, Any],
    *,
    kind: str = "aws:kms/key:Key",
    lies: str = "eu-central-1",
    provider: str = "eu-central-1",
) -> Evaluation:
    """An evaluation with one resource."""
    only = Resource(urn="u", type=kind, name="n", parent="", provider=provider, inputs=inputs,
                    regions=(lies,) if lies else (), dependencies=(), protect=False,
                    custom=True)  # fmt: skip
    return Evaluation(resources=(only,), outputs={})


INSIDE: dict[str, dict[str, Any]] = {
    "nothing said": {},
    "its own region": {"region": "eu-central-1", "arn": "arn:aws:kms:eu-central-1:1:key/1"},
    "an ARN without a region": {"policy": '{"Resource": "arn:aws:s3:::b", "arn:aws:iam::1:role/r"'},
    "any account of its region": {"policy": "arn:aws:iot:eu-central-1:*:client/x"},
    "a name in which a region occurs": {"name": "plants-us-east-1-watch"},
    "one region on purpose": {"multiRegion": False},
    "everybody of one account": {
        "policy": '{"Statement": [{"Effect": "Allow", "Principal": "*", "Condition": '
        '{"StringEquals": {"aws:PrincipalAccount": "1"}}}]}'
    },
}


@pytest.mark.parametrize("inputs", INSIDE.values(), ids=list(INSIDE))
def test_inside_the_plan(inputs: dict[str, Any]) -> None:
    assert outside_plan(resource(inputs), ALLOWED, KNOWN) == ()


OUTSIDE: dict[str, tuple[Evaluation, str]] = {
    "another region": (resource({}, lies="eu-west-1"), "it lies in eu-west-1"),
    "a provider elsewhere": (resource({}, provider="eu-west-1"), "its provider works in eu-west-1"),
    "no provider": (resource({}, provider=""), "no fixed region"),
    "no place": (resource({}, lies=""), "no fixed region"),
    "a region of its own": (resource({"region": "eu-west-1"}), "eu-west-1"),
    "a region nobody knows": (resource({"region": "eu-moon-1"}), "eu-moon-1"),
    "a region deep inside": (resource({"a": [{"destinationRegion": "eu-moon-1"}]}), "eu-moon-1"),
    "an availability zone": (resource({"zone": "us-east-1a"}), "us-east-1"),
    "a host name": (resource({"url": "https://s3.us-east-1.amazonaws.com/b"}), "us-east-1"),
    "a location": (resource({"location": "global"}), "global"),
    "one of several locations": (resource({"dataLocations": ["eu-central-1", "eu"]}), "eu"),
    "a zone of a region": (resource({"zone": "us-east-1-b"}), "us-east-1"),
    "an ARN": (resource({"key": "arn:aws:kms:us-east-1:1:key/1"}), "us-east-1"),
    "an ARN of a region nobody knows": (
        resource({"policy": '{"Resource": "arn:aws-x:kms:eu-moon-1:1:key/1"}'}), "eu-moon-1",
    ),
    "any region at all": (resource({"policy": "arn:aws:kms:*:1:key/1"}), "*"),
    "the body of a request": (
        resource({"body": base64.b64encode(b'{"model": "s3://us-east-1/m"}').decode()}),
        "us-east-1",
    ),
    "a replicating resource": (
        resource({}, kind="aws:s3/bucketReplicationConfig:BucketReplicationConfig"), "replicates",
    ),
    "a replicating input": (resource({"replicationConfiguration": {"role": "r"}}), "replicates"),
    "a replica deep inside": (resource({"a": {"replicas": [{"x": 1}]}}), "replicates"),
    "a key for many regions": (resource({"multiRegion": True}), "replicates"),
}  # fmt: skip


@pytest.mark.parametrize(("found", "why"), OUTSIDE.values(), ids=list(OUTSIDE))
def test_outside_the_plan(found: Evaluation, why: str) -> None:
    ((_, reason),) = outside_plan(found, ALLOWED, KNOWN)
    assert why in reason
