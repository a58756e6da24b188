"""Metrics by the command line: what labels mean, and which metric a model cannot have."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from conftest import EXAMPLE
from onnx import TensorProto, helper, numpy_helper

from hybridspec.cli.app import run

Out = pytest.CaptureFixture[str]
FILE = EXAMPLE / "model" / "bearing_fault.onnx"
DATA = EXAMPLE / "model" / "evaluation.npz"
BOARD = ("--device", "raspberry-pi-5")
IMAGES, WIDE = 40, 240


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)


def saved(path: Path, *shape: int) -> Path:
    """A product by one, whose output has this shape for each sample."""
    weight = numpy_helper.from_array(np.eye(WIDE, dtype=np.float32), "w")
    sizes = numpy_helper.from_array(np.array([-1, *shape], np.int64), "s")
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]),
             helper.make_node("Reshape", ["h", "s"], ["y"])]  # fmt: skip
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *sizes])
            for name, sizes in (("x", [WIDE]), ("y", shape)))  # fmt: skip
    graph = helper.make_graph(nodes, "g", [x], [y], [weight, sizes])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              path)  # fmt: skip
    return path


def scenes() -> tuple[np.ndarray, np.ndarray]:
    """What the product makes boxes of: centre, size and two scores of 40; and what is true."""
    rng = np.random.default_rng(5)
    raw = np.zeros((IMAGES, 6, WIDE // 6), np.float32)
    raw[:, :2] = rng.uniform(10, 90, size=(IMAGES, 2, 40))
    raw[:, 2:4] = rng.uniform(8, 20, size=(IMAGES, 2, 40))
    raw[:, 4:] = rng.uniform(0, 20, size=(IMAGES, 2, 40))
    labels = np.full((IMAGES, 4, 5), -1, np.float32)
    for image in range(IMAGES):
        for row in range(2 + image % 3):
            kind = (image + row) % 2
            raw[image, :, row] = (20 + 30 * (row % 3), 20 + 40 * (row // 3), 18, 18, 1, 1)
            raw[image, 4 + kind, row] = 80 + row
            middle = raw[image, :2, row]
            labels[image, row] = (*(middle - 9), *(middle + 9), kind)
    return raw.reshape(IMAGES, WIDE), labels


def test_a_detector_is_searched_by_its_mean_average_precision(capsys: Out, tmp_path: Path) -> None:
    x, labels = scenes()
    np.savez("scenes.npz", x=x, label=labels)
    file = saved(tmp_path / "finder.onnx", 6, WIDE // 6)
    argv = ["model", "compare", str(file), *BOARD, "--evaluation", "scenes.npz", "--format", "json"]
    assert run([*argv, "--tries", "3"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["models"]
    original, *_, small = (one["quality"] for one in found["search"]["candidates"]
                           if one["quality"])  # fmt: skip
    assert original["metric"] == found["bounds"]["metric"] == "map"
    assert original["value"] > 0.8
    assert 0 < small["value"] <= 1
    assert small["interval"] > 0
    assert run([*argv, "--metric", "map50", "--tries", "1"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["bounds"]["metric"] == "map50"


def numbers(path: str, error: float) -> None:
    """Labels that a product by one misses by so much on average."""
    rng = np.random.default_rng(9)
    x = rng.normal(size=(60, WIDE)).astype(np.float32)
    label = x + rng.choice([-error, error], size=x.shape).astype(np.float32)
    np.savez(path, x=x, label=label.astype(np.float32))


def test_a_regression_may_be_judged_by_its_mean_absolute_error(capsys: Out, tmp_path: Path) -> None:
    numbers("numbers.npz", 0.08)
    file = saved(tmp_path / "scale.onnx", WIDE)
    argv = ["model", "compare", str(file), *BOARD, "--evaluation", "numbers.npz", "--tries", "1"]
    assert run([*argv, "--metric", "d2", "--format", "json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["models"]
    value = found["search"]["candidates"][0]["quality"]["value"]
    assert value == pytest.approx(0.9, abs=0.01)  # 0.08 of a mean deviation of 0.8
    assert run([*argv, "--metric", "d2", "--floor", "95%"]) == 0
    assert "is below the floor of 0.95" in capsys.readouterr().out


@pytest.mark.parametrize(("metric", "says"), [
    ("r2", "does not measure a classification"), ("map", "does not measure a classification"),
    ("d2", "does not measure a classification"), ("top5", "the best 5 are all of them"),
    ("auc", "it knows 4"), ("bleu", "does not measure a classification"),
])  # fmt: skip
def test_a_metric_that_the_model_cannot_have_is_refused(
    metric: str, says: str, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    def builds(*_: object, **__: Any) -> None:
        raise AssertionError("it builds")

    monkeypatch.setattr("hybridspec.cli.model_search.workshop_of", builds)
    argv = ["model", "optimise", str(FILE), *BOARD, "--evaluation", str(DATA), "--metric", metric]
    assert run(argv) == 2
    shown = capsys.readouterr().err
    assert says in shown
    assert shown.count("\n") == 2


@pytest.mark.parametrize(("task", "metric", "says"), [
    ("classification", "top5", "the best 5 are all of them"),
    ("classification", "auc", "it knows 4"),
    ("detection", None, "none of its outputs has three dimensions"),
    ("regression", "map", "does not measure a regression"),
])  # fmt: skip
def test_a_spec_that_asks_for_one_is_told_where(
    task: str, metric: str | None, says: str, example: Path, capsys: Out
) -> None:
    spec = example / "hybridspec.yaml"
    said = f"    task: {task}\n" + (f"    metric: {metric}\n" if metric else "")
    text = spec.read_text()
    spec.write_text(text.replace("  bearing-fault:\n", f"  bearing-fault:\n{said}", 1))
    assert run(["validate", str(example)]) == 2
    shown = capsys.readouterr()
    assert says in shown.out + shown.err
    assert "HS0212" in shown.out + shown.err
