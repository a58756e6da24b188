"""`--free`: what a model leaves open is said by name, and every command says the same of it."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from conftest import EXAMPLE
from onnx import TensorProto, helper, numpy_helper

from hybridspec.cli.app import run

Out = pytest.CaptureFixture[str]
BOARD = ("--device", "raspberry-pi-5")
WIDE = 64


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)


def encoder(path: Path, size: int | str | None = "sequence") -> Path:
    """One layer of attention over `size` tokens; None leaves their number without a name."""
    noise = np.random.default_rng(3)
    weights = {name: noise.normal(size=(WIDE, wide)) / 8 for name, wide in (
        ("q", WIDE), ("k", WIDE), ("v", WIDE), ("up", 4 * WIDE), ("out", 3))}  # fmt: skip
    weights |= {"words": noise.normal(size=(2, WIDE)), "down": noise.normal(size=(256, WIDE)) / 16}
    steps = (
        ("Gather", "words ids", "h", {}), ("MatMul", "h q", "hq", {}), ("MatMul", "h k", "hk", {}),
        ("MatMul", "h v", "hv", {}), ("Transpose", "hk", "ht", {"perm": [0, 2, 1]}),
        ("MatMul", "hq ht", "s", {}), ("Softmax", "s", "p", {}), ("MatMul", "p hv", "a", {}),
        ("MatMul", "a up", "u", {}), ("Relu", "u", "r", {}), ("MatMul", "r down", "d", {}),
        ("ReduceMean", "d", "m", {"axes": [1], "keepdims": 0}), ("MatMul", "m out", "y", {}),
    )  # fmt: skip
    nodes = [helper.make_node(kind, given.split(), [made], **more)
             for kind, given, made, more in steps]  # fmt: skip
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["N", size])
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 3])
    graph = helper.make_graph(nodes, "g", [ids], [made], [
        numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()
    ])  # fmt: skip
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              path)  # fmt: skip
    return path


def document(capsys: Out, *argv: object) -> dict[str, Any]:
    assert run(["model", *map(str, argv), "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def refused(capsys: Out, *argv: object) -> str:
    assert run(["model", *map(str, argv)]) == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("size", ["sequence", None])
def test_a_size_that_is_stated_counts_like_one_that_is_written(
    size: str | None, tmp_path: Path, capsys: Out
) -> None:
    file, plain = encoder(tmp_path / "open.onnx", size), encoder(tmp_path / "whole.onnx", 32)
    (known,) = document(capsys, "inspect", plain)["models"]
    for said in ("32", f"{size or 'ids'}=32", "ids=32"):
        (found,) = document(capsys, "inspect", file, "--free", said)["models"]
        assert {key: found[key] for key in ("inputs", "work", "family", "unpriced")} == {
            key: known[key] for key in ("inputs", "work", "family", "unpriced")}  # fmt: skip
        assert found["open"] == [size or "ids"]
    estimated, same = (
        document(capsys, "estimate", file, *BOARD, *more)["estimates"][0]["latency"]
        for file, more in ((file, ("--free", "32")), (plain, ()))
    )
    assert estimated == same


def test_what_is_open_has_a_family_and_no_estimate_anywhere(tmp_path: Path, capsys: Out) -> None:
    file = encoder(tmp_path / "open.onnx")
    (found,) = document(capsys, "inspect", file)["models"]
    assert (found["family"], found["unpriced"]) == ("transformer", ["MatMul"])
    assert "--free sequence=128" in refused(capsys, "estimate", file, *BOARD)
    assert "leaves sizes open: `sequence`" in refused(capsys, "measure", file)
    assert run(["model", "inspect", str(file)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "--free sequence=128 says how large" in shown


def test_a_name_that_is_not_open_and_a_size_that_is_none_are_refused(
    tmp_path: Path, capsys: Out
) -> None:
    file = encoder(tmp_path / "open.onnx")
    assert "open are `sequence`" in refused(capsys, "inspect", file, "--free", "tokens=8")
    assert "open are none" in refused(
        capsys, "inspect", encoder(tmp_path / "w.onnx", 8), "--free", "tokens=8"
    )
    for odd in ("sequence", "sequence=", "=8", "sequence=0", "sequence=-3", "9999999", "a=1e3"):
        assert "says no size" in refused(capsys, "inspect", file, "--free", odd)


def test_variants_are_built_and_judged_at_the_size(tmp_path: Path, capsys: Out) -> None:
    file = encoder(tmp_path / "open.onnx")
    (found,) = document(capsys, "optimise", file, *BOARD, "--free", "sequence=24")["models"]
    assert found["inputs"] == {"ids": [1, 24]}
    recipes = [one["recipe"] for one in found["search"]["candidates"]]
    assert recipes[2] == "int8-dynamic"
    assert all(one["latency"] for one in found["search"]["candidates"] if one["variant"] == "int8")
    with np.load(tmp_path / "open-raspberry-pi-5" / "golden_inputs.npz") as golden:
        assert golden["ids"].shape[1] == 24
    (loose,) = document(capsys, "optimise", file, *BOARD, "--tries", "3", "--out", "loose")[
        "models"
    ]
    assert any("size 1 there" in note for note in loose["notes"])
    (second,) = [one for one in loose["search"]["candidates"] if one["recipe"] == "int8-dynamic"]
    assert "--free sequence=128" in second["reasons"][0]
    np.savez(tmp_path / "data.npz", ids=np.ones((9, 16), np.int64), label=np.zeros(9, np.int64))
    said = refused(capsys, "optimise", file, *BOARD, "--free", "24", "--evaluation", "data.npz")
    assert "int64['N', 24]" in said or "int64[N, 24]" in said


def test_data_say_how_large_an_open_size_is(tmp_path: Path, capsys: Out) -> None:
    file = encoder(tmp_path / "open.onnx")
    data = tmp_path / "data.npz"
    np.savez(data, ids=np.random.default_rng(1).integers(0, 2, (9, 24)))
    argv = (*BOARD, "--tries", "3", "--evaluation", data)
    (found,) = document(capsys, "compare", file, *argv)["models"]
    tried = [one for one in found["search"]["candidates"] if one["variant"] == "int8"]
    assert tried
    assert "latency and memory hold at `ids` [1, 24]" in " ".join(found["notes"])
    assert all(one["latency"] for one in tried)
    assert run(["model", "compare", str(file), *map(str, argv)]) == 0
    assert "counted at the size of data.npz: `ids`=24" in capsys.readouterr().err
    np.savez(data, ids=np.ones((9, 2, 24), np.int64))
    assert "cannot be used" in refused(capsys, "compare", file, *argv)


def test_what_was_measured_at_the_size_is_used_at_it_alone(tmp_path: Path, capsys: Out) -> None:
    file = encoder(tmp_path / "open.onnx")
    out = tmp_path / "m.json"
    argv = ("measure", file, "--free", "sequence=16", "--runs", "5", "--seconds", "1", "--out", out)
    (one,) = document(capsys, *argv)["measurements"]
    assert one["free"] == 16
    assert one["work"]["gemm"] > 0
    text = out.read_text()
    for name in ("x86_64", "AMD64"):
        text = text.replace(f'"architecture": "{name}"', '"architecture": "aarch64"')
    out.write_text(text)
    where = ("estimate", file, *BOARD, "--variant", "fp32", "--measurements", out)
    (same,) = document(capsys, *where, "--free", "16")["estimates"]
    assert (same["latency"]["measured"], same["latency"]["mid"]) == (True, one["p50"])
    (other,) = document(capsys, *where, "--free", "32")["estimates"]
    assert not other["latency"]["measured"]
    assert run(["model", *map(str, where), "--free", "32"]) == 0
    assert "measured with 16 in its open sizes" in capsys.readouterr().err


def test_models_of_a_spec_that_leave_nothing_open_stay_as_they_are(capsys: Out) -> None:
    (found,) = document(capsys, "inspect", EXAMPLE, "--free", "16")["models"]
    assert (found["open"], found["free"]) == ([], {})
