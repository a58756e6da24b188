"""`hybridspec bundle`: what people and programs are told of a bundle, and how a run ends."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import EXAMPLE, Cli, copy_example, fixed_pems

from hybridspec.bundle.keys import DevelopmentKeys
from hybridspec.cli.output_tree import write_output
from hybridspec.compiler import Options, compile_file
from hybridspec.deliver.stack import Stack

KEYS = DevelopmentKeys(fixed_pems("gateway", "line-server"))


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A signed build of the example, beside keys as `up` keeps them; read only."""
    example = copy_example(tmp_path_factory.mktemp("signed"))
    build = compile_file(example / "hybridspec.yaml", Options(cache=cache))
    Stack(spec=example / "hybridspec.yaml").keep_keys(KEYS.pems)
    folder = example / "build" / EXAMPLE.name
    write_output(build, folder, KEYS)
    for role in ("model", "attestation"):
        (example / f"{role}.pem").write_text(KEYS.role(role).public[0].keyval["public"])
    return folder


def bundle_of(output: Path, device_class: str = "gateway") -> Path:
    """The archive of a class."""
    return output / "bundles" / device_class / "bundle.tar.zst"


def test_inspect_says_what_is_inside(output: Path, cli: Cli) -> None:
    said = cli("bundle", "inspect", bundle_of(output))
    assert said.returncode == 0, said.stderr
    for word in (
        "vibration-watch, for gateway (arm64)",
        "bearing-fault as int8, Apache-2.0",
        "13 packages, locked by hash",
        "models     signed by",
        "sbom.cdx.json",
    ):
        assert word in said.stdout
    told = json.loads(cli("bundle", "inspect", bundle_of(output), "--format", "json").stdout)
    assert told["deviceClass"] == "gateway"
    assert {one["kind"] for one in told["members"]} >= {
        "manifest", "model", "golden", "runtime", "licence", "sbom", "provenance", "accuracy",
        "model-signature",
    }  # fmt: skip


def test_verify_asks_for_keys_and_names_the_reason(output: Path, cli: Cli, tmp_path: Path) -> None:
    bundle, spec = bundle_of(output), output.parents[1]
    keys = ("--model-key", spec / "model.pem", "--attestation-key", spec / "attestation.pem")
    assert cli("bundle", "verify", bundle, *keys).returncode == 0
    assert cli("bundle", "verify", bundle, "--spec", spec).returncode == 0
    for role in ("model", "attestation"):
        (tmp_path / "exported" / role).mkdir(parents=True)
        shutil.copy(spec / f"{role}.pem", tmp_path / "exported" / role / "any.pem")
    assert cli("bundle", "verify", bundle, "--keys", tmp_path / "exported").returncode == 0
    assert "stays unknown" in cli("bundle", "verify", bundle, "--content-only").stdout
    nobody = cli("bundle", "verify", bundle)
    assert nobody.returncode == 2
    assert "--model-key" in nobody.stderr
    both = cli("bundle", "verify", bundle, "--content-only", "--spec", spec)
    assert both.returncode == 2
    crossed = cli("bundle", "verify", bundle, "--model-key", spec / "attestation.pem",
                  "--attestation-key", spec / "model.pem")  # fmt: skip
    assert crossed.returncode == 5
    assert "HS0701" in crossed.stderr
    assert "[model-signature-untrusted]" in crossed.stderr
    broken = tmp_path / "bundle.tar.zst"
    broken.write_bytes(bundle.read_bytes()[:-9])
    told = cli("bundle", "verify", broken, *keys, "--format", "json")
    assert told.returncode == 5
    document = json.loads(told.stdout)
    assert (document["code"], document["verified"]) == ("HS0701", False)
    assert document["faults"][0]["reason"].startswith("archive-")


def test_diff_and_extract(output: Path, cli: Cli, tmp_path: Path) -> None:
    ours, other = bundle_of(output), bundle_of(output, "line-server")
    assert "no difference" in cli("bundle", "diff", ours, ours).stdout
    said = cli("bundle", "diff", ours, other).stdout
    assert "~ device_class: gateway -> line-server" in said
    told = json.loads(cli("bundle", "diff", ours, other, "--format", "json").stdout)
    assert "runtime/flows.json" in {one["path"] for one in told["changed"]}
    done = cli("bundle", "extract", ours, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    manifest = (output / "bundles" / "gateway" / "manifest.json").read_bytes()
    assert (tmp_path / "out" / "release.json").read_bytes() == manifest
    again = cli("bundle", "extract", ours, tmp_path / "out")
    assert again.returncode == 2
    assert cli("bundle", "inspect", tmp_path / "nothing").returncode != 0
