"""Whatever a model file holds, reading it ends soon, with facts or one clause, and in bounds."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest
from conftest import Cli
from unit.load.hostile import CASES

from hybridspec.load.model import facts_at
from hybridspec.load.probe_child import probe
from hybridspec.load.structure import Refused

CHILD = (
    "no-utf-8", "a-million-operators", "a-pipe", "a-folder", "a-device", "a-link-to-itself",
    # Once a program loads Pulumi, protobuf reads messages of any depth in that process.
    "branches-in-branches",
)  # fmt: skip
"""Cases that are read in a process of its own, as all are in earnest."""
MIB = 2**20


def answer(name: str, folder: Path) -> str:
    """What is said of a file; empty if it can be read."""
    CASES[name][1](folder / "m.onnx")
    if name in CHILD:
        found = facts_at(folder / "m.onnx", folder / "cache")
        return found if isinstance(found, str) else ""
    try:
        facts = probe(str(folder / "m.onnx"))
    except Refused as refused:
        return str(refused)
    assert json.loads(json.dumps(facts, allow_nan=False))
    return ""


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_file_is_one_clause_or_has_facts(name: str, tmp_path: Path) -> None:
    says, said = CASES[name][0], answer(name, tmp_path)
    assert says in said
    assert bool(said) == bool(says), said
    assert len(said) < 400
    assert said.isprintable()
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < 1024 * MIB


@pytest.mark.parametrize("name", [
    "truncated-60", "external-/etc/passwd", "weights-huge", "unknown-domain", "control-characters",
])  # fmt: skip
def test_the_command_line_says_it_without_a_traceback(name: str, tmp_path: Path, cli: Cli) -> None:
    says, write = CASES[name]
    write(tmp_path / "m.onnx")
    done = cli("model", "inspect", "m.onnx", "--format", "json", cwd=tmp_path)
    assert done.returncode == (2 if says else 0)
    assert says in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert json.loads(done.stdout)
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
