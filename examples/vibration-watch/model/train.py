"""Trains the bearing-fault classifier of this example on synthetic vibration, with numpy alone.

The generator follows the usual single-point defect model of rolling bearings: a train of impulses
at the defect frequency excites a structural resonance that decays exponentially; an inner-race
defect is modulated by the shaft, an imbalance is a sine at shaft speed. Shaft speed, load, gain
and noise vary from window to window, and the evaluation set is drawn from shifted conditions.

Run `python train.py --out .`; it writes `bearing_fault.onnx`, `evaluation.npz`, `calibration.npz`.
"""

from __future__ import annotations

import argparse
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RATE, WINDOW = 12_000, 1024
CLASSES = ("healthy", "inner-race", "outer-race", "imbalance")
ORDERS = {"inner-race": 5.43, "outer-race": 3.57}
"""Defect frequency in multiples of the shaft frequency, for a common nine-ball bearing."""

Array = np.ndarray


@dataclass(frozen=True)
class Conditions:
    """Ranges that one data set is drawn from: shaft speed in Hz, resonance in Hz, noise gain."""

    speed: tuple[float, float]
    resonance: tuple[float, float]
    noise: tuple[float, float]


TRAINING = Conditions(speed=(22, 34), resonance=(2600, 3800), noise=(0.5, 1.5))
EVALUATION = Conditions(speed=(21, 35), resonance=(2500, 3900), noise=(0.55, 1.6))


def window(label: str, where: Conditions, rng: np.random.Generator) -> Array:
    """One window of `WINDOW` samples, scaled to zero mean and unit variance."""
    time = np.arange(WINDOW) / RATE
    shaft = rng.uniform(*where.speed)
    phase = rng.uniform(0, 2 * np.pi)
    signal = 0.25 * np.sin(2 * np.pi * shaft * time + phase)
    signal += rng.uniform(*where.noise) * _noise(rng)
    if label == "imbalance":
        signal += rng.uniform(0.9, 2.2) * np.sin(2 * np.pi * shaft * time + phase)
    if label in ORDERS:
        signal += rng.uniform(1.2, 3.2) * _impulses(label, shaft, phase, where, time, rng)
    return ((signal - signal.mean()) / signal.std()).astype(np.float32)


def _noise(rng: np.random.Generator) -> Array:
    white = rng.standard_normal(WINDOW + 8)
    return np.convolve(white, [0.5, 0.3, 0.15, 0.05], mode="valid")[:WINDOW] + 0.4 * white[:WINDOW]


def _impulses(
    label: str, shaft: float, phase: float, where: Conditions, time: Array, rng: np.random.Generator
) -> Array:
    """Decaying resonances at the defect frequency, with a percent of slip."""
    period = 1 / (shaft * ORDERS[label] * (1 + rng.uniform(-0.01, 0.01)))
    resonance, decay = rng.uniform(*where.resonance), rng.uniform(600, 1200)
    total = np.zeros(WINDOW)
    for start in np.arange(-rng.uniform(0, period), time[-1], period):
        after = np.clip(time - start * (1 + rng.uniform(-0.005, 0.005)), 0, None)
        hit = np.where(after > 0, np.exp(-decay * after), 0) * np.sin(2 * np.pi * resonance * after)
        loud = 0.5 * (1 + np.cos(2 * np.pi * shaft * start + phase)) if label == "inner-race" else 1
        total += loud * hit
    return total


def dataset(count: int, where: Conditions, seed: int) -> tuple[Array, Array]:
    """`count` windows of shape [count, 1, WINDOW] in balanced classes, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    windows = np.stack([window(CLASSES[label], where, rng) for label in labels])
    return windows[:, None, :], labels.astype(np.int64)


class Conv:
    """One-dimensional convolution without padding, by gathering windows; ReLU after it."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int,
                 rng: np.random.Generator) -> None:  # fmt: skip
        scale = np.sqrt(2 / (inputs * kernel))
        self.weight = (rng.standard_normal((outputs, inputs, kernel)) * scale).astype(np.float32)
        self.bias = np.zeros(outputs, np.float32)
        self.kernel, self.stride = kernel, stride

    @property
    def parameters(self) -> list[Array]:
        return [self.weight, self.bias]

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        steps = (x.shape[2] - self.kernel) // self.stride + 1
        self.index = np.arange(steps)[:, None] * self.stride + np.arange(self.kernel)
        self.columns = x[:, :, self.index].transpose(0, 2, 1, 3).reshape(len(x), steps, -1)
        out = self.columns @ self.weight.reshape(len(self.bias), -1).T + self.bias
        self.active = out > 0
        return (out * self.active).transpose(0, 2, 1)

    def backward(self, gradient: Array) -> tuple[Array, list[Array]]:
        flow = gradient.transpose(0, 2, 1) * self.active
        flat = flow.reshape(-1, len(self.bias))
        weight = (flat.T @ self.columns.reshape(len(flat), -1)).reshape(self.weight.shape)
        columns = flow @ self.weight.reshape(len(self.bias), -1)
        columns = columns.reshape(len(flow), flow.shape[1], self.shape[1], self.kernel)
        back = np.zeros(self.shape, np.float32)
        for tap in range(self.kernel):
            span = slice(tap, tap + self.stride * (flow.shape[1] - 1) + 1, self.stride)
            back[:, :, span] += columns[:, :, :, tap].transpose(0, 2, 1)
        return back, [weight, flat.sum(axis=0)]


