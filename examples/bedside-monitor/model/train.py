# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "onnx"]
# ///
"""Trains the rhythm classifier of this example on synthetic electrocardiograms, with numpy alone.

The generator draws each beat as five Gaussian waves (P, Q, R, S, T), the usual dynamical model of
the ECG without its differential equations. Atrial fibrillation has no P wave, irregular intervals
and a ripple of 4 to 9 Hz; ventricular ectopy has wide early beats and a pause after them; a loose
electrode shows drift, mains hum and steps. Rate, gain, axis and noise vary from window to window;
the evaluation set is drawn with more noise and a wider range of heart rates than the training set.

Run `uv run train.py` or `python train.py`; it writes `rhythm.onnx`, `evaluation.npz` and
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

RATE, WINDOW = 125, 512
CLASSES = ("sinus", "atrial-fibrillation", "ventricular-ectopy", "electrode-off")
WAVES = {"p": (-0.18, 0.025, 0.15), "q": (-0.035, 0.010, -0.12), "r": (0.0, 0.011, 1.0),
         "s": (0.035, 0.012, -0.22), "t": (0.24, 0.055, 0.30)}  # fmt: skip
"""Place after the R peak in seconds, width in seconds, height in millivolts."""


@dataclass(frozen=True)
class Conditions:
    """Ranges that one data set is drawn from: heart rate per minute, noise in millivolts."""

    rate: tuple[float, float]
    noise: tuple[float, float]


TRAINING = Conditions(rate=(50, 115), noise=(0.02, 0.12))
EVALUATION = Conditions(rate=(48, 120), noise=(0.03, 0.16))


def window(label: str, where: Conditions, rng: np.random.Generator) -> np.ndarray:
    """One lead over four seconds, to the 1/64 mV that a bedside amplifier resolves."""
    time = np.arange(WINDOW) / RATE
    if label == "electrode-off":
        signal = _loose(time, rng)
    else:
        beats = [_beat(time, *beat, label, rng) for beat in _beats(label, where, rng)]
        signal = np.sum(beats, axis=0) * rng.uniform(0.7, 1.5)
    if label == "atrial-fibrillation":
        ripple = np.sin(2 * np.pi * rng.uniform(4, 9) * time + rng.uniform(0, 6))
        signal = signal + rng.uniform(0.04, 0.12) * ripple
    signal = signal + 0.1 * np.sin(2 * np.pi * rng.uniform(0.1, 0.4) * time + rng.uniform(0, 6))
    signal = signal + rng.uniform(*where.noise) * rng.standard_normal(WINDOW)
    return (np.round(np.clip(signal, -4, 4) * 64) / 64).astype(np.float32)


def _beats(label: str, where: Conditions, rng: np.random.Generator) -> list[tuple[float, bool]]:
    """When the beats of a window fall, and which of them start in a ventricle."""
    interval = 60 / rng.uniform(*where.rate)
    spread = 0.2 if label == "atrial-fibrillation" else 0.03
    found, at = [], -rng.uniform(0, interval)
    ectopic = rng.integers(1, 3) if label == "ventricular-ectopy" else 10**6
    while at < WINDOW / RATE + 0.3:
        early = len(found) % (ectopic + 1) == ectopic
        found.append((at, early))
        ahead = len(found) % (ectopic + 1) == ectopic
        scale = 1.35 if early else 0.62 if ahead else 1.0
        at += interval * scale * max(0.45, 1 + spread * rng.standard_normal())
    return found


def _beat(
    time: np.ndarray, at: float, ectopic: bool, label: str, rng: np.random.Generator
) -> np.ndarray:
    total = np.zeros(WINDOW)
    for name, (place, width, height) in WAVES.items():
        if name == "p" and (ectopic or label == "atrial-fibrillation"):
            continue
        wide = 3.2 if ectopic and name in "qrs" else 1.0
        turned = -1.0 if ectopic and name == "t" else 1.0
        own = height * turned * rng.uniform(0.85, 1.15)
        total += own * np.exp(
            -(((time - at - place * (1.6 if wide > 1 else 1)) / (width * wide)) ** 2) / 2
        )
    return total


def _loose(time: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Drift, mains hum folded to 25 Hz and below, and steps as the electrode touches again."""
    drift = np.cumsum(rng.standard_normal(WINDOW)) * rng.uniform(0.02, 0.08)
    hum = rng.uniform(0.1, 0.6) * np.sin(2 * np.pi * rng.uniform(10, 25) * time)
    steps = np.zeros(WINDOW)
    for start in rng.integers(0, WINDOW, rng.integers(1, 5)):
        steps[start:] += rng.uniform(-1.5, 1.5)
    return drift + hum + steps


def dataset(count: int, where: Conditions, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` windows of shape [count, 1, WINDOW] in balanced classes, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    windows = np.stack([window(CLASSES[label], where, rng) for label in labels])
    return windows[:, None, :], labels.astype(np.int64)


def main() -> None:
    """Generate, train, export, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--epochs", type=int, default=14)
    options = parser.parse_args()
    x, labels = dataset(3000, TRAINING, options.seed)
    held, held_labels = dataset(360, EVALUATION, options.seed + 1)
    rng = np.random.default_rng(options.seed)
    layers: list[net.Layer] = [
        net.Conv(1, 16, (16,), 4, rng), net.Conv(16, 32, (8,), 2, rng),
        net.Conv(32, 48, (6,), 2, rng), net.Conv(48, 48, (10,), 2, rng), net.Mean(),
        net.Dense(48, len(CLASSES), rng, last=True),
    ]  # fmt: skip
    net.train(layers, x, labels, epochs=options.epochs, seed=options.seed)
    accuracy = (net.run(layers, held).argmax(axis=1) == held_labels).mean()
    print(f"accuracy {accuracy:.4f} on {len(held)} held-out windows")
    net.export(layers, options.out / "rhythm.onnx", name="rhythm", shape=(1, WINDOW),
               outputs=len(CLASSES))  # fmt: skip
    net.write_arrays(options.out / "evaluation.npz", {"window": held, "label": held_labels})
    net.write_arrays(options.out / "calibration.npz", {"window": x[:64]})


if __name__ == "__main__":
    main()
