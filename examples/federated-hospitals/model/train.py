# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "onnx", "scikit-learn"]
# ///
"""Trains the tumour classifier of this example between three hospitals, by federated averaging.

The data are real: 569 fine needle aspirates of breast masses, 30 measured features each, with the
diagnosis (W. Wolberg, O. Mangasarian, N. Street, W. Street: Breast Cancer Wisconsin (Diagnostic),
UCI Machine Learning Repository 1993, doi:10.24432/C5DW2B, CC BY 4.0), as scikit-learn bundles them.
What is simulated is who holds which sample: hospitals differ in size and in their share of
malignant cases. No sample leaves its hospital; weights and counts do. Means and deviations of the
features, which `normalise` needs, are federated in the same way.

Run `uv run train.py`, or `python train.py` with scikit-learn installed; it writes `tumour.onnx`,
`evaluation.npz` and `calibration.npz`, and prints what each hospital would reach on its own.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_breast_cancer

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
from small_network import write_arrays  # noqa: E402

CLASSES = ("malignant", "benign")
HOSPITALS = {"heidelberg": (0.70, 0.30), "lille": (0.26, 0.40), "valencia": (0.04, 0.30)}
"""Share of the malignant and of the benign samples that each hospital holds."""
WIDTHS = (30, 192, 96, 2)

Array = np.ndarray
Weights = list[Array]


def split(seed: int) -> tuple[dict[str, tuple[Array, Array]], tuple[Array, Array]]:
    """Features and labels by hospital, and the held-out third, balanced as the whole."""
    bunch = load_breast_cancer()
    rng = np.random.default_rng(seed)
    held, shares = [], {name: [] for name in HOSPITALS}
    for label in range(len(CLASSES)):
        rows = rng.permutation(np.flatnonzero(bunch.target == label))
        cut = len(rows) // 3
        held.extend(rows[:cut])
        ends = np.cumsum([share[label] for share in HOSPITALS.values()]) * (len(rows) - cut)
        parts = np.split(rows[cut:], ends.round().astype(int)[:-1])
        for name, part in zip(HOSPITALS, parts, strict=True):
            shares[name].extend(part)
    x, y = bunch.data.astype(np.float32), bunch.target.astype(np.int64)
    order = rng.permutation(held)
    return {name: (x[rows], y[rows]) for name, rows in shares.items()}, (x[order], y[order])


def scaling(hospitals: dict[str, tuple[Array, Array]]) -> tuple[Array, Array]:
    """Mean and deviation of every feature, from each hospital's count, sum and sum of squares."""
    count = sum(len(x) for x, _ in hospitals.values())
    mean = sum(x.sum(axis=0, dtype=np.float64) for x, _ in hospitals.values()) / count
    square = sum((x.astype(np.float64) ** 2).sum(axis=0) for x, _ in hospitals.values()) / count
    return mean.astype(np.float32), np.sqrt(square - mean**2).astype(np.float32)


def begin(seed: int) -> Weights:
    """Weights and biases of a perceptron with two hidden layers."""
    rng = np.random.default_rng(seed)
    weights: Weights = []
    for inputs, outputs in pairwise(WIDTHS):
        scale = np.sqrt(2 / inputs)
        weights.append((rng.standard_normal((inputs, outputs)) * scale).astype(np.float32))
        weights.append(np.zeros(outputs, np.float32))
    return weights


def forward(weights: Weights, x: Array) -> list[Array]:
    """The input and the output of every layer; ReLU after all but the last."""
    layers = [x]
    for at in range(0, len(weights), 2):
        x = x @ weights[at] + weights[at + 1]
        layers.append(np.maximum(x, 0) if at + 2 < len(weights) else x)
        x = layers[-1]
    return layers


