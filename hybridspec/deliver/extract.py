"""A bundle to a folder: all of it as its manifest lists it, or nothing at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hybridspec.base.errors import UsageError
from hybridspec.bundle.judge import Trust, judge
from hybridspec.bundle.reading import BundleRefused, Opened, read_bundle


def extract(bundle: Path, folder: Path) -> Opened:
    """Unpack beside `folder` first, and rename when every file is what the manifest lists.

    Raises:
        BundleRefused: it is not a bundle, or a file is not as listed.
        UsageError: there is something in the folder already.
    """
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise UsageError(f"{folder} is there already", help="name a folder that is empty or new")
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))

    def write(path: str, size: int, pieces: Iterator[bytes]) -> None:
        if size > shutil.disk_usage(work).free:
            raise UsageError(
                f"there is no room for {path[:100]}", help="make room, or go elsewhere"
            )
        target = work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as out:
            for piece in pieces:
                out.write(piece)

    try:
        with bundle.open("rb") as source:
            opened = read_bundle(source, write)
        faults = judge(opened, Trust(signatures=False))
        if faults:
            raise BundleRefused(faults[0].reason, faults[0].message)
        work.chmod(0o755)
        work.rename(folder)  # an empty folder of this name is replaced
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as fault:
        raise BundleRefused("archive-path", "a path is both a file and a folder") from fault
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return opened
