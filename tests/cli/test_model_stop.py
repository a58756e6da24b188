"""Ctrl-C in the middle of a search: an exit code, no child left, and a cache of whole folders."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from conftest import EXAMPLE

from hybridspec.optimise.store import find

FILE = EXAMPLE / "model" / "bearing_fault.onnx"


def test_an_interrupted_search_leaves_nothing_behind_but_what_is_whole(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    command = [sys.executable, "-m", "hybridspec", "model", "compare", str(FILE)]
    run = subprocess.Popen(
        [*command, "--device", "raspberry-pi-5"], cwd=tmp_path, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, env={**os.environ, "HYBRIDSPEC_CACHE": str(cache)}, text=True,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not of(cache) and time.monotonic() < end and run.poll() is None:
        time.sleep(0.02)
    assert of(cache), "a child builds"
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 8, said
    assert "Traceback" not in said
    assert of(cache) == []
    left = [path for path in (cache / "variants").iterdir() if path.name[0] != "."]
    assert all(find(cache, path.name) for path in left)
    assert not [path for path in (cache / "variants").iterdir() if path.name[0] == "."]


def of(cache: Path) -> list[str]:
    """Command lines of living processes that name the cache."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            line = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
        except OSError:
            continue
        if str(cache).encode() in line:
            found.append(line.replace(b"\0", b" ").decode(errors="replace"))
    return found
