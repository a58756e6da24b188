"""Deltas between two releases: each block of each file in the smallest of four forms, or no delta.

Format `hybridspec.dev/delta/v1` (docs/ota.md): `HSDELTA1`, four bytes of length, a zstandard frame
(RFC 8878) with a list in JSON, then the blocks. A block is at most 1 MiB and looks at no more than
2 MiB of one old file, so whoever applies it needs no more memory for 500 MB than for one.
"""

from __future__ import annotations

import io
import json
import mmap
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
import zstandard

MAGIC, SCHEMA = b"HSDELTA1", "hybridspec.dev/delta/v1"
BLOCK, MARGIN = 2**20, 2**18
WORTH = 0.6
"""A delta above this share of its bundle does not pay: the bundle is what devices fetch."""
COPY, PLAIN, PATCH, ADD = range(4)
LEVEL = 12
_ANCHOR, _NEAR = 32, 2**20

Files = Mapping[str, memoryview]


@dataclass(frozen=True, slots=True)
class _Block:
    length: int
    source: str = ""
    offset: int = 0
    wide: int = 0
    codec: int = PLAIN
    packed: int = 0


def opened(archive: Path, folder: Path) -> dict[str, memoryview]:
    """The files of a bundle of ours, mapped into memory from an unpacked copy in a folder."""
    path = folder / f"{archive.name}.tar"
    with archive.open("rb") as packed, path.open("w+b") as plain:
        zstandard.ZstdDecompressor().copy_stream(packed, plain)
        plain.flush()
        whole = memoryview(mmap.mmap(plain.fileno(), 0, access=mmap.ACCESS_READ))
    path.unlink()  # what is mapped stays until nobody looks at it
    found = {}
    with tarfile.open(fileobj=_Reader(whole), mode="r:") as members:
        for member in members:
            found[member.name] = whole[member.offset_data : member.offset_data + member.size]
    return found


class _Reader(io.RawIOBase):
    """A memory map as a file, so that finding its members copies nothing."""

    def __init__(self, data: memoryview) -> None:
        self._data, self._at = data, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, len(self._data))[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = len(self._data) if size < 0 else self._at + size
        data = bytes(self._data[self._at : end])
        self._at += len(data)
        return data


def make(
    base: Files, base_sha256: str, target: Files, target_sha256: str, limit: int
) -> bytes | None:
    """The delta from one release to another, by the digests of their tars; None beyond `limit`.

    Pure: the same files give the same bytes.
    """
    listed, parts, size = [], [], 0
    for path, data in target.items():
        blocks = []
        for block, packed in _blocks(_source(base, path, data), data, base):
            blocks.append(list(astuple(block)))
            parts.append(packed)
            size += len(packed)
            if size > limit:
                return None
        listed.append([path, blocks])
    head = json.dumps(
        {"schema": SCHEMA, "base": base_sha256, "target": target_sha256, "files": listed},
        separators=(",", ":"),
    ).encode()
    packed = zstandard.ZstdCompressor(level=LEVEL).compress(head)
    delta = b"".join((MAGIC, len(packed).to_bytes(4, "big"), packed, *parts))
    return delta if len(delta) <= limit else None


def _source(base: Files, path: str, data: memoryview) -> str:
    """The old file that a new one is likely made from: of its name, its bytes or its kind."""
    if path in base:
        return path
    same = [name for name, old in base.items() if len(old) == len(data) and old == data]
    kin = [name for name in base if name.rpartition("/")[2] == path.rpartition("/")[2]]
    return (same or kin or [""])[0]


def _blocks(source: str, data: memoryview, base: Files) -> Iterator[tuple[_Block, bytes]]:
    old, shift = base[source] if source else memoryview(b""), 0
    for start in range(0, len(data), BLOCK):
        part = data[start : start + BLOCK]
        shift = _shift(old, part, start, shift)
        yield min(_forms(source, old, part, start + shift), key=lambda one: len(one[1]))


def _shift(old: memoryview, part: memoryview, start: int, shift: int) -> int:
    """How far the old file has the same bytes from where they are now; what it was, if unknown."""
    for at in (0, len(part) // 2, len(part) - _ANCHOR):
        anchor = bytes(part[at : at + _ANCHOR])
        if len(anchor) < _ANCHOR or len(set(anchor)) < 8:
            continue
        low = max(0, start + at + shift - _NEAR)
        found = bytes(old[low : low + 2 * _NEAR])
        here = start + at + shift - low
        if found[here : here + _ANCHOR] == anchor:
            return shift
        place = found.find(anchor)
        if place >= 0:
            return low + place - start - at
    return shift


def _forms(
    source: str, old: memoryview, part: memoryview, at: int
) -> Iterator[tuple[_Block, bytes]]:
    """Every form of a block; one that is the old bytes alone needs no other."""
    size, aligned = len(part), old[max(0, at) : max(0, at) + len(part)]
    if at >= 0 and aligned == part:
        yield _Block(size, source, at, size, COPY), b""
        return
    if at >= 0 and len(aligned) == size:
        change = np.frombuffer(part, np.uint8) - np.frombuffer(aligned, np.uint8)
        packed = _compressor(None).compress(change.tobytes())
        yield _Block(size, source, at, size, ADD, len(packed)), packed
    low = max(0, at - MARGIN)
    window = bytes(old[low : max(0, at) + size + MARGIN])
    if window:
        packed = _compressor(window).compress(part)
        yield _Block(size, source, low, len(window), PATCH, len(packed)), packed
    packed = _compressor(None).compress(part)
    yield _Block(size, packed=len(packed)), packed


def _compressor(window: bytes | None) -> zstandard.ZstdCompressor:
    parameters = zstandard.ZstdCompressionParameters.from_level(LEVEL, window_log=22)
    if window is None:
        return zstandard.ZstdCompressor(compression_params=parameters)
    known = zstandard.ZstdCompressionDict(window, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    return zstandard.ZstdCompressor(dict_data=known, compression_params=parameters)
