"""Durable state: two checksummed copies with a generation, the newest good one wins.

Order of writing: data, fsync, rename, fsync of the folder; one copy is never touched while the
other is written.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any

EMPTY, SLOTS = "", ("a", "b")
_PATIENCE_S = 5.0
"""How long a starting agent waits for those who only look at its lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A release in a slot; `counter` and `epoch` as signed, `tar_sha256` of the unpacked tar."""

    release: str
    counter: int
    epoch: int
    tar_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where the device stands; `active` is a slot name or empty, `pending` a slot on trial."""

    generation: int = 0
    phase: str = "IDLE"
    active: str = EMPTY
    pending: str = EMPTY
    tries: int = 0
    counter_floor: int = 0
    epoch_floor: int = 0
    slots: dict[str, Installed] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)

    @property
    def inactive(self) -> str:
        """The slot that an update may write."""
        return "b" if self.active == "a" else "a"


def load(home: Path) -> State:
    """The newest copy whose checksum holds; a fresh state if there is none.

    Raises:
        OSError: no copy is good and one could not be read, which is not the same as none.
    """
    found, faults = [], []
    for copy in (0, 1):
        try:
            found.append(_read(home / f"state.{copy}.json"))
        except FileNotFoundError:
            continue
        except OSError as fault:
            faults.append(fault)
    good = [state for state in found if state is not None]
    if not good and faults:
        raise faults[0]
    return max(good, key=lambda state: state.generation, default=State())


def save(home: Path, state: State) -> State:
    """Write the next generation over the older copy; returns what was written."""
    written = replace(state, generation=state.generation + 1)
    body = json.dumps(asdict(written), sort_keys=True)
    check = hashlib.sha256(body.encode()).hexdigest()
    write_durably(home / f"state.{written.generation % 2}.json", f"{check}\n{body}\n".encode())
    return written


def _read(path: Path) -> State | None:
    data = path.read_bytes()
    try:
        check, _, body = data.decode().strip().partition("\n")
        if hashlib.sha256(body.encode()).hexdigest() != check:
            return None
        value: dict[str, Any] = json.loads(body)
        slots = {name: Installed(**slot) for name, slot in value.pop("slots").items()}
        return State(slots=slots, **value)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def write_durably(path: Path, data: bytes) -> None:
    """Temporary name, fsync, rename, fsync of the folder; a home that is gone stays gone."""
    new = path.with_name(f".{path.name}.new")
    with new.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Make a file's bytes survive a power cut."""
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(home: Path) -> IO[bytes] | None:
    """Hold the home for this process and write its number; None if another agent has it."""
    home.mkdir(parents=True, exist_ok=True)
    stream = (home / "lock").open("ab")
    end = time.monotonic() + _PATIENCE_S
    while not _lock(stream, fcntl.LOCK_EX):
        # A holder shares with nobody, so a shared lock tells lookers from another agent.
        if not _lock(stream, fcntl.LOCK_SH) or time.monotonic() > end:
            stream.close()
            return None
        fcntl.flock(stream, fcntl.LOCK_UN)
        time.sleep(0.001)
    stream.truncate(0)
    stream.write(json.dumps({"pid": os.getpid()}).encode())
    stream.flush()
    return stream


def holds(stream: IO[bytes], home: Path) -> bool:
    """Whether a lock is still the one of the home, which may have been removed or made anew."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), (home / "lock").stat())
    except OSError:
        return False


def _lock(stream: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(stream, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
