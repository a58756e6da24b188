"""The halves at every legal cut compute what the whole does; whatever else is refused."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from conftest import EXAMPLE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from hybridspec.cli.app import run
from hybridspec.load.probe_child import probe
from hybridspec.optimise.halves import TOLERANCE, compared

WIDE = 12
Out = pytest.CaptureFixture[str]


@st.composite
def graphs(draw: st.DrawFn) -> onnx.ModelProto:
    """Products, sums of what came before, shared weights and constants, one input or two."""
    fed = draw(st.sampled_from([["x"], ["x", "z"]]))
    alive, widths, nodes, weights = [*fed], dict.fromkeys(fed, WIDE), [], {}
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    for step in range(draw(st.integers(2, 9))):
        a, b = draw(st.sampled_from(alive[-3:])), draw(st.sampled_from(alive))
        kind, out = draw(st.sampled_from(["MatMul", "Add", "Relu", "Concat", "Scale"])), f"t{step}"
        if kind == "MatMul":
            width = draw(st.sampled_from([2, 3, WIDE]))
            name = f"w{widths[a]}x{width}"  # shared where the shape is
            weights.setdefault(name, rng.standard_normal((widths[a], width)).astype(np.float32))
            nodes.append(helper.make_node(kind, [a, name], [out]))
        elif kind == "Scale":
            width = widths[a]
            if not any("k" in node.output for node in nodes):
                nodes.insert(0, helper.make_node("Sigmoid", ["c"], ["k"]))
                weights["c"] = np.float32([0.5])
            nodes.append(helper.make_node("Mul", [a, "k"], [out]))
        elif kind == "Add" and widths[a] == widths[b]:
            width = widths[a]
            nodes.append(helper.make_node(kind, [a, b], [out]))
        elif kind == "Concat":
            width = widths[a] + widths[b]
            nodes.append(helper.make_node(kind, [a, b], [out], axis=1))
        else:
            width = widths[a]
            nodes.append(helper.make_node("Relu", [a], [out]))
        widths[out] = width
        alive.append(out)
    floats = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info(n, floats, ["N", WIDE]) for n in fed],
        [helper.make_tensor_value_info(alive[-1], floats, ["N", widths[alive[-1]]])],
        [numpy_helper.from_array(a, n) for n, a in weights.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def at(folder: Path, tensor: str, evaluation: Path | None = None) -> dict[str, Any]:
    return compared({"model": str(folder / "m.onnx"), "shapes": {}, "tensor": tensor,
                     "folder": str(folder),
                     "evaluation": evaluation})  # fmt: skip


@given(graphs())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_halves_at_each_cut_are_the_whole(tmp_path: Path, made: onnx.ModelProto) -> None:
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    for cut in probe(str(tmp_path / "m.onnx"))["cuts"]:
        assert at(tmp_path, cut["tensor"]["name"])["worst"] <= TOLERANCE


@pytest.fixture
def _quiet(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))


@pytest.mark.usefixtures("_quiet")
def test_the_command_writes_both_halves_or_none(tmp_path: Path, capsys: Out) -> None:
    file, out = EXAMPLE / "model" / "bearing_fault.onnx", tmp_path / "halves"
    argv = ["model", "inspect", str(file), "--out", str(out)]
    assert run([*argv, "--cut", "1"]) == 2
    assert run(argv) == 2
    bad = tmp_path / "bad.npz"
    np.savez(bad, other=np.zeros((2, 2)))
    assert run([*argv, "--cut", "0", "--evaluation", str(bad)]) == 2
    assert "`window` is missing" in capsys.readouterr().err
    assert not out.exists()
    assert run([*argv, "--cut", "0", "--evaluation", str(EXAMPLE / "model/evaluation.npz")]) == 0
    assert "equal to the whole on 16 samples" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ["head.onnx", "tail.onnx"]
    onnx.checker.check_model(str(out / "tail.onnx"))
    assert run(["model", "inspect", str(EXAMPLE), "--cut", "0", "--out", str(out)]) == 0
