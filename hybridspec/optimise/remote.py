"""What a worker of a cluster does: a task whose files come as bytes, and whose results go as bytes.

The worker shares no disk with us. It needs this program in the same version, and the same
versions of what builds and judges; otherwise its results would have other bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybridspec import __version__
from hybridspec.base.errors import HybridspecError, TimedOut
from hybridspec.ir.tree import digest_of
from hybridspec.optimise.task import RECIPE, Children, Source, Task, tools, work


def identity() -> dict[str, str]:
    """What a worker's results depend on beside the task."""
    return {"hybridspec": __version__, "recipe": RECIPE, **tools()}


def perform(
    key: str, job: Mapping[str, Any], digests: Mapping[str, str], need: int, label: str,
    contents: Mapping[str, bytes],
) -> dict[str, Any]:  # fmt: skip
    """The files that a task makes, by name; or `stopped` with a reason that is no verdict."""
    with tempfile.TemporaryDirectory(prefix="hybridspec-") as place:
        folder, given = Path(place) / "work", Path(place) / "given"
        folder.mkdir()
        given.mkdir()
        files = []
        for role, digest in sorted(digests.items()):
            path = given / role
            path.write_bytes(contents[role])
            if digest_of(path) != digest:
                return {"stopped": f"its {role} arrived damaged"}
            files.append(Source(role=role, path=path, digest=digest))
        task = Task(label=label, subject=label, job=job, files=tuple(files), need=need)
        if task.key != key:
            return {"foreign": identity()}
        try:
            work(task, {file.role: file.path for file in files}, folder, Children())
        except TimedOut as fault:
            return {"late": fault.message}
        except (HybridspecError, OSError) as fault:
            return {"stopped": str(fault)}
        return {"files": {path.name: path.read_bytes() for path in sorted(folder.iterdir())}}
