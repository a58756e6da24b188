"""`plan --best-so-far`: once there is a plan, the first Ctrl-C is a wish, the second one is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from diagnostics.expectations import bare
from diagnostics.small_models import write_models

from hybridspec import compiler
from hybridspec.cli.app import run
from hybridspec.cli.plan import interruptible


def ctrl_c(times: int = 1) -> None:
    for _ in range(times):
        os.kill(os.getpid(), signal.SIGINT)


def test_the_first_ctrl_c_asks_for_the_best_so_far_and_the_second_one_interrupts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as stop:
        assert not stop()
        ctrl_c()
        assert stop()
        assert "best plan so far" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()
    assert signal.getsignal(signal.SIGINT) is before


def test_before_there_is_a_plan_ctrl_c_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible(), pytest.raises(KeyboardInterrupt):
        ctrl_c()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def spec(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))
    write_models(tmp_path / "model")
    path = tmp_path / "hybridspec.yaml"
    path.write_text(bare("clean_model_and_store"), encoding="utf-8")
    handler = signal.getsignal(signal.SIGTERM)
    yield path
    signal.signal(signal.SIGTERM, handler)


def first(call: Callable[[], None], then: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is `then`, and makes the call when it is asked for the first time."""
    calls = [call]

    def both(*given: Any, **named: Any) -> Any:
        if calls:
            calls.pop()()
        return then(*given, **named)

    return both


@pytest.mark.parametrize("times", [1, 2])
def test_after_the_search_the_plan_is_printed(
    times: int, spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checked = first(lambda: ctrl_c(times), compiler.verify_bounds)
    monkeypatch.setattr(compiler, "verify_bounds", checked)
    assert run(["plan", str(spec), "--best-so-far"]) == (0 if times == 1 else 8)
    assert ("\nPlan " in capsys.readouterr().out) == (times == 1)


def test_before_the_search_there_is_nothing_to_print(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiler, "latency_table", first(ctrl_c, compiler.latency_table))
    assert run(["plan", str(spec), "--best-so-far"]) == 8


def test_a_wish_that_reaches_all_processes_of_a_terminal_stops_none_that_is_needed(
    spec: Path,
) -> None:
    command = [sys.executable, "-m", "hybridspec", "plan", str(spec), "--best-so-far"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as made:  # fmt: skip
        assert made.stderr is not None
        for line in made.stderr:
            if line.startswith("building"):
                os.killpg(made.pid, signal.SIGINT)
                break
        out, err = made.communicate()
    assert made.returncode == 0, err
    assert "\nPlan " in out
