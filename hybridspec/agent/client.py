"""The TUF client: which release this device is offered, and its files, resumed and bounded.

Verification of metadata is python-tuf's `ngclient`; this module adds what it leaves to its user:
bootstrap root, clock, downloads that go on where they broke off, and names for every fault.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    SlowRetrievalError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Root, TargetFile
from tuf.ngclient import Updater

from hybridspec.agent.errors import Refused, Unreachable
from hybridspec.agent.fetch import Clock, Source, source
from hybridspec.agent.state import sync_file, sync_folder
from hybridspec.bundle.manifest import MAX_MANIFEST, in_rollout

DEVELOPMENT, TIER = "x-hybridspec-development", "x-hybridspec-tier"
LARGEST = 2**53
"""No number of a signed block reaches it: no reader of JSON takes it for another one."""


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


class Channel:
    """One refresh of the channel; whatever is wrong with it is `Refused` or `Unreachable`."""

    def __init__(
        self, home: Path, url: str, clock: Clock | None = None, fetcher: Source | None = None
    ) -> None:
        self.home, self.downloads = home, home / "download"
        self.base = (url if "://" in url else Path(url).resolve().as_uri()).rstrip("/")
        clock = clock or Clock()
        self._source: Source = fetcher or source(self.base, clock)
        self._info: TargetFile | None = None
        self._fresh = False
        folder = home / "metadata"
        folder.mkdir(exist_ok=True)
        for left in folder.glob("tmp*"):  # python-tuf's, when it was interrupted
            left.unlink()
        self.burnt_in = (home / "root.json").read_bytes()
        with _explained("metadata"):
            self._updater = Updater(
                metadata_dir=str(folder),
                metadata_base_url=f"{self.base}/metadata/",
                fetcher=self._source,  # type: ignore[arg-type]
                bootstrap=self.burnt_in,
            )
            self._updater._trusted_set.reference_time = clock.now()  # there is no public way

    def refresh(self, device_class: str) -> None:
        """Bring every role that speaks for a class up to date."""
        with _explained("metadata"):
            self._updater.refresh()
            self._fresh = True
            self._info = self._updater.get_targetinfo(f"{device_class}/current/manifest.json")

    def development(self) -> bool:
        """Whether the channel has become one of development keys, and the burnt-in root is not."""
        trusted = self._updater._trusted_set
        marked = (trusted.root, trusted.targets)
        now = any(role.unrecognized_fields.get(DEVELOPMENT) for role in marked)
        return now and not is_development(self.burnt_in)

    def left_tier(self) -> bool:
        """Whether the channel has become that of devices that may be away for longer, or less."""
        burnt_in = Metadata[Root].from_bytes(self.burnt_in).signed.unrecognized_fields.get(TIER)
        now = self._updater._trusted_set.root.unrecognized_fields.get(TIER)
        return burnt_in is not None and now != burnt_in

    def forget_roots(self) -> None:
        """Begin at the burnt-in root again with the next look."""
        shutil.rmtree(self.home / "metadata" / "root_history", ignore_errors=True)

    def offer(self, device_class: str, device_id: str = "") -> Offer:
        """Read the manifest that the class's pointer names for this device."""
        if not self._fresh:
            self.refresh(device_class)
        info = self._info
        if info is not None and not _invited(info.custom, device_id):
            info = self.target(f"{device_class}/stable/manifest.json")
            if info is None:
                raise Refused("not-in-rollout", "the release has not come to this device yet")
        if info is None:
            raise Refused("nothing-for-class", f"the channel has nothing for {device_class}")
        with _explained("pointer"):
            data = self._small(info)
        return _offer(info.custom, data)

    def target(self, path: str) -> TargetFile | None:
        """What the class's role signed under a path."""
        with _explained("metadata"):
            return self._updater.get_targetinfo(path)

    def fetch(self, info: TargetFile, subject: str = "bundle") -> Path:
        """Download a target, from where an earlier try broke off; whole and as signed, or not.

        Raises:
            Refused: what came is not what was signed; nothing of it is kept.
            Unreachable: it broke off; what came is kept, and the next try goes on from there.
        """
        path = self.downloads / _sha256(info)
        self._only(path)
        with _explained(subject):
            try:
                self._receive(info, path)
                with path.open("rb") as stream:
                    if hashlib.file_digest(stream, "sha256").hexdigest() != path.name:
                        raise LengthOrHashMismatchError(f"{info.path} does not match its digest")
            except (LengthOrHashMismatchError, DownloadLengthMismatchError):
                path.unlink(missing_ok=True)
                raise
        sync_file(path)
        sync_folder(self.downloads)
        return path

    def _receive(self, info: TargetFile, path: Path) -> None:
        """Append what is lacking of a target; the digest of the whole is for the caller."""
        have = path.stat().st_size if path.exists() else 0
        if have >= info.length > 0:
            return
        have, chunks = self._source.resume(self._url(info), have)
        with path.open("ab") as stream:
            stream.truncate(have)  # a server that knows no parts starts from the beginning
            for chunk in chunks:
                have += len(chunk)
                if have > info.length:
                    raise DownloadLengthMismatchError(
                        f"{info.path} is exceeding the {info.length} bytes that were signed"
                    )
                stream.write(chunk)

    def forget(self) -> None:
        """Remove whatever was downloaded."""
        shutil.rmtree(self.downloads, ignore_errors=True)

    def _only(self, path: Path) -> None:
        """Let no download stay that nobody will go on with."""
        self.downloads.mkdir(exist_ok=True)
        for other in self.downloads.iterdir():
            if other != path:
                other.unlink()

    def _small(self, info: TargetFile) -> bytes:
        """A target that fits into memory."""
        if info.length > MAX_MANIFEST:
            raise DownloadLengthMismatchError(f"{info.path} is exceeding what a manifest may be")
        data = b""
        for chunk in self._source.fetch(self._url(info)):
            data += chunk
            if len(data) > info.length:
                raise DownloadLengthMismatchError(f"{info.path} is exceeding its signed length")
        info.verify_length_and_hashes(data)
        return data

    def _url(self, info: TargetFile) -> str:
        """Consistent snapshots: the digest stands before a file's name."""
        folder, _, name = info.path.rpartition("/")
        return f"{self.base}/targets/{folder}/{_sha256(info)}.{name}"


