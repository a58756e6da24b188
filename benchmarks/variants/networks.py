"""The six networks, and a hostile one, as ONNX: random features with a trained readout.

The hidden layers keep their random weights, and the last layer is fitted to labelled data, so that
the networks answer a task, cost what real ones cost, and need no download and no framework.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FEATURES = "features"
_MOBILE = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
           (6, 160, 3, 2), (6, 320, 1, 1))  # fmt: skip
"""Expansion, channels, repetitions and stride of each group of a MobileNetV2."""


@dataclass
class Net:
    """A graph under construction; every layer returns the name of what it computes."""

    seed: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    settled: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Mean and deviation that the channels of a convolution get, by its output; else 0 and 1."""

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: object) -> str:
        """One operator; the name of its last output."""
        names = [f"t{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[-1]

    def weight(self, *shape: int, fan: float) -> str:
        """Random weights that keep the variance."""
        return self.constant((self.rng.normal(size=shape) * np.sqrt(2 / fan)).astype(np.float32))

    def constant(self, array: np.ndarray) -> str:
        name = f"w{len(self.weights)}"
        self.weights[name] = array
        return name

    def conv(
        self, x: str, width: tuple[int, int], size: int, stride: int = 1, group: int = 1,
        to: tuple[float, float] = (0, 1),
    ) -> str:  # fmt: skip
        """A convolution with a bias, padded to keep the size."""
        before, after = width
        kernel = self.weight(after, before // group, size, size, fan=before // group * size**2)
        bias = self.constant(self.rng.normal(size=after).astype(np.float32) * np.float32(0.1))
        made = self.op("Conv", x, kernel, bias, strides=[stride] * 2, group=group,
                       pads=[size // 2] * 4)  # fmt: skip
        self.settled[made] = to
        return made

    def relu6(self, x: str) -> str:
        zero, six = (self.constant(np.float32(v)) for v in (0, 6))
        return self.op("Clip", x, zero, six)

    def linear(self, x: str, before: int, after: int) -> str:
        """A product and a bias, as exporters write a layer over three dimensions."""
        bias = self.constant(self.rng.normal(size=after).astype(np.float32) * np.float32(0.1))
        return self.op(
            "Add", self.op("MatMul", x, self.weight(before, after, fan=2 * before)), bias
        )

    def pooled(self, x: str) -> None:
        self.nodes.append(
            helper.make_node("Flatten", [self.op("GlobalAveragePool", x)], [FEATURES])
        )

    def model(self, fed: tuple[int | str, ...], kind: int, width: int, readout: np.ndarray | None,
              bias: np.ndarray | None = None) -> onnx.ModelProto:  # fmt: skip
        """The network up to its features, or with the readout behind them."""
        nodes, weights, answer = list(self.nodes), dict(self.weights), FEATURES
        if readout is not None and bias is not None:
            weights |= {"readout": readout, "bias": bias}
            nodes.append(helper.make_node("Gemm", [FEATURES, "readout", "bias"], ["scores"]))
            answer, width = "scores", readout.shape[1]
        graph = helper.make_graph(
            nodes, "net", [helper.make_tensor_value_info("x", kind, ["N", *fed])],
            [helper.make_tensor_value_info(answer, TensorProto.FLOAT, ["N", width])],
            [numpy_helper.from_array(array, name) for name, array in weights.items()],
        )  # fmt: skip
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(made)
        return made


def mobilenet() -> Net:
    """MobileNetV2: 300 million MACs at 224 pixels, inverted residuals with depthwise kernels.

    What ReLU6 clips is around one, and what a residual adds is small, as after training: errors
    and noise do not grow with depth then.
    """
    net, on, added = Net(1), (1.0, 1.0), (0.0, 0.3)
    x, width = net.relu6(net.conv("x", (3, 32), 3, 2, to=on)), 32
    for expand, channels, repeats, first in _MOBILE:
        for index in range(repeats):
            wide, start = width * expand, x
            y = net.relu6(net.conv(x, (width, wide), 1, to=on)) if expand > 1 else x
            stride = first if index == 0 else 1
            y = net.relu6(net.conv(y, (wide, wide), 3, stride, group=wide, to=on))
            inside = stride == 1 and width == channels
            y = net.conv(y, (wide, channels), 1, to=added if inside else (0.0, 1.0))
            x = net.op("Add", start, y) if inside else y
            width = channels
    net.pooled(net.relu6(net.conv(x, (width, 1280), 1, to=on)))
    return net


def resnet() -> Net:
    """ResNet-18: 3x3 kernels of 64 to 512 channels."""
    net = Net(2)
    x = net.op("Relu", net.conv("x", (3, 64), 7, 2))
    x, width = net.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4), 64
    for channels in (64, 128, 256, 512):
        for index in range(2):
            stride = 2 if index == 0 and channels > 64 else 1
            y = net.op("Relu", net.conv(x, (width, channels), 3, stride))
            y = net.conv(y, (channels, channels), 3)
            side = x if width == channels else net.conv(x, (width, channels), 1, stride)
            x, width = net.op("Relu", net.op("Add", y, side)), channels
    net.pooled(x)
    return net


def encoder(layers: int = 6, width: int = 384, heads: int = 6, tokens: int = 128) -> Net:
    """A transformer encoder over token numbers, with an embedding of 2,000 words."""
    net = Net(3)
    x = net.op("Gather", net.weight(2000, width, fan=2), "x")
    for _ in range(layers):
        x = _normalised(net, net.op("Add", x, _attention(net, x, width, heads, tokens)), width)
        wide = net.linear(x, width, 4 * width)
        half, one, root = (net.constant(np.float32(v)) for v in (0.5, 1.0, 2**0.5))
        gate = net.op("Add", net.op("Erf", net.op("Div", wide, root)), one)
        wide = net.op("Mul", net.op("Mul", wide, gate), half)
        x = _normalised(net, net.op("Add", x, net.linear(wide, 4 * width, width)), width)
    net.nodes.append(helper.make_node("ReduceMean", [x], [FEATURES], axes=[1], keepdims=0))
    return net


def _normalised(net: Net, x: str, width: int) -> str:
    ones, zeros = (net.constant(np.full(width, v, np.float32)) for v in (1, 0))
    return net.op("LayerNormalization", x, ones, zeros, axis=-1)


def _attention(net: Net, x: str, width: int, heads: int, tokens: int) -> str:
    shape = net.constant(np.array([-1, tokens, heads, width // heads]))
    whole = net.constant(np.array([-1, tokens, width]))
    q, k, v = (
        net.op("Transpose", net.op("Reshape", net.linear(x, width, width), shape), perm=perm)
        for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    )
    scale = net.constant(np.float32((width // heads) ** -0.5))
    weights = net.op("Softmax", net.op("Mul", net.op("MatMul", q, k), scale), axis=-1)
    mixed = net.op("Transpose", net.op("MatMul", weights, v), perm=[0, 2, 1, 3])
    return net.linear(net.op("Reshape", mixed, whole), width, width)


def recurrent(kind: str, width: int = 256, fed: int = 64) -> Net:
    """Two LSTMs or GRUs in a row; the last state is what it knows."""
    net, gates = Net(4), {"LSTM": 4, "GRU": 3}[kind]
    x = net.op("Transpose", "x", perm=[1, 0, 2])
    for before in (fed, width):
        w = net.weight(1, gates * width, before, fan=2 * before)
        r = net.weight(1, gates * width, width, fan=2 * width)
        net.nodes.append(helper.make_node(kind, [x, w, r], [f"all{before}", f"last{before}"],
                                          hidden_size=width))  # fmt: skip
        x = net.op("Squeeze", f"all{before}", net.constant(np.array([1])))
    first = net.constant(np.array([0]))
    net.nodes.append(helper.make_node("Squeeze", [f"last{width}", first], [FEATURES]))
    return net


def detector() -> Net:
    """A one-stage detector: strided 3x3 kernels down to a grid; the readout is its head."""
    net, x, width = Net(5), "x", 3
    for channels, stride in ((16, 2), (32, 2), (64, 2), (64, 1), (128, 2), (128, 1), (128, 1)):
        x = net.op("Relu", net.conv(x, (width, channels), 3, stride))
        width = channels
    net.nodes.append(helper.make_node("Identity", [x], [FEATURES]))
    return net


def mlp(fed: int = 784, width: int = 1024) -> Net:
    """Three hidden layers."""
    net, x, before = Net(6), "x", fed
    for _ in range(3):
        weight = net.weight(width, before, fan=before)
        bias = net.constant(np.zeros(width, np.float32))
        x = net.op("Relu", net.op("Gemm", x, weight, bias, transB=1))
        before = width
    net.nodes.append(helper.make_node("Identity", [x], [FEATURES]))
    return net


def hostile(fed: int = 784, width: int = 1024) -> Net:
    """One feature is huge and cancels out: eight bits of its range leave nothing of the others."""
    net = mlp(fed, width)
    first = np.array(net.weights["w0"])
    first[:64] *= 1e5
    net.weights["w0"] = first
    second = np.array(net.weights["w2"])
    second[:, :64] *= np.float32(1e-5)
    net.weights["w2"] = second
    return net