class Network:
    """Four convolutions, the average over time, and a linear layer."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.convolutions = [
            Conv(1, 16, 64, 4, rng), Conv(16, 32, 8, 2, rng), Conv(32, 64, 6, 2, rng),
            Conv(64, 64, 5, 2, rng),
        ]  # fmt: skip
        self.weight = (rng.standard_normal((64, 4)) * 0.1).astype(np.float32)
        self.bias = np.zeros(4, np.float32)

    @property
    def parameters(self) -> list[Array]:
        return [p for c in self.convolutions for p in c.parameters] + [self.weight, self.bias]

    def forward(self, x: Array) -> Array:
        for convolution in self.convolutions:
            x = convolution.forward(x)
        self.length = x.shape[2]
        self.mean = x.mean(axis=2)
        return self.mean @ self.weight + self.bias

    def gradients(self, x: Array, labels: Array) -> list[Array]:
        """Gradients of the mean cross-entropy, in the order of `parameters`."""
        logits = self.forward(x)
        share = np.exp(logits - logits.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        share[np.arange(len(x)), labels] -= 1
        share = (share / len(x)).astype(np.float32)
        found = [self.mean.T @ share, share.sum(axis=0)]
        flow = np.repeat((share @ self.weight.T)[:, :, None] / self.length, self.length, axis=2)
        for convolution in reversed(self.convolutions):
            flow, own = convolution.backward(flow)
            found = own + found
        return found


def train(network: Network, x: Array, labels: Array, epochs: int, seed: int) -> Iterator[int]:
    """Adam with a falling step; yields after each epoch."""
    rng = np.random.default_rng(seed)
    first = [np.zeros_like(p) for p in network.parameters]
    second = [np.zeros_like(p) for p in network.parameters]
    step, batch = 0, 64
    for epoch in range(epochs):
        order = rng.permutation(len(x))
        rate = 2e-3 * (1 - epoch / epochs) + 1e-4
        for start in range(0, len(x), batch):
            chosen = order[start : start + batch]
            step += 1
            gradients = network.gradients(x[chosen], labels[chosen])
            for p, g, m, v in zip(network.parameters, gradients, first, second, strict=True):
                np.add(m, 0.1 * (g - m), out=m)
                np.add(v, 0.001 * (g * g - v), out=v)
                scaled = (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
                np.subtract(p, rate * scaled, out=p)
        yield epoch


def export(network: Network, path: Path) -> None:
    """Write the network as ONNX, opset 17, input `window`, output `logits`."""
    nodes, weights, name = [], [], "window"
    for i, c in enumerate(network.convolutions):
        weights += [numpy_helper.from_array(c.weight, f"conv{i}.weight"),
                    numpy_helper.from_array(c.bias, f"conv{i}.bias")]  # fmt: skip
        nodes += [
            helper.make_node("Conv", [name, f"conv{i}.weight", f"conv{i}.bias"], [f"conv{i}"],
                             strides=[c.stride], name=f"conv{i}"),
            helper.make_node("Relu", [f"conv{i}"], [f"relu{i}"], name=f"relu{i}"),
        ]  # fmt: skip
        name = f"relu{i}"
    weights += [numpy_helper.from_array(network.weight, "fc.weight"),
                numpy_helper.from_array(network.bias, "fc.bias")]  # fmt: skip
    nodes += [
        helper.make_node("GlobalAveragePool", [name], ["pooled"], name="pool"),
        helper.make_node("Flatten", ["pooled"], ["flat"], name="flatten"),
        helper.make_node("Gemm", ["flat", "fc.weight", "fc.bias"], ["logits"], name="fc"),
    ]
    graph = helper.make_graph(
        nodes, "bearing-fault",
        [helper.make_tensor_value_info("window", TensorProto.FLOAT, ["N", 1, WINDOW])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", len(CLASSES)])], weights,
    )  # fmt: skip
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
        producer_name="vibration-watch",
    )  # fmt: skip
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


def main() -> None:
    """Generate, train, export, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=16)
    options = parser.parse_args()
    x, labels = dataset(6000, TRAINING, options.seed)
    held, held_labels = dataset(600, EVALUATION, options.seed + 1)
    network = Network(options.seed)
    for epoch in train(network, x, labels, options.epochs, options.seed):
        accuracy = (network.forward(held).argmax(axis=1) == held_labels).mean()
        print(f"epoch {epoch + 1}: accuracy {accuracy:.4f} on {len(held)} held-out windows")
    export(network, options.out / "bearing_fault.onnx")
    write_arrays(options.out / "evaluation.npz", {"window": held, "label": held_labels})
    write_arrays(options.out / "calibration.npz", {"window": x[:64]})


if __name__ == "__main__":
    main()
