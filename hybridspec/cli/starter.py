"""A starting spec with a small model trained on the spot: `init` gives something that runs."""

from __future__ import annotations

from pathlib import Path

from hybridspec.base.errors import UsageError
from hybridspec.spec.quantity import NAME_PATTERN

_SPEC = """\
# yaml-language-server: $schema=hybridspec.schema.json
apiVersion: hybridspec.dev/v1

metadata:
  name: {name}
  owner: you@example.org
  as_of: 2026-11-01

zones:
  home:
    countries: [EU]
    regimes: [gdpr]
    retention: P30D

devices:
  gateway:
    board: raspberry-pi-5
    max_offline: P3D
    uplink: {{bandwidth: 20Mbit/s, rtt: 35ms}}

sites:
  plant:
    country: DE
    zone: home
    devices: {{gateway: 2}}

clouds:
  aws: {{provider: aws, regions: [eu-central-1, eu-west-1]}}

data:
  readings: {{category: system.operations, size: 64B, rate: 50/s}}

models:
  anomaly:
    source: model/anomaly.onnx
    evaluation: model/evaluation.npz
    floor: 0.85
    allowed_drop: 0.02

flows:
  watch:
    data: readings
    latency: {{bound: 50ms, to: alert}}
    offline: P3D
    stages:
      normalise: {{transform: normalise, inputs: [readings]}}
      judge: {{model: anomaly, inputs: [normalise], size: 16B}}
      alert: {{sink: alert, inputs: [judge]}}
      summary: {{transform: aggregate, inputs: [judge], every: P1D, size: 4KiB}}
      history: {{sink: store, inputs: [summary]}}

rollout:
  cohorts:
    - {{name: canary, percent: 20, soak: PT6H, max_failures: 0.0}}
    - {{name: fleet, percent: 100, max_failures: 0.05}}
"""


def write_starter(folder: Path, name: str) -> list[Path]:
    """Write spec, schema, model and evaluation data; refuses to overwrite anything."""
    import re

    if not re.fullmatch(NAME_PATTERN, name):
        raise UsageError(f"`{name}` is not a usable name",
                         help="use lower-case letters, digits and hyphens")  # fmt: skip
    from hybridspec.schemas import text

    files = {
        folder / "hybridspec.yaml": _SPEC.format(name=name).encode(),
        folder / "hybridspec.schema.json": text("hybridspec").encode(),
        folder / ".gitignore": b".hybridspec/\nbuild/\n",
    }
    model = folder / "model"
    for path in (*files, model / "anomaly.onnx", model / "evaluation.npz"):
        if path.exists():
            raise UsageError(f"{path} exists already", help="choose an empty folder")
    model.mkdir(parents=True, exist_ok=True)
    for path, data in files.items():
        path.write_bytes(data)
    _train(model)
    return [*files, model / "anomaly.onnx", model / "evaluation.npz"]


def _train(folder: Path) -> None:
    """A linear classifier of two overlapping clouds of 16 readings, fitted by least squares."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from hybridspec.optimise.data import write_arrays

    rng = np.random.default_rng(11)
    labels = np.arange(1200) % 2
    shift = rng.normal(size=16)
    x = (rng.normal(size=(1200, 16)) + 0.7 * labels[:, None] * shift).astype(np.float32)
    design = np.hstack([x[:800], np.ones((800, 1), np.float32)])
    fit = np.linalg.lstsq(design, np.eye(2)[labels[:800]], rcond=None)[0].astype(np.float32)
    weights = [
        numpy_helper.from_array(fit[:16], "weight"),
        numpy_helper.from_array(fit[16], "bias"),
    ]
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["readings", "weight", "bias"], ["scores"], name="linear")],
        "anomaly",
        [helper.make_tensor_value_info("readings", TensorProto.FLOAT, ["N", 16])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 2])],
        weights,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, str(folder / "anomaly.onnx"))
    held: dict[str, np.ndarray] = {"readings": x[800:], "label": labels[800:].astype(np.int64)}
    write_arrays(folder / "evaluation.npz", held)
