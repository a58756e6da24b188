"""A model that takes one sample at a time is healthy: it gets its golden samples one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from conformance.channels import content
from unit.agent.test_health import slot

from hybridspec.agent.health import trial


def test_a_fixed_batch_of_one_is_fed_one_by_one(tmp_path: Path) -> None:
    made = onnx.load_from_string(content(1.0).files["model/m/model.onnx"])
    for value in (*made.graph.input, *made.graph.output):
        value.type.tensor_type.shape.dim[0].ClearField("dim_param")
        value.type.tensor_type.shape.dim[0].dim_value = 1
    fixed = content(1.0, model=made.SerializeToString())
    assert trial(slot(tmp_path, fixed))["m"]["samples"] == 4
    assert np.load(tmp_path / "model/m/out.npz")["output_000"].shape == (4, 2)
