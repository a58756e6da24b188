"""`hybridspec model hook`: programs that never end, multiply, spy, or write nonsense."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLE

from hybridspec.cli.app import run

Out = pytest.CaptureFixture[str]
FILE = EXAMPLE / "model" / "bearing_fault.onnx"
DATA = EXAMPLE / "model" / "evaluation.npz"
COPY = "import os, shutil, sys\nshutil.copyfile(sys.argv[1], sys.argv[2])\n"


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, cache: Path, tmp_path: Path) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))
    monkeypatch.chdir(tmp_path)


def hooked(text: str, *flags: str | Path) -> int:
    """The code of a run with this program."""
    Path("hook.py").write_text(text, encoding="utf-8")
    given = [str(one) for one in (
        FILE, "--run", "hook.py", "--out", "new.onnx", "--evaluation", DATA, *flags)]  # fmt: skip
    return run(["model", "hook", *given])


def test_what_gains_nothing_is_not_kept(capsys: Out) -> None:
    assert hooked(COPY, "--format", "json") == 5
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert not document["accepted"]
    assert "not smaller" in document["reasons"][0]
    assert document["before"]["value"] == document["after"]["value"] > 0.9
    assert not Path("new.onnx").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("while True: pass", "takes longer than 1 s"),
        ("open(__import__('sys').argv[2], 'w').write('no model')", "error: "),
        ("import sys; print('\\x1b]0;owned\\x07' * 9, file=sys.stderr); sys.exit(3)", "hook.py"),
        ("import sys; sys.stderr.write('x' * 10**7); sys.exit(3)", "hook.py failed: x"),
    ],
)
def test_a_program_that_misbehaves_ends_with_one_sentence(
    capsys: Out, text: str, words: str
) -> None:
    assert hooked(text, "--seconds", "1") != 0
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert "\x1b]" not in said
    assert len(said) < 2000
    assert sorted(path.name for path in Path().iterdir()) == ["hook.py"]


def test_what_would_be_for_nothing_is_refused_before_the_program_runs(
    capsys: Out, tmp_path: Path
) -> None:
    Path("hook.py").write_text("raise SystemExit('it ran')", encoding="utf-8")
    argv = ["model", "hook", str(FILE), "--run", "hook.py"]
    assert run(argv) == 2
    assert "only labels can judge it" in capsys.readouterr().err
    for out in (FILE, tmp_path):
        assert run([*argv, "--evaluation", str(DATA), "--out", str(out)]) == 2
        assert "cannot be written" in capsys.readouterr().err


def test_a_program_gets_no_secrets_to_print(capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "hush-hush")
    assert hooked("import os, sys; sys.exit(str(dict(os.environ)))") != 0
    said = capsys.readouterr().err
    assert "hook.py failed" in said
    assert "hush-hush" not in said


@pytest.mark.skipif(os.geteuid() == 0, reason="root may start as many processes as it likes")
def test_a_program_that_multiplies_is_stopped(capsys: Out) -> None:
    bomb = (
        "import os, time\nfor _ in range(10**4):\n    os.fork() or time.sleep(9) or os._exit(0)\n"
    )
    assert hooked(bomb, "--seconds", "5") != 0
    assert "BlockingIOError" in capsys.readouterr().err


def test_a_shell_that_bounds_memory_bounds_every_command(cache: Path) -> None:
    Path("hook.py").write_text(COPY, encoding="utf-8")
    hybridspec = Path(sys.executable).with_name("hybridspec")
    for argv, code in (
        (("hook", FILE, "--run", "hook.py", "--evaluation", DATA), 5),
        (("measure", FILE, "--runs", "5", "--seconds", "1"), 0),
    ):
        done = subprocess.run(
            ["sh", "-c", 'ulimit -v 4194304; exec "$@"', "sh", hybridspec, "model", *argv],
            env=os.environ | {"HYBRIDSPEC_CACHE": str(cache / "bounded")}, check=False,
            capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
