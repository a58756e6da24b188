"""Trains the road-user classifier of this example on synthetic lane views, with numpy alone.

A camera on the signal mast looks down at one lane; the device shrinks what it sees to 32 x 32
pixels of 30 cm each, so that a number plate (52 cm wide) covers two of them. The generator draws
what such a view holds: an asphalt lane with markings, and one road user of its real footprint in
metres with its windows, load, riders or shoulders; sun, shadow, headlights, rain, blur and sensor
noise vary from view to view. The evaluation set is drawn from harder weather than the training set.

Run `python train.py --out .`; it writes `road_user.onnx`, `evaluation.npz`, `calibration.npz`.
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

SIDE, METRES = 32, 0.3
CLASSES = ("empty", "pedestrian", "two-wheeler", "car", "van", "bus-or-lorry")
FOOTPRINT = {
    "pedestrian": ((0.4, 0.6), (0.5, 0.7)), "two-wheeler": ((1.7, 2.3), (0.6, 0.95)),
    "car": ((3.6, 4.8), (1.65, 1.9)), "van": ((5.2, 6.4), (1.95, 2.15)),
    "bus-or-lorry": ((8.0, 12.0), (2.45, 2.55)),
}  # fmt: skip
"""Length and width in metres, from type-approval classes and common models."""

Array = np.ndarray


@dataclass(frozen=True)
class Weather:
    """Ranges that one data set is drawn from: contrast of paint, shadow length, rain, noise."""

    contrast: tuple[float, float]
    shadow: tuple[float, float]
    rain: tuple[float, float]
    noise: tuple[float, float]


TRAINING = Weather(contrast=(0.7, 1.1), shadow=(0.0, 2.0), rain=(0.0, 0.4), noise=(0.004, 0.02))
EVALUATION = Weather(contrast=(0.65, 1.1), shadow=(0.0, 2.4), rain=(0.0, 0.5), noise=(0.005, 0.022))

_AXIS = (np.arange(SIDE * 3) / 3 - SIDE / 2 + 1 / 6) * METRES
_ACROSS, _ALONG = np.meshgrid(_AXIS, _AXIS)


def view(label: str, weather: Weather, rng: np.random.Generator) -> Array:
    """One view as bytes, drawn three times finer than it is seen."""
    image = _lane(rng)
    if label != "empty":
        (length, width) = (rng.uniform(*span) for span in FOOTPRINT[label])
        turn = rng.normal(0, 0.06) if label != "pedestrian" else rng.uniform(0, np.pi)
        at = (rng.uniform(-0.8, 0.8), rng.uniform(-2.5, 2.5))
        x, y = _ACROSS - at[0], _ALONG - at[1]
        across = x * np.cos(turn) + y * np.sin(turn)
        along = y * np.cos(turn) - x * np.sin(turn)
        sun, reach = rng.uniform(0, 2 * np.pi), rng.uniform(*weather.shadow)
        cast = _inside(across - reach * np.sin(sun) / 2, along - reach * np.cos(sun) / 2,
                       width, length)  # fmt: skip
        image = np.where(cast, image * 0.6, image)
        paint = image.mean() + rng.choice([-1, 1]) * rng.uniform(*weather.contrast) * 0.45
        image = _road_user(label, image, across, along, width, length, paint, rng)
    image = image + rng.uniform(*weather.rain) * (rng.random(image.shape) < 0.04) * 0.6
    seen = image.reshape(SIDE, 3, SIDE, 3).mean(axis=(1, 3))
    slur = rng.uniform(0, 0.35)
    seen = (1 - slur) * seen + slur * (np.roll(seen, 1, 0) + np.roll(seen, -1, 0)) / 2
    seen = seen * rng.uniform(0.6, 1.3) + rng.normal(0, rng.uniform(*weather.noise), seen.shape)
    # 5 bits are what is left of a small sensor's range at dusk.
    return (np.clip(seen, 0, 1) * 31).round().astype(np.uint8) * 8


def _lane(rng: np.random.Generator) -> Array:
    """Asphalt with a kerb or markings at one side, and now and then a stop line."""
    image = np.full(_ACROSS.shape, rng.uniform(0.3, 0.5))
    image += 0.015 * rng.standard_normal((SIDE, SIDE)).repeat(3, 0).repeat(3, 1)
    edge = rng.uniform(1.7, 2.6) * rng.choice([-1, 1])
    dash = (_ALONG + rng.uniform(0, 6)) % 6 < rng.choice([3, 6])
    image = np.where((np.abs(_ACROSS - edge) < 0.1) & dash, 0.85, image)
    if rng.random() < 0.25:
        image = np.where(np.abs(_ALONG - rng.uniform(-6, 6)) < 0.2, 0.8, image)
    return image


def _inside(across: Array, along: Array, width: float, length: float) -> Array:
    return (np.abs(across) < width / 2) & (np.abs(along) < length / 2)


def _road_user(
    label: str, image: Array, across: Array, along: Array, width: float, length: float,
    paint: float, rng: np.random.Generator,
) -> Array:  # fmt: skip
    """The road user from above: body, glass, load, rider."""
    if label == "pedestrian":
        body = (across / width) ** 2 + (along / length) ** 2 < 0.25
        return np.where(body, paint, image)
    if label == "two-wheeler":
        slim = rng.uniform(0.1, 0.4)
        image = np.where(_inside(across, along, slim, length), paint * 0.6, image)
        bar = length * 0.25
        image = np.where(_inside(across, along - bar, width, 0.12), paint * 0.6, image)
        rider = (across / (width * 0.9)) ** 2 + (along / 0.7) ** 2 < 0.25
        return np.where(rider, paint, image)
    image = np.where(_inside(across, along, width, length), paint, image)
    glass = paint - 0.25 if paint > 0.4 else paint + 0.2
    if label == "car":
        for at in (0.16, -0.3):
            image = np.where(_inside(across, along - at * length, width * 0.8, 0.7), glass, image)
        return image
    image = np.where(_inside(across, along - 0.36 * length, width * 0.85, 0.6), glass, image)
    if label == "van":
        return image
    if rng.random() < 0.5:  # a lorry's load, behind a gap
        gap = np.abs(along - 0.28 * length) < 0.25
        image = np.where(gap & _inside(across, along, width, length), 0.2, image)
        load = _inside(across, along + 0.12 * length, width, length * 0.72)
        return np.where(load, np.clip(paint + rng.uniform(-0.3, 0.3), 0, 1), image)
    for at in (0.1, -0.2):  # a bus's roof hatches
        image = np.where(_inside(across, along - at * length, 0.8, 0.8), glass, image)
    return image


def dataset(count: int, weather: Weather, seed: int) -> tuple[Array, Array]:
    """`count` views of shape [count, 1, SIDE, SIDE] in balanced classes, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    views = np.stack([view(CLASSES[label], weather, rng) for label in labels])
    return views[:, None], labels.astype(np.int64)


