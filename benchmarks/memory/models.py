"""Models of known shapes with random weights, of which only size and order of tensors matter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Net:
    """A graph in the making; every method adds an operator and gives the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.random = np.random.default_rng(7)

    def weight(self, *shape: int, scale: float = 0.05) -> str:
        name = f"w{len(self.weights)}"
        values = self.random.standard_normal(shape, np.float32) * np.float32(scale)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def constant(self, values: list[int]) -> str:
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        return self.ops(kind, *inputs, outputs=1, **attributes)[0]

    def ops(self, kind: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        names = [f"t{len(self.nodes)}_{n}" for n in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def conv(self, x: str, before: int, after: int, size: int = 1, *, stride: int = 1,
             group: int = 1, act: str = "Relu") -> str:  # fmt: skip
        pad = size // 2
        weight = self.weight(after, before // group, size, size)
        y = self.op("Conv", x, weight, self.weight(after), strides=[stride] * 2, pads=[pad] * 4,
                    group=group)  # fmt: skip
        if act == "Clip":
            return self.op("Clip", y, self.scalar(0.0), self.scalar(6.0))
        return self.op(act, y) if act else y

    def scalar(self, value: float) -> str:
        name = f"s{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array(value, np.float32), name))
        return name

    def resize(self, by: int) -> str:
        name = f"r{len(self.weights)}"
        values = np.array([1, 1, by, by], np.float32)
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def dense(self, x: str, before: int, after: int) -> str:
        return self.op("Add", self.op("MatMul", x, self.weight(before, after)), self.weight(after))

    def model(self, inputs: dict[str, list[int]], outputs: list[str]) -> onnx.ModelProto:
        given = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()]
        made = [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs]
        graph = helper.make_graph(self.nodes, "net", given, made, self.weights)
        opsets = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        return onnx.shape_inference.infer_shapes(model)


def mobilenet() -> onnx.ModelProto:
    """Inverted residuals with depthwise convolutions, 224 pixels."""
    net = Net()
    x, width = net.conv("x", 3, 32, 3, stride=2, act="Clip"), 32
    for expand, out, count, stride in (
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
        (6, 160, 3, 2), (6, 320, 1, 1),
    ):  # fmt: skip
        for index in range(count):
            y, wide = x, width * expand
            if expand > 1:
                y = net.conv(y, width, wide, act="Clip")
            step = stride if index == 0 else 1
            y = net.conv(y, wide, wide, 3, stride=step, group=wide, act="Clip")
            y = net.conv(y, wide, out, act="")
            x = net.op("Add", x, y) if step == 1 and width == out else y
            width = out
    x = net.conv(x, width, 1280, act="Clip")
    x = net.op("Flatten", net.op("GlobalAveragePool", x))
    return net.model({"x": [1, 3, 224, 224]}, [net.dense(x, 1280, 1000)])


def resnet() -> onnx.ModelProto:
    """Bottleneck blocks of fifty layers, 224 pixels."""
    net = Net()
    x = net.conv("x", 3, 64, 7, stride=2)
    x, width = net.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4), 64
    for narrow, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for index in range(count):
            step = stride if index == 0 else 1
            y = net.conv(net.conv(x, width, narrow), narrow, narrow, 3, stride=step)
            y = net.conv(y, narrow, 4 * narrow, act="")
            if index == 0:
                x = net.conv(x, width, 4 * narrow, stride=step, act="")
            x, width = net.op("Relu", net.op("Add", x, y)), 4 * narrow
    x = net.op("Flatten", net.op("GlobalAveragePool", x))
    return net.model({"x": [1, 3, 224, 224]}, [net.dense(x, width, 1000)])


def encoder() -> onnx.ModelProto:
    """Six layers of attention over 128 tokens of width 384."""
    net, wide, heads, long = Net(), 384, 6, 128
    x = "x"
    for _ in range(6):
        parts = []
        for turned in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]):
            y = net.op("Reshape", net.dense(x, wide, wide),
                       net.constant([1, long, heads, wide // heads]))  # fmt: skip
            parts.append(net.op("Transpose", y, perm=turned))
        scores = net.op("Mul", net.op("MatMul", parts[0], parts[1]), net.scalar(0.125))
        y = net.op("MatMul", net.op("Softmax", scores, axis=-1), parts[2])
        y = net.op("Reshape", net.op("Transpose", y, perm=[0, 2, 1, 3]),
                   net.constant([1, long, wide]))  # fmt: skip
        x = _norm(net, net.op("Add", x, net.dense(y, wide, wide)), wide)
        y = net.dense(x, wide, 4 * wide)
        y = net.op("Mul", y, net.op("Sigmoid", y))
        x = _norm(net, net.op("Add", x, net.dense(y, 4 * wide, wide)), wide)
    return net.model({"x": [1, long, wide]}, [net.dense(x, wide, 1000)])


def _norm(net: Net, x: str, wide: int) -> str:
    return net.op("LayerNormalization", x, net.weight(wide), net.weight(wide), axis=-1)


def recurrent(kind: str = "GRU") -> onnx.ModelProto:
    """Two layers over 100 steps of 64 values."""
    net, hidden, gates = Net(), 512, {"GRU": 3, "LSTM": 4}[kind]
    x, before = net.op("Transpose", "x", perm=[1, 0, 2]), 64
    for _ in range(2):
        y = net.ops(kind, x, net.weight(1, gates * hidden, before),
                    net.weight(1, gates * hidden, hidden), net.weight(1, 2 * gates * hidden),
                    outputs=1, hidden_size=hidden)[0]  # fmt: skip
        x, before = net.op("Squeeze", y, net.constant([1])), hidden
    x = net.op("Gather", x, net.constant([99]), axis=0)
    x = net.op("Reshape", x, net.constant([1, hidden]))
    return net.model({"x": [1, 100, 64]}, [net.dense(x, hidden, 20)])


def lstm() -> onnx.ModelProto:
    """The same with LSTM."""
    return recurrent("LSTM")


def detector() -> onnx.ModelProto:
    """A pyramid with two heads, 320 pixels: few weights, large tensors."""
    net = Net()
    x, width, levels = net.conv("x", 3, 32, 3, stride=2), 32, []
    for out in (64, 128, 256):
        x = net.conv(x, width, out, 3, stride=2)
        y = net.conv(net.conv(x, out, out // 2), out // 2, out, 3)
        x, width = net.op("Add", x, y), out
        levels.append((x, out))
    (fine, narrow), (coarse, wide) = levels[-2:]
    up = net.op("Resize", net.conv(coarse, wide, narrow), "", net.resize(2), mode="nearest")
    fine = net.op("Concat", fine, up, axis=1)
    heads = [net.conv(fine, 2 * narrow, narrow, 3), net.conv(coarse, wide, wide, 3)]
    made = [net.conv(heads[0], narrow, 24, act=""), net.conv(heads[1], wide, 24, act="")]
    flat = [net.op("Reshape", y, net.constant([1, 24, -1])) for y in made]
    return net.model({"x": [1, 3, 320, 320]}, [net.op("Concat", *flat, axis=2)])


def perceptron() -> onnx.ModelProto:
    """Three wide layers: weights, and next to no tensors."""
    net = Net()
    x, before = "x", 1024
    for after in (4096, 4096, 1024):
        x, before = net.op("Relu", net.dense(x, before, after)), after
    return net.model({"x": [1, 1024]}, [net.dense(x, before, 10)])


MODELS: dict[str, Callable[[], onnx.ModelProto]] = {
    "mobilenet": mobilenet, "resnet": resnet, "encoder": encoder, "gru": recurrent,
    "lstm": lstm, "detector": detector, "mlp": perceptron,
}  # fmt: skip


def write(name: str, folder: Path) -> Path:
    """Build a model; gives its file."""
    path = folder / f"{name}.onnx"
    if not path.exists():
        path.write_bytes(MODELS[name]().SerializeToString())
    return path
