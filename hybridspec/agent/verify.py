"""What a device checks before it switches: one function a step, in the order of docs/ota.md.

Every step returns or raises `Refused` (or `Unreachable`) with a reason that no other step has.
Until the last step before the slot nothing is written but metadata that was verified and a
download that was: a release that is refused costs the device neither slot.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from unicodedata import normalize

from hybridspec.agent import health
from hybridspec.agent.archive import Content
from hybridspec.agent.client import Channel, Offer
from hybridspec.agent.errors import Refused
from hybridspec.agent.state import Installed, State
from hybridspec.bundle.manifest import (
    FileRecord,
    ManifestError,
    ReleaseManifest,
    canonical_json,
    parse_manifest,
    release_id,
)

RESERVE = 16 * 2**20
"""Bytes that have to stay free on the disk beside a release."""
SLACK = 2**16
"""Bytes beyond one in 128 by which a frame may be larger than what is in it."""
MANIFEST = "release.json"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its number, its function's name and the reasons it gives."""

    number: int
    name: str
    reasons: tuple[str, ...]


STEPS: list[Step] = []
Act = TypeVar("Act", bound=Callable[..., object])


def _step(*reasons: str) -> Callable[[Act], Act]:
    """Give the function its number: steps are written down in the order they are taken."""

    def keep(act: Act) -> Act:
        STEPS.append(Step(len(STEPS) + 1, act.__name__, reasons))
        return act

    return keep


@_step(
    "channel-unreachable", "channel-slow", "file-missing", "metadata-expired", "metadata-rollback",
    "signature-refused", "metadata-differs", "metadata-too-long", "metadata-refused",
)  # fmt: skip
def metadata(channel: Channel, device_class: str) -> None:
    """Root, timestamp, snapshot, targets and the class's role hold, as TUF's workflow says."""
    channel.refresh(device_class)


@_step("development-keys", "tier-changed")
def custody(channel: Channel) -> None:
    """A device that was set up for production follows no root of development keys.

    Nor any that is valid for longer than its own: the roots of all tiers have the same keys.
    """
    if channel.development():
        raise Refused("development-keys", "the channel's keys are development keys now")
    if channel.left_tier():
        channel.forget_roots()
        raise Refused("tier-changed", "the channel is that of another tier now")


@_step(
    "nothing-for-class",
    "not-in-rollout",
    "pointer-differs",
    "pointer-too-long",
    "custom-unreadable",
)
def pointer(channel: Channel, device_class: str, device_id: str = "") -> Offer:
    """The manifest is, byte for byte, the target that the class's role signed for this device."""
    return channel.offer(device_class, device_id)


@_step("manifest-malformed", "manifest-collision", "release-mismatch")
def manifest(offer: Offer) -> ReleaseManifest:
    """The manifest is well formed, and is the release that the signed block names."""
    try:
        parsed = parse_manifest(offer.manifest)
    except ManifestError as fault:
        raise Refused("manifest-malformed", str(fault)) from fault
    names = {folded(record.path) for record in parsed.files} | {folded(MANIFEST)}
    folders = {str(up) for name in names for up in PurePosixPath(name).parents}
    if len(names) != len(parsed.files) + 1 or names & folders:
        raise Refused("manifest-collision", "two files are one where case does not count")
    if release_id(offer.manifest) != offer.release:
        raise Refused("release-mismatch", "the manifest is not the release that was signed")
    return parsed


@_step("wrong-class")
def device_class(offer: Offer, parsed: ReleaseManifest, mine: str) -> None:
    """Signed block, hardware ids and manifest name this device's class and no other."""
    if {offer.device_class, parsed.device_class, *offer.hardware} != {mine}:
        raise Refused("wrong-class", f"the release is for {parsed.device_class}")


@_step("bundle-foreign")
def dependency(offer: Offer) -> None:
    """What is to be fetched is this release's own bundle: a release depends on nothing else."""
    if offer.bundle != f"{offer.device_class}/{offer.release}/bundle.tar.zst":
        raise Refused("bundle-foreign", f"{offer.bundle[:100]} is not this release's bundle")


@_step("epoch-decreased")
def epoch(offer: Offer, state: State) -> None:
    """The security epoch never falls; no revert lowers it."""
    if offer.epoch < state.epoch_floor:
        raise Refused("epoch-decreased", f"epoch {offer.epoch} is below {state.epoch_floor}")


@_step("counter-decreased")
def counter(offer: Offer, state: State) -> None:
    """The release is not older than what ran here, unless a signed revert says so."""
    floor = state.counter_floor
    if offer.counter < floor and (
        offer.rollback_allowed_to is None or offer.counter < offer.rollback_allowed_to
    ):
        raise Refused("counter-decreased", f"counter {offer.counter} is below {floor}")


@_step("quarantined")
def quarantine(offer: Offer, state: State) -> None:
    """The content has not failed here before under this counter or a higher one."""
    if state.quarantined.get(offer.tar_sha256, -1) >= offer.counter:
        raise Refused("quarantined", "this release failed its trial on this device")


