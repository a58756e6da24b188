# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "onnx"]
# ///
"""Trains the behaviour classifier of this example on synthetic collar accelerations, with numpy.

A collar measures three axes at 10 Hz; a window holds 12.8 seconds. The generator knows what the
literature on cattle behaviour agrees on: grazing is a lowered head and irregular bites at 0.8 to
1.3 Hz; rumination is a level head and regular chewing at 0.9 to 1.2 Hz with a pause of some
seconds at each bolus; rest is gravity and breath; walking nods the head at the step rate; in
lameness every other step is weaker and the head nods deeper on the sore leg. Cow, posture, collar
fit (a rotation about the neck) and noise vary; evaluation draws them from wider ranges.

Run `uv run train.py` or `python train.py`; it writes `behaviour.onnx`, `evaluation.npz` and
`calibration.npz` beside itself.
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

RATE, WINDOW = 10, 128
CLASSES = ("rest", "rumination", "grazing", "walking", "lame")
TIME = np.arange(WINDOW) / RATE


@dataclass(frozen=True)
class Conditions:
    """Ranges that one data set is drawn from: collar rotation in radians, noise in g."""

    rotation: float
    noise: tuple[float, float]


TRAINING = Conditions(rotation=0.35, noise=(0.01, 0.06))
EVALUATION = Conditions(rotation=0.4, noise=(0.015, 0.07))


def window(label: str, where: Conditions, rng: np.random.Generator) -> np.ndarray:
    """Three axes over one window in g, to the 1/128 g that the collar resolves."""
    pitch = rng.uniform(0.6, 1.1) if label == "grazing" else rng.uniform(-0.25, 0.35)
    axes = np.stack([np.full(WINDOW, np.sin(pitch)), np.zeros(WINDOW),
                     np.full(WINDOW, np.cos(pitch))])  # fmt: skip
    axes += MOVES[label](rng)
    angle = rng.uniform(-where.rotation, where.rotation)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)],
                     [0, np.sin(angle), np.cos(angle)]])  # fmt: skip
    axes = turn @ axes + rng.uniform(*where.noise) * rng.standard_normal((3, WINDOW))
    return (np.round(np.clip(axes, -4, 4) * 128) / 128).astype(np.float32)


def _wave(rate: float, rng: np.random.Generator, wander: float) -> np.ndarray:
    """A sine whose phase wanders, as nothing alive keeps time."""
    drift = np.cumsum(rng.standard_normal(WINDOW)) * wander
    return np.sin(2 * np.pi * rate * TIME + rng.uniform(0, 6) + drift)


def _rest(rng: np.random.Generator) -> np.ndarray:
    breath = rng.uniform(0.005, 0.02) * _wave(rng.uniform(0.3, 0.6), rng, 0.02)
    return np.stack([breath, 0.3 * breath, 0.5 * breath])


def _rumination(rng: np.random.Generator) -> np.ndarray:
    chew = rng.uniform(0.06, 0.14) * _wave(rng.uniform(0.9, 1.2), rng, 0.03)
    pause = rng.uniform(0, 12)
    chew = chew * (abs(TIME - pause) > rng.uniform(0.8, 2.0))
    return np.stack([0.5 * chew, chew, 0.3 * chew])


def _grazing(rng: np.random.Generator) -> np.ndarray:
    bites = rng.uniform(0.12, 0.3) * np.abs(_wave(rng.uniform(0.4, 0.65), rng, 0.15))
    sweep = rng.uniform(0.05, 0.15) * _wave(rng.uniform(0.1, 0.3), rng, 0.05)
    return np.stack([bites, sweep, -0.6 * bites])


def _walking(rng: np.random.Generator, lame: float = 0.0) -> np.ndarray:
    rate, phase = rng.uniform(0.6, 1.0), rng.uniform(0, 6)
    stride = 2 * np.pi * rate * TIME + phase + np.cumsum(rng.standard_normal(WINDOW)) * 0.03
    step = np.sin(2 * stride) * (1 + lame * np.sign(np.sin(stride)))
    nod = (0.05 + 0.22 * lame) * np.sin(stride)
    return rng.uniform(0.15, 0.32) * np.stack([0.6 * step, 0.4 * np.sin(stride), step]) + np.stack(
        [nod, np.zeros(WINDOW), -0.7 * nod]
    )


def _lame(rng: np.random.Generator) -> np.ndarray:
    return _walking(rng, rng.uniform(0.35, 0.75))


MOVES = dict(zip(CLASSES, (_rest, _rumination, _grazing, _walking, _lame), strict=True))


def dataset(count: int, where: Conditions, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` windows of shape [count, 3, WINDOW] in balanced classes, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    windows = np.stack([window(CLASSES[label], where, rng) for label in labels])
    return windows, labels.astype(np.int64)


def main() -> None:
    """Generate, train, export, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()
    x, labels = dataset(4000, TRAINING, options.seed)
    held, held_labels = dataset(400, EVALUATION, options.seed + 1)
    rng = np.random.default_rng(options.seed)
    layers: list[net.Layer] = [
        net.Conv(3, 24, (9,), 2, rng), net.Conv(24, 32, (7,), 2, rng),
        net.Conv(32, 32, (5,), 2, rng), net.Mean(), net.Dense(32, len(CLASSES), rng, last=True),
    ]  # fmt: skip
    net.train(layers, x, labels, epochs=options.epochs, seed=options.seed)
    accuracy = (net.run(layers, held).argmax(axis=1) == held_labels).mean()
    print(f"accuracy {accuracy:.4f} on {len(held)} held-out windows")
    net.export(layers, options.out / "behaviour.onnx", name="behaviour", shape=(3, WINDOW),
               outputs=len(CLASSES))  # fmt: skip
    net.write_arrays(options.out / "evaluation.npz", {"window": held, "label": held_labels})
    net.write_arrays(options.out / "calibration.npz", {"window": x[:64]})


if __name__ == "__main__":
    main()
