"""Emitted Python is code like any other: it compiles, is formatted, and passes the type checker.

ruff runs with its defaults; ty, pinned, checks against the real SDKs of this environment.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from emitted.slices import HOMES, SLICES, moved, written

from hybridspec.ir.plan import CloudSlice


def tool(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a development tool of this environment in a project's folder."""
    return subprocess.run(
        [sys.executable, "-m", name, *arguments],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def typed(folder: Path) -> subprocess.CompletedProcess[str]:
    """What ty says of a project folder; its policy pack has an environment of its own."""
    return tool(folder, "ty", "check", "--python", sys.prefix, "--error-on-warning",
                "--exclude", "policy")  # fmt: skip


def assert_clean(folder: Path) -> None:
    """Compiles, formatted and linted with ruff's defaults, and typed."""
    sources = sorted(folder.glob("*.py"))
    assert len(sources) >= 5
    for source in sources:
        compile(source.read_bytes(), source.name, "exec", dont_inherit=True)
    formatted = tool(folder, "ruff", "format", "--isolated", "--no-cache", "--diff")
    assert formatted.returncode == 0, formatted.stdout
    linted = tool(folder, "ruff", "check", "--isolated", "--no-cache")
    assert linted.returncode == 0, linted.stdout
    checked = typed(folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_example_is_clean(built: Path) -> None:
    assert_clean(built / "stacks" / "aws")


@pytest.mark.parametrize("made", SLICES.values(), ids=list(SLICES))
def test_every_shape_of_a_plan_is_clean(made: CloudSlice, tmp_path: Path) -> None:
    assert_clean(written(made, tmp_path / "stack"))


@pytest.mark.parametrize("cloud", HOMES)
@pytest.mark.parametrize("shape", ["several of each", "longest names", "no models, no devices"])
def test_other_clouds_are_as_clean(shape: str, cloud: str, tmp_path: Path) -> None:
    assert_clean(written(moved(SLICES[shape], cloud), tmp_path / "stack"))


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("enable_key_rotation=True", "enable_key_rotatoin=True", "unknown-argument"),
        ("enable_key_rotation=True", "enable_key_rotation=[]", "invalid-argument-type"),
        ("return key.arn", "return key.aarn", "missing-attribute"),
    ],
)
def test_the_checker_sees_the_real_sdk(old: str, new: str, rule: str, tmp_path: Path) -> None:
    folder = written(SLICES["one zone"], tmp_path / "stack")
    source = (folder / "keys.py").read_text()
    assert old in source
    (folder / "keys.py").write_text(source.replace(old, new))
    checked = typed(folder)
    assert checked.returncode == 1
    # One constructor among several, or none of them, is what a wrong argument gives.
    assert rule in checked.stdout or "no-matching-overload" in checked.stdout


@pytest.mark.parametrize("cloud", ["aws", *HOMES])
def test_a_stack_of_ones_own_has_its_backend_and_its_settings(cloud: str, tmp_path: Path) -> None:
    asked = SLICES["no training"] if cloud == "aws" else moved(SLICES["no training"], cloud)
    hostile = 'a"b: {c}\n- # é\u0085'
    asked = replace(asked, stack="prod", backend="s3://states?region=x", account="own-1",
                    config=(("aws:profile", "plants"), ("word", hostile)))  # fmt: skip
    folder = written(asked, tmp_path / "stack")
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    assert project["backend"] == {"url": "s3://states?region=x"}
    settings = yaml.safe_load((folder / "Pulumi.prod.yaml").read_text())
    assert '"own-1"' in (folder / "__main__.py").read_text()
    assert settings == {"config": {"aws:profile": "plants", f"watch-{cloud}:word": hostile}}
    assert_clean(folder)