@_step("disk-full")
def room(offer: Offer, parsed: ReleaseManifest, home: Path) -> None:
    """There is room for the archive and for what comes out of it."""
    needed = sum(record.size for record in parsed.files) + offer.tar_size + RESERVE
    free = shutil.disk_usage(home).free
    if free < needed:
        raise Refused("disk-full", f"{needed} bytes are needed, {free} are free")


@_step("delta-base", "delta-unreadable", "delta-differs", "delta-too-long")
def delta(channel: Channel, offer: Offer, running: Installed | None) -> Path | None:
    """Where the class's role signed a delta from exactly what runs here, that is fetched first.

    Whatever is wrong with it costs nothing but the download: the bundle is fetched instead.
    """
    if running is None:
        return None
    info = channel.target(f"{offer.device_class}/{offer.release}/from-{running.release}.delta")
    if info is None:
        return None
    custom = info.custom if isinstance(info.custom, dict) else {}
    block = custom.get("hybridspec")
    if not isinstance(block, dict) or block.get("base_digest") != running.tar_sha256:
        raise Refused("delta-base", "the delta is for a device that runs another release")
    if info.length > offer.tar_size:
        raise Refused("delta-too-long", "the delta is larger than what it makes")
    return channel.fetch(info, "delta")


@_step("bundle-missing", "bundle-differs", "bundle-too-long")
def bundle(channel: Channel, offer: Offer) -> Path:
    """The bundle has the length and the digest that the class's role signed."""
    info = channel.target(offer.bundle)
    if info is None:
        raise Refused("bundle-missing", f"the channel does not list {offer.bundle}")
    if info.length > offer.tar_size + offer.tar_size // 128 + SLACK:
        raise Refused("bundle-too-long", "the bundle is larger than what comes out of it")
    return channel.fetch(info)


@_step(
    "archive-unreadable", "archive-grows", "archive-differs", "archive-incomplete",
    "archive-trailing", "archive-link", "archive-device", "archive-fifo", "archive-sparse",
    "archive-pax", "archive-path", "archive-duplicate", "archive-unlisted", "archive-size",
    "archive-header", "manifest-differs", "content-differs",
)  # fmt: skip
def content(release: Content, offer: Offer, parsed: ReleaseManifest) -> None:
    """Read all of it without writing: plain files of the manifest alone, digest by digest."""
    wanted = expected(offer, parsed)
    for path, chunks in release.files():
        digest = hashlib.sha256()
        for chunk in chunks:
            digest.update(chunk)
        if digest.hexdigest() != wanted[path].sha256:
            if path == MANIFEST:
                raise Refused("manifest-differs", "the bundle's manifest is not the signed one")
            raise Refused("content-differs", f"{path} has another digest")


@_step("files-differ", "file-differs")
def slot(folder: Path, parsed: ReleaseManifest) -> None:
    """The slot holds exactly the files of its manifest, byte for byte, and no links."""
    wanted = {record.path: record for record in parsed.files}
    found = {str(p.relative_to(folder)) for p in folder.rglob("*")
             if p.is_symlink() or not p.is_dir()}  # fmt: skip
    if found != {*wanted, MANIFEST}:
        raise Refused("files-differ", "the slot does not hold exactly the listed files")
    if any((folder / path).is_symlink() for path in found):
        raise Refused("files-differ", "the slot holds links")
    if (folder / MANIFEST).read_bytes() != canonical_json(parsed):
        raise Refused("file-differs", "release.json is not the signed manifest")
    for path, record in wanted.items():
        file = folder / path
        if file.stat().st_size != record.size:
            raise Refused("file-differs", f"{path} has another size")
        with file.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != record.sha256:
                raise Refused("file-differs", f"{path} has another digest")


@_step(
    "health-timeout", "health-crashed", "provider-missing", "model-does-not-run", "golden-differs",
    "too-slow", "too-much-memory",
)  # fmt: skip
def trial(folder: Path) -> dict[str, Any]:
    """The release keeps its health contract on this very device, in a process of its own."""
    return health.trial(folder)


def folded(path: str) -> str:
    """A path as file systems see it for which case, or how an accent is written, does not count."""
    return normalize("NFC", normalize("NFC", path).casefold())


def eligible(offer: Offer, state: State, mine: str) -> ReleaseManifest:
    """The steps that need nothing but the offer and what is remembered here."""
    parsed = manifest(offer)
    device_class(offer, parsed, mine)
    dependency(offer)
    epoch(offer, state)
    counter(offer, state)
    quarantine(offer, state)
    return parsed


def expected(offer: Offer, parsed: ReleaseManifest) -> dict[str, FileRecord]:
    """What the archive holds, by path: the listed files and the manifest itself."""
    own = FileRecord(
        path=MANIFEST, size=len(offer.manifest), sha256=hashlib.sha256(offer.manifest).hexdigest()
    )
    return {record.path: record for record in (*parsed.files, own)}
