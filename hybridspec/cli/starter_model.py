"""Small models trained on the spot, so that a starting spec runs before the real model exists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_TRAINED, _HELD = 800, 400


@dataclass(frozen=True, slots=True)
class StarterModel:
    """A classifier to make: its file, its input, and how many readings tell how many classes."""

    file: str
    input: str
    features: int = 16
    classes: int = 2


STARTERS: dict[str, StarterModel] = {
    "minimal": StarterModel("anomaly.onnx", "readings"),
    "predictive-maintenance": StarterModel("bearing_fault.onnx", "vibration", 32),
    "bedside-monitoring": StarterModel("rhythm.onnx", "ecg", 64, 3),
    "retail-checkout": StarterModel("product.onnx", "picture", 192, 8),
    "city-traffic": StarterModel("vehicles.onnx", "frame", 192, 5),
    "security-camera": StarterModel("person.onnx", "frame", 128),
    "autonomous-shuttle": StarterModel("obstacle.onnx", "depth", 64),
    "remote-farm": StarterModel("irrigation.onnx", "soil", 12, 3),
    "federated-hospitals": StarterModel("finding.onnx", "measures", 30),
}
"""The templates of `init`, and the model that each of them comes with."""


def train(folder: Path, starter: StarterModel) -> list[Path]:
    """Fit a linear classifier to overlapping clouds of numbers; write it and its held-out data."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from hybridspec.optimise.data import write_arrays

    count, features, classes = _TRAINED + _HELD, starter.features, starter.classes
    rng = np.random.default_rng(11)
    labels = np.arange(count) % classes
    centres = rng.normal(size=(classes, features)) * (2.8 / np.sqrt(features))
    x = (rng.normal(size=(count, features)) + 2 * centres[labels]).astype(np.float32)
    design = np.hstack([x[:_TRAINED], np.ones((_TRAINED, 1), np.float32)])
    target = np.eye(classes)[labels[:_TRAINED]]
    fit = np.linalg.lstsq(design, target, rcond=None)[0].astype(np.float32)
    weights = [
        numpy_helper.from_array(fit[:features], "weight"),
        numpy_helper.from_array(fit[features], "bias"),
    ]
    graph = helper.make_graph(
        [helper.make_node("Gemm", [starter.input, "weight", "bias"], ["scores"], name="linear")],
        "starter",
        [helper.make_tensor_value_info(starter.input, TensorProto.FLOAT, ["N", features])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", classes])],
        weights,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    folder.mkdir(parents=True, exist_ok=True)
    model, evaluation = folder / starter.file, folder / "evaluation.npz"
    onnx.save(made, str(model))
    held: dict[str, np.ndarray] = {
        starter.input: x[_TRAINED:], "label": labels[_TRAINED:].astype(np.int64),
    }  # fmt: skip
    write_arrays(evaluation, held)
    return [model, evaluation]
