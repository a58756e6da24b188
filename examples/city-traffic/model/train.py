# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "onnx"]
# ///
"""Trains the road-user classifier of this example on synthetic lane views, with numpy alone.

A camera on the signal mast looks down at one lane; the device shrinks what it sees to 32 x 32
pixels of 30 cm each, so that a number plate (52 cm wide) covers two of them. The generator draws
what such a view holds: an asphalt lane with markings, and one road user of its real footprint in
metres with its windows, load, riders or shoulders; sun, shadow, headlights, rain, blur and sensor
noise vary from view to view. The evaluation set is drawn from harder weather than the training set.

Run `uv run train.py` or `python train.py`; it writes `road_user.onnx`, `evaluation.npz` and
`calibration.npz`.
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


def main() -> None:
    """Generate, train, export, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=14)
    options = parser.parse_args()
    views, labels = dataset(6000, TRAINING, options.seed)
    held, held_labels = dataset(540, EVALUATION, options.seed + 1)
    rng = np.random.default_rng(options.seed)
    layers: list[net.Layer] = [
        net.Bytes(), net.Conv(1, 12, (5, 5), 2, rng), net.Conv(12, 24, (4, 4), 2, rng),
        net.Conv(24, 48, (3, 3), 1, rng), net.Flat(), net.Dense(768, len(CLASSES), rng, last=True),
    ]  # fmt: skip
    net.train(layers, views, labels, epochs=options.epochs, seed=options.seed, mirror=True)
    accuracy = (net.run(layers, held).argmax(axis=1) == held_labels).mean()
    print(f"accuracy {accuracy:.4f} on {len(held)} held-out views")
    net.export(layers, options.out / "road_user.onnx", name="road-user", shape=(1, SIDE, SIDE),
               source="view", outputs=len(CLASSES))  # fmt: skip
    net.write_arrays(options.out / "evaluation.npz", {"view": held, "label": held_labels})
    net.write_arrays(options.out / "calibration.npz", {"view": views[:60]})


if __name__ == "__main__":
    main()
