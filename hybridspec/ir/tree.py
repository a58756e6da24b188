"""FileTree: a folder as data, in canonical order, with one digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class FileTree:
    """Relative POSIX paths and their content: bytes, or a file on disk that holds them."""

    files: Mapping[str, bytes | Path]

    def __post_init__(self) -> None:
        for path in self.files:
            check_path(path)
        object.__setattr__(self, "files", dict(sorted(self.files.items())))

    def __iter__(self) -> Iterator[tuple[str, bytes | Path]]:
        return iter(self.files.items())

    def under(self, folder: str) -> FileTree:
        """The same tree, moved into `folder`."""
        return FileTree({f"{folder}/{path}": data for path, data in self})

    def digests(self) -> dict[str, str]:
        """SHA-256 of every file, hex, by path."""
        return {path: digest_of(data) for path, data in self}

    def digest(self) -> str:
        """SHA-256 over paths and contents, independent of where the tree lies."""
        total = hashlib.sha256()
        for path, digest in self.digests().items():
            total.update(f"{digest}  {path}\n".encode())
        return total.hexdigest()


def merge(trees: Iterable[FileTree]) -> FileTree:
    """Join trees; a path in two of them is a fault of ours and raises `ValueError`."""
    files: dict[str, bytes | Path] = {}
    for tree in trees:
        for path, data in tree:
            if path in files:
                raise ValueError(f"two trees write {path}")
            files[path] = data
    return FileTree(files)


def check_path(path: str) -> None:
    """Raise `ValueError` unless `path` is relative, normal and stays inside its folder."""
    pure = PurePosixPath(path)
    plain = path and not path.startswith("/") and "\\" not in path and "\0" not in path
    if not plain or ".." in pure.parts or str(pure) != path or path == ".":
        raise ValueError(f"not a safe relative path: {path!r}")


def digest_of(data: bytes | Path) -> str:
    """SHA-256 of bytes or of a file, hex, with bounded memory."""
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    with data.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
