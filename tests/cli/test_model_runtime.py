"""Other runtimes on the command line: what boards can run, and figures that are of them."""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import pytest
from conftest import EXAMPLE

from hybridspec.cli.app import run

Out = pytest.CaptureFixture[str]
FILE = EXAMPLE / "model" / "bearing_fault.onnx"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)


def estimates(capsys: Out, *argv: str | Path) -> list[dict[str, Any]]:
    assert run(["model", "estimate", *map(str, argv), "--format", "json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["estimates"]
    return found


def refused(capsys: Out, *argv: str | Path) -> str:
    """The sentence and the help of a usage error."""
    assert run(["model", *map(str, argv)]) == 2
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("command", ["estimate", "optimise", "compare"])
def test_a_runtime_without_its_hardware_is_refused(capsys: Out, command: str) -> None:
    said = refused(capsys, command, FILE, "--device", "raspberry-pi-5", "--runtime", "tensorrt")
    assert "Raspberry Pi 5, 8 GB has nothing that tensorrt runs on" in said
    assert "has onnxruntime, openvino" in said
    said = refused(capsys, command, FILE, "--device", "stm32h7", "--runtime", "onnxruntime")
    assert "has tflm alone" in said
    said = refused(capsys, command, FILE, "--device", "jetson-nano", "--runtime", "tensorr")
    assert "did you mean `tensorrt`" in said


def test_figures_are_those_of_the_runtime(capsys: Out) -> None:
    board = ("--device", "jetson-orin-nano")
    rows = estimates(capsys, FILE, *board, "--runtime", "tensorrt")
    assert {row["variant"] for row in rows} == {"fp32", "fp16", "int8"}
    for row in rows:
        assert row["runtime"] == "tensorrt"
        assert "tensorrt" in row["latency"]["basis"]
        assert row["latency"]["low"] >= 5
        assert row["memory"] > 800 * 2**20
        assert "NVIDIA" in row["memoryBasis"]
    (plain,) = [r for r in estimates(capsys, FILE, *board) if r["variant"] == "fp32"]
    assert (plain["runtime"], plain["memoryBasis"]) == ("onnxruntime", "")
    every = estimates(capsys, FILE, "--device", "all", "--runtime", "qnn")
    assert {row["device"] for row in every} == {
        "qualcomm-qcs6490", "snapdragon-8-gen-3", "snapdragon-x-elite",
    }  # fmt: skip


def test_a_class_is_estimated_with_its_own_runtime(capsys: Out, tmp_path: Path) -> None:
    text = (EXAMPLE / "hybridspec.yaml").read_text(encoding="utf-8")
    text = text.replace("board: raspberry-pi-5", "board: jetson-orin-nano\n    runtime: tensorrt")
    (tmp_path / "hybridspec.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(EXAMPLE / "model", tmp_path / "model")
    rows = estimates(capsys, tmp_path, "--device", "gateway")
    assert {row["runtime"] for row in rows} == {"tensorrt"}
    assert all("tensorrt" in row["latency"]["basis"] for row in rows)
    rows = estimates(capsys, tmp_path, "--device", "gateway", "--runtime", "onnxruntime")
    assert all("onnxruntime" in row["latency"]["basis"] for row in rows)
    assert all(row["memory"] < 100 * 2**20 for row in rows)
    said = refused(capsys, "estimate", tmp_path, "--device", "gateway", "--measurements", "m.json")
    assert "says nothing of tensorrt" in said


def test_the_table_says_what_estimates_of_other_runtimes_rest_on(capsys: Out) -> None:
    argv = [str(FILE), "--device", "qualcomm-qcs6490", "--runtime", "qnn"]
    assert run(["model", "estimate", *argv]) == 0
    said = capsys.readouterr().out
    assert " networks, quic/ai-hub-models" in said
    assert "nobody has published what qnn takes" in said


def test_what_a_board_has_beside_its_cpu_is_told_where_it_is_not_used(
    capsys: Out, tmp_path: Path
) -> None:
    argv = [str(FILE), "--device", "jetson-orin-nano", "--tries", "1", "--format", "json"]
    assert run(["model", "optimise", *argv]) == 0
    (found,) = json.loads(capsys.readouterr().out)["models"]
    (told,) = [note for note in found["notes"] if note.startswith("not used: ")]
    assert told == "not used: Ampere GPU, 1024 cores: `--runtime tensorrt` uses it"


def test_a_microcontroller_gets_the_commands_of_its_own_runtime(
    capsys: Out, tmp_path: Path
) -> None:
    argv = [str(FILE), "--device", "stm32h7", "--format", "json"]
    assert run(["model", "optimise", *argv]) == 0
    (found,) = json.loads(capsys.readouterr().out)["models"]
    assert (found["runtime"], found["chosen"]) == ("tflm", "fp32-fixed")
    assert [step["command"].split()[0] for step in found["steps"]] == [
        "python3", "onnx2tf", "python3", "xxd",
    ]  # fmt: skip
    rows = {one["recipe"]: one for one in found["search"]["candidates"]}
    assert rows["fp32-fixed"]["memory"] < 100_000
    assert rows["fp32-as-written"]["reasons"] == [
        "it leaves sizes open, and tflm is compiled for fixed ones"
    ]


def test_what_has_no_figures_in_float_is_compared_with_the_fastest_on_the_cpu(
    capsys: Out, tmp_path: Path
) -> None:
    """OpenVINO's figures are of all cores: one core beside them would make 8 bit look too good."""
    argv = [str(FILE), "--device", "intel-core-ultra-7", "--runtime", "openvino", "--tries", "1"]
    assert run(["model", "optimise", *argv, "--format", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["models"]
    first = found["search"]["candidates"][0]["latency"]
    (alone,) = [row for row in estimates(capsys, FILE, "--device", "intel-core-ultra-7")
                if row["variant"] == "fp32"]  # fmt: skip
    assert first["mid"] <= alone["latency"]["mid"]
    assert first["basis"].startswith("estimated, onnxruntime fp32")
    assert any(note.startswith("latency of fp32-as-written") for note in found["notes"])


def test_an_npu_that_is_slower_than_the_cpu_is_told(capsys: Out, tmp_path: Path) -> None:
    """Of so small a model the request alone takes longer; a float model runs in 16 bit there."""
    (tmp_path / "tiny.onnx").write_bytes(tiny().SerializeToString())
    argv = ["tiny.onnx", "--device", "snapdragon-8-gen-3", "--runtime", "qnn", "--tries", "2"]
    assert run(["model", "optimise", *argv, "--format", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["models"]
    assert found["chosen"] == "fp32-fixed"
    latency = found["search"]["candidates"][1]["latency"]
    assert (latency["low"], latency["mid"]) == (74, 74)
    assert "the HTP computes float32 in 16 bit" in latency["basis"]
    assert any("on the CPU takes" in note and "`--runtime onnxruntime`" in note
               for note in found["notes"])  # fmt: skip


def tiny() -> onnx.ModelProto:
    """One small product."""
    value = onnx.helper.make_tensor_value_info
    weights = onnx.numpy_helper.from_array(np.ones((8, 4), np.float32), "w")
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])], "g",
        [value("x", 1, ["N", 8])], [value("y", 1, ["N", 4])], [weights],
    )  # fmt: skip
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model
