"""How large the delta of a release is when the model of an example was really trained again.

`python benchmarks/delta/retrained.py`: publishes vibration-watch to a channel, trains the last
layer of its classifier anew by gradient descent and publishes, moves every weight by a thousandth
and publishes. Prints bytes and shares of the whole bundle, no times.
"""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

EXAMPLE = Path(__file__).parents[2] / "examples" / "vibration-watch"
WINDOWS, STEPS, RATE = 200, 300, 0.02
"""Windows per class, and steps of gradient descent at this rate."""


def retrain_head(model: onnx.ModelProto, spec: Path) -> None:
    """Train the weights and biases of the last layer on new windows of the example's generator."""
    training = runpy.run_path(str(spec / "model" / "train.py"))
    rng = np.random.default_rng(7)
    classes = training["CLASSES"]
    windows = [training["window"](name, training["EVALUATION"], rng)
               for name in classes for _ in range(WINDOWS)]  # fmt: skip
    wanted = np.eye(len(classes))[np.repeat(np.arange(len(classes)), WINDOWS)]
    head = model.graph.node[-1]
    features = _features(model, head.input[0], np.stack(windows)[:, None])
    parts = {i.name: i for i in model.graph.initializer}
    weight, bias = (numpy_helper.to_array(parts[name]).astype(float) for name in head.input[1:])
    turned = any(a.name == "transB" and a.i for a in head.attribute)
    weight = weight.T.copy() if turned else weight.copy()
    for _ in range(STEPS):
        logits = features @ weight + bias
        odds = np.exp(logits - logits.max(1, keepdims=True))
        slope = (odds / odds.sum(1, keepdims=True) - wanted) / len(wanted)
        weight -= RATE * features.T @ slope
        bias = bias - RATE * slope.sum(0)
    for name, value in zip(head.input[1:], (weight.T if turned else weight, bias), strict=True):
        parts[name].CopyFrom(numpy_helper.from_array(value.astype(np.float32), name))


def _features(model: onnx.ModelProto, name: str, windows: np.ndarray) -> np.ndarray:
    """What the layers before the last one make of the windows."""
    inner = onnx.ModelProto()
    inner.CopyFrom(model)
    inner.graph.output.append(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
    )
    session = onnxruntime.InferenceSession(inner.SerializeToString())
    (found,) = session.run([name], {session.get_inputs()[0].name: windows})
    return np.asarray(found)


def nudge(model: onnx.ModelProto, _: Path) -> None:
    """Move every weight by about a thousandth of itself."""
    rng = np.random.default_rng(3)
    for part in model.graph.initializer:
        value = numpy_helper.to_array(part)
        value = value * (1 + 1e-3 * rng.standard_normal(value.shape))
        part.CopyFrom(numpy_helper.from_array(value.astype(np.float32), part.name))


def publish(spec: Path) -> set[Path]:
    """The target files of the channel once the spec has been published."""
    subprocess.run(
        [sys.executable, "-m", "hybridspec", "channel", "publish", str(spec), "--percent", "100"],
        check=True, capture_output=True,
    )  # fmt: skip
    return set(spec.glob("build/*/channel/targets/gateway/*/*"))


def main() -> None:
    changes: tuple[tuple[str, Callable[[onnx.ModelProto, Path], None]], ...] = (
        ("last layer trained again", retrain_head), ("every weight moved", nudge),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "watch"
        shutil.copytree(EXAMPLE, spec, ignore=shutil.ignore_patterns("build", ".hybridspec"))
        file = spec / "model" / "bearing_fault.onnx"
        before = publish(spec)
        for name, change in changes:
            model = onnx.load(file)
            change(model, spec)
            onnx.save(model, file)
            new = publish(spec) - before
            whole = next(f.stat().st_size for f in new if f.name.endswith("bundle.tar.zst"))
            least = min((f.stat().st_size for f in new if f.suffix == ".delta"), default=whole)
            print(f"{name}: {least} of {whole} bytes, {least / whole:.1%}")
            before |= new


if __name__ == "__main__":
    main()
