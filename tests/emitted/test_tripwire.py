"""An emitted program that a hand or a fault of ours changed is stopped: HS0502 and HS0503."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import EXAMPLE

from hybridspec.base.diagnostic import SpecInvalid
from hybridspec.cli.stack import evaluated, refuse_outside
from hybridspec.compiler import Build, Options, compile_file

REPLICATION = """\
        aws.s3.BucketReplicationConfig(
            f"{name}-copy",
            bucket=self.bucket,
            role="arn:aws:iam::000000000000:role/copy",
            rules=[
                aws.s3.BucketReplicationConfigRuleArgs(
                    status="Enabled",
                    destination=aws.s3.BucketReplicationConfigRuleDestinationArgs(
                        bucket="arn:aws:s3:::elsewhere",
                    ),
                ),
            ],
            opts=self._child,
        )
        self._expire(name, args)
"""
MUTANTS = {
    "the zone in another region": ("__main__.py", 'region="eu-west-1",\n    default',
                                   'region="us-east-1",\n    default', 20),
    "no provider": ("__main__.py", 'providers={"aws": zone_eu_plants_provider},', "", 20),
    "replication": ("bucket.py", "        self._expire(name, args)\n", REPLICATION, 1),
    "a foreign region in an input": ("keys.py", "multi_region=False,",
                                     'multi_region=False,\n            region="ap-south-2",', 1),
    "an ARN in another region": ("__main__.py", "zone_eu_plants_key.arn,\n        expiry",
                                 '"arn:aws:kms:us-east-1:0:key/1",\n        expiry', 1),
    "policies for another region": ("__main__.py", 'region="eu-west-1",\n    account',
                                    'region="eu-central-2",\n    account', 2),
}  # fmt: skip


@pytest.fixture(scope="module")
def build(cache: Path) -> Build:
    return compile_file(EXAMPLE, Options(cache=cache))


def test_what_is_emitted_passes(build: Build, built: Path, cache: Path) -> None:
    refuse_outside(build, evaluated(build, built, cache))


def test_a_bundle_lists_the_hosts_of_its_zones_and_no_other(build: Build) -> None:
    regions = {s.zone.name: s.region for s in build.plan.stores}
    for member, (name, tree) in zip(build.plan.fleet, build.contents, strict=True):
        data = tree.files["runtime/egress.json"]
        assert isinstance(data, bytes)
        said = json.loads(data)
        assert (said["deviceClass"], said["default"]) == (name, "deny")
        assert {one["purpose"] for one in said["allow"]} == {"channel", "store"}
        for one in said["allow"]:
            assert one["zone"] in {zone.name for zone in member.zones}
            region = regions[one["zone"]]
            assert one["countries"] == [region.country]
            assert all(region.name in host.split(".") for host in one["hosts"])


def test_a_program_without_a_guard_is_stopped(
    build: Build, built: Path, cache: Path, tmp_path: Path
) -> None:
    shutil.copytree(built / "stacks", tmp_path / "stacks")
    path = tmp_path / "stacks" / "aws" / "bucket.py"
    path.write_text(path.read_text().replace("block_public_acls=True", "block_public_acls=False"))
    with pytest.raises(SpecInvalid) as stopped:
        refuse_outside(build, evaluated(build, tmp_path, cache))
    (only,) = stopped.value.findings
    assert only.code == "HS0503"
    assert "`bucket-public-blocked`" in only.message


@pytest.mark.parametrize(("file", "old", "new", "least"), MUTANTS.values(), ids=list(MUTANTS))
def test_a_mutant_is_caught(
    file: str, old: str, new: str, least: int, build: Build, built: Path, cache: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    shutil.copytree(built / "stacks", tmp_path / "stacks")
    path = tmp_path / "stacks" / "aws" / file
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    with pytest.raises(SpecInvalid) as stopped:
        refuse_outside(build, evaluated(build, tmp_path, cache))
    found = stopped.value.findings
    assert {f.code for f in found} <= {"HS0502", "HS0503"}
    assert len([f for f in found if f.code == "HS0502"]) >= least
    assert all(f.help and "`" in f.message for f in found)
