"""Small networks for the examples: layers, training and ONNX export, with numpy and onnx alone.

A network is a list of layers; the last one gives logits (or, for regression, one value). Every
training script beside an example imports this module, so that the scripts show data and shape.
"""

from __future__ import annotations

import io
import zipfile
from itertools import product
from pathlib import Path

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from onnx import TensorProto, helper, numpy_helper

Array = np.ndarray


class Bytes:
    """A picture as a camera gives it, in bytes, to numbers around zero; only as the first layer."""

    operators = ("Cast", "Sub", "Mul")
    parameters: list[Array] = []
    middle, scale = np.float32(128), np.float32(1 / 64)

    def forward(self, x: Array) -> Array:
        return (x.astype(np.float32) - self.middle) * self.scale

    def backward(self, gradient: Array) -> tuple[Array, list[Array]]:
        return gradient, []


class Conv:
    """Convolution over one or two axes without padding, then ReLU."""

    operators = ("Conv", "Relu")

    def __init__(self, inputs: int, outputs: int, kernel: tuple[int, ...], stride: int,
                 rng: np.random.Generator) -> None:  # fmt: skip
        fan = inputs * int(np.prod(kernel))
        weight = rng.standard_normal((outputs, inputs, *kernel)) * np.sqrt(2 / fan)
        self.parameters = [weight.astype(np.float32), np.zeros(outputs, np.float32)]
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Array) -> Array:
        axes = tuple(range(2, x.ndim))
        every = (slice(None), slice(None), *[slice(None, None, self.stride)] * len(axes))
        windows = np.moveaxis(sliding_window_view(x, self.kernel, axes)[every], 1, len(axes) + 1)
        self.shape, self.places = x.shape, windows.shape[1 : 1 + len(axes)]
        self.columns = windows.reshape(len(x), int(np.prod(self.places)), -1)
        weight, bias = self.parameters
        out = self.columns @ weight.reshape(len(bias), -1).T + bias
        self.active = out > 0
        return (out * self.active).transpose(0, 2, 1).reshape(len(x), len(bias), *self.places)

    def backward(self, gradient: Array) -> tuple[Array, list[Array]]:
        weight, bias = self.parameters
        flow = gradient.reshape(len(gradient), len(bias), -1).transpose(0, 2, 1) * self.active
        flat = flow.reshape(-1, len(bias))
        own = [(flat.T @ self.columns.reshape(len(flat), -1)).reshape(weight.shape), flat.sum(0)]
        columns = flow @ weight.reshape(len(bias), -1)
        columns = columns.reshape(len(flow), *self.places, self.shape[1], *self.kernel)
        columns = np.moveaxis(columns, 1 + len(self.places), 1)
        back = np.zeros(self.shape, np.float32)
        for tap in product(*map(range, self.kernel)):
            spans = [slice(t, t + self.stride * (n - 1) + 1, self.stride)
                     for t, n in zip(tap, self.places, strict=True)]  # fmt: skip
            back[(slice(None), slice(None), *spans)] += columns[(..., *tap)]
        return back, own


class Mean:
    """The mean of each channel over all places."""

    operators = ("GlobalAveragePool", "Flatten")
    parameters: list[Array] = []

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return x.reshape(*x.shape[:2], -1).mean(axis=2)

    def backward(self, gradient: Array) -> tuple[Array, list[Array]]:
        places = int(np.prod(self.shape[2:]))
        return np.repeat(gradient[..., None] / places, places, axis=2).reshape(self.shape), []


class Flat:
    """All values of a sample in one row."""

    operators = ("Flatten",)
    parameters: list[Array] = []

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, gradient: Array) -> tuple[Array, list[Array]]:
        return gradient.reshape(self.shape), []


