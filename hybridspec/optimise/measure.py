"""Measures a model on this machine or over ssh: sends the script and the file, judges the answer.

Everything that comes back is a stranger's: it is bounded, has to have the right shape, and figures
that no clock gives are refused.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import IO, Any

from hybridspec.base.errors import HybridspecError, ResourceFailed, TimedOut, UsageError
from hybridspec.optimise.limits import confine

PROVIDER = "CPUExecutionProvider"
_TARGET = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_.-]{0,31}@)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252}|"
                     r"[0-9a-fA-F:]{1,44})")  # fmt: skip
_PYTHON = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+-]{0,254}")
_BOOT = "import sys; exec(sys.stdin.buffer.read({size}))"
"""Reads the script and leaves the rest of stdin to it; without quotes, it passes any shell."""
_ANSWER = 4 * 2**20
_FASTEST = 100
"""Nanoseconds below which no inference ends: whoever says so has not run anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """How to measure: `free` is what dimensions of unknown size are; `seconds` bound all runs."""

    runs: int = 100
    warm_up: int = 10
    threads: int = 1
    seconds: int = 20
    free: int = 0
    provider: str = PROVIDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured: microseconds, bytes by which the process grew, and where.

    `peak` is 0 where the system does not tell it; `finite` is whether outputs were numbers.
    """

    runs: int
    p50: int
    p95: int
    least: int
    first: int
    load: int
    peak: int
    threads: int
    provider: str
    finite: bool
    machine: Mapping[str, Any]


def measure(
    model: Path, digest: str, job: Job, host: str | None = None, python: str = "python3"
) -> Figures:
    """Figures of a model on this machine, or on `host` over ssh.

    Raises:
        UsageError: the host or the name of its Python is none, the model needs `free`, or
            onnxruntime refuses it.
        ResourceFailed: the device cannot be reached, or cannot measure.
        TimedOut: no answer in time.
    """
    command = _command(host, python)
    script = Path(__file__).with_name("device_script.py").read_bytes()
    head = {"size": model.stat().st_size, "digest": digest, "runs": job.runs,
            "warm_up": job.warm_up, "threads": job.threads, "seconds": job.seconds,
            "free": job.free, "provider": job.provider}  # fmt: skip
    command = [part.replace("{size}", str(len(script))) for part in command]
    where = "this machine" if host is None else f"`{host}`"
    with tempfile.TemporaryFile() as sent:
        sent.write(script + json.dumps(head).encode() + b"\n")
        with model.open("rb") as file:
            shutil.copyfileobj(file, sent)
        sent.seek(0)
        answer = _answer(command, sent, 4 * job.seconds + 300, where)
    if "fault" in answer:
        failure = UsageError if answer.get("model") is True else ResourceFailed
        raise failure(f"{where} cannot measure the model: {str(answer['fault'])[:400]}",
                             help=_HELP)  # fmt: skip
    try:
        return _figures(answer)
    except (KeyError, TypeError, ValueError, OverflowError) as fault:
        raise ResourceFailed(f"what {where} says it measured makes no sense: {fault}",
                             help="measure again while the device has nothing else to do",
                             ) from fault  # fmt: skip


_HELP = ("`hybridspec model inspect` says what the model takes; the device needs Python 3.8 and "
         "onnxruntime, and `--python` names another Python there")  # fmt: skip


def _command(host: str | None, python: str) -> list[str]:
    """What runs the script: this Python, or ssh, whose remote command is made of checked parts."""
    if host is None:
        return [sys.executable, "-P", "-c", _BOOT]
    if not _TARGET.fullmatch(host):
        raise UsageError(f"`{host[:80]}` is no host that ssh could reach",
                         help="write `user@board`, or a name that ssh knows")  # fmt: skip
    if not _PYTHON.fullmatch(python):
        raise UsageError(f"`{python[:80]}` names no Python",
                         help="write a path such as `/opt/venv/bin/python3`")  # fmt: skip
    program = shutil.which("ssh")
    if program is None:
        raise UsageError("there is no `ssh` here", help="install OpenSSH")
    return [program, "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15", "--", host,
            f"exec {python} -c '{_BOOT}'"]  # fmt: skip


def _answer(command: Sequence[str], sent: IO[bytes], timeout: int, where: str) -> dict[str, Any]:
    """The document that the script prints; the last line, after what a login may print."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            done = subprocess.run(
                command, stdin=sent, stdout=out, stderr=err, check=False, timeout=timeout,
                preexec_fn=None if command[0] != sys.executable else confine,
                env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
            )  # fmt: skip
        except subprocess.TimeoutExpired as fault:
            raise TimedOut(f"{where} gives no answer within {timeout} s",
                           help="measure with fewer `--seconds`") from fault  # fmt: skip
        text, said = (_end(stream, _ANSWER) for stream in (out, err))
    try:
        answer = json.loads(text.strip().rsplit(b"\n", 1)[-1])
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        return answer
    raise _silent(done.returncode, said, where)


def _silent(code: int, said: bytes, where: str) -> HybridspecError:
    """Why there was no answer."""
    lines = said.decode("utf-8", "replace").strip().splitlines()
    why = lines[-1][:300] if lines else f"it ended with {code}"
    if code == 255:
        return ResourceFailed(f"{where} cannot be reached: {why}",
                              help="try `ssh` to it; keys are used, no passwords")  # fmt: skip
    if code == 127:
        return ResourceFailed(f"{where} has no such Python: {why}",
                              help="name it with `--python /path/to/python3`")  # fmt: skip
    if code in (-9, 137):
        return ResourceFailed(f"{where} ended the measurement: it has too little memory",
                              help="`hybridspec model inspect` says what fits")  # fmt: skip
    return ResourceFailed(f"{where} gave no figures: {why}", help=_HELP)


def _end(stream: IO[bytes], most: int) -> bytes:
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - most))
    return stream.read(most)


def _figures(answer: Mapping[str, Any]) -> Figures:
    """The figures, as far as a device can have measured them."""
    taken = [_whole(value) for value in answer["nanoseconds"]]
    if not 5 <= len(taken) <= 100_000:
        raise ValueError(f"{len(taken)} runs")
    if min(taken) < _FASTEST or max(taken) > 10**13:
        raise ValueError(f"an inference of {min(taken)} ns to {max(taken)} ns")
    cuts = quantiles(taken, n=100, method="inclusive")
    machine = dict(answer["machine"])
    if len(machine) > 16:
        raise ValueError("more of the machine than asked for")
    return Figures(
        runs=len(taken), p50=_micros(cuts[49]), p95=_micros(cuts[94]), least=_micros(min(taken)),
        first=_micros(_whole(answer["first"])), load=_micros(_whole(answer["load"])),
        peak=_grown(_whole(answer["before"]), _whole(answer["peak"])),
        threads=_whole(answer["threads"]), provider=str(answer["provider"])[:100],
        finite=answer["finite"] is True, machine=machine,
    )  # fmt: skip


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**62:
        raise ValueError(f"{str(value)[:40]} is no amount")
    return value


def _micros(nanoseconds: float) -> int:
    return max(1, round(nanoseconds / 1000))


def _grown(before: int, peak: int) -> int:
    return peak - before if 0 < before < peak else 0
