"""A model for a reduced build of the runtime: the same answers, the same bytes, no path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from conftest import EXAMPLE

from hybridspec.base.errors import UsageError
from hybridspec.optimise.data import write_arrays
from hybridspec.optimise.ort_format import ort_format

MODEL = EXAMPLE / "model" / "bearing_fault.onnx"


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    session = onnxruntime.InferenceSession(str(MODEL))
    rng = np.random.default_rng(5)
    arrays = {
        value.name: rng.normal(size=[4, *value.shape[1:]]).astype(np.float32)
        for value in session.get_inputs()
    }
    write_arrays(tmp_path / "golden.npz", arrays)
    return tmp_path / "golden.npz"


def test_it_says_the_same(tmp_path: Path, golden: Path) -> None:
    made = ort_format(MODEL, golden, "arm64")
    assert made == ort_format(MODEL, golden, "arm64")
    assert b"ai.onnx;" in made.operators
    assert b"/" not in made.operators.replace(b"ai.onnx", b"")
    (tmp_path / "m.ort").write_bytes(made.model)
    after = onnxruntime.InferenceSession(str(tmp_path / "m.ort"))
    before = onnxruntime.InferenceSession(str(MODEL))
    with np.load(golden) as inputs:
        row = {name: inputs[name][:1] for name in inputs.files}
    np.testing.assert_allclose(before.run(None, row)[0], after.run(None, row)[0], atol=1e-3)


def test_what_is_no_model_is_refused(tmp_path: Path, golden: Path) -> None:
    (tmp_path / "cut.onnx").write_bytes(MODEL.read_bytes()[:2000])
    with pytest.raises(UsageError, match="cannot be converted"):
        ort_format(tmp_path / "cut.onnx", golden, "arm64")
