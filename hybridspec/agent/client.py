"""The TUF client: which release this device is offered, and its files, over http or a folder.

Verification is python-tuf's `ngclient`; this module adds what it leaves to its user: bootstrap
root, fetching from a folder, and targets that appear only when whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from tuf.api.exceptions import (
    DownloadError,
    DownloadHTTPError,
    ExpiredMetadataError,
    RepositoryError,
)
from tuf.ngclient import FetcherInterface, Updater
from tuf.ngclient.config import UpdaterConfig

from hybridspec.agent.errors import Refused, Unreachable
from hybridspec.agent.state import sync_folder

DEVELOPMENT = "x-hybridspec-development"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the channel has for this class: the signed custom block and the manifest's bytes."""

    release: str
    counter: int
    epoch: int
    rollback_allowed_to: int | None
    device_class: str
    hardware: tuple[str, ...]
    bundle: str
    tar_sha256: str
    tar_size: int
    install_size: int
    manifest: bytes


class _Folder(FetcherInterface):
    """Reads a channel from a mounted folder, such as a USB kit."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(unquote(urlparse(url).path))
        try:
            with path.open("rb") as stream:
                while chunk := stream.read(1 << 16):
                    yield chunk
        except OSError as fault:
            raise DownloadHTTPError(f"{path.name} is not in the channel", 404) from fault


class Channel:
    """One refresh of the channel; every fault is `Refused` or `Unreachable`."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        base = url if "://" in url else Path(url).resolve().as_uri()
        folder = home / "metadata"
        shutil.rmtree(home / "download", ignore_errors=True)
        for path in (folder, home / "download"):
            path.mkdir(parents=True, exist_ok=True)
        self._updater = Updater(
            metadata_dir=str(folder),
            metadata_base_url=f"{base.rstrip('/')}/metadata/",
            target_dir=str(home / "download"),
            target_base_url=f"{base.rstrip('/')}/targets/",
            fetcher=_Folder() if base.startswith("file:") else None,
            config=UpdaterConfig(),
            bootstrap=(home / "root.json").read_bytes(),
        )

    def offer(self, device_class: str) -> Offer:
        """Refresh all metadata and read the manifest that the class's pointer names."""
        pointer = f"{device_class}/current/manifest.json"
        try:
            self._updater.refresh()
            info = self._updater.get_targetinfo(pointer)
            if info is None:
                raise Refused("nothing-for-class", f"the channel has nothing for {device_class}")
            data = Path(self._updater.download_target(info)).read_bytes()
        except (RepositoryError, DownloadError, OSError, ValueError) as fault:
            raise _stopped(fault) from fault
        return _offer(info.custom, data)

    def fetch(self, target: str, to: Path) -> None:
        """Download a target to a temporary name, verified, then rename it into place."""
        try:
            info = self._updater.get_targetinfo(target)
            if info is None:
                raise Refused("bundle-missing", f"the channel does not list {target}")
            partial = to.with_name(f".{to.name}.partial")
            to.parent.mkdir(parents=True, exist_ok=True)
            self._updater.download_target(info, str(partial))
            with partial.open("rb") as stream:
                os.fsync(stream.fileno())
            partial.replace(to)
            sync_folder(to.parent)
        except (RepositoryError, DownloadError, OSError, ValueError) as fault:
            raise _stopped(fault) from fault


def _stopped(fault: Exception) -> Refused | Unreachable:
    if isinstance(fault, ExpiredMetadataError):
        return Refused("metadata-expired", str(fault))
    if isinstance(fault, RepositoryError):
        return Refused("signature-refused", str(fault)[:300])
    if isinstance(fault, DownloadHTTPError):
        return Unreachable("file-missing", str(fault)[:300])
    if isinstance(fault, DownloadError):
        return Unreachable("channel-unreachable", str(fault)[:300])
    return Refused("metadata-unreadable", str(fault)[:300])


def _offer(custom: dict[str, Any] | None, manifest: bytes) -> Offer:
    try:
        block = (custom or {})["hybridspec"]
        allowed = block["rollback_allowed_to"]
        return Offer(
            release=str(block["release"]),
            counter=int(block["release_counter"]),
            epoch=int(block["security_epoch"]),
            rollback_allowed_to=None if allowed is None else int(allowed),
            device_class=str(block["device_class"]),
            hardware=tuple(map(str, (custom or {})["hardwareIds"])),
            bundle=str(block["bundle"]),
            tar_sha256=str(block["tar_sha256"]),
            tar_size=int(block["tar_size"]),
            install_size=int(block["install_size"]),
            manifest=manifest,
        )
    except (KeyError, TypeError, ValueError) as fault:
        raise Refused("custom-unreadable", "the signed release block is malformed") from fault


def is_development(root: bytes) -> bool:
    """Whether a root says that its keys are development keys."""
    return bool(json.loads(root)["signed"].get(DEVELOPMENT))
