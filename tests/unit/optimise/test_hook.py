"""Hooks: a user's program runs confined, and what it makes is kept only if it is right."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import EXAMPLE
from unit.optimise.test_gate import speed
from unit.optimise.test_optimise import benign, network, saved

from hybridspec.base.errors import TimedOut, UsageError
from hybridspec.optimise.gate import judge
from hybridspec.optimise.hook import measured_hook, run_hook

COPY = "import shutil, sys; shutil.copyfile(sys.argv[1], sys.argv[2])"


def program(folder: Path, text: str) -> Path:
    path = folder / "hook.py"
    path.write_text(text)
    return path


def test_what_a_hook_makes_is_judged_and_timed_against_the_original(tmp_path: Path) -> None:
    net = saved(tmp_path, network(benign()))
    made = run_hook(program(tmp_path, COPY), net.path, tmp_path, 60)
    figures = measured_hook(net, made, tmp_path)
    assert figures["retrained"]
    assert figures["time"]["pairs"] > 0
    verdict = judge(net, "fp32", figures, speed())
    assert "not smaller" in "; ".join(verdict.reasons)
    smaller = {**figures, "variant_size": figures["original_size"] // 2}
    assert judge(net, "fp32", smaller, speed()).accepted
    assert not judge(net, "fp32", smaller, speed(100, 100)).accepted


def test_a_hook_sees_no_secrets_and_works_in_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush")
    text = (
        "import os, sys; from pathlib import Path\n"
        "assert 'AWS_SECRET_ACCESS_KEY' not in os.environ, 'a secret'\n"
        "assert not os.listdir('.'), 'not empty'\n"
    )
    net = saved(tmp_path, network(benign()))
    assert run_hook(program(tmp_path, text + COPY), net.path, tmp_path, 60).is_file()


@pytest.mark.parametrize("said", [None, "3"])
def test_a_hook_multiplies_on_as_many_threads_as_its_caller_says(
    said: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
        if said:
            monkeypatch.setenv(name, said)
    text = (
        "import os\n"
        f"assert os.environ.get('OPENBLAS_NUM_THREADS') == {said or '1'!r}\n"
        f"assert os.environ.get('OMP_NUM_THREADS') == {said!r}\n"
    )
    net = saved(tmp_path, network(benign()))
    assert run_hook(program(tmp_path, text + COPY), net.path, tmp_path, 60).is_file()


def test_a_hook_that_hides_a_module_by_its_name_is_told_so(tmp_path: Path) -> None:
    odd = program(tmp_path, "import random\nrandom.seed(1)\n" + COPY).rename(tmp_path / "random.py")
    with pytest.raises(UsageError) as fault:
        run_hook(odd, saved(tmp_path, network(benign())).path, tmp_path, 60)
    assert "hides the module `random`" in str(fault.value.help)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("raise SystemExit('no data')", "no data"),
        ("pass", "wrote no model"),
        ("import os, sys; os.symlink('/etc/passwd', sys.argv[2])", "wrote no model"),
        ("x = bytearray(10**13)", "MemoryError"),
    ],
)
def test_a_hook_that_fails_is_told_with_its_last_words(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        run_hook(program(tmp_path, text), saved(tmp_path, network(benign())).path, tmp_path, 60)


def test_a_hook_that_does_not_end_is_ended_with_its_children(tmp_path: Path) -> None:
    text = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid)); time.sleep(600)\n"
    )
    with pytest.raises(TimedOut):
        run_hook(program(tmp_path, text), tmp_path / "m.onnx", tmp_path, 3)
    pid = int((tmp_path / "pid").read_text())
    state = Path(f"/proc/{pid}/stat")
    for _ in range(100):
        if not state.exists() or state.read_text().split()[2] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("a child of the hook lives on")


def test_the_example_prunes_whole_channels_and_stays_the_same_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE / "model"))
    for name in ("prune", "train"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import prune

    net = prune.loaded(EXAMPLE / "model" / "bearing_fault.onnx")
    before = sum(p.size for p in net.parameters)
    prune.prune(net)
    assert sum(p.size for p in net.parameters) < 0.65 * before
    x, labels = prune.dataset(64, prune.TRAINING, 3)
    list(prune.train(net, x, labels, 1, 3))
    prune.export(net, tmp_path / "out.onnx")
    graph = onnx.load(tmp_path / "out.onnx").graph
    assert {t.name: list(t.dims) for t in graph.initializer}["conv3.weight"] == [48, 48, 5]
    assert (tmp_path / "out.onnx").stat().st_size < 100_000
    for name in ("prune", "train"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_the_example_wins_back_what_pruning_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLE / "model"))
    for name in ("prune", "train"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import prune

    with np.load(EXAMPLE / "model" / "evaluation.npz") as data:
        windows, true = data["window"], data["label"]

    def accuracy() -> float:
        return float((net.forward(windows).argmax(axis=1) == true).mean())

    net = prune.loaded(EXAMPLE / "model" / "bearing_fault.onnx")
    whole = accuracy()
    prune.prune(net)
    pruned = accuracy()
    assert pruned < whole - 0.1
    x, labels = prune.dataset(400, prune.TRAINING, 3)
    prune.retrain(net, x, labels, 4, 3)
    assert accuracy() > (whole + pruned) / 2
    for name in ("prune", "train"):
        monkeypatch.delitem(sys.modules, name, raising=False)
