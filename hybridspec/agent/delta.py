"""A delta as a release's content: blocks that are copied from, or made out of, what runs here.

Bounded: one block of the new file and one window of the old are in memory at a time. What comes
out is the archive that was signed, digest by digest, or it is refused and the bundle is fetched.
Format: `hybridspec.dev/delta/v1`, as docs/ota.md says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import zstandard

from hybridspec.agent.archive import MAX_WINDOW, header, padding
from hybridspec.agent.errors import Refused
from hybridspec.bundle.manifest import parse_manifest

MANIFEST = "release.json"
MAGIC, SCHEMA = b"HSDELTA1", "hybridspec.dev/delta/v1"
MAX_BLOCK, MAX_BASE = 2**20, 2**21
"""Bytes of a new file that one block may make, and of an old one that it may look at."""
MAX_HEADER = 2**23
COPY, PLAIN, PATCH, ADD = range(4)
"""Old bytes; a zstandard frame; one whose dictionary are old bytes; what is added to old bytes."""


@dataclass(frozen=True, slots=True)
class Block:
    """Bytes of a new file, made from `wide` bytes at `offset` of an old one and `packed` bytes."""

    length: int
    source: str
    offset: int
    wide: int
    codec: int
    packed: int


class Patched:
    """A release made from the files of a slot and a delta."""

    def __init__(
        self, delta: Path, base: Path, base_sha256: str, sizes: Mapping[str, int],
        tar_sha256: str, tar_size: int,
    ) -> None:  # fmt: skip
        self._delta, self._base, self._sizes = delta, base, sizes
        self._from, self._to, self._tar_size = base_sha256, tar_sha256, tar_size
        listed = parse_manifest((base / MANIFEST).read_bytes()).files
        self._sources = {"", MANIFEST, *(record.path for record in listed)}

    def files(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """See `Content`; raises `Refused` where the outcome is not exactly what was signed."""
        digest, size = hashlib.sha256(), 0
        with self._delta.open("rb") as stream:
            for path, blocks in self._listed(stream):
                head, tail = header(path, self._sizes[path]), padding(self._sizes[path])
                digest.update(head)
                yield path, self._file(stream, blocks, digest)
                digest.update(tail)
                size += len(head) + self._sizes[path] + len(tail)
        if not 0 <= self._tar_size - size <= MAX_BLOCK:
            raise Refused("delta-differs", "what the delta makes has another size")
        digest.update(bytes(self._tar_size - size))
        if digest.hexdigest() != self._to:
            raise Refused("delta-differs", "what the delta makes is not what was signed")

    def _listed(self, stream: IO[bytes]) -> list[tuple[str, list[Block]]]:
        """The files of a delta, each exactly once; the stream stands at the first block then."""
        try:
            if stream.read(len(MAGIC)) != MAGIC:
                raise ValueError("not a delta")
            packed = stream.read(min(int.from_bytes(stream.read(4), "big"), MAX_HEADER))
            if zstandard.frame_content_size(packed) not in range(MAX_HEADER):
                raise ValueError("its list is too long")
            value: Any = json.loads(zstandard.ZstdDecompressor().decompress(packed))
            if value["schema"] != SCHEMA or value["target"] != self._to:
                raise ValueError("it makes another release")
            if value["base"] != self._from:
                raise Refused("delta-base", "the delta is for a device that runs another release")
            listed = [(str(path), [Block(*one) for one in blocks])
                      for path, blocks in value["files"]]  # fmt: skip
            if sorted(path for path, _ in listed) != sorted(self._sizes):
                raise ValueError("it does not make exactly the listed files")
            for path, blocks in listed:
                if not all(self._sound(block) for block in blocks):
                    raise ValueError(f"a block of {path[:100]} is malformed")
                if sum(block.length for block in blocks) != self._sizes[path]:
                    raise ValueError(f"{path[:100]} gets another size")
        except (zstandard.ZstdError, ValueError, KeyError, TypeError, RecursionError) as fault:
            raise Refused("delta-unreadable", str(fault)[:200]) from fault
        return listed

    def _sound(self, block: Block) -> bool:
        numbers = (block.length, block.offset, block.wide, block.codec, block.packed)
        return (
            all(type(number) is int and number >= 0 for number in numbers)
            and block.source in self._sources
            and 0 < block.length <= MAX_BLOCK
            and block.wide <= MAX_BASE
            and block.offset < 2**62
            and block.packed <= 2 * MAX_BLOCK
            and block.codec in (COPY, PLAIN, PATCH, ADD)
            and (block.codec not in (COPY, ADD) or block.wide == block.length)
            and bool(block.source) == (block.codec != PLAIN)
        )

    def _file(self, stream: IO[bytes], blocks: list[Block], digest: Any) -> Iterator[bytes]:
        for block in blocks:
            packed = stream.read(block.packed)
            old = b""
            if block.source:
                with (self._base / block.source).open("rb") as base:
                    base.seek(block.offset)
                    old = base.read(block.wide)
            try:
                data = unpacked(block, packed, old)
            except (zstandard.ZstdError, ValueError, MemoryError) as fault:
                raise Refused("delta-unreadable", str(fault)[:200]) from fault
            if len(data) != block.length:
                raise Refused("delta-differs", "a block makes another number of bytes")
            digest.update(data)
            yield data


def unpacked(block: Block, packed: bytes, old: bytes) -> bytes:
    """The bytes that a block stands for."""
    if block.codec == COPY:
        return old
    if zstandard.frame_content_size(packed) != block.length:
        raise ValueError("a block of another size")
    if block.codec != PATCH:
        plain = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompress(packed)
        return added(old, plain) if block.codec == ADD else plain
    known = zstandard.ZstdCompressionDict(old, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    return zstandard.ZstdDecompressor(known, max_window_size=MAX_WINDOW).decompress(packed)


def added(old: bytes, change: bytes) -> bytes:
    """Byte by byte, modulo 256."""
    import numpy as np

    if len(old) != len(change):
        raise ValueError("a block that adds to another number of bytes")
    return (np.frombuffer(old, np.uint8) + np.frombuffer(change, np.uint8)).tobytes()
