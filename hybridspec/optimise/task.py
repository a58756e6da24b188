"""One unit of work: what is built from which files, its name by content, the child that does it."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hybridspec.base.errors import Cancelled, HybridspecError, TimedOut
from hybridspec.optimise.last_words import last_words

RECIPE = "13"
"""Raise when a pass, the gate or a golden file changes; part of every cache key."""
TOOLS = ("numpy", "onnx", "onnxruntime")
SECONDS = 900
FIGURES = "figures.json"
_JOB = "job.json"
_SILENT = {"ORT_DISABLE_TELEMETRY": "1"}
"""The runtime tells Microsoft what models are called unless it finds this before it starts."""
_STOPS = (signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM)
_FULL = "No space left on device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file that a task reads, under the name that its job has for it."""

    role: str
    path: Path
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to do to which files; `label` names it for people, `need` is its memory in bytes.

    The job names files by their roles, never by paths, so that it is the same everywhere.
    """

    label: str
    subject: str
    job: Mapping[str, Any]
    files: tuple[Source, ...]
    need: int

    @property
    def key(self) -> str:
        """SHA-256 over everything that the result depends on, hex."""
        files = sorted((file.role, file.digest) for file in self.files)
        text = json.dumps([RECIPE, dict(self.job), files, tools()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def tools() -> dict[str, str]:
    """The versions of what builds and judges."""
    return {name: version(name) for name in TOOLS}


class Children:
    """The child processes of a search, which all end with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alive: set[subprocess.Popen[bytes]] = set()
        self._ended = False

    def run(
        self, command: list[str], *, seconds: int, hold: tuple[int, ...] = ()
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end; a terminal's Ctrl-C reaches us alone, and we end it.

        Raises:
            Cancelled: the search ended.
            subprocess.TimeoutExpired: it ran too long.
        """
        with self._lock:
            if self._ended:
                raise Cancelled("the search was ended")
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, process_group=0, pass_fds=hold,
                env={**os.environ, **_SILENT},
            )  # fmt: skip
            self._alive.add(child)
        try:
            _, said = child.communicate(timeout=seconds)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
            with self._lock:
                self._alive.discard(child)
        if self._ended:
            raise Cancelled("the search was ended")
        return subprocess.CompletedProcess(command, child.returncode, b"", said)

    def wait(self) -> None:
        """A moment for somebody else's work.

        Raises:
            Cancelled: the search ended.
        """
        if self._ended:
            raise Cancelled("the search was ended")
        time.sleep(0.05)

    def end(self) -> None:
        """Kill what runs, and let nothing start any more."""
        with self._lock:
            self._ended = True
            for child in self._alive:
                child.kill()


def work(
    task: Task, paths: Mapping[str, Path], folder: Path, children: Children,
    hold: tuple[int, ...] = (),
) -> None:  # fmt: skip
    """Do a task in a child with limits; a child that falls over is a verdict, not a failure.

    Raises:
        TimedOut: it takes too long.
        HybridspecError: it was stopped by somebody, or the disk is full.
    """
    path = folder / _JOB
    job = {**task.job, "folder": str(folder), "evaluation": None, "calibration": None,
           **{role: str(file) for role, file in paths.items()},
           "memory": _limit(task), "parent": os.getpid()}  # fmt: skip
    path.write_text(json.dumps(job), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "hybridspec.optimise.worker", str(path)]
    try:
        done = children.run(command, seconds=SECONDS, hold=hold)
    except subprocess.TimeoutExpired as fault:
        raise TimedOut(
            f"building {task.label} takes longer than {SECONDS} s",
            help="try again on a machine with less to do, or leave the variant out of `variants`",
        ) from fault
    path.unlink()
    said = done.stderr.decode(errors="replace").strip()
    if -done.returncode in _STOPS:
        # Somebody else's doing: neither a verdict on the model nor one to remember.
        raise HybridspecError(
            f"building {task.label} was stopped by signal {-done.returncode}",
            help="run it again; if nobody stopped it, the system had too little memory",
        )
    if done.returncode != 0:
        if _FULL in said:
            raise OSError(None, _FULL)
        _fell(paths, folder, said)


def _limit(task: Task) -> int:
    """Address space for the child: far above its need, since much of it is never touched."""
    return max(6 * 2**30, 8 * task.need)


def _fell(paths: Mapping[str, Path], folder: Path, said: str) -> None:
    """What is known of a model that no child survives; whatever it wrote is not kept."""
    for left in folder.iterdir():
        left.unlink()
    failed = f"building or running it failed: {last_words(said, paths=(folder, *paths.values()))}"
    figures = {"failed": failed, "samples": 0, "original_size": paths["source"].stat().st_size,
               "variant_size": 0, "tools": {}}  # fmt: skip
    (folder / FIGURES).write_text(json.dumps(figures), encoding="utf-8")
