# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "onnx"]
# ///
"""Trains the classifier of moving patches of this example on drawn scenes, with numpy alone.

A camera cuts out what moved and scales it to 24 x 24 grey values. The generator draws a background
of smooth brightness with a fence, a wall or nothing, and before it a person (an upright body with
a head and parted legs), a vehicle (a long body with wheels and windows), an animal (a low body on
four legs) or nothing but a shadow or leaves in the wind. Size, place, contrast, which may be
negative as at night, blur and noise vary; evaluation draws them from wider ranges than training.

No picture of a person was used. Run `uv run train.py` or `python train.py`; it writes
`intruder.onnx`, `evaluation.npz` and `calibration.npz` beside itself.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import small_network as net  # noqa: E402

SIDE = 24
CLASSES = ("nothing", "person", "vehicle", "animal")
Y, X = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1) * 2 - 1
"""Coordinates of each pixel from -1 to 1."""


@dataclass(frozen=True)
class Conditions:
    """Ranges that one data set is drawn from: contrast, noise and blur in pixels."""

    contrast: tuple[float, float]
    noise: tuple[float, float]
    blur: tuple[float, float]


TRAINING = Conditions(contrast=(0.25, 0.8), noise=(0.02, 0.08), blur=(0.3, 1.0))
EVALUATION = Conditions(contrast=(0.22, 0.85), noise=(0.02, 0.10), blur=(0.3, 1.1))


def patch(label: str, where: Conditions, rng: np.random.Generator) -> np.ndarray:
    """One patch of grey values between 0 and 1, in the camera's steps of 1/255."""
    scene = _background(rng)
    figure = FIGURES[label](rng)
    sign = rng.choice([-1, 1])
    scene = scene + sign * rng.uniform(*where.contrast) * figure
    scene = _blurred(scene, rng.uniform(*where.blur))
    scene = scene + rng.uniform(*where.noise) * rng.standard_normal(scene.shape)
    return (np.round(np.clip(scene, 0, 1) * 255) / 255).astype(np.float32)


def _background(rng: np.random.Generator) -> np.ndarray:
    slope = rng.uniform(-0.15, 0.15, 2)
    scene = rng.uniform(0.3, 0.7) + slope[0] * X + slope[1] * Y
    kind = rng.integers(3)
    if kind == 0:
        scene = scene + rng.uniform(0.05, 0.15) * (np.sin(X * rng.uniform(8, 20)) > 0.7)
    elif kind == 1:
        scene = scene + rng.uniform(-0.2, 0.2) * (rng.uniform(0, 0.8) < Y)
    return scene


def _ellipse(x: float, y: float, wide: float, high: float) -> np.ndarray:
    return (((X - x) / wide) ** 2 + ((Y - y) / high) ** 2 < 1).astype(float)


def _box(x: float, y: float, wide: float, high: float) -> np.ndarray:
    return ((abs(X - x) < wide) & (abs(Y - y) < high)).astype(float)


def _person(rng: np.random.Generator) -> np.ndarray:
    size, x, y = rng.uniform(0.7, 1.05), rng.uniform(-0.35, 0.35), rng.uniform(-0.12, 0.12)
    stride = rng.uniform(0.04, 0.2) * size
    figure = _ellipse(x, y - 0.62 * size, 0.15 * size, 0.17 * size)
    figure += _ellipse(x, y - 0.1 * size, rng.uniform(0.2, 0.28) * size, 0.4 * size)
    for side in (-1, 1):
        figure += _box(x + side * stride, y + 0.55 * size, 0.08 * size, 0.33 * size)
    return np.clip(figure, 0, 1)


def _vehicle(rng: np.random.Generator) -> np.ndarray:
    size, x, y = rng.uniform(0.7, 1.0), rng.uniform(-0.15, 0.15), rng.uniform(-0.2, 0.3)
    figure = _box(x, y, 0.85 * size, 0.22 * size)
    figure += _box(x + rng.uniform(-0.2, 0.2), y - 0.35 * size, 0.45 * size, 0.2 * size)
    figure = np.clip(figure, 0, 1) - 0.6 * _box(x, y - 0.35 * size, 0.3 * size, 0.1 * size)
    for side in (-1, 1):
        figure += _ellipse(x + side * 0.5 * size, y + 0.27 * size, 0.17 * size, 0.17 * size)
    return np.clip(figure, -0.2, 1)


def _animal(rng: np.random.Generator) -> np.ndarray:
    size, x, y = rng.uniform(0.55, 0.9), rng.uniform(-0.3, 0.3), rng.uniform(0.0, 0.35)
    side = rng.choice([-1, 1])
    figure = _ellipse(x, y, 0.6 * size, 0.22 * size)
    figure += _ellipse(x + side * 0.68 * size, y - 0.2 * size, 0.2 * size, 0.15 * size)
    for leg in (-0.45, -0.25, 0.25, 0.45):
        figure += _box(x + leg * size, y + 0.35 * size, 0.055 * size, 0.25 * size)
    return np.clip(figure, 0, 1)


def _nothing(rng: np.random.Generator) -> np.ndarray:
    """A shadow's edge, or leaves: small blots without a figure's order."""
    if rng.random() < 0.4:
        return 0.6 * (X * rng.uniform(-1, 1) + Y * rng.uniform(-1, 1) > rng.uniform(-0.5, 0.5))
    figure = np.zeros((SIDE, SIDE))
    for _ in range(rng.integers(0, 12)):
        figure += _ellipse(*rng.uniform(-1, 1, 2), *rng.uniform(0.06, 0.2, 2))
    return np.clip(figure, 0, 1)


FIGURES = dict(zip(CLASSES, (_nothing, _person, _vehicle, _animal), strict=True))


def _blurred(scene: np.ndarray, width: float) -> np.ndarray:
    taps = np.exp(-((np.arange(-2, 3) / width) ** 2) / 2)
    taps /= taps.sum()
    for axis in (0, 1):
        padded = np.pad(scene, [(2, 2) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        rows = [np.take(padded, range(k, k + SIDE), axis=axis) for k in range(5)]
        scene = sum(t * row for t, row in zip(taps, rows, strict=True))
    return scene


def dataset(count: int, where: Conditions, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` patches of shape [count, 1, SIDE, SIDE] in balanced classes, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    patches = np.stack([patch(CLASSES[label], where, rng) for label in labels])
    return patches[:, None], labels.astype(np.int64)


def main() -> None:
    """Generate, train, export, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=23)
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()
    x, labels = dataset(4000, TRAINING, options.seed)
    held, held_labels = dataset(400, EVALUATION, options.seed + 1)
    rng = np.random.default_rng(options.seed)
    layers: list[net.Layer] = [
        net.Conv(1, 16, (5, 5), 2, rng), net.Conv(16, 32, (3, 3), 2, rng), net.Flat(),
        net.Dense(32 * 4 * 4, 48, rng), net.Dense(48, len(CLASSES), rng, last=True),
    ]  # fmt: skip
    net.train(layers, x, labels, epochs=options.epochs, seed=options.seed)
    accuracy = (net.run(layers, held).argmax(axis=1) == held_labels).mean()
    print(f"accuracy {accuracy:.4f} on {len(held)} held-out patches")
    net.export(layers, options.out / "intruder.onnx", name="intruder", shape=(1, SIDE, SIDE),
               source="patch", outputs=len(CLASSES))  # fmt: skip
    net.write_arrays(options.out / "evaluation.npz", {"patch": held, "label": held_labels})
    net.write_arrays(options.out / "calibration.npz", {"patch": x[:64]})


if __name__ == "__main__":
    main()
