"""A FileTree to a folder: only what changed is written, only what was ours is removed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hybridspec.base.errors import UsageError
from hybridspec.bundle.archive import ArchiveDigest, write_archive
from hybridspec.deliver.durable import write_durably
from hybridspec.ir.tree import FileTree, check_path, digest_of

RECORD = ".hybridspec-files.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Paths by what happened to them."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]


def write_tree(folder: Path, tree: FileTree) -> Changes:
    """Make `folder` hold `tree`; files that a former tree did not write stay untouched.

    Raises:
        UsageError: a link inside the folder leads out of it.
    """
    owned = recorded(folder)
    wanted = tree.digests()
    for path in (*owned, *wanted):
        _stays_inside(folder, path)
    written, kept = [], []
    write_durably(folder / RECORD, _record({**owned, **wanted}))
    for path, data in tree:
        if _same(folder / path, wanted[path]):
            kept.append(path)
        else:
            write_durably(folder / path, data)
            written.append(path)
    removed = sorted(set(owned) - set(wanted))
    for path in removed:
        (folder / path).unlink(missing_ok=True)
    _drop_emptied(folder, removed)
    write_durably(folder / RECORD, _record(wanted))
    return Changes(written=tuple(written), removed=tuple(removed), kept=tuple(kept))


def _drop_emptied(folder: Path, removed: Iterable[str]) -> None:
    """A folder that held only what was ours goes with it; one that holds anything else stays."""
    emptied = {parent for path in removed for parent in PurePosixPath(path).parents[:-1]}
    for inner in sorted(emptied, key=lambda each: len(each.parts), reverse=True):
        with suppress(OSError):  # not empty, or gone already
            (folder / inner).rmdir()


def _stays_inside(folder: Path, path: str) -> None:
    """A folder that came from elsewhere may hold links to where nothing of ours belongs."""
    if not (folder / path).parent.resolve().is_relative_to(folder.resolve()):
        raise UsageError(
            f"{folder / path} lies outside the output folder, reached through a link",
            help="remove the link, or choose another folder with --out",
        )


def intact(folder: Path) -> bool:
    """Whether every file that was written is still there, byte for byte."""
    owned = recorded(folder)
    return bool(owned) and all(_same(folder / path, digest) for path, digest in owned.items())


def recorded(folder: Path) -> dict[str, str]:
    """The digest of every file written here, by path."""
    try:
        found = json.loads((folder / RECORD).read_bytes())
        for path in found:
            check_path(path)  # what is listed here may be removed
        return {str(path): str(digest) for path, digest in found.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _record(digests: dict[str, str]) -> bytes:
    return (json.dumps(digests, indent=1, sort_keys=True) + "\n").encode()


def _same(path: Path, digest: str) -> bool:
    return path.is_file() and not path.is_symlink() and digest_of(path) == digest


def pack(tree: FileTree, path: Path) -> ArchiveDigest:
    """Write a bundle's archive to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as out:
        return write_archive(tree, out)
