"""Background processes, known by the lock they hold: no lock, no process, whatever was killed.

A process writes its number into a file and keeps an exclusive lock on it until it ends; a number
that the system has given to somebody else is never signalled. Who only looks shares the lock for
an instant, and whoever takes it waits for that.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from hybridspec.base.errors import ResourceFailed

_PATIENCE_S = 5.0
"""How long a starting process waits for those who look; far more than they need."""


def hold(path: Path, *, make: bool = True) -> IO[bytes] | None:
    """Take the lock for this process; None if another one has it.

    Without `make`, None as well if its folder is gone: whoever started this has been undone.
    """
    if make:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        stream = path.open("ab")
    except FileNotFoundError:
        return None
    end = time.monotonic() + _PATIENCE_S
    while not _lock(stream, fcntl.LOCK_EX):
        # A holder shares with nobody, so a shared lock tells lookers from a holder.
        if not _lock(stream, fcntl.LOCK_SH) or time.monotonic() > end:
            stream.close()
            return None
        fcntl.flock(stream, fcntl.LOCK_UN)
        time.sleep(0.001)
    stream.truncate(0)  # what a holder before said is true no longer
    return stream


def _lock(stream: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(stream, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def tell(stream: IO[bytes], facts: dict[str, Any]) -> None:
    """Write what others may know about the holder."""
    stream.truncate(0)
    stream.write(json.dumps(facts).encode())
    stream.flush()


def same_file(stream: IO[bytes], path: Path) -> bool:
    """Whether a path still leads to an open file, and not to nothing or to another one."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except OSError:
        return False


def running(path: Path) -> dict[str, Any] | None:
    """What the holder of the lock says of itself; None if nobody holds it."""
    try:
        with path.open("rb") as stream:
            return None if _lock(stream, fcntl.LOCK_SH) else _facts(path)
    except FileNotFoundError:
        return None


def _facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_bytes())
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def start(
    command: Sequence[str], lock: Path, log: Path, wait_s: float = 20,
    env: Mapping[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Start a process in the background and wait until it holds its lock.

    Raises:
        ResourceFailed: it ended, or did not come up in time; the end of its log says why.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    lock.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            env=env,
        )  # fmt: skip
    try:
        facts = _came_up(child, lock, wait_s)
    except KeyboardInterrupt:
        child.kill()  # nobody knows of it yet
        raise
    if facts is not None:
        return facts
    child.kill()
    child.wait()
    facts = running(lock)
    if facts and facts.get("pid") != child.pid:
        return facts  # one that was still starting, on behalf of a run that was cut off, was faster
    tail = log.read_text(errors="replace").strip().splitlines()[-3:]
    raise ResourceFailed(
        f"a background process did not come up: {' '.join(tail) or 'no output'}",
        help=f"see {log}, then run `hybridspec up` again",
    )


def _came_up(child: subprocess.Popen[bytes], lock: Path, wait_s: float) -> dict[str, Any] | None:
    """What a child says once it holds its lock; None if it ended or took too long."""
    end = time.monotonic() + wait_s
    while time.monotonic() < end and child.poll() is None:
        facts = running(lock)
        if facts and facts.get("pid") == child.pid:
            return facts
        time.sleep(0.05)
    return None


def stop(lock: Path, wait_s: float = 5) -> bool:
    """End the holder of a lock, by force after `wait_s` seconds; whether there was one.

    Raises:
        ResourceFailed: it does not end, or does not say who it is.
    """
    if running(lock) is None:
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        told = 0
        end = time.monotonic() + wait_s
        while time.monotonic() < end:
            facts = running(lock)
            if facts is None:
                return True
            pid = facts.get("pid")
            if isinstance(pid, int) and pid != told and _has_open(pid, lock):
                _signal(pid, number)
                told = pid
            time.sleep(0.05)
    raise ResourceFailed(
        f"a background process could not be ended: it holds {lock}",
        help="end it by hand, then run the command again",
    )


def _has_open(pid: int, lock: Path) -> bool:
    """Whether a process has the lock file open; a number left by a dead holder does not count."""
    if not Path("/proc/self/fd").is_dir():
        return pid > 1  # no such view on this system
    try:
        wanted = lock.stat()
        opened = list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # it is gone, or it is another user's
        return False
    return pid > 1 and any(_same(path, wanted) for path in opened)


def _same(path: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), wanted)
    except OSError:
        return False


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