def gradients(weights: Weights, x: Array, labels: Array) -> Weights:
    """Gradients of the mean cross-entropy, in the order of the weights."""
    layers = forward(weights, x)
    share = np.exp(layers[-1] - layers[-1].max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    share[np.arange(len(x)), labels] -= 1
    flow = (share / len(x)).astype(np.float32)
    found: Weights = []
    for at in range(len(weights) - 2, -1, -2):
        found = [layers[at // 2].T @ flow, flow.sum(axis=0), *found]
        flow = (flow @ weights[at].T) * (layers[at // 2] > 0)
    return found


def local(weights: Weights, x: Array, labels: Array, epochs: int, rate: float,
          rng: np.random.Generator) -> Weights:  # fmt: skip
    """What one hospital makes of the weights: some epochs of gradient descent with momentum."""
    own = [w.copy() for w in weights]
    speed = [np.zeros_like(w) for w in own]
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), 16):
            chosen = order[start : start + 16]
            for w, v, g in zip(own, speed, gradients(own, x[chosen], labels[chosen]), strict=True):
                np.subtract(0.9 * v, rate * (g + 1e-3 * w), out=v)
                np.add(w, v, out=w)
    return own


def federate(hospitals: dict[str, tuple[Array, Array]], rounds: int, seed: int,
             watch: tuple[Array, Array]) -> Weights:  # fmt: skip
    """Federated averaging: the mean of the hospitals' weights by their sample counts."""
    weights, rng = begin(seed), np.random.default_rng(seed)
    total = sum(len(y) for _, y in hospitals.values())
    for turn in range(rounds):
        rate = 0.02 * (1 - turn / rounds) + 1e-3
        sent = [(len(y) / total, local(weights, x, y, 2, rate, rng)) for x, y in hospitals.values()]
        weights = [sum(share * own[i] for share, own in sent) for i in range(len(weights))]
        print(f"round {turn + 1}: accuracy {accuracy(weights, *watch):.4f}")
    return [w.astype(np.float32) for w in weights]


def accuracy(weights: Weights, x: Array, labels: Array) -> float:
    """Share of right answers."""
    return float((forward(weights, x)[-1].argmax(axis=1) == labels).mean())


def export(weights: Weights, path: Path) -> None:
    """Write the network as ONNX, opset 17, input `features`, output `scores`."""
    name, nodes, stored = "features", [], []
    layers = len(weights) // 2
    for i in range(layers):
        stored += [numpy_helper.from_array(weights[2 * i], f"fc{i}.weight"),
                   numpy_helper.from_array(weights[2 * i + 1], f"fc{i}.bias")]  # fmt: skip
        out = f"fc{i}" if i + 1 < layers else "scores"
        nodes.append(helper.make_node("Gemm", [name, f"fc{i}.weight", f"fc{i}.bias"], [out],
                                      name=f"fc{i}"))  # fmt: skip
        name = out
        if i + 1 < layers:
            name = f"relu{i}"
            nodes.append(helper.make_node("Relu", [out], [name], name=name))
    graph = helper.make_graph(
        nodes, "tumour",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", WIDTHS[0]])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", WIDTHS[-1]])], stored,
    )  # fmt: skip
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
        producer_name="federated-hospitals",
    )  # fmt: skip
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def main() -> None:
    """Split, federate, compare, export, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    raw, (held, labels) = split(options.seed)
    mean, deviation = scaling(raw)
    hospitals = {name: ((x - mean) / deviation, y) for name, (x, y) in raw.items()}
    held = (held - mean) / deviation
    weights = federate(hospitals, options.rounds, options.seed, (held, labels))
    for name, (x, y) in raw.items():
        own_mean, own_deviation = scaling({name: (x, y)})
        scaled = {name: ((x - own_mean) / own_deviation, y)}
        view = (held * deviation + mean - own_mean) / own_deviation
        alone = begin(options.seed)
        rng = np.random.default_rng(options.seed)
        for turn in range(options.rounds):
            alone = local(alone, *scaled[name], 2, 0.02 * (1 - turn / options.rounds) + 1e-3, rng)
        print(f"{name} alone, {len(y)} samples: accuracy {accuracy(alone, view, labels):.4f}")
    print(f"together: accuracy {accuracy(weights, held, labels):.4f} on {len(labels)} held out")
    export(weights, options.out / "tumour.onnx")
    write_arrays(options.out / "evaluation.npz", {"features": held, "label": labels})
    some = np.concatenate([x[:32] for x, _ in hospitals.values()])
    write_arrays(options.out / "calibration.npz", {"features": some})


if __name__ == "__main__":
    main()
