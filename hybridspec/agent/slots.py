"""A/B slots: write a release that was verified, make it durable, point `current` at one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from hybridspec.agent.archive import Content
from hybridspec.agent.errors import Refused
from hybridspec.agent.state import sync_folder


def fill(slot: Path, release: Content) -> None:
    """Write a release that was read and verified before into an empty slot.

    Raises:
        Refused: it is no longer what it was; the slot is left empty.
        OSError: the device's storage failed.
    """
    shutil.rmtree(slot, ignore_errors=True)
    slot.mkdir(parents=True)
    try:
        for path, chunks in release.files():
            _write(slot / path, chunks)
    except Refused:
        shutil.rmtree(slot, ignore_errors=True)
        raise
    _sync_tree(slot)


def _write(path: Path, chunks: Iterator[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as target:
        for chunk in chunks:
            target.write(chunk)
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
