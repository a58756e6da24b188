"""`hybridspec build` of a model that fits nowhere whole: the bundle holds its first half."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from typer.testing import CliRunner

from hybridspec.cli.app import app
from hybridspec.optimise.data import write_arrays

SPEC = """\
apiVersion: hybridspec.dev/v1
metadata: {name: cut, owner: someone, as_of: 2026-11-01}
zones:
  eu: {countries: [EU], retention: P30D}
devices:
  gate:
    hardware: {like: raspberry-pi-5, architecture: arm64, memory: 256MiB, reserved_memory: 194MiB,
               disk: 64GB, idle_power: 2W, load_power: 6W, price: 60 USD, life: P5Y}
    max_offline: PT1H
    uplink: {bandwidth: 1Mbit/s, rtt: 30ms}
sites:
  lab: {country: DE, zone: eu, devices: {gate: 1}}
clouds:
  aws: {provider: aws, regions: [eu-central-1]}
data:
  frames: {category: system.operations, size: 16KiB, rate: 20/s}
models:
  net: {source: m.onnx, floor: 0.9, allowed_drop: 0.05, evaluation: e.npz, split: true}
flows:
  see:
    data: frames
    stages:
      detect: {model: net, inputs: [frames], size: 16B}
      keep: {sink: store, inputs: [detect]}
rollout:
  cohorts: [{name: fleet, percent: 100, max_failures: 0.05}]
"""


def write(folder: Path) -> None:
    """A model of 4,096 numbers that narrows to 16 at once and grows large after it."""
    rng, sizes = np.random.default_rng(4), (4096, 16, 1500, 1500, 4)
    weights = [rng.normal(size=(a, b)).astype(np.float32) / np.float32(a**0.5)
               for a, b in pairwise(sizes)]  # fmt: skip
    nodes, last = [], "x"
    for index in range(len(weights)):
        out = "y" if index == len(weights) - 1 else f"m{index}"
        nodes.append(helper.make_node("MatMul", [last, f"w{index}"], [out]))
        last = out
    made = helper.make_model(helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4096])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])],
        [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(weights)],
    ), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)  # fmt: skip
    (folder / "m.onnx").write_bytes(made.SerializeToString())
    x = rng.random((40, 4096)).astype(np.float32)
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    label = np.asarray(session.run(None, {"x": x})[0]).argmax(axis=1).astype(np.int64)
    write_arrays(folder / "e.npz", {"x": x, "label": label})
    (folder / "hybridspec.yaml").write_text(SPEC, encoding="utf-8")


def test_the_bundle_holds_the_first_half(tmp_path: Path) -> None:
    write(tmp_path)
    answer = CliRunner().invoke(app, ["build", str(tmp_path / "hybridspec.yaml")])
    assert answer.exit_code == 0, answer.output
    plan = json.loads((tmp_path / "build/cut/plan.json").read_bytes())
    (placed,) = plan["decisions"]
    hosts = {host["stage"]: host["kind"] for host in placed["chosen"]["hosts"]}
    assert hosts == {"detect.head": "edge", "detect": "cloud", "keep": "cloud"}
    manifest = json.loads((tmp_path / "build/cut/bundles/gate/manifest.json").read_bytes())
    (model,) = manifest["models"]
    assert model["variant"].endswith("-head0")
    sizes = {entry["path"]: entry["size"] for entry in manifest["files"]}
    assert sizes["model/net/model.onnx"] < (tmp_path / "m.onnx").stat().st_size / 20
    assert onnx.load(str(tmp_path / "m.onnx")).graph.output[0].name == "y"  # left as it was
