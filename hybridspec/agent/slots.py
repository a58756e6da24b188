"""A/B slots: unpack under the archive rules, make durable, point `current` at one."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
from pathlib import Path
from typing import IO, Any

import zstandard

from hybridspec.agent.client import Offer
from hybridspec.agent.errors import Refused
from hybridspec.agent.state import sync_folder
from hybridspec.bundle.manifest import MAX_MANIFEST, ReleaseManifest

_CHUNK = 1 << 16
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
"""Files as they are; not sparse ones, which grow beyond the bytes that were read."""


class _Limited(io.RawIOBase):
    """The decompressed stream: digest kept, growth beyond the signed size refused."""

    def __init__(self, source: Any, limit: int) -> None:
        self._source, self._limit = source, limit
        self.digest = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._source.read(_CHUNK if size < 0 else size)
        self.size += len(data)
        if self.size > self._limit:
            raise Refused("archive-grows", "the archive is larger than was signed")
        self.digest.update(data)
        return data


def unpack(archive: Path, slot: Path, offer: Offer, manifest: ReleaseManifest) -> None:
    """Step 8: unpack into an empty slot; only listed, plain files of the listed size.

    Raises:
        Refused: a rule was broken; the slot is left empty.
        OSError: the device's storage failed.
    """
    # (8) The archive is of the signed size and content, and holds nothing but listed plain files.
    shutil.rmtree(slot, ignore_errors=True)
    slot.mkdir(parents=True)
    try:
        with archive.open("rb") as packed:
            reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(packed)
            stream = _Limited(reader, offer.tar_size)
            _members(stream, slot, manifest)
            while stream.read(_CHUNK):
                pass
        if stream.digest.hexdigest() != offer.tar_sha256 or stream.size != offer.tar_size:
            raise Refused("archive-differs", "the archive's content is not what was signed")
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as fault:
        shutil.rmtree(slot, ignore_errors=True)
        raise Refused("archive-unreadable", f"the archive cannot be unpacked: {fault}") from fault
    except Refused:
        shutil.rmtree(slot, ignore_errors=True)
        raise
    _sync_tree(slot)


def _members(stream: Any, slot: Path, manifest: ReleaseManifest) -> None:
    sizes = {record.path: record.size for record in manifest.files}
    sizes["release.json"] = MAX_MANIFEST
    seen: set[str] = set()
    with tarfile.open(fileobj=stream, mode="r|", format=tarfile.PAX_FORMAT) as archive:
        for member in archive:
            name = member.name
            if member.type not in _PLAIN or member.issparse() or name not in sizes:
                raise Refused("archive-member", f"{name[:100]} may not be in the bundle")
            if name in seen:
                raise Refused("archive-duplicate", f"{name[:100]} is in the bundle twice")
            exact = name != "release.json"
            if member.size > sizes[name] or (exact and member.size != sizes[name]):
                raise Refused("archive-size", f"{name[:100]} has another size")
            seen.add(name)
            source = archive.extractfile(member)
            if source is not None:
                _write(slot / name, source)
    if seen != set(sizes):
        raise Refused("archive-incomplete", "the bundle lacks files that its manifest lists")


def _write(path: Path, source: IO[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as target:
        shutil.copyfileobj(source, target, _CHUNK)
        target.flush()
        os.fsync(target.fileno())


def _sync_tree(slot: Path) -> None:
    for folder in [p for p in slot.rglob("*") if p.is_dir()]:
        sync_folder(folder)
    sync_folder(slot)
    sync_folder(slot.parent)


def point(home: Path, slot: str) -> None:
    """Let `current` name a slot, or nothing; replaced by rename."""
    link, target = home / "current", Path("slots") / slot
    if not slot:
        if link.is_symlink():
            link.unlink()
            sync_folder(home)
        return
    if link.is_symlink() and link.readlink() == target:
        return
    new = home / ".current.new"
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(link)
    sync_folder(home)
