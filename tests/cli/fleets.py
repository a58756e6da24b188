"""Small deployed systems: how tests make them, look at their processes, and end them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import forked

from hybridspec.deliver import process
from hybridspec.deliver.stack import Stack

Done = subprocess.CompletedProcess[str]


class System:
    """A spec in a folder of its own, and the command line on it."""

    def __init__(self, folder: Path, cache: Path, mother: Path) -> None:
        self.folder, self.cache, self.mother = folder, cache, mother
        self.spec = folder / "hybridspec.yaml"
        self.stack = Stack(self.spec)
        self.env = {**os.environ, "HYBRIDSPEC_CACHE": str(cache), "PYTHONUNBUFFERED": ""}

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """A command on the spec, started from nothing and running, for a test to interrupt."""
        return subprocess.Popen(
            [sys.executable, "-m", "hybridspec", arguments[0], self.folder, *arguments[1:]],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.env,
            start_new_session=True,
        )  # fmt: skip

    def run(self, *arguments: str | Path) -> Done:
        """A command on the spec, to its end."""
        line = [arguments[0], self.folder, *arguments[1:]]
        return forked.run(self.mother, line, env=self.env, timeout=180)

    def up(self, *arguments: str | Path) -> dict[str, Any]:
        """Deploy; the status document of a fleet that runs what it should."""
        done = self.run("up", *arguments, "--format", "json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        assert found["complete"]
        assert found["channel"]["alive"]
        assert found["devices"]
        assert {(d["state"], d["alive"], d["reason"]) for d in found["devices"]} == {
            ("COMMITTED", True, "")
        }
        return found

    def status(self) -> dict[str, Any]:
        """What `status` says."""
        done = self.run("status", "--format", "json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def edit(self, old: str, new: str) -> None:
        """Change the spec."""
        text = self.spec.read_text()
        assert old in text
        self.spec.write_text(text.replace(old, new))

    def processes(self) -> dict[int, str]:
        """Every process that works on this folder, except this one."""
        found = {}
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.folder) in line and int(path.parent.name) != os.getpid():
                found[int(path.parent.name)] = line
        return found

    def locks(self) -> list[Path]:
        """Every lock that somebody holds."""
        return [p for p in (self.folder / ".hybridspec").rglob("*lock")
                if process.running(p) is not None]  # fmt: skip

    def agent(self, name: str = "gateway-1") -> int:
        """The number of a device's agent."""
        return int((process.running(self.stack.folder / "fleet" / name / "lock") or {})["pid"])

    def assert_gone(self) -> None:
        """Nothing of the stack is left: no process, no lock, no key, no device, no channel."""
        until(lambda: not self.processes(), what=lambda: f"left: {self.processes()}")
        assert self.locks() == []
        assert not self.stack.exists()
        assert not list(self.folder.glob("build/*/channel"))

    def end(self) -> None:
        """Whatever the test did: no process stays."""
        self.run("destroy")
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def until(true: Callable[[], object], *, what: Callable[[], str], limit_s: float = 30) -> None:
    """Wait until something holds."""
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, what()
        time.sleep(0.01)


@contextmanager
def system(seed: Path, folder: Path, cache: Path, mother: Path) -> Iterator[System]:
    """A copy of a seed to deploy; ended in any case."""
    made = System(shutil.copytree(seed, folder), cache, mother)
    try:
        yield made
    finally:
        made.end()
