"""Every example holds what it claims: a valid spec, a small model that was measured, refusals.

An example is a folder below `examples/` with a `hybridspec.yaml`; `refused-<reason>.yaml` beside it
is a spec that must fail; `tests/golden/refused/<example>/<reason>.txt` holds its findings. The
commands of each README are run by `tests/docs`.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from conftest import EXAMPLES, ROOT

from hybridspec.base.diagnostic import Severity, SpecInvalid
from hybridspec.compiler import Build, Options, validate_file
from hybridspec.load.compose import LOCAL
from hybridspec.report.diagnostics import render

GOLDEN = ROOT / "tests" / "golden" / "refused"
SPECS = sorted(EXAMPLES.glob("*/hybridspec.yaml"))
REFUSED = sorted(EXAMPLES.glob("*/refused-*.yaml"))
SCRIPTS = sorted(EXAMPLES.glob("*/model/train.py"))
MODEL_LIMIT, DATA_LIMIT = 2_000_000, 3_000_000
SAME_METRIC = 0.03
"""How far another processor's sums may move what is trained again."""


def _example(path: Path) -> str:
    return path.relative_to(EXAMPLES).parts[0]


def _refusal(path: Path) -> str:
    return f"{path.parent.name}/{path.stem.removeprefix('refused-')}"


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings show paths as they are given: relative to the repository."""
    monkeypatch.chdir(ROOT)


@functools.cache
def _valid(spec: Path, cache: Path, stack: str = LOCAL) -> Build:
    return validate_file(spec.relative_to(ROOT), Options(cache=cache, stack=stack))


def _loud(build: Build) -> str:
    """The findings but for notes, such as what somebody answers for."""
    return render([f for f in build.findings if f.severity is not Severity.NOTE], "human")


@pytest.mark.parametrize("spec", SPECS, ids=_example)
def test_it_is_valid_without_a_warning(spec: Path, cache: Path) -> None:
    assert _loud(_valid(spec, cache)) == ""


@pytest.mark.parametrize("spec", SPECS, ids=_example)
def test_every_stack_of_it_is_valid(spec: Path, cache: Path) -> None:
    for overlay in sorted(spec.parent.glob("hybridspec.*.yaml")):
        stack = overlay.name.split(".")[1]
        assert _loud(_valid(spec, cache, stack)) == "", overlay


def test_examples_use_several_clouds_and_together_all(cache: Path) -> None:
    builds = [_valid(spec, cache) for spec in SPECS]
    for build in builds:
        assert len({region.provider for region in build.graph.regions}) > 1, build.graph.name
    used = {store.region.provider for build in builds for store in build.plan.stores}
    assert used == {"aws", "azure", "gcp"}


@pytest.mark.parametrize("spec", SPECS, ids=_example)
def test_its_models_are_small_and_reach_their_floor(spec: Path, cache: Path) -> None:
    measured: set[Path] = set()
    for model in _valid(spec, cache).graph.models:
        path, data = model.path, model.evaluation
        if path in measured:
            continue
        measured.add(path)
        assert path.stat().st_size <= MODEL_LIMIT
        assert data.stat().st_size <= DATA_LIMIT
        assert _accuracy(path, data) >= model.floor


def _accuracy(model: Path, data: Path) -> float:
    """Share of evaluation samples that the model names rightly."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    with np.load(data) as arrays:
        inputs = {i.name: arrays[i.name] for i in session.get_inputs()}
        (scores, *_) = session.run(None, inputs)
        return float((scores.argmax(axis=1) == arrays["label"]).mean())


@pytest.mark.parametrize("refused", REFUSED, ids=_refusal)
def test_what_must_fail_fails_as_reviewed(refused: Path, cache: Path, *, update: bool) -> None:
    with pytest.raises(SpecInvalid) as caught:
        _valid(refused, cache)
    findings = caught.value.findings
    assert any(finding.severity is Severity.ERROR for finding in findings)
    text = render(findings, "human")
    assert str(ROOT) not in text
    golden = GOLDEN / f"{_refusal(refused)}.txt"
    if update:
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == text, "`make golden`, then read the diff"


def test_every_example_has_two_counter_examples() -> None:
    counted = Counter(_example(path) for path in REFUSED)
    assert {name: counted[name] for name in map(_example, SPECS) if counted[name] < 2} == {}


def test_every_golden_has_its_counter_example() -> None:
    written = {p.relative_to(GOLDEN).with_suffix("").as_posix() for p in GOLDEN.rglob("*.txt")}
    assert written == {_refusal(path) for path in REFUSED}


@pytest.mark.parametrize("script", SCRIPTS, ids=_example)
def test_its_training_script_makes_what_is_shipped(script: Path, tmp_path: Path) -> None:
    if not os.environ.get("HYBRIDSPEC_RETRAIN"):
        pytest.skip("training takes up to a minute each; HYBRIDSPEC_RETRAIN=1 runs it")
    command = [sys.executable, str(script), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    if "No module named 'sklearn'" in done.stderr:
        pytest.skip(f"{script} reads its data from scikit-learn, which is not installed here")
    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.glob("*.onnx")
    held = script.parent / "evaluation.npz"
    assert (tmp_path / held.name).read_bytes() == held.read_bytes()
    again, shipped = (_accuracy(path, held) for path in (made, script.parent / made.name))
    assert abs(again - shipped) <= SAME_METRIC
