"""What a device checks before it switches; the numbers are those of docs/ota.md."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from hybridspec.agent.client import Offer
from hybridspec.agent.errors import Refused
from hybridspec.agent.state import State
from hybridspec.bundle.manifest import (
    ManifestError,
    ReleaseManifest,
    canonical_json,
    parse_manifest,
    release_id,
)

RESERVE = 16 * 2**20
"""Bytes that have to stay free on the disk beside a release."""


def eligible(offer: Offer, state: State, device_class: str) -> ReleaseManifest:
    """Steps 3 to 6: may this device run this release? Raises `Refused`."""
    # (3) The manifest is well formed and is the release that the signed block names.
    try:
        manifest = parse_manifest(offer.manifest)
    except ManifestError as fault:
        raise Refused("manifest-malformed", str(fault)) from fault
    if release_id(offer.manifest) != offer.release:
        raise Refused("release-mismatch", "the manifest is not the release that was signed")
    # (4) It is for this class, by the signed block and by the manifest.
    if {offer.device_class, manifest.device_class, *offer.hardware} != {device_class}:
        raise Refused("wrong-class", f"the release is for {manifest.device_class}")
    # (5) It is not older than what ran here, unless a signed revert says so.
    floor = state.counter_floor
    if offer.counter < floor and (
        offer.rollback_allowed_to is None or offer.counter < offer.rollback_allowed_to
    ):
        raise Refused("counter-decreased", f"counter {offer.counter} is below {floor}")
    if offer.epoch < state.epoch_floor:
        raise Refused("epoch-decreased", f"epoch {offer.epoch} is below {state.epoch_floor}")
    # (6) It has not failed here before under the same counter.
    if state.quarantined.get(offer.tar_sha256, -1) >= offer.counter:
        raise Refused("quarantined", "this release failed its trial on this device")
    return manifest


def room(offer: Offer, manifest: ReleaseManifest, home: Path) -> None:
    """Step 7: may this device install it now? Raises `Refused`."""
    # (7) There is room for the archive and for what comes out of it.
    needed = sum(record.size for record in manifest.files) + offer.tar_size + RESERVE
    free = shutil.disk_usage(home).free
    if free < needed:
        raise Refused("disk-full", f"{needed} bytes are needed, {free} are free")


def installed(slot: Path, manifest: ReleaseManifest) -> None:
    """Step 9: is a slot what was signed? Raises `Refused`."""
    # (9) It holds exactly the files of its manifest, byte for byte, and no links.
    wanted = {record.path: record for record in manifest.files}
    found = {str(p.relative_to(slot)) for p in slot.rglob("*")
             if p.is_symlink() or not p.is_dir()}  # fmt: skip
    if found != {*wanted, "release.json"}:
        raise Refused("files-differ", "the slot does not hold exactly the listed files")
    if any((slot / path).is_symlink() for path in found):
        raise Refused("files-differ", "the slot holds links")
    if (slot / "release.json").read_bytes() != canonical_json(manifest):
        raise Refused("manifest-differs", "the bundle's manifest is not the signed one")
    for path, record in wanted.items():
        file = slot / path
        if file.stat().st_size != record.size:
            raise Refused("file-differs", f"{path} has another size")
        with file.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != record.sha256:
                raise Refused("file-differs", f"{path} has another digest")