class Dense:
    """A linear layer, with ReLU behind it unless it is the last."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator, *,
                 last: bool = False) -> None:  # fmt: skip
        weight = rng.standard_normal((inputs, outputs)) * np.sqrt((1 if last else 2) / inputs)
        self.parameters = [weight.astype(np.float32), np.zeros(outputs, np.float32)]
        self.operators = ("Gemm",) if last else ("Gemm", "Relu")

    def forward(self, x: Array) -> Array:
        weight, bias = self.parameters
        self.inputs, out = x, x @ weight + bias
        self.active = out > 0 if "Relu" in self.operators else np.ones_like(out, bool)
        return out * self.active

    def backward(self, gradient: Array) -> tuple[Array, list[Array]]:
        flow = gradient * self.active
        return flow @ self.parameters[0].T, [self.inputs.T @ flow, flow.sum(axis=0)]


Layer = Bytes | Conv | Mean | Flat | Dense


def run(layers: list[Layer], x: Array) -> Array:
    """The network's output for a batch."""
    for layer in layers:
        x = layer.forward(x)
    return x


def train(layers: list[Layer], x: Array, wanted: Array, *, epochs: int, seed: int,
          rate: float = 2e-3, batch: int = 64, mirror: bool = False) -> None:  # fmt: skip
    """Adam with a falling step: cross-entropy on integer labels, squared error on floats.

    With `mirror`, every other batch or so is seen with left and right exchanged.
    """
    rng = np.random.default_rng(seed)
    parameters = [p for layer in layers for p in layer.parameters]
    first, second = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    step = 0
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        now = rate * (1 - epoch / epochs) + rate / 20
        for start in range(0, len(x), batch):
            chosen, step = order[start : start + batch], step + 1
            seen = x[chosen][..., ::-1] if mirror and rng.random() < 0.5 else x[chosen]
            found = _gradients(layers, seen, wanted[chosen])
            for p, g, m, v in zip(parameters, found, first, second, strict=True):
                np.add(m, 0.1 * (g - m), out=m)
                np.add(v, 0.001 * (g * g - v), out=v)
                scaled = (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
                np.subtract(p, now * scaled, out=p)


def _gradients(layers: list[Layer], x: Array, wanted: Array) -> list[Array]:
    """Gradients of the mean loss, in the order of the layers' parameters."""
    out = run(layers, x)
    if wanted.dtype.kind == "f":
        share = out - wanted.reshape(out.shape)
    else:
        share = np.exp(out - out.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        share[np.arange(len(x)), wanted] -= 1
    flow, found = (share / len(x)).astype(np.float32), []
    for layer in reversed(layers):
        flow, own = layer.backward(flow)
        found = own + found
    return found


def export(layers: list[Layer], path: Path, *, name: str, shape: tuple[int, ...],
           source: str = "window", outputs: int) -> None:  # fmt: skip
    """Write the network as ONNX, opset 17, with inputs of [N, *shape] and output `logits`."""
    nodes, weights, value = [], [], source
    taken = TensorProto.UINT8 if isinstance(layers[0], Bytes) else TensorProto.FLOAT
    for number, layer in enumerate(layers):
        named = [f"layer{number}.{part}" for part in ("weight", "bias")[: len(layer.parameters)]]
        weights += [numpy_helper.from_array(p, n)
                    for p, n in zip(layer.parameters, named, strict=True)]  # fmt: skip
        for operator in layer.operators:
            made = f"{operator.lower()}{number}"
            extra = {"strides": [layer.stride] * len(layer.kernel)} if operator == "Conv" else {}
            own = named if operator in ("Conv", "Gemm") else []
            if operator == "Cast":
                extra = {"to": TensorProto.FLOAT}
            elif operator in ("Sub", "Mul"):
                number_of = {"Sub": Bytes.middle, "Mul": Bytes.scale}
                own = [f"{made}.by"]
                weights.append(numpy_helper.from_array(number_of[operator], own[0]))
            nodes.append(helper.make_node(operator, [value, *own], [made], name=made, **extra))
            value = made
    nodes[-1].output[0] = "logits"
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info(source, taken, ["N", *shape])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", outputs])], weights,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
                              producer_name=name)  # fmt: skip
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def write_arrays(path: Path, arrays: dict[str, Array]) -> None:
    """An `.npz` whose bytes depend on the arrays alone."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in sorted(arrays.items()):
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(),
                             zipfile.ZIP_DEFLATED)  # fmt: skip
