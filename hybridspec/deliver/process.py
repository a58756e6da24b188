"""Background processes, known by the lock they hold: no lock, no process, whatever was killed.

A process writes its number into a file and keeps an exclusive lock on it until it ends; a number
that the system has given to somebody else is never signalled.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from hybridspec.base.errors import ResourceFailed


def hold(path: Path) -> IO[bytes] | None:
    """Take the lock for this process; None if another one has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = path.open("ab")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        stream.close()
        return None
    return stream


def tell(stream: IO[bytes], facts: dict[str, Any]) -> None:
    """Write what others may know about the holder."""
    stream.truncate(0)
    stream.write(json.dumps(facts).encode())
    stream.flush()


def running(path: Path) -> dict[str, Any] | None:
    """What the holder of the lock says of itself; None if nobody holds it."""
    try:
        with path.open("rb") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return _facts(path)
    except FileNotFoundError:
        pass
    return None


def _facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_bytes())
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def start(command: Sequence[str], lock: Path, log: Path, wait_s: float = 20) -> dict[str, Any]:
    """Start a process in the background and wait until it holds its lock.

    Raises:
        ResourceFailed: it ended, or did not come up in time; the end of its log says why.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    end = time.monotonic() + wait_s
    while time.monotonic() < end and child.poll() is None:
        facts = running(lock)
        if facts and facts.get("pid") == child.pid:
            return facts
        time.sleep(0.05)
    tail = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise ResourceFailed(
        f"a background process did not come up: {' '.join(tail) or 'no output'}",
        help=f"see {log}, then run `hybridspec up` again",
    )


def stop(lock: Path, wait_s: float = 5) -> bool:
    """End the holder of a lock, by force after `wait_s` seconds; whether there was one."""
    facts = running(lock)
    if facts is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        pid = facts.get("pid")
        if isinstance(pid, int) and pid > 1:
            _signal(pid, number)
        end = time.monotonic() + wait_s
        while time.monotonic() < end:
            if running(lock) is None:
                return True
            time.sleep(0.05)
    return True


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