def _sha256(info: TargetFile) -> str:
    digest = info.hashes.get("sha256", "")
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise Refused("custom-unreadable", f"{info.path} has no SHA-256")
    return digest


@contextmanager
def _explained(subject: str) -> Iterator[None]:
    """Turn every fault of the channel into `Refused` or `Unreachable`; storage faults pass."""
    try:
        yield
    except (RepositoryError, DownloadError, ValueError) as fault:
        raise _stopped(fault, subject) from fault


def _stopped(fault: Exception, subject: str) -> Refused | Unreachable:
    message = re.sub(r"://[^/\s]*@", "://", str(fault))[:300]  # no credentials into reports
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
        case SlowRetrievalError():
            return Unreachable("channel-slow", message)
        case DownloadHTTPError():
            return Unreachable("file-missing", message)
        case DownloadError():
            return Unreachable("channel-unreachable", message)
        case _:
            return Refused("metadata-refused", message)


def block_of(custom: Any) -> dict[str, Any]:
    """The signed block of a target; raises `TypeError` or `KeyError` where it has none."""
    block = custom["hybridspec"]
    if type(block) is not dict:
        raise TypeError("the signed block is no object")
    return block


def _number(value: Any) -> int:
    """A number as every reader of JSON has it: whole, not negative, and exact."""
    if type(value) is not int or not 0 <= value < LARGEST:
        raise TypeError("no number of a release")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError("no text")
    return value


def _invited(custom: Any, device_id: str) -> bool:
    """Whether the rollout of a release has come to this device."""
    try:
        rollout = block_of(custom).get("rollout")
        if rollout is None:  # of a channel that knows none
            return True
        return in_rollout(device_id, _text(rollout["id"]), _number(rollout["percent"]))
    except (KeyError, TypeError) as fault:
        raise Refused("custom-unreadable", "the signed rollout is malformed") from fault


def _offer(custom: Any, manifest: bytes) -> Offer:
    try:
        block = block_of(custom)
        allowed = block["rollback_allowed_to"]
        return Offer(
            release=_text(block["release"]),
            counter=_number(block["release_counter"]),
            epoch=_number(block["security_epoch"]),
            rollback_allowed_to=None if allowed is None else _number(allowed),
            device_class=_text(block["device_class"]),
            hardware=tuple(map(_text, custom["hardwareIds"])),
            bundle=_text(block["bundle"]),
            tar_sha256=_text(block["tar_sha256"]),
            tar_size=_number(block["tar_size"]),
            manifest=manifest,
        )
    except (KeyError, TypeError) as fault:
        raise Refused("custom-unreadable", "the signed release block is malformed") from fault


def is_development(root: bytes) -> bool:
    """Whether a root says that its keys are development keys; raises `Refused` if it is none."""
    try:
        signed = Metadata[Root].from_bytes(root).signed
    except RepositoryError as fault:
        raise Refused("root-unreadable", "this is no TUF root metadata") from fault
    return bool(signed.unrecognized_fields.get(DEVELOPMENT))
