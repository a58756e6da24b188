"""Bundles read back: one pass, bounded in time and memory, and nothing that was not written here.

A member's header has to be the very bytes that `bundle/archive.py` writes for its path and size,
and members come in order of their paths. So there are no links, devices, sparse files, absolute
paths, `..`, duplicates, owners or times, and no two readers see different things. What does not
fit is refused with a reason before its content is read.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import zstandard

from hybridspec.bundle.archive import ArchiveDigest, header, member
from hybridspec.bundle.manifest import MAX_FILES, ManifestError, check_path
from hybridspec.bundle.members import DOCUMENTS

MAX_TAR = 64 * 2**30
MAX_DOCUMENT = 4 * 2**20
MAX_GROWTH = 2000
"""Times that a tar may be larger than its archive, beyond the first 64 MiB."""
_FREE = 64 * 2**20
_WINDOW = 2**27
_BLOCK = 1 << 20
_HEADER = tarfile.BLOCKSIZE
_LONG = 8 * tarfile.BLOCKSIZE
"""Bytes that the extension of a header may have: a path is no longer than 512 characters."""

Sink = Callable[[str, int, Iterator[bytes]], None]


class BundleRefused(Exception):
    """Why an archive is not a bundle; `reason` is one word, the same for the same fault."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason, self.message = reason, message


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file of a bundle, as it was read."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A whole bundle: every member by digest, the documents among them, and the archive's own."""

    members: tuple[Member, ...]
    documents: Mapping[str, bytes]
    digest: ArchiveDigest

    def digests(self) -> dict[str, str]:
        """SHA-256 of every member, hex, by path."""
        return {one.path: one.sha256 for one in self.members}


