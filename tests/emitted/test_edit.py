"""An edit changes the lines that it is about, and nothing else changes a byte."""

from __future__ import annotations

import difflib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, copy_example

from hybridspec.compiler import Build, Options, compile_file

_EMIT = """
import hashlib
from emitted.slices import SLICES, moved
from hybridspec.emit.stacks import emit_cloud
from hybridspec.target.registry import targets
for cloud in ("aws", "azure", "gcp"):
    for name, made in SLICES.items():
        part = made if cloud == "aws" else moved(made, cloud)
        print(cloud, name, emit_cloud(targets()[cloud], part)[0].digest())
"""
DIGESTS = ("# spec ", "# plan ")
"""Comments that say which spec and plan a file is of: no tag does, or each edit would touch all."""


def changed(before: Build, after: Build) -> dict[str, list[str]]:
    """The lines that come or go by file, but for digests."""
    found = {}
    (_, old), (_, new) = before.stacks[0], after.stacks[0]
    assert set(old.files) == set(new.files)
    for path in old.files:
        texts = [tree.files[path].decode().splitlines() for tree in (old, new)]  # type: ignore[union-attr]
        lines = [
            line
            for line in difflib.unified_diff(*texts, lineterm="", n=0)
            if not line.startswith(("---", "+++", "@@")) and not any(d in line for d in DIGESTS)
        ]
        if lines:
            found[path] = lines
    return found


def edited(folder: Path, cache: Path, old: str, new: str) -> tuple[Build, Build]:
    """An example before and after an edit of its spec."""
    spec = copy_example(folder) / "hybridspec.yaml"
    text = spec.read_text()
    assert text.count(old) == 1
    before = compile_file(spec, Options(cache=cache))
    spec.write_text(text.replace(old, new))
    return before, compile_file(spec, Options(cache=cache))


def test_a_shorter_retention_of_one_flow_is_one_line(tmp_path: Path, cache: Path) -> None:
    found = changed(*edited(tmp_path, cache, "retention: P30D}", "retention: P20D}"))
    assert set(found) == {"__main__.py", "policy/zones.json"}
    assert [line.strip("+ ") for line in found["__main__.py"]] == ['"data/watch/history/": 17,']


def test_a_bound_that_moves_nothing_changes_nothing(tmp_path: Path, cache: Path) -> None:
    before, after = edited(tmp_path, cache, "{bound: 50ms,", "{bound: 49ms,")
    assert changed(before, after) == {}


def test_a_comment_at_the_end_of_a_line_changes_nothing(tmp_path: Path, cache: Path) -> None:
    before, after = edited(tmp_path, cache, "    regimes: [gdpr]\n", "    regimes: [gdpr]  # yes\n")
    assert changed(before, after) == {}


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_no_hash_seed_changes_a_byte(seed: str) -> None:
    def run(seed: str) -> str:
        path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        done = subprocess.run(
            [sys.executable, "-c", _EMIT], capture_output=True, text=True, timeout=120, check=True,
            env={"PATH": os.defpath, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
        )  # fmt: skip
        return done.stdout

    assert len(run("0").splitlines()) > 20
    assert run(seed) == run("0")
