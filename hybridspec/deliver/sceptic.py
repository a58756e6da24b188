"""A channel read by somebody who does not trust it: from a folder or a URL, with bounded memory.

What a device would install is what python-tuf's own client says, in a folder of its own; every
other fault is found by `bundle/audit.py`, which stops at none.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlparse

from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    RepositoryError,
)
from tuf.api.metadata import Metadata, Root, TargetFile
from tuf.ngclient import FetcherInterface, Updater
from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher

from hybridspec.base.errors import ResourceFailed, UsageError
from hybridspec.bundle.audit import Audit, audit, tier_of

_CHUNK = 1 << 20


class Folder(FetcherInterface):
    """Reads a channel from a folder."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(unquote(urlparse(url).path))
        try:
            if path.exists() and not path.is_file():  # a pipe would never answer
                raise DownloadHTTPError(url, 404)
            with path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as fault:
            raise DownloadHTTPError(url, 404) from fault


class Channel:
    """One repository at a URL or in a folder."""

    def __init__(self, place: str) -> None:
        self.base = (place if "://" in place else Path(place).resolve().as_uri()).rstrip("/")
        self.fetcher = Folder() if self.base.startswith("file:") else Urllib3Fetcher()

    def read(self, path: str, limit: int) -> bytes | None:
        """A file, if it is there and no larger than a client would read.

        Raises:
            ResourceFailed: the channel cannot be reached.
        """
        try:
            return self.fetcher.download_bytes(f"{self.base}/{path}", limit)
        except DownloadHTTPError as fault:
            if fault.status_code in (403, 404):
                return None
            raise self._unreachable(fault) from fault
        except DownloadLengthMismatchError:
            return None
        except DownloadError as fault:
            raise self._unreachable(fault) from fault

    def check(self, path: str, target: TargetFile) -> str:
        """What is wrong with a target's file, as a stream."""
        folder, _, name = path.rpartition("/")
        digest = target.hashes.get("sha256", "")
        url = f"{self.base}/targets/{folder}/{digest}.{name}"
        total, size = hashlib.sha256(), 0
        try:
            for chunk in self.fetcher.fetch(url):
                total.update(chunk)
                size += len(chunk)
                if size > target.length:
                    return f"it is longer than the {target.length} bytes that were signed"
        except DownloadHTTPError:
            return "its file is not there"
        except DownloadError as fault:
            raise self._unreachable(fault) from fault
        if size != target.length:
            return f"it has {size} bytes, and {target.length} were signed"
        return "" if total.hexdigest() == digest else "its bytes are not those that were signed"

    def _unreachable(self, fault: Exception) -> ResourceFailed:
        return ResourceFailed(f"the channel cannot be read: {str(fault)[:200]}",
                              help="look whether its server runs, or name its folder")  # fmt: skip


def judged(place: str, root: bytes | None, now: datetime) -> Audit:
    """What a channel offers, and every fault; `root` is the one that devices have burnt in.

    Without one, the channel's own first root is believed, which proves nothing about who wrote it.

    Raises:
        UsageError: there is no channel.
        ResourceFailed: it cannot be reached.
    """
    channel = Channel(place)
    bootstrap = root or channel.read("metadata/1.root.json", 512_000)
    if bootstrap is None:
        raise UsageError(
            f"there is no channel at {place}",
            help="name the folder or URL that holds `metadata` and `targets`",
        )
    found = audit(channel.read, channel.check, bootstrap, now)
    if found.faults and not found.classes:
        return found
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "targets").mkdir()
        for view in found.classes:
            if fault := _device(channel, bootstrap, Path(home), view.device_class, view.release):
                found.faults.append(f"a device of `{view.device_class}` refuses it: {fault}")
    return found


def _device(channel: Channel, root: bytes, home: Path, name: str, release: str) -> str:
    """Why python-tuf's client does not get the release of a class; empty if it does."""
    try:
        updater = Updater(
            str(home / "metadata"), f"{channel.base}/metadata/", str(home / "targets"),
            f"{channel.base}/targets/", channel.fetcher, bootstrap=root,
        )  # fmt: skip
        updater.refresh()
        info = updater.get_targetinfo(f"{name}/current/manifest.json")
        if info is None:
            return "it is not offered anything"
        updater.download_target(info, str(home / "targets" / "manifest.json"))
        got = str(info.custom["hybridspec"]["release"])
    except (RepositoryError, DownloadError, ValueError, OSError, KeyError) as fault:
        return f"{type(fault).__name__}: {str(fault)[:200]}"
    return "" if got == release else f"it is offered {got}"


def repositories_at(place: str, root: bytes | None) -> list[str]:
    """The repositories of a channel: of a URL that one, of a folder those of the root's tier."""
    if "://" in place:
        return [place]
    folder = Path(place)
    inner = sorted(p.parent for p in folder.glob("*/metadata") if p.is_dir())
    there = [*([folder] if (folder / "metadata").is_dir() or not inner else []), *inner]
    mine = [path for path in there if root is not None and _tier(path) == _tier(root)]
    return [str(path) for path in mine or there]


def _tier(root: Path | bytes) -> str | None:
    try:
        data = root if isinstance(root, bytes) else (root / "metadata/1.root.json").read_bytes()
        return tier_of(Metadata[Root].from_bytes(data))
    except (OSError, RepositoryError):
        return None