class _Packed(io.RawIOBase, BinaryIO):
    """The archive as it is read: its digest and size."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.digest = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        self.size += len(data)
        return data


class _Plain:
    """The tar inside: exact reads, digest kept, growth refused while it happens."""

    def __init__(self, packed: _Packed, most: int) -> None:
        self._packed, self._most = packed, most
        decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
        self._stream = decompressor.stream_reader(packed, read_size=_BLOCK)
        self.digest = hashlib.sha256()
        self.size = 0

    def some(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        data: bytes = self._stream.read(size)
        self.digest.update(data)
        self.size += len(data)
        if self.size > min(self._most, _FREE + MAX_GROWTH * self._packed.size):
            raise BundleRefused("archive-grows", "more comes out of the archive than may be in it")
        return data

    def exactly(self, size: int) -> bytes:
        """So many bytes."""
        parts = []
        while size and (data := self.some(size)):
            parts.append(data)
            size -= len(data)
        if size:
            raise BundleRefused("archive-truncated", "the archive ends in the middle")
        return b"".join(parts)

    def pieces(self, size: int) -> Iterator[bytes]:
        """So many bytes, block by block."""
        while size:
            data = self.exactly(min(size, _BLOCK))
            size -= len(data)
            yield data


def read_bundle(source: BinaryIO, sink: Sink | None = None, most: int = MAX_TAR) -> Opened:
    """Read an archive to its end; each member's content goes to `sink` as well.

    Raises:
        BundleRefused: it is not an archive that `write_archive` could have made.
    """
    packed = _Packed(source)
    plain = _Plain(packed, most)
    try:
        members, documents = _members(plain, sink)
        if plain.some(1):
            raise BundleRefused("archive-trailing", "there is more behind the end of the archive")
        if packed.read(1):
            raise BundleRefused("archive-trailing", "there is more behind the compressed frame")
    except zstandard.ZstdError as fault:
        raise BundleRefused("archive-unreadable", f"the archive cannot be unpacked: {fault}") \
            from fault  # fmt: skip
    return Opened(
        members=members, documents=documents,
        digest=ArchiveDigest(
            archive_sha256=packed.digest.hexdigest(), archive_size=packed.size,
            tar_sha256=plain.digest.hexdigest(), tar_size=plain.size,
        ),
    )  # fmt: skip


def _members(plain: _Plain, sink: Sink | None) -> tuple[tuple[Member, ...], dict[str, bytes]]:
    found: list[Member] = []
    documents: dict[str, bytes] = {}
    while (info := _header(plain)) is not None:
        path, size = info.name, info.size
        if found and path <= found[-1].path:
            raise BundleRefused("archive-order", f"{path[:100]} is there twice, or out of order")
        if len(found) > MAX_FILES:
            raise BundleRefused("archive-members", f"there are more than {MAX_FILES} files")
        whole = path in DOCUMENTS
        if whole and size > MAX_DOCUMENT:
            raise BundleRefused("archive-document", f"{path} is larger than it may be")
        digest = hashlib.sha256()
        kept: list[bytes] = []
        pieces = _seen(plain.pieces(size), digest.update, kept.append if whole else None)
        if sink is not None:
            sink(path, size, pieces)
        for _ in pieces:  # what nobody took is read all the same
            pass
        if any(plain.exactly(-size % _HEADER)):
            raise BundleRefused("archive-header", f"{path[:100]} is not padded with zeros")
        if whole:
            documents[path] = b"".join(kept)
        found.append(Member(path=path, size=size, sha256=digest.hexdigest()))
    return tuple(found), documents


def _seen(
    pieces: Iterator[bytes], update: Callable[[bytes], object],
    keep: Callable[[bytes], object] | None,
) -> Iterator[bytes]:  # fmt: skip
    for piece in pieces:
        update(piece)
        if keep is not None:
            keep(piece)
        yield piece


def _header(plain: _Plain) -> tarfile.TarInfo | None:
    """The next header; None at the end, which is zeros up to a whole record."""
    start = plain.size
    raw = plain.exactly(_HEADER)
    if not any(raw):
        left = 2 * _HEADER + -(start + 2 * _HEADER) % tarfile.RECORDSIZE - _HEADER
        if any(plain.exactly(left)):
            raise BundleRefused("archive-trailing", "there is more behind the end of the archive")
        return None
    long = ""
    info = _parsed(raw)
    if info.type == tarfile.XHDTYPE:
        if info.size > _LONG:
            raise BundleRefused("archive-header", "a header is longer than any path may be")
        extension = plain.exactly(info.size + -info.size % _HEADER)
        raw += extension
        long = _path(extension[: info.size])
        block = plain.exactly(_HEADER)
        raw += block
        info = _parsed(block)
    path = long or info.name
    try:
        check_path(path, path)
        same = info.type == tarfile.REGTYPE and raw == header(member(path, _size(raw, info)))
    except (ManifestError, UnicodeError, ValueError) as fault:
        raise BundleRefused("archive-path", f"{path[:100]!r} may not be in a bundle") from fault
    if not same:
        raise BundleRefused("archive-member", f"{path[:100]!r} is not a plain file as written here")
    return member(path, _size(raw, info))


def _parsed(block: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.TarError, UnicodeError, ValueError) as fault:
        raise BundleRefused("archive-header", "a header is not one of a tar") from fault


def _records(extension: bytes) -> dict[str, str]:
    """The records of an extended header: `LENGTH KEY=VALUE` and a line feed."""
    found: dict[str, str] = {}
    at = 0
    while at < len(extension):
        number, _, _ = extension[at : at + 12].partition(b" ")
        if not number.isdigit() or not 5 <= int(number) <= len(extension) - at:
            raise BundleRefused("archive-header", "an extended header is malformed")
        record = extension[at + len(number) + 1 : at + int(number) - 1]
        key, _, value = record.partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        at += int(number)
    return found


def _path(extension: bytes) -> str:
    return _records(extension).get("path", "")


def _size(raw: bytes, info: tarfile.TarInfo) -> int:
    """A member's size: that of the extended header where it has one, which 8 GiB and more need."""
    if len(raw) == _HEADER:
        return info.size
    text = _records(raw[_HEADER : _HEADER + _parsed(raw[:_HEADER]).size]).get("size", "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BundleRefused("archive-header", "an extended header is malformed")
    return int(text) if text else info.size
