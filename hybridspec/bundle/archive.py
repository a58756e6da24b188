"""Byte-for-byte reproducible archives: a sorted PAX tar, streamed through zstandard.

PAX: POSIX.1-2001 (IEEE Std 1003.1) interchange format; zstandard frames: RFC 8878. Names are
sorted, times and owners zero, modes fixed, so the tar depends on paths and contents alone. The
compressor's parameters are written out here instead of a level, which every version of zstd may
mean otherwise; the tar's own digest is kept beside, and holds whatever compressed it.
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
"""The level of the zstd command whose parameters these are, for comparisons."""
COMPRESSOR = {
    "window_log": 22, "chain_log": 21, "hash_log": 22, "search_log": 5, "min_match": 5,
    "target_length": 16, "strategy": 5, "threads": 0, "write_checksum": True,
    "write_content_size": False,
}  # fmt: skip
"""One thread: more would cut the data into jobs, and where depends on how many there are."""
_BLOCK = 1 << 20


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
    parameters = zstandard.ZstdCompressionParameters(**COMPRESSOR)
    compressor = zstandard.ZstdCompressor(compression_params=parameters)
    with compressor.stream_writer(packed, closefd=False) as stream:
        plain = _Hashing(stream)
        for path, data in tree:
            _add(plain, path, data)
        ends = 2 * tarfile.BLOCKSIZE
        plain.write(bytes(ends + -(plain.size + ends) % tarfile.RECORDSIZE))
    return ArchiveDigest(
        archive_sha256=packed.digest.hexdigest(),
        archive_size=packed.size,
        tar_sha256=plain.digest.hexdigest(),
        tar_size=plain.size,
    )


def member(path: str, size: int) -> tarfile.TarInfo:
    """The header of a file: nothing in it but its path and size."""
    info = tarfile.TarInfo(path)
    info.mode = 0o644
    info.size = size
    return info


def header(info: tarfile.TarInfo) -> bytes:
    """The bytes that a header is in an archive."""
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def _add(out: _Hashing, path: str, data: bytes | Path) -> None:
    size = len(data) if isinstance(data, bytes) else data.stat().st_size
    out.write(header(member(path, size)))
    start = out.size
    if isinstance(data, bytes):
        out.write(data)
    else:
        with data.open("rb") as stream:
            while block := stream.read(_BLOCK):
                out.write(block)
    if out.size != start + size:
        raise OSError(f"{data!r} changed while it was packed")
    out.write(bytes(-size % tarfile.BLOCKSIZE))
