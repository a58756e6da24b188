"""The health contract: each promise that a model breaks is named; nothing passes by accident."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conformance.channels import INPUTS, MODEL, OUTPUTS, Content, arrays, content, listed

from hybridspec.agent import health
from hybridspec.agent.errors import Unhealthy
from hybridspec.agent.health import contract, trial
from hybridspec.bundle.manifest import Golden, canonical_json

EXACT = Golden(inputs=INPUTS, outputs=OUTPUTS, absolute=0.0, relative=0.0)
NAN, INF = float("nan"), float("inf")


def slot(folder: Path, made: Content, files: Mapping[str, bytes] | None = None) -> Path:
    """A slot that holds a content, with some files replaced and listed anew."""
    held = {**made.files, **(files or {})}
    manifest = replace(made.manifest, files=listed(held))
    for path, data in {**held, "release.json": canonical_json(manifest)}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def reason(folder: Path, made: Content) -> str:
    """Why the only model of a slot breaks its contract."""
    with pytest.raises(Unhealthy) as caught:
        contract(folder, made.manifest.models[0])
    return caught.value.reason


def test_a_healthy_model_is_measured(tmp_path: Path) -> None:
    figures = trial(slot(tmp_path, content(1.0)))["m"]
    assert figures["samples"] == 4
    assert figures["variant"] == "fp32"
    assert 0 <= figures["worstOfTolerance"] <= 1
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]


BROKEN = {
    "another result": (content(1.0, computes=1.5), "golden-differs"),
    "result just outside": (content(1.0, computes=1.02), "golden-differs"),
    "garbage for a model": (content(1.0, model=b"\x08\x09not onnx"), "model-does-not-run"),
    "empty model": (content(1.0, model=b""), "model-does-not-run"),
    "too slow": (content(1.0, p95_ms=1e-9), "too-slow"),
    "too much memory": (content(1.0, memory_bytes=2**20), "too-much-memory"),
    "unknown provider": (content(1.0, providers=("NoSuchProvider",)), "provider-missing"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_named(tmp_path: Path, name: str) -> None:
    made, why = BROKEN[name]
    with pytest.raises(Unhealthy) as caught:
        trial(slot(tmp_path, made))
    assert caught.value.reason == why


def test_a_provider_that_is_there_but_does_not_start_is_not_replaced_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runtime falls back to the CPU then, where the promise was made for something else."""
    import onnxruntime

    known = [*onnxruntime.get_available_providers(), "NoSuchProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: known)
    made = content(1.0, providers=("NoSuchProvider", "CPUExecutionProvider"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert reason(slot(tmp_path, made), made) == "provider-missing"


X = np.arange(8, dtype=np.float32).reshape(4, 2)
GOLDEN: dict[str, dict[str, Any]] = {
    "not a number expected": {"output_000": np.full((4, 2), NAN, np.float32)},
    "infinity expected": {"output_000": np.full((4, 2), INF, np.float32)},
    "another shape": {"output_000": (X + 1)[:2]},
    "more outputs": {"output_000": X + 1, "output_001": X + 1},
    "no outputs": {},
    "text": {"output_000": np.full((4, 2), "1")},
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_outputs_that_cannot_be_met_are_not_met(tmp_path: Path, name: str) -> None:
    made = content(1.0)
    assert reason(slot(tmp_path, made, {OUTPUTS: arrays(**GOLDEN[name])}), made) == "golden-differs"


def test_no_tolerance_at_all_still_tells_right_from_wrong(tmp_path: Path) -> None:
    """One value is exactly right and one is wrong: 0 by 0 must not hide the difference."""
    right = content(1.0, golden=EXACT)
    assert contract(slot(tmp_path / "right", right), right.manifest.models[0])
    expected = X + 1
    expected[2, 1] += 1e-4
    wrong = slot(tmp_path / "wrong", right, {OUTPUTS: arrays(output_000=expected)})
    assert reason(wrong, right) == "golden-differs"


def test_a_zero_that_must_be_exact_does_not_excuse_the_rest(tmp_path: Path) -> None:
    made = content(0.0, golden=replace(EXACT, relative=0.01))
    expected = X.copy()
    expected[3, 1] += 1
    folder = slot(tmp_path, made, {OUTPUTS: arrays(output_000=expected)})
    assert reason(folder, made) == "golden-differs"


@pytest.mark.parametrize("golden", [replace(EXACT, absolute=-1.0), replace(EXACT, relative=-1.0)])
def test_a_negative_tolerance_accepts_nothing(tmp_path: Path, golden: Golden) -> None:
    made = content(1.0, golden=golden)
    assert reason(slot(tmp_path, made), made) == "golden-differs"


def test_golden_files_without_samples_prove_nothing(tmp_path: Path) -> None:
    made = content(1.0)
    empty = {INPUTS: arrays(x=X[:0]), OUTPUTS: arrays(output_000=X[:0])}
    assert reason(slot(tmp_path, made, empty), made) == "golden-differs"


def test_memory_is_that_of_the_trial_and_not_of_who_started_it(tmp_path: Path) -> None:
    """An agent that once used 600 MiB must not make a small model look big."""
    folder = slot(tmp_path, content(1.0, memory_bytes=400 * 2**20))
    program = (
        "import sys; from pathlib import Path; from hybridspec.agent.health import trial\n"
        "held = bytearray(b'x') * (600 * 2**20); print(trial(Path(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> Path:
    """Let every trial run `program` first; returns a slot that is otherwise healthy."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        f"import sys\nif 'hybridspec.agent.health' in sys.orig_argv:\n    {program}\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    return slot(tmp_path / "slot", content(1.0))


@pytest.mark.parametrize("program", [
    "import os; os.abort()",
    "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "print('{}'); raise SystemExit(0)",
    "print('[]'); import os; os._exit(0)",
    "import os; os.write(1, b'{\"models\": {}}'); os.abort()",
])  # fmt: skip
def test_a_runtime_that_crashes_is_a_failed_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    folder = crash(tmp_path, monkeypatch, program)
    with pytest.raises(Unhealthy) as caught:
        trial(folder)
    assert caught.value.reason == "health-crashed"


def test_a_trial_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = tmp_path / "number"
    folder = crash(
        tmp_path, monkeypatch,
        f"import os, time; open({str(number)!r}, 'w').write(str(os.getpid())); time.sleep(600)",
    )  # fmt: skip
    monkeypatch.setattr(health, "_TIMEOUT_S", 2)
    with pytest.raises(Unhealthy) as caught:
        trial(folder)
    assert caught.value.reason == "health-timeout"
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


def test_files_in_the_working_directory_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    for name in ("json", "numpy", "onnxruntime", "hybridspec"):
        (work / f"{name}.py").write_text("raise SystemExit('taken from the working directory')")
    folder = slot(tmp_path / "slot", content(1.0))
    monkeypatch.chdir(work)
    assert json.dumps(trial(folder))


def test_every_model_of_a_release_is_tried(tmp_path: Path) -> None:
    made = content(1.0)
    bad = replace(made.manifest.models[0], name="second", path="model/second.onnx")
    manifest = replace(made.manifest, models=(*made.manifest.models, bad))
    files = {"model/second.onnx": made.files[MODEL][:-4]}
    folder = slot(tmp_path, replace(made, manifest=manifest), files)
    with pytest.raises(Unhealthy, match="second"):
        trial(folder)


def test_the_runtime_is_told_to_report_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Since 1.29 onnxruntime sends names of models to its vendor, unless told before it starts."""
    folder = crash(
        tmp_path, monkeypatch,
        "import os; os.environ.get('ORT_DISABLE_TELEMETRY') == '1' or os.abort()",
    )  # fmt: skip
    trial(folder)
