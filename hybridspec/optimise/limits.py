"""What a child process may use: memory, no core dump, and no life beyond its parent's."""

from __future__ import annotations

import ctypes
import os
import resource
import signal

from hybridspec.base.bounded import lower

_PR_SET_PDEATHSIG = 1


def confine(memory: int | None = None, parent: int | None = None) -> None:
    """Bound this process; called first by every child that opens a user's model.

    A model may ask for any amount; it is to fail, not the machine. A child whose `parent` is
    killed has nobody left to work for.
    """
    most = _physical() * 3 // 4
    if memory is not None:
        most = min(most, memory)
    lower(resource.RLIMIT_AS, most)
    lower(resource.RLIMIT_CORE, 0)
    if parent is None:
        return
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    except (OSError, AttributeError):
        return  # no Linux: an orphan ends when its work does
    if os.getppid() != parent:
        os._exit(1)


def _physical() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def free_memory() -> int:
    """Bytes that new processes may use before the system or its container has none left."""
    free = _physical()
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:  # noqa: PTH123
            fields = dict(line.split(":", 1) for line in lines)
        free = int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        pass
    most, used = (_container(name) for name in ("memory.max", "memory.current"))
    return min(free, max(0, most - used)) if most is not None and used is not None else free


def _container(name: str) -> int | None:
    try:
        with open(f"/sys/fs/cgroup/{name}", encoding="ascii") as file:  # noqa: PTH123
            return int(file.read())
    except (OSError, ValueError):
        return None


def cores() -> int:
    """How many cores this process may use, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
