"""The pre-commit hook: its definition is complete, and its entry validates what changed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

from hybridspec.cli.pre_commit import jobs

HOOK: dict[str, Any] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())[0]


def test_the_definition_has_what_pre_commit_needs() -> None:
    assert HOOK["id"] == "hybridspec-validate"
    assert HOOK["language"] == "python"
    assert HOOK["name"]
    assert HOOK["description"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("hybridspec.yaml", True), ("plants/a/hybridspec.yaml", True), ("hybridspec.prod.yaml", True),
     ("hybridspec.schema.json", False), ("other.yaml", False), ("nothybridspec.yaml", False)],
)  # fmt: skip
def test_only_specs_are_looked_at(name: str, wanted: bool) -> None:
    assert bool(re.search(HOOK["files"], name)) is wanted


def test_an_overlay_is_validated_with_its_spec(tmp_path: Path) -> None:
    spec, overlay = tmp_path / "hybridspec.yaml", tmp_path / "hybridspec.prod.yaml"
    alone = tmp_path / "other" / "hybridspec.prod.yaml"
    spec.write_text("")
    assert jobs([overlay, spec, spec, alone]) == [
        [str(spec), "--stack", "prod"], [str(spec)], [str(alone)],
    ]  # fmt: skip


def test_its_entry_refuses_a_broken_spec_and_passes_a_good_one(example: Path, cache: Path) -> None:
    good = example / "hybridspec.yaml"
    bad = example / "broken" / "hybridspec.yaml"
    bad.parent.mkdir()
    bad.write_text("apiVersion: hybridspec.dev/v1\nzonse: {}\n")
    command = [sys.executable, *HOOK["entry"].split()[1:]]
    env = {**os.environ, "HYBRIDSPEC_CACHE": str(cache)}
    for paths, code in (([good], 0), ([good, bad], 2)):
        done = subprocess.run([*command, *map(str, paths)], env=env, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        assert ("did you mean `zones`?" in done.stderr + done.stdout) is bool(code)
