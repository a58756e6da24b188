"""`hybridspec build` of what was built already: nothing is compiled, and nothing is overlooked."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from conftest import copy_example

from hybridspec.cli import output_tree
from hybridspec.cli.app import run

Out = pytest.CaptureFixture[str]


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> Path:
    """An example that was built once, in this process."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))
    made = copy_example(tmp_path)
    assert run(["build", str(made)]) == 0
    return made


def compiles(monkeypatch: pytest.MonkeyPatch, example: Path) -> bool:
    """Whether building it again runs the compiler."""
    ran = []
    real = output_tree.compiled

    def noted(*given: object) -> object:
        ran.append(given)
        return real(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(output_tree, "compiled", noted)
        assert run(["build", str(example)]) == 0
    return bool(ran)


def test_nothing_is_compiled_twice(
    monkeypatch: pytest.MonkeyPatch, example: Path, capsys: Out
) -> None:
    capsys.readouterr()
    assert not compiles(monkeypatch, example)
    said = capsys.readouterr().out
    assert said.startswith(f"{example / 'build' / 'vibration-watch'}: 0 files written, 0 removed, ")
    assert run(["build", str(example), "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["written"], document["removed"]) == ([], [])
    plan = json.loads((example / "build" / "vibration-watch" / "plan.json").read_bytes())
    assert document["planDigest"] == plan["digest"]


def test_whatever_differs_is_seen(monkeypatch: pytest.MonkeyPatch, example: Path) -> None:
    plan = example / "build" / "vibration-watch" / "plan.json"
    plan.write_bytes(b"{}")
    assert compiles(monkeypatch, example)
    assert plan.read_bytes() != b"{}"
    data = example / "model" / "evaluation.npz"
    data.write_bytes(data.read_bytes() + b"\0")
    assert compiles(monkeypatch, example)
    spec = example / "hybridspec.yaml"
    spec.with_name("hybridspec.local.yaml").write_text(
        "metadata: {owner: somebody-else@example.org}\n", encoding="utf-8"
    )
    assert compiles(monkeypatch, example)
    assert not compiles(monkeypatch, example)
