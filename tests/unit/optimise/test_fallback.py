"""From spec to artefact: a ruined variant is planned without, a bad model ends with code 5."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from conftest import Cli
from unit.optimise.test_optimise import CLASSES, benign, hostile, network, samples
from unit.resolve.lowering import spec

from hybridspec.base.diagnostic import Severity
from hybridspec.compiler import Options, compile_file
from hybridspec.optimise.data import write_arrays


def written(folder: Path, made: onnx.ModelProto, arrays: dict[str, np.ndarray] | None = None,
            **sections: Any) -> Path:  # fmt: skip
    """A spec with its model and data on disk."""
    (folder / "m.onnx").write_bytes(made.SerializeToString())
    write_arrays(folder / "e.npz", arrays if arrays is not None else samples(made))
    path = folder / "hybridspec.yaml"
    path.write_text(yaml.safe_dump(spec(**sections), sort_keys=False), encoding="utf-8")
    return path


def test_a_ruined_variant_is_reported_and_the_plan_made_again_without_it(
    tmp_path: Path, cache: Path
) -> None:
    build = compile_file(written(tmp_path, network(hostile())), Options(cache=cache))
    (finding,) = (f for f in build.findings if f.code == "HS0602")
    assert finding.severity is Severity.WARNING
    assert "agreement" in finding.message
    assert [dict(d.chosen.variants) for d in build.plan.decisions] == [{"detect": "fp32"}]
    assert [a.variant for a in build.artefacts] == ["fp32"]
    document: Any = build.plan_document
    assert document["models"][0]["variants"] == ["fp32"]
    assert [m["variant"] for member in document["fleet"] for m in member["models"]] == ["fp32"]


def test_a_good_variant_is_kept(tmp_path: Path, cache: Path) -> None:
    build = compile_file(written(tmp_path, network(benign())), Options(cache=cache))
    assert [f for f in build.findings if f.code == "HS0602"] == []
    assert [a.variant for a in build.artefacts] == ["int8"]


@pytest.mark.parametrize("command", ["build"])
def test_a_model_below_its_floor_ends_with_the_code_of_a_broken_policy(
    tmp_path: Path, cli: Cli, command: str
) -> None:
    made = network(benign())
    arrays = samples(made)
    arrays["label"] = (arrays["label"] + 1) % CLASSES
    written(tmp_path, made, arrays)
    done = cli(command, tmp_path, "--format", "json")
    assert done.returncode == 5, done.stderr
    found = json.loads(done.stdout)["findings"]
    assert [f["code"] for f in found if f["severity"] == "error"] == ["HS0601"]


def test_a_model_of_unknown_work_ends_before_anything_is_built(tmp_path: Path, cli: Cli) -> None:
    made = network(benign(), shape=("N", "features"))
    for value in made.graph.input:
        assert value.type.tensor_type.shape.dim[1].dim_param == "features"
    written(tmp_path, made, samples(made))
    done = cli("validate", tmp_path, "--format", "json")
    (found,) = (f for f in json.loads(done.stdout)["findings"] if f["severity"] == "error")
    assert found["code"] == "HS0603"
    assert "MatMul" in found["message"]
