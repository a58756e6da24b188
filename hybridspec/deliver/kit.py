"""A channel on a disk that travels: the same tree, only what clients of now read, checked there.

The order of writing is that of a publication, so a kit that was cut off is the one before or none.
"""

from __future__ import annotations

import json
from pathlib import Path

from hybridspec.base.errors import ResourceFailed, UsageError
from hybridspec.deliver.durable import write_durably
from hybridspec.deliver.publish import read_metadata
from hybridspec.ir.tree import digest_of


def export(repository: Path, to: Path) -> tuple[int, int]:
    """Copy one repository; returns how many files it has, and how many were not there yet.

    Raises:
        UsageError: the source is no whole repository, or the target is inside it.
        ResourceFailed: what was written reads back as something else.
    """
    if to.resolve().is_relative_to(repository.resolve()):
        raise UsageError(f"{to} is inside the channel", help="name a folder of the disk")
    files = _files(repository)
    copied = 0
    for path in files:
        source, target = repository / path, to / path
        if target.is_file() and digest_of(target) == digest_of(source):
            continue
        write_durably(target, source)
        copied += 1
        if digest_of(target) != digest_of(source):
            raise ResourceFailed(f"{target} reads back as something else than was written",
                                 help="use another disk")  # fmt: skip
    return len(files), copied


def _files(repository: Path) -> list[str]:
    """What clients read, in the order of writing."""
    found = read_metadata(repository)
    if not {"root", "targets", "snapshot", "timestamp"} <= set(found):
        raise UsageError(f"there is no whole channel in {repository}",
                         help="`hybridspec channel verify` says what it lacks")  # fmt: skip
    signed = {role: json.loads(data)["signed"] for role, data in found.items()}
    targets = []
    for role, content in signed.items():
        for path, row in content.get("targets", {}).items() if role.startswith("class-") else ():
            folder, _, name = path.rpartition("/")
            targets.append(f"targets/{folder}/{row['hashes']['sha256']}.{name}")
    roots = [f"metadata/{n}.root.json" for n in range(1, signed["root"]["version"] + 1)]
    roles = [f"metadata/{signed[role]['version']}.{role}.json"
             for role in signed if role not in ("root", "timestamp")]  # fmt: skip
    files = [*sorted(targets), *roots, *sorted(roles), "metadata/timestamp.json"]
    lost = [path for path in files if not (repository / path).is_file()]
    if lost:
        raise UsageError(f"{lost[0]} of the channel is not there",
                         help="`hybridspec channel publish` writes it again")  # fmt: skip
    return files
