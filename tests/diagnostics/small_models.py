"""The smallest models and data that a spec can name, built when a test needs them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hybridspec.optimise.data import write_arrays

FEATURES, CLASSES, SAMPLES = 4, 2, 8
_X = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", FEATURES])
_Y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", CLASSES])


def write_models(folder: Path) -> Path:
    """Fill `folder` with what the fixtures name; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.onnx").write_bytes(linear().SerializeToString())
    (folder / "wide.onnx").write_bytes(wide().SerializeToString())
    (folder / "slow.onnx").write_bytes(wide(width=2_000_000).SerializeToString())
    (folder / "text.onnx").write_text("a model, honestly\n", encoding="utf-8")
    for name, arrays in (
        ("tiny", samples()),
        ("narrow", {**samples(), "x": np.zeros((SAMPLES, FEATURES - 1), np.float32)}),
        ("unlabelled", {"x": samples()["x"]}),
    ):
        write_arrays(folder / f"{name}.npz", arrays)
    return folder


def samples() -> dict[str, np.ndarray]:
    """Inputs and labels that `linear` gets right."""
    labels = np.arange(SAMPLES) % CLASSES
    x = np.zeros((SAMPLES, FEATURES), np.float32)
    x[np.arange(SAMPLES), labels] = 1
    return {"x": x, "label": labels.astype(np.int64)}


def linear() -> onnx.ModelProto:
    """The first features are the scores of the classes."""
    weight = numpy_helper.from_array(np.eye(FEATURES, CLASSES, dtype=np.float32), "w")
    return model([helper.make_node("MatMul", ["x", "w"], ["y"])], [weight])


def wide(width: int = 1_000_000_000) -> onnx.ModelProto:
    """`linear` by a detour that keeps two tensors of 2 x `width` numbers alive."""
    weights = {
        "w": np.eye(FEATURES, CLASSES, dtype=np.float32),
        "column": np.array([0, CLASSES, 1], np.int64),
        "wide": np.array([1, CLASSES, width], np.int64),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["scores"]),
        helper.make_node("Reshape", ["scores", "column"], ["columns"]),
        helper.make_node("Expand", ["columns", "wide"], ["filled"]),
        helper.make_node("ReduceMean", ["filled"], ["y"], axes=[2], keepdims=0),
    ]
    return model(nodes, [numpy_helper.from_array(a, name) for name, a in weights.items()])


def model(
    nodes: Sequence[onnx.NodeProto], weights: Sequence[onnx.TensorProto] = ()
) -> onnx.ModelProto:
    """A model from `x` to `y` with these operators."""
    graph = helper.make_graph(nodes, "small", [_X], [_Y], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
