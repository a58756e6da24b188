"""`hybridspec model optimise`: what it chooses, what it writes, and what it refuses."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import EXAMPLE

from hybridspec.cli.app import run
from hybridspec.ir.tree import digest_of

Out = pytest.CaptureFixture[str]
FILE = EXAMPLE / "model" / "bearing_fault.onnx"
DATA = EXAMPLE / "model" / "evaluation.npz"
BOARD = ("--device", "raspberry-pi-5")


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)


def optimise(capsys: Out, *argv: str | Path, code: int = 0) -> dict[str, Any]:
    """The one model of the document."""
    done = run(["model", "optimise", *map(str, argv), "--format", "json"])
    said = capsys.readouterr()
    assert done == code, said.err
    (found,) = json.loads(said.out)["models"]
    assert isinstance(found, dict)
    return found


def refused(capsys: Out, *argv: str | Path) -> str:
    """The sentence and the help of a usage error."""
    assert run(["model", "optimise", *map(str, argv)]) == 2
    return capsys.readouterr().err


def test_the_best_variant_is_written_with_its_evidence(capsys: Out, tmp_path: Path) -> None:
    argv = (FILE, *BOARD, "--evaluation", DATA, "--tries", "3")
    found = optimise(capsys, *argv)
    folder = tmp_path / "bearing_fault-raspberry-pi-5"
    assert (found["folder"], found["chosen"]) == (folder.name, "int8-static-u8s8")
    names = ["README.md", "evidence.json", "golden_inputs.npz", "golden_outputs.npz", "model.onnx"]
    assert sorted(p.name for p in folder.iterdir() if p.name[0] != ".") == names
    evidence = json.loads((folder / "evidence.json").read_bytes())
    (chosen,) = [one for one in evidence["search"]["candidates"] if one["chosen"]]
    assert chosen["sha256"] == digest_of(folder / "model.onnx")
    assert chosen["quality"]["metric"] == "accuracy"
    assert evidence["digests"]["evaluation"] == digest_of(DATA)
    assert "onnxruntime" in evidence["tools"]
    assert evidence["search"]["cut"].startswith("the budget of 3 tries ended the search: 4 of 7")
    states = [one["state"] for one in evidence["search"]["candidates"]]
    assert states == ["passed", "rejected", "passed", *["untried"] * 4]
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    optimise(capsys, *argv)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_without_data_it_says_that_inputs_were_random(capsys: Out) -> None:
    found = optimise(capsys, FILE, *BOARD, "--tries", "1")
    assert found["search"]["labelled"] is False
    assert any("random inputs" in note for note in found["notes"])
    assert found["chosen"] == "fp32-as-written"


def test_a_floor_that_nothing_reaches_is_a_broken_policy(capsys: Out, tmp_path: Path) -> None:
    found = optimise(capsys, FILE, *BOARD, "--evaluation", DATA, "--floor", "99.9%", "--tries",
                     "3", code=5)  # fmt: skip
    assert (found["chosen"], found["folder"]) == (None, None)
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_folder_is_refused_before_anything_is_searched(
    capsys: Out, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def searches(*_: object) -> None:
        raise AssertionError("it searches")

    monkeypatch.setattr("hybridspec.cli.model_search.workshop_of", searches)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("dear", encoding="utf-8")
    said = refused(capsys, FILE, *BOARD, "--tries", "1", "--out", "mine")
    assert "holds other files" in said
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]
    assert "is no folder" in refused(capsys, FILE, *BOARD, "--tries", "1", "--out",
                                     tmp_path / "mine" / "thesis.txt")  # fmt: skip
    jetson = (FILE, "--device", "jetson-nano", "--runtime", "tensorrt")
    assert "takes no ORT format" in refused(capsys, *jetson, "--ort-format")
    argv = ["model", "compare", str(FILE), *BOARD, "--svg"]
    for place in (tmp_path, tmp_path / "nowhere" / "plot.svg"):
        assert run([*argv, str(place)]) == 2
        assert "no plot can be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), "for which device?"),
        (("--device", "rasberry-pi5"), "did you mean `raspberry-pi-5`?"),
        (("--device", "\N{SNOWMAN}" * 300), "there is no device"),
        ((*BOARD, "--budget", "0s"), "a budget of nothing"),
        ((*BOARD, "--budget", "soon"), "write it as 120s"),
        ((*BOARD, "--jobs", "0"), "--jobs"),
        ((*BOARD, "--tries", "0"), "--tries"),
        ((*BOARD, "--floor", "150%"), "at most 1"),
        ((*BOARD, "--floor", "nan"), "no share"),
        ((*BOARD, "--metric", "accuracy"), "needs labels"),
        ((*BOARD, "--evaluation", DATA, "--metric", "r2"), "does not measure a classification"),
        ((*BOARD, "--evaluation", FILE), "not a `.npz` file"),
        ((*BOARD, "--calibration", "none.npz"), "no such file"),
        ((*BOARD, "--cluster", "http://x:1"), "no address of a Dask scheduler"),
        ((*BOARD, "--cluster-tls", "a,b,c"), "is for a cluster"),
        ((*BOARD, "--runtime", "tensorr"), "did you mean `tensorrt`?"),
        (("--device", "host", "--runtime", "qnn"), "measured with onnxruntime, not with qnn"),
        (("--device", "jetson-orin-nano", "--measure"), "times of one say nothing of the other"),
    ],
)
def test_what_makes_no_sense_is_refused(
    capsys: Out, monkeypatch: pytest.MonkeyPatch, argv: tuple[str | Path, ...], said: str
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    tries = () if "--tries" in argv else ("--tries", "1")
    assert said in " ".join(refused(capsys, FILE, *argv, *tries).split())


def test_data_that_does_not_fit_is_refused(capsys: Out, tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, window=np.zeros((4, 1, 5), np.float32))
    said = refused(capsys, FILE, *BOARD, "--evaluation", path)
    assert "the array `window` is float32[4, 1, 5], but the model takes" in said
    broken = np.zeros((4, 1, 1024), np.float32)
    broken[-1, 0, -1] = np.inf
    np.savez(path, window=broken)
    for flag in ("--evaluation", "--calibration"):
        said = refused(capsys, FILE, *BOARD, flag, path)
        assert "holds NaN or infinity" in said
        assert f"the {flag[2:]} data" in said
        assert "building" not in said


def test_labels_that_are_no_classes_are_refused_with_the_way_out(
    capsys: Out, tmp_path: Path
) -> None:
    window = np.zeros((4, 1, 1024), np.float32)
    for label in (np.eye(4, dtype=np.int64), np.arange(4, dtype=np.int32)):
        np.savez(tmp_path / "data.npz", window=window, label=label)
        said = refused(capsys, FILE, *BOARD, "--evaluation", tmp_path / "data.npz")
        assert "not one class per sample" in said
        assert "label.argmax(axis=1)" in said


def test_labels_of_classes_that_the_model_does_not_have_are_refused(
    capsys: Out, tmp_path: Path
) -> None:
    window = np.zeros((4, 1, 1024), np.float32)
    np.savez(tmp_path / "data.npz", window=window, label=np.array([0, 1, 99, 3]))
    said = refused(capsys, FILE, *BOARD, "--evaluation", tmp_path / "data.npz")
    assert "its labels name class 99, but the model tells 4 classes apart" in " ".join(said.split())


def test_data_that_show_little_are_told(capsys: Out, tmp_path: Path) -> None:
    with np.load(DATA) as data:
        window, label = data["window"][:1], data["label"][:1]
    np.savez(tmp_path / "data.npz", window=window, label=(label + 1) % 4)
    argv = ("--evaluation", tmp_path / "data.npz", "--tries", "1")
    notes = " ".join(optimise(capsys, FILE, *BOARD, *argv)["notes"])
    for words in ("all labels are of one class", "have one sample", "accuracy is 0 and no floor"):
        assert words in notes


def test_a_budget_that_ends_before_anything_is_judged_is_a_timeout(
    capsys: Out, tmp_path: Path
) -> None:
    with np.load(DATA) as data:
        np.savez(tmp_path / "data.npz", window=data["window"][:7], label=data["label"][:7])
    argv = [str(FILE), *BOARD, "--evaluation", str(tmp_path / "data.npz"), "--budget", "1ms"]
    assert run(["model", "optimise", *argv]) == 9
    said = capsys.readouterr()
    assert "nothing passed" not in said.out
    assert "the budget ended before anything was judged" in " ".join(said.err.split())


def test_a_runtime_gets_its_form_and_the_commands_that_remain(capsys: Out, tmp_path: Path) -> None:
    board = ("--device", "jetson-orin-nano", "--runtime", "tensorrt")
    found = optimise(capsys, FILE, *board, "--evaluation", DATA)
    recipes = [one["recipe"] for one in found["search"]["candidates"]]
    assert recipes == ["fp32-as-written", "fp32-clean", "fp16-keep-io", "int8-static-s8s8"]
    assert found["runtime"] == "tensorrt"
    (step,) = found["steps"]
    assert step["command"].startswith("trtexec --onnx=model.onnx --saveEngine=built/model.engine")
    readme = (tmp_path / found["folder"] / "README.md").read_text(encoding="utf-8")
    assert step["command"] in readme


def test_names_of_any_script_are_kept(capsys: Out, tmp_path: Path) -> None:
    path = tmp_path / "modèle \N{SNOWMAN}.onnx"
    path.write_bytes(FILE.read_bytes())
    found = optimise(capsys, path, *BOARD, "--tries", "1")
    assert (tmp_path / found["folder"] / "model.onnx").is_file()


def test_this_machine_is_measured(capsys: Out, tmp_path: Path) -> None:
    found = optimise(capsys, FILE, "--device", "host", "--evaluation", DATA, "--tries", "3")
    latencies = {one["recipe"]: one["latency"] for one in found["search"]["candidates"]}
    assert "measured on this machine" in latencies["fp32-as-written"]["basis"]
    assert latencies["int8-static-u8s8"]["mid"] > 0
    assert found["chosen"] in ("fp32-as-written", "int8-static-u8s8")


def test_candidates_are_compared_in_a_table_and_a_plot(capsys: Out, tmp_path: Path) -> None:
    argv = [str(FILE), *BOARD, "--evaluation", str(DATA), "--tries", "3", "--svg", "plot.svg"]
    assert run(["model", "compare", *argv]) == 0
    said = capsys.readouterr().out
    for part in ("int8-static-u8s8", "accuracy", "chosen", "fp32-clean: rejected"):
        assert part in said
    assert "int8-static-u8s8: chosen" in (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["plot.svg"]


def test_all_classes_of_a_spec_are_compared(capsys: Out, tmp_path: Path) -> None:
    argv = [str(EXAMPLE), "--format", "json", "--svg", "plot.svg"]
    assert run(["model", "compare", *argv, "--tries", "3"]) == 0
    found = json.loads(capsys.readouterr().out)["models"]
    assert {one["search"]["device"] for one in found} == {"gateway", "line-server"}
    assert {path.name for path in tmp_path.iterdir()} == {
        "plot-bearing-fault-gateway.svg", "plot-bearing-fault-line-server.svg"}  # fmt: skip
