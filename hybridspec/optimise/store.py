"""The cache of finished work: folders named by content, whole or not there.

A folder is made under another name and renamed when a record of all its files is written. Who
makes it holds a lock that ends with the process, so that two runs do not do the same work twice;
what was spoilt since is found by the record and made again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hybridspec.base.errors import HybridspecError
from hybridspec.ir.tree import digest_of

RECORD = "record.json"
_MAX_RECORD = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A finished folder and the SHA-256 of each of its files."""

    folder: Path
    digests: Mapping[str, str]


def find(cache: Path, key: str) -> Entry | None:
    """The entry of that key, if it is there and every file is as it was written."""
    folder = cache / "variants" / key
    try:
        path = folder / RECORD
        if path.stat().st_size > _MAX_RECORD:
            return None
        known = json.loads(path.read_bytes())
        files = {p.name for p in folder.iterdir()} - {RECORD}
        whole = files == set(known) and all(
            (folder / name).stat().st_size == size and digest_of(folder / name) == digest
            for name, (size, digest) in known.items()
        )
        digests = {name: digest for name, (_, digest) in known.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return Entry(folder=folder, digests=digests) if whole else None


def made(
    cache: Path, key: str, make: Callable[[Path, int], None], *, wait: Callable[[], None]
) -> Entry:
    """The entry of that key, made now if it is not there yet or was spoilt.

    `make` fills the folder that it gets; the number is an open lock that its children may hold
    as well, so that nobody takes the folder while one of them still writes. `wait` is called
    again and again while another process makes it, and may raise to give up.

    Raises:
        HybridspecError: the cache cannot be written.
    """
    entry = find(cache, key)
    if entry is not None:
        return entry
    try:
        with _claimed(cache / "variants", key, wait) as (work, lock):
            entry = find(cache, key)  # somebody else may have been faster
            if entry is not None:
                return entry
            make(work, lock)
            return _kept(work, cache / "variants" / key)
    except OSError as fault:
        raise HybridspecError(
            f"the cache {cache} cannot be written: {(fault.strerror or str(fault)).lower()}",
            help="make room there, or let HYBRIDSPEC_CACHE name a folder that can be written",
        ) from fault


@contextmanager
def _claimed(parent: Path, key: str, wait: Callable[[], None]) -> Iterator[tuple[Path, int]]:
    """An empty folder that nobody else writes to; it is gone afterwards if it was not kept."""
    parent.mkdir(parents=True, exist_ok=True)
    work = parent / f".work-{key}"
    lock = _locked(work, wait)
    try:
        for left in work.iterdir():  # of a run that was killed
            shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
        yield work, lock
    finally:
        if _same(work, lock):
            shutil.rmtree(work, ignore_errors=True)
        os.close(lock)


def _locked(work: Path, wait: Callable[[], None]) -> int:
    while True:
        with suppress(FileExistsError):  # `exist_ok` looks again, when another may have removed it
            os.mkdir(work)  # noqa: PTH102
        try:
            lock = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            wait()
            continue
        if _same(work, lock):
            return lock
        os.close(lock)  # its holder finished it or gave it up


def _same(work: Path, lock: int) -> bool:
    try:
        return os.path.samestat(work.lstat(), os.fstat(lock))
    except FileNotFoundError:
        return False


def record(folder: Path) -> dict[str, str]:
    """Write down what a folder holds; its files by name with the SHA-256 of each."""
    (folder / RECORD).unlink(missing_ok=True)
    digests = {path.name: digest_of(path) for path in sorted(folder.iterdir())}
    files = {name: [(folder / name).stat().st_size, digest] for name, digest in digests.items()}
    (folder / RECORD).write_text(json.dumps(files, sort_keys=True), encoding="utf-8")
    return digests


def _kept(work: Path, final: Path) -> Entry:
    digests = record(work)
    try:
        work.rename(final)
    except OSError:
        if not final.exists():
            raise
        # Spoilt, or the making of another version: out of the way, in one step.
        with tempfile.TemporaryDirectory(prefix=".spoilt-", dir=final.parent) as away:
            final.rename(Path(away) / "entry")
            work.rename(final)
    return Entry(folder=final, digests=digests)
