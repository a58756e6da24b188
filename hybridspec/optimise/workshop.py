"""Where tasks are done: on this machine, as many at once as there are cores and memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from hybridspec.base.errors import HybridspecError
from hybridspec.ir.tree import digest_of
from hybridspec.optimise.limits import cores, free_memory
from hybridspec.optimise.store import Entry, find, made
from hybridspec.optimise.task import Children, Task, work

Progress = Callable[[str], None]
_SPARE = 256 * 2**20


class Workshop(Protocol):
    """Does tasks and keeps what comes of them; `width` tasks at once are of use."""

    @property
    def width(self) -> int:
        """How many tasks can be done at the same time."""

    def known(self, task: Task) -> Entry | None:
        """What came of the task, if it was ever done."""

    def build(self, task: Task) -> Entry:
        """What came of the task, done now if it never was; any thread may ask."""

    def end(self) -> None:
        """Give up what is under way."""


class Local:
    """The cores and the memory of this machine."""

    def __init__(self, cache: Path, progress: Progress, *, jobs: int | None = None) -> None:
        self._cache = cache
        self._progress = progress
        self._children = Children()
        self._turn = threading.Condition()
        self._busy = self._used = 0
        self._room: int | None = None
        self.width = jobs or cores()

    def known(self, task: Task) -> Entry | None:
        """What came of the task, if it was ever done."""
        return find(self._cache, task.key)

    def build(self, task: Task) -> Entry:
        """What came of the task, done now if it never was.

        Raises:
            HybridspecError: the cache cannot be written, or the task ended without a verdict.
        """

        def make(folder: Path, lock: int) -> None:
            with self._place(task.need):
                self._progress(f"building {task.label}")
                paths = {file.role: file.path for file in task.files}
                work(task, paths, folder, self._children, (lock,))
            unchanged(task)

        return made(self._cache, task.key, make, wait=self._children.wait)

    def end(self) -> None:
        """Give up what is under way."""
        self._children.end()
        with self._turn:
            self._turn.notify_all()

    @contextmanager
    def _place(self, need: int) -> Iterator[None]:
        """A core, and the memory that the task is estimated to need; one task always has both."""
        with self._turn:
            if self._room is None:
                self._room = free_memory() - _SPARE
            room = self._room
            while self._busy and (self._busy >= self.width or self._used + need > room):
                self._turn.wait(0.5)
            self._busy, self._used = self._busy + 1, self._used + need
        try:
            yield
        finally:
            with self._turn:
                self._busy, self._used = self._busy - 1, self._used - need
                self._turn.notify_all()


def unchanged(task: Task) -> None:
    """What was built is kept under the digests that were asked for, so they have to hold still.

    Raises:
        HybridspecError: a file has another content now.
    """
    try:
        same = all(digest_of(file.path) == file.digest for file in task.files)
    except OSError:
        same = False
    if not same:
        raise changed(task)


def changed(task: Task) -> HybridspecError:
    """What to say of files that do not hold still."""
    return HybridspecError(
        f"the files of {task.subject} changed while they were read", help="run it again"
    )
