"""Small ONNX networks of each family, with random weights, for tests of what is done to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_node = helper.make_node


def _model(
    nodes: Sequence[onnx.NodeProto], weights: Mapping[str, np.ndarray],
    fed: Sequence[int | str], answer: Sequence[int | str],
) -> onnx.ModelProto:  # fmt: skip
    made = helper.make_model(helper.make_graph(
        list(nodes), "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, list(fed))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, list(answer))],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    ), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)  # fmt: skip
    onnx.checker.check_model(made, full_check=True)
    return made


def _random(rng: np.random.Generator, *shape: int, fan: int = 1) -> np.ndarray:
    values: np.ndarray = rng.normal(size=shape) / np.sqrt(fan)
    return values.astype(np.float32)


def mlp(width: int = 256) -> onnx.ModelProto:
    """Three layers, exported as `Gemm` with transposed weights."""
    rng = np.random.default_rng(1)
    weights = {
        "w1": _random(rng, width, 64, fan=64), "b1": _random(rng, width),
        "w2": _random(rng, width, width, fan=width), "b2": _random(rng, width),
        "w3": _random(rng, 10, width, fan=width), "b3": _random(rng, 10),
    }  # fmt: skip
    nodes = [
        _node("Gemm", ["x", "w1", "b1"], ["h1"], transB=1), _node("Relu", ["h1"], ["r1"]),
        _node("Gemm", ["r1", "w2", "b2"], ["h2"], transB=1), _node("Relu", ["h2"], ["r2"]),
        _node("Gemm", ["r2", "w3", "b3"], ["y"], transB=1),
    ]  # fmt: skip
    return _model(nodes, weights, ["N", 64], ["N", 10])


def cnn() -> onnx.ModelProto:
    """Two convolutions, the first with batch normalisation, and a classifier."""
    rng = np.random.default_rng(2)
    ones, zeros = np.ones(32, np.float32), np.zeros(32, np.float32)
    weights = {
        "w1": _random(rng, 32, 3, 3, 3, fan=27), "scale": ones, "shift": zeros, "mean": zeros,
        "var": ones, "w2": _random(rng, 32, 32, 3, 3, fan=288), "w3": _random(rng, 32, 10),
    }  # fmt: skip
    nodes = [
        _node("Conv", ["x", "w1"], ["c1"], pads=[1] * 4),
        _node("BatchNormalization", ["c1", "scale", "shift", "mean", "var"], ["n1"]),
        _node("Relu", ["n1"], ["r1"]), _node("Conv", ["r1", "w2"], ["c2"], pads=[1] * 4),
        _node("Relu", ["c2"], ["r2"]), _node("GlobalAveragePool", ["r2"], ["p"]),
        _node("Flatten", ["p"], ["f"]), _node("Gemm", ["f", "w3"], ["y"]),
    ]  # fmt: skip
    return _model(nodes, weights, ["N", 3, 16, 16], ["N", 10])


def lstm() -> onnx.ModelProto:
    """An LSTM over twenty steps, and a classifier of its last state."""
    rng = np.random.default_rng(3)
    weights = {
        "w": _random(rng, 1, 256, 16, fan=16), "r": _random(rng, 1, 256, 64, fan=64),
        "w3": _random(rng, 64, 10, fan=8), "first": np.array([0]),
    }  # fmt: skip
    nodes = [
        _node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        _node("LSTM", ["t", "w", "r"], ["all", "last"], hidden_size=64),
        _node("Squeeze", ["last", "first"], ["s"]), _node("MatMul", ["s", "w3"], ["y"]),
    ]  # fmt: skip
    return _model(nodes, weights, ["N", 20, 16], ["N", 10])


def attention(width: int = 64) -> onnx.ModelProto:
    """One block of self-attention over sixteen tokens, and a classifier of their mean."""
    rng = np.random.default_rng(4)
    square = ("q", "k", "v", "o", "f")
    weights = {name: _random(rng, width, width, fan=width) for name in square}
    weights |= {f"b{name}": _random(rng, width) for name in square}
    weights |= {"w3": _random(rng, width, 10), "scale": np.float32(width**-0.5).reshape(1)}
    nodes = []
    for name in ("q", "k", "v"):
        nodes += [_node("MatMul", ["x", name], [f"m{name}"]),
                  _node("Add", [f"m{name}", f"b{name}"], [f"a{name}"])]  # fmt: skip
    nodes += [
        _node("Transpose", ["ak"], ["kt"], perm=[0, 2, 1]), _node("MatMul", ["aq", "kt"], ["qk"]),
        _node("Mul", ["qk", "scale"], ["qs"]), _node("Softmax", ["qs"], ["soft"]),
        _node("MatMul", ["soft", "av"], ["mix"]), _node("MatMul", ["mix", "o"], ["mo"]),
        _node("Add", ["mo", "bo"], ["ao"]), _node("Add", ["ao", "x"], ["res"]),
        _node("MatMul", ["res", "f"], ["mf"]), _node("Add", ["mf", "bf"], ["af"]),
        _node("Relu", ["af"], ["rf"]), _node("ReduceMean", ["rf"], ["p"], axes=[1], keepdims=0),
        _node("MatMul", ["p", "w3"], ["y"]),
    ]  # fmt: skip
    return _model(nodes, weights, ["N", 16, width], ["N", 10])