class Conv:
    """Two-dimensional convolution without padding, by gathering patches; ReLU after it."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int,
                 rng: np.random.Generator) -> None:  # fmt: skip
        scale = np.sqrt(2 / (inputs * kernel * kernel))
        shape = (outputs, inputs, kernel, kernel)
        self.weight = (rng.standard_normal(shape) * scale).astype(np.float32)
        self.bias = np.zeros(outputs, np.float32)
        self.kernel, self.stride = kernel, stride

    @property
    def parameters(self) -> list[Array]:
        return [self.weight, self.bias]

    def forward(self, x: Array) -> Array:
        self.shape = x.shape
        patches = np.lib.stride_tricks.sliding_window_view(x, (self.kernel, self.kernel), (2, 3))
        patches = patches[:, :, :: self.stride, :: self.stride].transpose(0, 2, 3, 1, 4, 5)
        self.columns = patches.reshape(*patches.shape[:3], -1)
        out = self.columns @ self.weight.reshape(len(self.bias), -1).T + self.bias
        self.active = out > 0
        return (out * self.active).transpose(0, 3, 1, 2)

    def backward(self, gradient: Array) -> tuple[Array, list[Array]]:
        flow = gradient.transpose(0, 2, 3, 1) * self.active
        flat = flow.reshape(-1, len(self.bias))
        weight = (flat.T @ self.columns.reshape(len(flat), -1)).reshape(self.weight.shape)
        high, wide = flow.shape[1:3]
        columns = flow @ self.weight.reshape(len(self.bias), -1)
        columns = columns.reshape(len(flow), high, wide, self.shape[1], self.kernel, self.kernel)
        columns = columns.transpose(0, 3, 4, 5, 1, 2)
        back = np.zeros(self.shape, np.float32)
        for row in range(self.kernel):
            rows = slice(row, row + self.stride * (high - 1) + 1, self.stride)
            for column in range(self.kernel):
                span = slice(column, column + self.stride * (wide - 1) + 1, self.stride)
                back[:, :, rows, span] += columns[:, :, row, column]
        return back, [weight, flat.sum(axis=0)]


class Network:
    """Three convolutions over the bytes, and a linear layer."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.convolutions = [
            Conv(1, 12, 5, 2, rng), Conv(12, 24, 4, 2, rng), Conv(24, 48, 3, 1, rng),
        ]  # fmt: skip
        self.weight = (rng.standard_normal((48 * 16, len(CLASSES))) * 0.02).astype(np.float32)
        self.bias = np.zeros(len(CLASSES), np.float32)

    @property
    def parameters(self) -> list[Array]:
        return [p for c in self.convolutions for p in c.parameters] + [self.weight, self.bias]

    def forward(self, views: Array) -> Array:
        x = (views.astype(np.float32) - np.float32(128)) * np.float32(1 / 64)
        for convolution in self.convolutions:
            x = convolution.forward(x)
        self.last = x.shape
        self.flat = x.reshape(len(x), -1)
        return self.flat @ self.weight + self.bias

    def gradients(self, views: Array, labels: Array) -> list[Array]:
        """Gradients of the mean cross-entropy, in the order of `parameters`."""
        logits = self.forward(views)
        share = np.exp(logits - logits.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        share[np.arange(len(views)), labels] -= 1
        share = (share / len(views)).astype(np.float32)
        found = [self.flat.T @ share, share.sum(axis=0)]
        flow = (share @ self.weight.T).reshape(self.last)
        for convolution in reversed(self.convolutions):
            flow, own = convolution.backward(flow)
            found = own + found
        return found


def train(network: Network, views: Array, labels: Array, epochs: int, seed: int) -> Iterator[int]:
    """Adam with a falling step and a little decay; mirrors at random; yields after each epoch."""
    rng = np.random.default_rng(seed)
    first = [np.zeros_like(p) for p in network.parameters]
    second = [np.zeros_like(p) for p in network.parameters]
    step, batch = 0, 64
    for epoch in range(epochs):
        order = rng.permutation(len(views))
        rate = 2e-3 * (1 - epoch / epochs) + 1e-4
        for start in range(0, len(views), batch):
            chosen = order[start : start + batch]
            seen = views[chosen]
            seen = seen[..., ::-1] if rng.random() < 0.5 else seen
            step += 1
            gradients = network.gradients(seen, labels[chosen])
            for p, g, m, v in zip(network.parameters, gradients, first, second, strict=True):
                np.add(m, 0.1 * (g - m), out=m)
                np.add(v, 0.001 * (g * g - v), out=v)
                scaled = (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
                np.subtract(p, rate * (scaled + 0.01 * p), out=p)
        yield epoch


def export(network: Network, path: Path) -> None:
    """Write the network as ONNX, opset 17: input `view` in bytes, output `scores`."""
    weights = [numpy_helper.from_array(np.float32(128), "middle"),
               numpy_helper.from_array(np.float32(1 / 64), "scale")]  # fmt: skip
    nodes = [
        helper.make_node("Cast", ["view"], ["floats"], to=TensorProto.FLOAT, name="cast"),
        helper.make_node("Sub", ["floats", "middle"], ["centred"], name="centre"),
        helper.make_node("Mul", ["centred", "scale"], ["scaled"], name="scale"),
    ]
    name = "scaled"
    for i, c in enumerate(network.convolutions):
        weights += [numpy_helper.from_array(c.weight, f"conv{i}.weight"),
                    numpy_helper.from_array(c.bias, f"conv{i}.bias")]  # fmt: skip
        nodes += [
            helper.make_node("Conv", [name, f"conv{i}.weight", f"conv{i}.bias"], [f"conv{i}"],
                             strides=[c.stride, c.stride], name=f"conv{i}"),
            helper.make_node("Relu", [f"conv{i}"], [f"relu{i}"], name=f"relu{i}"),
        ]  # fmt: skip
        name = f"relu{i}"
    weights += [numpy_helper.from_array(network.weight, "fc.weight"),
                numpy_helper.from_array(network.bias, "fc.bias")]  # fmt: skip
    nodes += [
        helper.make_node("Flatten", [name], ["flat"], name="flatten"),
        helper.make_node("Gemm", ["flat", "fc.weight", "fc.bias"], ["scores"], name="fc"),
    ]
    graph = helper.make_graph(
        nodes, "road-user",
        [helper.make_tensor_value_info("view", TensorProto.UINT8, ["N", 1, SIDE, SIDE])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", len(CLASSES)])], weights,
    )  # fmt: skip
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
        producer_name="city-traffic",
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
    parser.add_argument("--epochs", type=int, default=14)
    options = parser.parse_args()
    views, labels = dataset(6000, TRAINING, options.seed)
    held, held_labels = dataset(540, EVALUATION, options.seed + 1)
    network = Network(options.seed)
    for epoch in train(network, views, labels, options.epochs, options.seed):
        accuracy = (network.forward(held).argmax(axis=1) == held_labels).mean()
        print(f"epoch {epoch + 1}: accuracy {accuracy:.4f} on {len(held)} held-out views")
    export(network, options.out / "road_user.onnx")
    write_arrays(options.out / "evaluation.npz", {"view": held, "label": held_labels})
    write_arrays(options.out / "calibration.npz", {"view": views[:60]})


if __name__ == "__main__":
    main()
