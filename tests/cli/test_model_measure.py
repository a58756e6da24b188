"""`hybridspec model measure`: here, over ssh, and what a strange device may answer."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLE

from hybridspec.cli.app import run

Out = pytest.CaptureFixture[str]
FILE = EXAMPLE / "model" / "bearing_fault.onnx"
QUICK = ("--seconds", "1", "--runs", "6")
SSH = """#!/bin/sh
while [ "$1" != "--" ]; do shift; done
echo "$2" >> "$SSH_LOG"
shift; shift
echo "Welcome to the board"
exec sh -c "$*"
"""


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> None:
    """In this process, with an ssh that stays on this machine."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))
    monkeypatch.setenv("SSH_LOG", str(tmp_path / "ssh.log"))
    put(tmp_path / "bin" / "ssh", SSH)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def measured(*argv: str | Path) -> int:
    return run(["model", "measure", *map(str, argv), *QUICK])


def written(path: Path) -> list[dict[str, Any]]:
    found = json.loads(path.read_text())
    assert found["schemaVersion"] == "hybridspec.dev/measurements/v1"
    assert isinstance(found["measurements"], list)
    return found["measurements"]


def test_here_and_over_ssh_into_one_file(tmp_path: Path, capsys: Out) -> None:
    out = tmp_path / "m.json"
    assert measured(FILE, "--out", out) == 0
    (one,) = written(out)
    assert (one["variant"], one["threads"], one["runs"]) == ("fp32", 1, 6)
    assert 0 < one["least"] <= one["p50"] <= one["p95"]
    assert one["peak_memory"] > 2**20
    assert one["work"]["other"] > 10**6
    assert measured(FILE, "--ssh", "pi@board", "--python", sys.executable, "--out", out,
                    "--of", FILE, "--variant", "int8") == 0  # fmt: skip
    assert {one["variant"] for one in written(out)} == {"fp32", "int8"}
    assert (tmp_path / "ssh.log").read_text() == "pi@board\n"
    assert "Measured: bearing_fault" in capsys.readouterr().out
    assert [path.name for path in tmp_path.glob(".m.json*")] == []


@pytest.mark.parametrize("host", [
    "-oProxyCommand=touch x", "a b", "a;touch x", "$(touch x)", "a@b@c", "", "a\nb", "é@board",
])  # fmt: skip
def test_no_host_name_becomes_a_flag_or_a_command(host: str, tmp_path: Path, capsys: Out) -> None:
    assert measured(FILE, "--ssh", host, "--out", tmp_path / "m.json") == 2
    assert "no host" in capsys.readouterr().err
    assert not (tmp_path / "ssh.log").exists()
    assert not (tmp_path / "m.json").exists()


@pytest.mark.parametrize("python", ["python3; touch x", "'x'", "a b", "$HOME/python", "-c"])
def test_no_python_becomes_a_command(python: str, capsys: Out) -> None:
    assert measured(FILE, "--ssh", "pi@board", "--python", python) == 2
    assert "names no Python" in capsys.readouterr().err


GOOD = {
    "nanoseconds": [10**6] * 6, "load": 10**6, "first": 10**6, "finite": True, "before": 1,
    "peak": 2, "threads": 1, "provider": "CPUExecutionProvider",
    "machine": {"architecture": "aarch64", "processor": "p", "cores": 4, "system": "Linux",
                "python": "3.11", "onnxruntime": "1.32.0", "numpy": "2.0", "load": 0.0},
}  # fmt: skip


@pytest.mark.parametrize(("answer", "says"), [
    (json.dumps({**GOOD, "nanoseconds": [0] * 6}), "makes no sense"),
    (json.dumps({**GOOD, "nanoseconds": [float("nan")] * 6}), "makes no sense"),
    (json.dumps({**GOOD, "nanoseconds": [10**9] * 2}), "2 runs"),
    (json.dumps({**GOOD, "nanoseconds": [10**30] * 6}), "makes no sense"),
    (json.dumps({**GOOD, "machine": {"architecture": "x"}}), "makes no sense"),
    (json.dumps({**GOOD, "machine": {**GOOD["machine"], "processor": 7}}), "makes no sense"),  # type: ignore[dict-item]
    (json.dumps({"fault": "no \x1b[2J more"}), "cannot measure the model"),
    ("[1]", "gave no figures"), ("", "gave no figures"), ("{", "gave no figures"),
    ("x" * 10**6, "gave no figures"),
])  # fmt: skip
def test_a_silly_answer_is_refused(answer: str, says: str, tmp_path: Path, capsys: Out) -> None:
    put(tmp_path / "answer", answer)
    put(tmp_path / "bin" / "ssh", f"#!/bin/sh\ncat > /dev/null\ncat {tmp_path / 'answer'}\n")
    out = tmp_path / "m.json"
    assert measured(FILE, "--ssh", "pi@board", "--out", out) == 4
    shown = capsys.readouterr().err
    assert says in shown
    assert "\x1b" not in shown
    assert not out.exists()


