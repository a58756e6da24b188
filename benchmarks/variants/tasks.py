"""Tasks for the networks: data with classes that random features tell apart, and the readouts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hybridspec.optimise.data import write_arrays
from hybridspec.optimise.run import outputs
from variants import networks
from variants.networks import FEATURES, Net

CLASSES = 10
TRAIN, HELD = 200, 200
"""Samples that a readout is fitted to, and that variants are judged on."""


@dataclass(frozen=True)
class Task:
    """A network, its input and the data that it is judged on."""

    name: str
    net: Callable[[], Net]
    shape: tuple[int, ...]
    metric: str | None = "accuracy"
    words: bool = False


TASKS = (
    Task("mobilenet", networks.mobilenet, (3, 224, 224)),
    Task("resnet", networks.resnet, (3, 128, 128)),
    Task("encoder", networks.encoder, (128,), words=True),
    Task("lstm", lambda: networks.recurrent("LSTM"), (64, 64)),
    Task("gru", lambda: networks.recurrent("GRU"), (64, 64)),
    Task("detector", networks.detector, (3, 256, 256), metric=None),
    Task("mlp", networks.mlp, (784,)),
    Task("hostile", networks.hostile, (784,)),
)


def data(task: Task, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples and classes: each class has a pattern of its own, under noise."""
    rng = np.random.default_rng(41)
    if task.words:
        favourites = rng.integers(0, 2000, size=(CLASSES, 100))
        label = rng.integers(0, CLASSES, size=count)
        noise = rng.integers(0, 2000, size=(count, *task.shape))
        picked = favourites[label[:, None], rng.integers(0, 100, size=(count, *task.shape))]
        return np.where(rng.random(noise.shape) < 0.5, picked, noise), label
    patterns = rng.normal(size=(CLASSES, *task.shape)).astype(np.float32)
    if len(task.shape) == 3:  # smooth, as pictures are
        small = rng.normal(size=(CLASSES, task.shape[0], 8, 8)).astype(np.float32)
        patterns = np.kron(
            small, np.ones((1, 1, task.shape[1] // 8, task.shape[2] // 8), np.float32)
        )
        patterns += rng.normal(size=(CLASSES, task.shape[0], 1, 1)).astype(np.float32)
    label = rng.integers(0, CLASSES, size=count)
    noise = rng.normal(size=(count, *task.shape)).astype(np.float32)
    return (patterns[label] + noise * np.float32(0.2)).astype(np.float32), label


def write(task: Task, folder: Path) -> tuple[Path, Path, Path]:
    """The network with its readout, and evaluation and calibration data, as files."""
    model, evaluation, calibration = (folder / name for name in ("m.onnx", "e.npz", "c.npz"))
    net, (x, label) = task.net(), data(task, TRAIN + HELD if task.metric else 64)
    kind = TensorProto.INT64 if task.words else TensorProto.FLOAT
    if task.metric is None:
        onnx.save(_with_head(net, task.shape), model)
        write_arrays(evaluation, {"x": x[:32]})
        write_arrays(calibration, {"x": x[32:]})
        return model, evaluation, calibration
    bare = folder / "bare.onnx"
    if len(task.shape) == 3:
        settle(net, task, x[:12], folder)
    width = int(outputs_width(net, task, kind, bare, x))
    known = outputs(bare, {"x": x[:TRAIN]})[0].astype(np.float64)
    middle, spread = known.mean(axis=0), known.std(axis=0) + 1e-6
    scaled = (known - middle) / spread
    wanted = np.eye(CLASSES)[label[:TRAIN]] * 10 - 1
    fitted = np.linalg.solve(scaled.T @ scaled + 10 * TRAIN * np.eye(width), scaled.T @ wanted)
    readout = (fitted / spread[:, None]).astype(np.float32)
    bias = (wanted.mean(axis=0) - middle @ readout).astype(np.float32)
    onnx.save(net.model(task.shape, kind, width, readout, bias), model)
    write_arrays(evaluation, {"x": x[TRAIN:], "label": label[TRAIN:]})
    write_arrays(calibration, {"x": x[:32]})
    return model, evaluation, calibration


def settle(net: Net, task: Task, x: np.ndarray, folder: Path) -> None:
    """Give channels of convolutions the mean and deviation of `net.settled`, as training does.

    Deep random networks say nearly the same of every picture otherwise.
    """
    part = folder / "part.onnx"
    for number, node in enumerate(net.nodes):
        if node.op_type != "Conv":
            continue
        graph = helper.make_graph(
            net.nodes[: number + 1], "part",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *task.shape])],
            [helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, None)],
            [numpy_helper.from_array(array, name) for name, array in net.weights.items()],
        )  # fmt: skip
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        part.write_bytes(made.SerializeToString())
        found = outputs(part, {"x": x})[0]
        mean, spread = found.mean(axis=(0, 2, 3)), found.std(axis=(0, 2, 3)) + 1e-3
        weight, bias = node.input[1], node.input[2]
        middle, wide = (np.float32(value) for value in net.settled[node.output[0]])
        net.weights[weight] = net.weights[weight] * (wide / spread)[:, None, None, None]
        net.weights[bias] = (net.weights[bias] - mean) * wide / spread + middle


def outputs_width(net: Net, task: Task, kind: int, bare: Path, x: np.ndarray) -> int:
    """How many features the network has; writes it without a readout."""
    onnx.save(net.model(task.shape, kind, 0, None), bare)
    made = onnx.load(bare)
    made.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "K"
    onnx.save(made, bare)
    return outputs(bare, {"x": x[:1]})[0].shape[1]


def _with_head(net: Net, shape: tuple[int, ...]) -> onnx.ModelProto:
    """A detector: class scores and boxes by cell of the grid, from a 1x1 kernel."""
    rng = np.random.default_rng(9)
    head = (rng.normal(size=(CLASSES + 4, 128, 1, 1)) / 8).astype(np.float32)
    weights = net.weights | {"head": head}
    nodes = [*net.nodes, helper.make_node("Conv", [FEATURES, "head"], ["cells"])]
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *shape])],
        [helper.make_tensor_value_info("cells", TensorProto.FLOAT, ["N", CLASSES + 4, "H", "W"])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
