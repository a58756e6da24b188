"""The TUF client: which release this device is offered, and its files, over http or a folder.

Verification is python-tuf's `ngclient`; this module adds what it leaves to its user: bootstrap
root, fetching from a folder, and targets that appear only when whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Root
from tuf.ngclient import FetcherInterface, Updater
from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher

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
    manifest: bytes


class _Fetcher(FetcherInterface):
    """Lets a stream that breaks off be a download fault, like one that never starts."""

    def fetch(self, url: str) -> Iterator[bytes]:
        try:
            yield from super().fetch(url)
        except DownloadError:
            raise
        except Exception as fault:
            raise DownloadError(f"{url}: {fault}") from fault


class _Web(_Fetcher, Urllib3Fetcher):
    """Reads a channel over HTTP."""


class _Folder(_Fetcher):
    """Reads a channel from a mounted folder, such as a USB kit."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(unquote(urlparse(url).path))
        try:
            stream = path.open("rb")
        except (FileNotFoundError, NotADirectoryError) as fault:
            raise DownloadHTTPError(f"{path.name} is not in the channel", 404) from fault
        with stream:
            while chunk := stream.read(1 << 16):
                yield chunk


class Channel:
    """One refresh of the channel; whatever is wrong with it is `Refused` or `Unreachable`."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        base = url if "://" in url else Path(url).resolve().as_uri()
        folder = home / "metadata"
        shutil.rmtree(home / "download", ignore_errors=True)
        for path in (folder, home / "download"):
            path.mkdir(exist_ok=True)
        for left in folder.glob("tmp*"):  # python-tuf's, when it was interrupted
            left.unlink()
        with _explained("metadata"):
            self._updater = Updater(
                metadata_dir=str(folder),
                metadata_base_url=f"{base.rstrip('/')}/metadata/",
                target_dir=str(home / "download"),
                target_base_url=f"{base.rstrip('/')}/targets/",
                fetcher=_Folder() if base.startswith("file:") else _Web(),
                bootstrap=(home / "root.json").read_bytes(),
            )

    def offer(self, device_class: str) -> Offer:
        """Refresh all metadata and read the manifest that the class's pointer names."""
        pointer = f"{device_class}/current/manifest.json"
        # (1) Root, timestamp, snapshot, targets and the class's own role: signatures, versions,
        # expiry, hashes and lengths.
        with _explained("metadata"):
            self._updater.refresh()
            info = self._updater.get_targetinfo(pointer)
        if info is None:
            raise Refused("nothing-for-class", f"the channel has nothing for {device_class}")
        # (2) The manifest is, byte for byte, the target that the class's role signed.
        with _explained("target"):
            data = Path(self._updater.download_target(info)).read_bytes()
        return _offer(info.custom, data)

    def fetch(self, target: str, to: Path) -> None:
        """Download a target to a temporary name, verified, then rename it into place."""
        with _explained("metadata"):
            info = self._updater.get_targetinfo(target)
        if info is None:
            raise Refused("bundle-missing", f"the channel does not list {target}")
        partial = to.with_name(f".{to.name}.partial")
        to.parent.mkdir(parents=True, exist_ok=True)
        with _explained("target"):
            self._updater.download_target(info, str(partial))
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.replace(to)
        sync_folder(to.parent)


@contextmanager
def _explained(subject: str) -> Iterator[None]:
    """Turn every fault of the channel into `Refused` or `Unreachable`; storage faults pass."""
    try:
        yield
    except (RepositoryError, DownloadError, ValueError) as fault:
        raise _stopped(fault, subject) from fault


def _stopped(fault: Exception, subject: str) -> Refused | Unreachable:
    message = str(fault)[:300]
    match fault:
        case ExpiredMetadataError():
            return Refused("metadata-expired", message)
        case BadVersionNumberError():
            return Refused("metadata-rollback", message)
        case UnsignedMetadataError():
            return Refused("signature-refused", message)
        case LengthOrHashMismatchError():
            return Refused(f"{subject}-differs", message)
        case DownloadLengthMismatchError():
            return Refused(f"{subject}-too-long", message)
        case DownloadHTTPError():
            return Unreachable("file-missing", message)
        case DownloadError():
            return Unreachable("channel-unreachable", message)
        case _:
            return Refused("metadata-refused", message)


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
            manifest=manifest,
        )
    except (KeyError, TypeError, ValueError) as fault:
        raise Refused("custom-unreadable", "the signed release block is malformed") from fault


def is_development(root: bytes) -> bool:
    """Whether a root says that its keys are development keys; raises `Refused` if it is none."""
    try:
        signed = Metadata[Root].from_bytes(root).signed
    except RepositoryError as fault:
        raise Refused("root-unreadable", "this is no TUF root metadata") from fault
    return bool(signed.unrecognized_fields.get(DEVELOPMENT))
