"""`hybridspec model estimate`: figures by board, and measurements in their place."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLE

from hybridspec.cli.app import run

Out = pytest.CaptureFixture[str]
FILE = EXAMPLE / "model" / "bearing_fault.onnx"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))


def estimates(capsys: Out, *argv: str | Path) -> list[dict[str, Any]]:
    assert run(["model", "estimate", *map(str, argv), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schemaVersion"] == "hybridspec.dev/model-estimates/v1"
    assert isinstance(found["estimates"], list)
    return found["estimates"]


def one(name: str = "a", digest: str = "0" * 64, **changed: Any) -> dict[str, Any]:
    """A measurement of a convolution of 10^8 MACs."""
    return {
        "name": name, "model": f"sha256:{digest}", "file": f"sha256:{digest}", "variant": "fp32",
        "provider": "CPUExecutionProvider", "threads": 1, "runs": 100, "p50": 40_000,
        "p95": 50_000, "least": 39_000, "first": 60_000, "load": 10_000, "peak_memory": 0,
        "on": "2026-10-01", "machine": {
            "architecture": "aarch64", "processor": "p", "cores": 4, "system": "Linux",
            "python": "3.11", "onnxruntime": "1.32.0", "numpy": "2.0", "load": 0.0},
        "work": {"dense": 10**8, "moved": 10**6, "operators": 10}, **changed,
    }  # fmt: skip


def kept(folder: Path, *measurements: dict[str, Any]) -> Path:
    path = folder / "m.json"
    path.write_text(json.dumps({"schemaVersion": "hybridspec.dev/measurements/v1",
                                "measurements": measurements}, indent=1))  # fmt: skip
    return path


def test_each_board_with_figures(capsys: Out) -> None:
    found = estimates(capsys, FILE)
    boards = {row["device"] for row in found}
    assert {"raspberry-pi-5", "jetson-nano"} <= boards
    assert "stm32h7" not in boards
    for row in found:
        assert 0 < row["latency"]["low"] <= row["latency"]["mid"] <= row["latency"]["high"]
        assert row["latency"]["basis"].startswith("estimated")
        assert row["memory"] > 50 * 2**20
    (pi,) = estimates(capsys, FILE, "--device", "raspberry-pi-5", "--variant", "fp32")
    assert pi["energy"] == (7_500 - 2_700) * pi["latency"]["mid"] // 1000


def test_the_classes_of_a_spec(capsys: Out) -> None:
    assert {row["device"] for row in estimates(capsys, EXAMPLE)} == {"gateway", "line-server"}
    assert run(["model", "estimate", str(EXAMPLE), "--device", "gatewy"]) == 2
    assert "did you mean `gateway`?" in capsys.readouterr().err
    assert run(["model", "estimate", str(FILE), "--variant", "int9"]) == 2
    assert "no variant `int9`" in capsys.readouterr().err


def test_a_measured_model_takes_what_it_took(tmp_path: Path, capsys: Out) -> None:
    from hybridspec.load.file import digest

    own = one(digest=digest(FILE.read_bytes()), p50=7_000, p95=8_000, least=6_000)
    where = ("--device", "raspberry-pi-5", "--variant", "fp32")
    path = kept(tmp_path, own)
    (row,) = estimates(capsys, FILE, *where, "--measurements", path)
    assert row["latency"]["mid"] == 7_000
    assert row["latency"]["high"] == 8_000
    assert row["latency"]["measured"]


@pytest.mark.parametrize("machine", ["x86_64", "AMD64", "armv7l", "unknown"])
def test_another_architecture_is_another_device(machine: str, tmp_path: Path, capsys: Out) -> None:
    own = one()
    path = kept(tmp_path, own | {"machine": own["machine"] | {"architecture": machine}})
    argv = ["model", "estimate", str(FILE), "--measurements", str(path), "--device"]
    assert run([*argv, "raspberry-pi-5"]) == 2
    shown = capsys.readouterr().err
    assert f"m.json:{1 + path.read_text().split(machine)[0].count(chr(10))}:" in shown
    assert "--ssh user@board" in shown
    assert run([*argv, "intel-n5105"]) == (0 if machine in ("x86_64", "AMD64") else 2)


def test_a_size_that_was_chosen_is_not_every_size(tmp_path: Path, capsys: Out) -> None:
    from hybridspec.load.file import digest

    where = ("--device", "raspberry-pi-5", "--variant", "fp32")
    (plain,) = estimates(capsys, FILE, *where)
    own = one(digest=digest(FILE.read_bytes()), p50=7_000, p95=8_000, least=6_000, free=64)
    path = kept(tmp_path, own, one(free=64))
    (row,) = estimates(capsys, FILE, *where, "--measurements", path)
    assert row == plain
    assert run(["model", "estimate", str(FILE), *where, "--measurements", str(path)]) == 0
    assert "measured with 64 in its open sizes" in capsys.readouterr().err


def test_a_spec_brings_what_was_measured(example: Path, tmp_path: Path, capsys: Out) -> None:
    from hybridspec.load.file import digest

    spec = example / "hybridspec.yaml"
    own = one(digest=digest(FILE.read_bytes()), p50=7_000, p95=8_000, least=6_000)
    kept(example, own)
    text = spec.read_text().replace("  gateway:\n", "  gateway:\n    measurements: [m.json]\n", 1)
    spec.write_text(text)
    argv = (example, "--device", "gateway", "--device", "line-server", "--variant", "fp32")
    gateway, server = estimates(capsys, *argv)
    assert (gateway["latency"]["mid"], gateway["latency"]["measured"]) == (7_000, True)
    assert not server["latency"]["measured"]
    said = "{device: gateway, variant: fp32, p50: 3ms, p95: 4ms, on: 2026-10-01}"
    spec.write_text(
        text.replace("  bearing-fault:\n", f"  bearing-fault:\n    measured: [{said}]\n")
    )
    assert [row["latency"]["mid"] for row in estimates(capsys, *argv)] == [
        3_000, server["latency"]["mid"]]  # fmt: skip


def test_other_models_are_scaled_within_less(tmp_path: Path, capsys: Out) -> None:
    where = ("--device", "raspberry-pi-4", "--variant", "fp32")
    (plain,) = estimates(capsys, FILE, *where)
    many = [one(f"m{n}", str(n) * 64) for n in range(5)]
    (scaled,) = estimates(capsys, FILE, *where, "--measurements", kept(tmp_path, *many))
    assert scaled["latency"]["mid"] > plain["latency"]["mid"]
    assert "5 models" in scaled["latency"]["basis"]
    width = [row["latency"]["high"] / row["latency"]["mid"] for row in (plain, scaled)]
    assert width[1] < width[0]
    strange = one(p50=1, p95=1, least=1)  # a millionth of what it should take: another device's
    (same,) = estimates(capsys, FILE, *where, "--measurements", kept(tmp_path, strange))
    assert same["latency"] == plain["latency"]


def test_a_run_on_the_host_draws_the_estimate(tmp_path: Path, capsys: Out) -> None:
    from hybridspec.load.file import digest

    where = ("--device", "raspberry-pi-4", "--variant", "fp32")
    device = kept(tmp_path, one())
    (plain,) = estimates(capsys, FILE, *where, "--measurements", device)
    (tmp_path / "host").mkdir()
    own = one("own", digest(FILE.read_bytes()), p50=500, p95=600, least=400)
    host = kept(tmp_path / "host", own, one(p50=4_000, p95=5_000, least=3_000))
    files = ("--measurements", device, "--host-run", host)
    (drawn,) = estimates(capsys, FILE, *where, *files)
    before, after = plain["latency"]["mid"], drawn["latency"]["mid"]
    assert after == pytest.approx((before * 500 * 10) ** 0.5, abs=2)
    assert drawn["latency"]["low"] <= min(before, 5_000) <= max(before, 5_000)
    assert max(before, 5_000) <= drawn["latency"]["high"]
    assert "on the host times 10.00" in drawn["latency"]["basis"]
    lonely = kept(tmp_path / "host", own)
    argv = ["model", "estimate", str(FILE), *where, "--measurements", str(device)]
    assert run([*argv, "--host-run", str(lonely)]) == 2
    assert "both here and on the device" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "says"), [
    ("{", "m.json:1"),
    ('{"a": 1\n "b": 2}', "m.json:2:2: error[HS0103]: this is no JSON: expecting"),
    ('{"schemaVersion": "hybridspec.dev/measurements/v1", "measurements": [{}]}', " more\n"),
    ("[]", "m.json"), ('{"schemaVersion": "x", "measurements": []}', "m.json:1"),
    (json.dumps({"schemaVersion": "hybridspec.dev/measurements/v1", "measurements": [
        one(p50=float("nan"))]}), "m.json:1"),
    (json.dumps({"schemaVersion": "hybridspec.dev/measurements/v1", "measurements": [
        one(p50=10, p95=5)]}), "no order"),
    (json.dumps({"schemaVersion": "hybridspec.dev/measurements/v1", "measurements": [
        one(p50=0)]}), "p50"),
    (json.dumps({"schemaVersion": "hybridspec.dev/measurements/v1", "measurements": [
        one(x=1)]}), "`x`"),
])  # fmt: skip
def test_a_spoilt_file_is_told_where(text: str, says: str, tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "m.json"
    path.write_text(text)
    argv = ["model", "estimate", str(FILE), "--device", "raspberry-pi-5", "--measurements"]
    assert run([*argv, str(path)]) == 2
    shown = capsys.readouterr().err
    assert says in shown
    assert "hybridspec model measure" in shown or "no order" in shown
    assert not any(words in shown for words in ("indentation", "validate --fix", "the spec"))
    assert run([*argv[:3], "--measurements", str(path)]) == 2
    assert "say which" in capsys.readouterr().err


def test_a_missing_file_is_one_to_measure(tmp_path: Path, capsys: Out) -> None:
    argv = ["model", "estimate", str(FILE), "--device", "raspberry-pi-5", "--measurements"]
    assert run([*argv, str(tmp_path / "absent.json")]) == 2
    shown = capsys.readouterr().err
    assert "hybridspec model measure" in shown
    assert "init" not in shown


def test_this_machine_is_measured_not_estimated(capsys: Out) -> None:
    assert run(["model", "estimate", str(FILE), "--device", "host"]) == 2
    assert "`hybridspec model measure FILE.onnx` times it here" in capsys.readouterr().err
