"""Hooks: a user's own program prunes, distils or retrains a model; what it makes is judged.

A hook is Python that somebody wrote, so that it runs only where a command line names it, never
because a spec does. It runs in a process of its own, in an empty folder, without the environment
of the caller, and with limits on time, memory, processes and the size of files. What the caller may
read and write, it may too.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from hybridspec.base.bounded import lower
from hybridspec.base.errors import HybridspecError, TimedOut, UsageError
from hybridspec.ir.graph import Model
from hybridspec.optimise.last_words import last_words
from hybridspec.optimise.limits import confine

RECIPE = "hook"
_THREADS = ("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", *_THREADS)
"""What of the environment a hook sees; secrets of the caller are not its business."""
_SET = {"ORT_DISABLE_TELEMETRY": "1", "OPENBLAS_NUM_THREADS": "1"}
"""What a hook sees unless the caller says otherwise. NumPy's threads wait for each other by
spinning: where other work takes the cores, small products take many times as long."""
_LARGEST = 2 * 2**30
_PROCESSES = 256
"""Processes and threads that a hook may start; nobody counts those of root."""
_WORKER_S = 900
_IMPORTED = ("numpy", "onnx", "onnxruntime")


def run_hook(program: Path, model: Path, folder: Path, seconds: int) -> Path:
    """What `python PROGRAM IN.onnx OUT.onnx` makes of a model.

    Raises:
        UsageError: the program failed, or wrote no model.
        TimedOut: it took too long.
    """
    made = folder / "made.onnx"
    work = folder / "work"
    work.mkdir()

    most = _most_processes()

    def limit() -> None:
        confine()
        lower(resource.RLIMIT_NPROC, most)
        lower(resource.RLIMIT_FSIZE, _LARGEST)
        lower(resource.RLIMIT_CPU, seconds * 4)

    command = [sys.executable, str(program.resolve()), str(model.resolve()), str(made)]
    env = {name: os.environ[name] for name in _KEPT if name in os.environ}
    child = subprocess.Popen(
        command, cwd=work, env=_SET | env, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=(folder / "stderr").open("wb"), preexec_fn=limit,
        start_new_session=True,
    )  # fmt: skip
    try:
        code = child.wait(timeout=seconds)
    except subprocess.TimeoutExpired as fault:
        raise TimedOut(
            f"{program.name} takes longer than {seconds} s", help="give it more by `--seconds`"
        ) from fault
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    lines = (folder / "stderr").read_bytes()[-4000:].decode(errors="replace").strip().splitlines()
    if code != 0 or not made.is_file() or made.is_symlink():
        why = lines[-1][:200] if lines else f"it ended with code {code} and wrote no model"
        raise UsageError(
            f"{program.name} failed: {why}",
            help=_way_out(program),
        )
    return made


def _way_out(program: Path) -> str:
    """What to do about a program that failed; Python looks for modules beside it first."""
    called = "it is called as `python PROGRAM IN.onnx OUT.onnx` and has to write OUT.onnx"
    if program.stem in sys.stdlib_module_names or program.stem in _IMPORTED:
        return f"{called}; under this name it hides the module `{program.stem}`: rename it"
    return called


def _most_processes() -> int:
    """The limit for a hook; what this user runs already counts as well."""
    hard = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    running = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.getuid():
                running += sum(1 for _ in (process / "task").iterdir())
    if not running:
        return hard  # no Linux: nobody knows what runs already
    most = running + _PROCESSES
    return most if hard == resource.RLIM_INFINITY else min(most, hard)


def measured_hook(model: Model, made: Path, folder: Path, threads: int = 1) -> dict[str, Any]:
    """What the worker finds of what a hook made of a model: likeness, task, times of both.

    Raises:
        HybridspecError: the worker was stopped.
    """
    place = folder / "judged"
    place.mkdir()
    job = {
        "folder": str(place), "source": str(model.path), "made": str(made),
        "evaluation": str(model.evaluation) if model.evaluation_digest else None,
        "calibration": None, "inputs": [tensor.name for tensor in model.facts.inputs],
        "shapes": {tensor.name: list(tensor.shape) for tensor in model.facts.inputs},
        "recipe": RECIPE, "metric": model.metric or None, "cut": None, "threads": threads,
    }  # fmt: skip
    (place / "job.json").write_text(json.dumps(job), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "hybridspec.optimise.worker", str(place / "job.json")]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_WORKER_S, check=False)
    except subprocess.TimeoutExpired as fault:
        raise TimedOut(
            f"judging it takes longer than {_WORKER_S} s", help="use less data"
        ) from fault
    if done.returncode < 0:
        raise HybridspecError(
            f"judging it was stopped by signal {-done.returncode}", help="try again"
        )
    if done.returncode:
        why = last_words(done.stderr.decode(errors="replace"), paths=(place, made, model.path))
        return {"failed": f"running it failed: {why}",
                "samples": 0, "original_size": model.facts.size, "variant_size": 0, "tools": {},
                "recipe": RECIPE, "retrained": True}  # fmt: skip
    found: dict[str, Any] = json.loads((place / "figures.json").read_bytes())
    return {**found, "retrained": True}
