"""`hybridspec model inspect`: what a model holds, by its file or by a spec."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLE

from hybridspec.cli.app import run

Out = pytest.CaptureFixture[str]
FILE = EXAMPLE / "model" / "bearing_fault.onnx"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))


def inspect(capsys: Out, *argv: str | Path) -> dict[str, Any]:
    assert run(["model", "inspect", *map(str, argv), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schemaVersion"] == "hybridspec.dev/model-inspection/v1"
    (model,) = found["models"]
    assert isinstance(model, dict)
    return model


def test_a_file_alone(capsys: Out) -> None:
    found = inspect(capsys, FILE)
    assert (found["name"], found["family"], found["opset"]) == ("bearing_fault", "cnn", 17)
    assert found["operators"] == {"Conv": 4, "Flatten": 1, "Gemm": 1, "GlobalAveragePool": 1,
                                  "Relu": 4}  # fmt: skip
    assert found["inputs"] == [{"name": "window", "dtype": "float32", "shape": [1, 1, 1024]}]
    assert found["unknown"] == found["unpriced"] == []
    (cut,) = found["cuts"]
    assert (cut["tensor"]["name"], cut["size"]) == ("pooled", 256)
    assert cut["before"]["operators"] + cut["after"]["operators"] == 6
    fits = {row["board"]: row["fits"] for row in found["boards"]}
    assert fits["raspberry-pi-5"] == ["fp32", "int8"]
    assert fits["stm32h7"] == []  # a microcontroller runs no onnxruntime


def test_the_models_of_a_spec(capsys: Out) -> None:
    assert inspect(capsys, EXAMPLE, "--model", "bearing-fault")["name"] == "bearing-fault"


def test_for_people(capsys: Out) -> None:
    assert run(["model", "inspect", str(FILE)]) == 0
    shown = capsys.readouterr().out
    for part in ("Model: bearing_fault", "1.9 M MAC other", "GlobalAveragePool", "pooled"):
        assert part in shown


@pytest.mark.parametrize(("argv", "says"), [
    (["absent.onnx"], "there is no such file"),
    ([str(EXAMPLE), "--model", "bearing-folt"], "did you mean `bearing-fault`?"),
    ([str(FILE), "--model", "x"], "leave `--model` out"),
])  # fmt: skip
def test_what_is_not_there(argv: list[str], says: str, capsys: Out) -> None:
    assert run(["model", "inspect", *argv]) == 2
    assert says in capsys.readouterr().err
