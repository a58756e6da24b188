"""The bundle's archive as a stream: the signed manifest foretells every byte, or it is refused.

The publisher's archives are deterministic, so a member's header is a function of its path and size
(POSIX.1-2001 pax). The reader makes the header it expects and compares; what an archive says is
parsed only to choose which member that is, and to name what is wrong with it.
"""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import zstandard

from hybridspec.agent.errors import Refused

BLOCK, RECORD, CHUNK = tarfile.BLOCKSIZE, tarfile.RECORDSIZE, 1 << 16
MAX_WINDOW = 2**24
"""Bytes that a zstandard frame may ask a device to keep."""
MODES = (0o644, 0o755)
_MAX_EXTENDED = 8 * BLOCK
_PATH = re.compile(rb"\d+ path=([^\n\0]+)\n(?:\d+ size=\d+\n)?")
_KINDS = {
    tarfile.SYMTYPE: "archive-link", tarfile.LNKTYPE: "archive-link",
    tarfile.CHRTYPE: "archive-device", tarfile.BLKTYPE: "archive-device",
    tarfile.FIFOTYPE: "archive-fifo", tarfile.GNUTYPE_SPARSE: "archive-sparse",
}  # fmt: skip


class Content(Protocol):
    """A release's files in the order of its archive, in whatever form they were fetched."""

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Path and bytes of each file; the bytes of one are read before the next is asked for."""


def header(path: str, size: int, mode: int = MODES[0]) -> bytes:
    """The one header that a file may have in an archive."""
    info = tarfile.TarInfo(path)
    info.size, info.mode = size, mode
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


class Packed:
    """A bundle as it was published: a pax tar in one zstandard frame."""

    def __init__(
        self, archive: Path, sizes: dict[str, int], tar_sha256: str, tar_size: int
    ) -> None:
        self._archive, self._sizes = archive, sizes
        self._wanted, self._limit = tar_sha256, tar_size

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """See `Content`; raises `Refused` where the archive is not exactly what was signed."""
        with self._archive.open("rb") as packed:
            reader = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
            stream = _Tar(reader.stream_reader(packed, read_size=CHUNK), self._limit)
            yield from self._members(stream)
            stream.end()
        if stream.digest.hexdigest() != self._wanted or stream.size != self._limit:
            raise Refused("archive-differs", "the archive's content is not what was signed")

    def _members(self, stream: _Tar) -> Iterator[tuple[str, Iterator[bytes]]]:
        seen: set[str] = set()
        while raw := stream.header():
            path = self._judge(raw, seen)
            seen.add(path)
            yield path, stream.content(self._sizes[path])
        if seen != set(self._sizes):
            raise Refused("archive-incomplete", "the bundle lacks files that its manifest lists")

    def _judge(self, raw: bytes, seen: set[str]) -> str:
        """The path of the member that a header announces; every other header is refused."""
        info, path = _parsed(raw)
        name = path[:100]
        if info.type in _KINDS:
            raise Refused(_KINDS[info.type], f"{name} is no plain file")
        if path.startswith("/") or ".." in PurePosixPath(path).parts:
            raise Refused("archive-path", f"{name} lies outside the bundle")
        if path in seen:
            raise Refused("archive-duplicate", f"{name} is in the bundle twice")
        if path not in self._sizes:
            raise Refused("archive-unlisted", f"{name} is not in the manifest")
        if info.type == tarfile.REGTYPE and info.size != self._sizes[path]:
            raise Refused("archive-size", f"{name} has another size")
        if raw not in [header(path, self._sizes[path], mode) for mode in MODES]:
            raise Refused("archive-header", f"{name} has another header than its manifest gives it")
        return path


class _Tar:
    """The decompressed stream: its digest kept, growth beyond the signed size refused."""

    def __init__(self, source: Any, limit: int) -> None:
        self._source, self._limit = source, limit
        self.digest, self.size = hashlib.sha256(), 0

    def _some(self, most: int) -> bytes:
        try:
            data: bytes = self._source.read(most)
        except (zstandard.ZstdError, MemoryError) as fault:
            raise Refused("archive-unreadable", f"it cannot be unpacked: {fault}") from fault
        self.size += len(data)
        if self.size > self._limit:
            raise Refused("archive-grows", "the archive is larger than was signed")
        self.digest.update(data)
        return data

    def _exactly(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            part = self._some(size)
            if not part:
                raise Refused("archive-unreadable", "it ends too early")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def header(self) -> bytes:
        """The next member's header with its extension, or nothing at the archive's end."""
        raw = self._exactly(BLOCK)
        if not any(raw):
            return b""
        if raw[156:157] in (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
            raise Refused("archive-pax", "a header for other members, or in another format")
        if raw[156:157] != tarfile.XHDTYPE:
            return raw
        digits = raw[124:136].rstrip(b"\0 ")
        size = int(digits, 8) if re.fullmatch(rb"[0-7]+", digits) else 0
        if not 0 < size <= _MAX_EXTENDED:
            raise Refused("archive-pax", "an extended header of a size that none has")
        return raw + self._exactly(-(-size // BLOCK) * BLOCK + BLOCK)

    def content(self, size: int) -> Iterator[bytes]:
        """A member's bytes, and past the zeros after them."""
        left = size
        while left:
            part = self._some(min(left, CHUNK))
            if not part:
                raise Refused("archive-unreadable", "it ends too early")
            left -= len(part)
            yield part
        if any(self._exactly(-size % BLOCK)):
            raise Refused("archive-header", "something is hidden behind a member")

    def end(self) -> None:
        """Read the rest, which is nothing but zeros."""
        while rest := self._some(CHUNK):
            if any(rest):
                raise Refused("archive-trailing", "something follows the archive's end")


def _parsed(raw: bytes) -> tuple[tarfile.TarInfo, str]:
    """What a header says of itself, in order to name it; nothing is trusted of that."""
    try:
        info = tarfile.TarInfo.frombuf(raw[-BLOCK:], "utf-8", "surrogateescape")
    except tarfile.TarError as fault:
        raise Refused("archive-unreadable", f"no header of a member: {fault}") from fault
    extended = raw[BLOCK:-BLOCK]
    if not extended:
        return info, info.name
    found = _PATH.fullmatch(extended.rstrip(b"\0"))
    if b"GNU.sparse" in extended:
        raise Refused("archive-sparse", f"{info.name[:100]} would grow beyond its bytes")
    if found is None:
        raise Refused("archive-pax", f"{info.name[:100]} has more of a header than a path")
    return info, found[1].decode("utf-8", "surrogateescape")


def padding(size: int) -> bytes:
    """The zeros after a member."""
    return bytes(-size % BLOCK)