@pytest.mark.parametrize(("script", "says"), [
    ("echo 'ssh: connect to host board: refused' >&2; exit 255", "cannot be reached: ssh: connect"),
    ("exit 127", "no such Python"), ("exit 137", "too little memory"), ("exit 1", "ended with 1"),
])  # fmt: skip
def test_a_board_that_does_not_answer(script: str, says: str, tmp_path: Path, capsys: Out) -> None:
    put(tmp_path / "bin" / "ssh", f"#!/bin/sh\n{script}\n")
    assert measured(FILE, "--ssh", "pi@board") == 4
    assert says in capsys.readouterr().err


def test_a_damaged_file_is_not_overwritten(tmp_path: Path, capsys: Out) -> None:
    out = put(tmp_path / "m.json", '{"schemaVersion": "hybridspec.dev/measurements/v1",\n"x": 1}')
    before = out.read_text()
    assert measured(FILE, "--out", out) == 2
    assert "m.json:2" in capsys.readouterr().err
    assert out.read_text() == before
    assert measured(FILE, "--out", tmp_path / "absent" / "m.json") == 2
    assert measured(FILE, "--device", "raspberry-pi-5") == 2
    assert "--ssh" in capsys.readouterr().err


def model(path: Path, size: int | str, kind: str = "Relu", domain: str = "") -> Path:
    """A model of one operator over `size` numbers."""
    from onnx import TensorProto, helper, save_model

    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, size]) for n in "xy")
    graph = helper.make_graph([helper.make_node(kind, ["x"], ["y"], domain=domain)], "g", [x], [y])
    sets = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    save_model(helper.make_model(graph, opset_imports=sets, ir_version=8), path)
    return path


def test_an_open_size_is_asked_for_and_kept(tmp_path: Path, capsys: Out) -> None:
    file, out = model(tmp_path / "open.onnx", "n"), tmp_path / "m.json"
    assert measured(file, "--out", out) == 2
    assert "--free" in capsys.readouterr().err
    assert not out.exists()
    assert measured(file, "--out", out, "--free", "64") == 0
    assert "64 in each open size only" in capsys.readouterr().err
    assert measured(file, "--out", out, "--free", "32") == 0
    assert [one["free"] for one in written(out)] == [32, 64]
    assert measured(FILE, "--out", out, "--free", "64") == 0
    assert {one["name"]: one["free"] for one in written(out)}["bearing_fault"] == 0


def test_what_onnxruntime_refuses_is_one_sentence(tmp_path: Path, capsys: Out) -> None:
    file = model(tmp_path / "odd.onnx", 4, "Strange", "odd.example")
    assert measured(file) == 2
    shown = capsys.readouterr().err
    assert "onnxruntime refuses it: " in shown
    assert "ONNXRuntimeError" not in shown
    assert len(shown.strip().splitlines()) <= 3


def test_who_measures_at_the_same_time_loses_nothing(tmp_path: Path) -> None:
    from hybridspec.base.diagnostic import Sink
    from hybridspec.cli.model_measure import _keep
    from hybridspec.deliver.durable import alone
    from hybridspec.load.measurements import read_measurements

    out = tmp_path / "m.json"
    assert measured(FILE, "--out", out) == 0
    (one,) = read_measurements(out, Sink())
    late = threading.Thread(target=_keep, args=(out, one.model_copy(update={"name": "late"})))
    with alone(tmp_path):
        late.start()
        late.join(0.2)
        assert late.is_alive()
        out.write_text(out.read_text().replace("bearing_fault", "other"))
    late.join(10)
    assert {one["name"] for one in written(out)} == {"late", "other"}
