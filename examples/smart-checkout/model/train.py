# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "onnx", "scikit-learn==1.9.1"]
# ///
"""Trains the reader of handwritten price tags on real handwriting, with numpy alone.

The data are scikit-learn's copy of the "Optical Recognition of Handwritten Digits" (E. Alpaydin,
C. Kaynak, 1998, UCI Machine Learning Repository, CC BY 4.0): 1,797 digits of 13 writers as 8 x 8
counts of ink from 0 to 16. Every fifth digit is held out for evaluation; the others are trained on
as they are and moved by one pixel in four directions, because a scale's camera does not cut out
exactly.

Run `uv run train.py`, which fetches scikit-learn for the data; it writes `digit.onnx`,
`evaluation.npz` and `calibration.npz` beside itself.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import small_network as net  # noqa: E402

SIDE, CLASSES = 8, 10
MOVES = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))


def digits() -> tuple[np.ndarray, np.ndarray]:
    """All digits of shape [count, 1, SIDE, SIDE], ink from 0 to 1, and what they are."""
    from sklearn.datasets import load_digits

    found = load_digits()
    ink = (found.images / 16).astype(np.float32)
    return ink[:, None], found.target.astype(np.int64)


def moved(x: np.ndarray, down: int, right: int) -> np.ndarray:
    """The pictures moved by a pixel, with blank paper where nothing was."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return padded[:, :, 1 - down : 1 - down + SIDE, 1 - right : 1 - right + SIDE]


def main() -> None:
    """Read, train, export, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=14)
    options = parser.parse_args()
    ink, labels = digits()
    out = np.arange(len(ink)) % 5 == 0
    x = np.concatenate([moved(ink[~out], *move) for move in MOVES])
    wanted = np.tile(labels[~out], len(MOVES))
    held, held_labels = ink[out], labels[out]
    rng = np.random.default_rng(options.seed)
    layers: list[net.Layer] = [
        net.Conv(1, 24, (3, 3), 1, rng), net.Conv(24, 32, (3, 3), 1, rng), net.Flat(),
        net.Dense(32 * 4 * 4, 64, rng), net.Dense(64, CLASSES, rng, last=True),
    ]  # fmt: skip
    net.train(layers, x, wanted, epochs=options.epochs, seed=options.seed)
    accuracy = (net.run(layers, held).argmax(axis=1) == held_labels).mean()
    print(f"accuracy {accuracy:.4f} on {len(held)} held-out digits")
    net.export(layers, options.out / "digit.onnx", name="digit", shape=(1, SIDE, SIDE),
               source="ink", outputs=CLASSES)  # fmt: skip
    net.write_arrays(options.out / "evaluation.npz", {"ink": held, "label": held_labels})
    net.write_arrays(options.out / "calibration.npz", {"ink": ink[~out][:64]})


if __name__ == "__main__":
    main()
