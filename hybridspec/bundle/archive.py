"""Byte-for-byte reproducible archives: a sorted PAX tar, streamed through zstandard.

PAX: POSIX.1-2001 (IEEE Std 1003.1) interchange format; zstandard frames: RFC 8878. Names are
sorted, times and owners zero, modes fixed, so the bytes depend on paths and contents alone.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

from hybridspec.ir.tree import FileTree

LEVEL = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveDigest:
    """SHA-256 and bytes of the compressed archive and of the tar inside it."""

    archive_sha256: str
    archive_size: int
    tar_sha256: str
    tar_size: int


class _Hashing(io.RawIOBase, BinaryIO):
    """Passes bytes on and keeps their digest and number."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.digest = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.digest.update(data)
        self.size += len(data)
        self._target.write(data)
        return len(data)


def write_archive(tree: FileTree, out: BinaryIO) -> ArchiveDigest:
    """Write `tree` as tar.zst to `out` with bounded memory."""
    packed = _Hashing(out)
    compressor = zstandard.ZstdCompressor(
        level=LEVEL, write_checksum=True, write_content_size=False
    )
    with compressor.stream_writer(packed, closefd=False) as stream:
        plain = _Hashing(stream)
        with tarfile.open(fileobj=plain, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            for path, data in tree:
                _add(archive, path, data)
    return ArchiveDigest(
        archive_sha256=packed.digest.hexdigest(),
        archive_size=packed.size,
        tar_sha256=plain.digest.hexdigest(),
        tar_size=plain.size,
    )


def _add(archive: tarfile.TarFile, path: str, data: bytes | Path) -> None:
    info = tarfile.TarInfo(path)
    info.mode = 0o644
    if isinstance(data, bytes):
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
        return
    with data.open("rb") as stream:
        info.size = data.stat().st_size
        archive.addfile(info, stream)
