"""Attacks on a channel: how each is mounted, and the reason that a device gives for refusing it."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import zstandard
from conformance.channels import (
    CAMERA,
    HUB,
    INPUTS,
    MODEL,
    OUTPUTS,
    Content,
    Publisher,
    arrays,
    content,
    tiny_model,
)
from tuf.api.metadata import Metadata

from hybridspec.bundle.keys import DevelopmentKeys, class_role
from hybridspec.bundle.manifest import canonical_json
from hybridspec.bundle.repository import ClassRelease

POINTER = f"{CAMERA}/current/manifest.json"


@dataclass(slots=True)
class Field:
    """A device that ran A and runs B of epoch 1, its channel, and what the attacker has kept."""

    publisher: Publisher
    home: Path
    first: dict[str, str]
    b: ClassRelease
    old: Path

    @property
    def metadata(self) -> Path:
        return self.publisher.channel / "metadata"

    def target(self, release: ClassRelease, name: str) -> Path:
        """A target file in the channel."""
        folder = self.publisher.channel / "targets" / release.device_class / release.release
        return next(folder.glob(f"*.{name}"))

    def next(self) -> ClassRelease:
        """Publish C, which the device would install."""
        c = self.publisher.release(content(3.0), security_epoch=1)
        self.publisher.publish(c)
        return c

    def class_metadata(self, change: Callable[[Any], object], **more: Any) -> None:
        """Change what the camera's role signs; snapshot and timestamp agree with it."""
        self.publisher.forge(class_role(CAMERA), change, **more)

    def custom(self, **changes: Any) -> None:
        """Let the camera's own key sign C with another block."""
        self.next()

        def change(signed: Any) -> None:
            for target in signed.targets.values():
                target.custom["hybridspec"].update(changes)

        self.class_metadata(change)

    def archive(self, members: list[tuple[tarfile.TarInfo, bytes]], grow: int = 0) -> None:
        """Let the camera's own key sign C with this archive in place of its own."""
        c, stream = self.next(), io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for info, data in members:
                archive.addfile(info, io.BytesIO(data))
        tar = stream.getvalue()
        packed = zstandard.compress(tar + bytes(grow))
        self.publisher.list_archive(
            c, packed, tar_sha256=hashlib.sha256(tar).hexdigest(), tar_size=len(tar)
        )


C = content(3.0)


def member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE) -> tuple[Any, bytes]:
    """A member of an archive."""
    info = tarfile.TarInfo(name)
    info.size, info.type = len(data), kind
    info.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    return info, data


def members(**instead: bytes) -> list[tuple[Any, bytes]]:
    """The members of C's own archive, some with other content."""
    files = {path: data for path, data in C.tree if isinstance(data, bytes)}
    return [member(path, instead.get(path, data)) for path, data in files.items()]


def _unsigned_target(field: Field) -> None:
    """The mirror hands out software of its own under the name of a signed bundle."""
    c = field.next()
    evil = field.publisher.release(Content(manifest=C.manifest, files={**C.files, MODEL: b"evil"}))
    shutil.copy(evil.bundle, field.target(c, "bundle.tar.zst"))


def _signed_by_a_stranger(field: Field) -> None:
    """Online keys are stolen, and another class's key signs for the camera."""
    field.next()
    field.class_metadata(lambda signed: None, by=(class_role(HUB),))


def _unsigned_metadata(field: Field) -> None:
    field.next()
    field.class_metadata(lambda signed: None, by=())


def _old_timestamp(field: Field) -> None:
    shutil.copy(field.old / "timestamp.json", field.metadata / "timestamp.json")


def _old_snapshot(field: Field) -> None:
    """The timestamp key is stolen: a new timestamp points at the snapshot before."""
    before = Metadata.from_file(str(field.old / "timestamp.json")).signed
    field.publisher.forge(
        "timestamp", lambda signed: setattr(signed, "snapshot_meta", before.snapshot_meta)
    )


def _old_class_metadata(field: Field) -> None:
    """Both online keys are stolen: a new snapshot lists the class metadata before."""
    before = Metadata.from_file(str(field.old / "1.snapshot.json")).signed
    name = f"{class_role(CAMERA)}.json"
    field.publisher.forge("snapshot", lambda signed: signed.meta.update({name: before.meta[name]}))


def _class_metadata_left_out(field: Field) -> None:
    field.publisher.forge("snapshot", lambda signed: signed.meta.pop(f"{class_role(CAMERA)}.json"))


def _freeze(field: Field) -> None:
    """The mirror keeps showing a timestamp whose time is over."""
    field.next()
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    field.publisher.forge("timestamp", lambda signed: setattr(signed, "expires", past))


def _expired_class(field: Field) -> None:
    field.next()
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    field.class_metadata(lambda signed: setattr(signed, "expires", past))


def _mix_and_match(field: Field) -> None:
    """A snapshot that is signed as it should be, but belongs to another timestamp."""
    field.next()
    snapshot = field.publisher.metadata("snapshot").signed

    def change(signed: Any) -> None:
        signed.meta[f"{class_role(CAMERA)}.json"].version += 1

    field.publisher.forge("snapshot", change, version=snapshot.version, online=False)


def _endless_metadata(field: Field) -> None:
    field.next()
    with (field.metadata / "timestamp.json").open("ab") as stream:
        stream.write(b" " * 20_000)


def _endless_target(field: Field) -> None:
    with field.target(field.next(), "bundle.tar.zst").open("ab") as stream:
        stream.write(bytes(100_000))


def _name_swap(field: Field) -> None:
    """The camera's key lists the hub's release under the camera's name."""
    hub = field.publisher.metadata(class_role(HUB)).signed.targets
    theirs = f"{HUB}/current/manifest.json"
    folder = field.publisher.channel / "targets"
    shutil.copytree(folder / HUB / "current", folder / CAMERA / "current", dirs_exist_ok=True)

    def change(signed: Any) -> None:
        signed.targets[POINTER] = replace_path(hub[theirs], POINTER)

    field.class_metadata(change)


def _relabelled(field: Field) -> None:
    """The same, with a block that lies about the class: the manifest does not."""
    _name_swap(field)

    def change(signed: Any) -> None:
        custom = signed.targets[POINTER].custom
        custom["hardwareIds"] = [CAMERA]
        custom["hybridspec"].update(device_class=CAMERA, release_counter=9, security_epoch=1)

    field.class_metadata(change)


def replace_path(target: Any, path: str) -> Any:
    """A target under another name."""
    moved = type(target).from_dict(target.to_dict(), path)
    assert moved.path == path
    return moved


def _wrong_delegation(field: Field) -> None:
    """The hub's key signs for the camera's paths, and the camera's role says nothing."""
    c = field.next()
    listed = field.publisher.metadata(class_role(CAMERA)).signed.targets
    assert c.release in json.dumps([t.custom for t in listed.values()])
    field.class_metadata(lambda signed: signed.targets.clear())
    field.publisher.forge(class_role(HUB), lambda signed: signed.targets.update(listed))


def _one_root_key(field: Field) -> None:
    """One of three root keys is stolen and signs a root with the attacker's own keys."""
    stranger = DevelopmentKeys(field.publisher.keys.pems).signer(class_role(HUB)).public_key

    def change(signed: Any) -> None:
        for role in ("root", "targets", "snapshot", "timestamp"):
            signed.add_key(stranger, role)
            signed.roles[role].threshold = 1

    field.publisher.forge("root", change, by=("root-1", class_role(HUB)))


def _another_root(field: Field) -> None:
    """The device was set up with the root of somebody else, marked as its own by nobody."""
    keys = dict(field.publisher.keys.pems)
    names = ("root-1", "root-2", "root-3", "timestamp", "snapshot", "targets")
    turned = dict(zip(names, (keys[n] for n in reversed(names)), strict=True))
    other = Publisher(field.publisher.folder / "other")
    other.keys = DevelopmentKeys({**keys, **turned})
    other.offer(1.0)
    (field.home / "root.json").chmod(0o644)
    (field.home / "root.json").write_bytes(other.root)
    field.next()


def _tampered_bundle(field: Field) -> None:
    path = field.target(field.next(), "bundle.tar.zst")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _tampered_pointer(field: Field) -> None:
    c = field.next()
    folder = field.publisher.channel / "targets" / CAMERA / "current"
    path = folder / f"{hashlib.sha256(c.manifest).hexdigest()}.manifest.json"
    path.write_bytes(path.read_bytes().replace(b"tiny", b"evil"))


def _tampered_model(field: Field) -> None:
    """From here on the class's own key signs: an archive that is not its manifest's."""
    field.archive(members(**{MODEL: tiny_model(4.0)}))


def _tampered_golden(field: Field) -> None:
    data = bytearray(C.files[OUTPUTS])
    data[-1] ^= 1
    field.archive(members(**{OUTPUTS: bytes(data)}))


def _tampered_inner_manifest(field: Field) -> None:
    other = canonical_json(replace(C.manifest, spec="evil"))
    field.archive(members(**{"release.json": other}))


def _another_tar(field: Field) -> None:
    """The compressed archive is the one that was signed; the tar in it is not."""
    field.custom(tar_sha256="0" * 64)


def _another_manifest(field: Field) -> None:
    field.custom(release="0" * 16)


def _bad_manifest(field: Field) -> None:
    """A manifest that was signed, but lists a path outside the slot."""
    evil = canonical_json(C.manifest).replace(MODEL.encode(), b"../../" + MODEL[6:].encode())
    field.publisher.publish(replace(
        field.publisher.release(C), manifest=evil, security_epoch=1,
    ))  # fmt: skip


ATTACKS: dict[str, tuple[Callable[[Field], None], str, str]] = {
    # name: how, the reason that the device gives, a part of its message
    "arbitrary software": (_unsigned_target, "target-too-long|target-differs", ""),
    "metadata signed by a stranger": (_signed_by_a_stranger, "signature-refused", "class-camera"),
    "metadata signed by nobody": (_unsigned_metadata, "signature-refused", "0/1"),
    "rollback of the timestamp": (_old_timestamp, "metadata-rollback", "timestamp version"),
    "rollback of the snapshot": (_old_snapshot, "metadata-rollback", "snapshot version"),
    "rollback of class metadata": (_old_class_metadata, "metadata-rollback", "class-camera"),
    "class metadata left out": (_class_metadata_left_out, "metadata-refused", "missing info"),
    "release counter decreased": (
        lambda f: f.custom(release_counter=1), "counter-decreased", "below 2"),
    "security epoch decreased": (
        lambda f: f.custom(security_epoch=0), "epoch-decreased", "below 1"),
    "epoch decreased by a revert": (
        lambda f: f.custom(release_counter=1, rollback_allowed_to=1, security_epoch=0),
        "epoch-decreased", "below 1"),
    "freeze": (_freeze, "metadata-expired", "timestamp"),
    "expired class metadata": (_expired_class, "metadata-expired", "class-camera"),
    "mix and match": (_mix_and_match, "metadata-differs", "hash"),
    "endless metadata": (_endless_metadata, "metadata-too-long", "exceeding"),
    "endless target": (_endless_target, "target-too-long", "exceeding"),
    "another class by name swap": (_name_swap, "wrong-class", HUB),
    "another class under a false label": (_relabelled, "wrong-class", HUB),
    "another class's delegation": (_wrong_delegation, "nothing-for-class", CAMERA),
    "one stolen root key": (_one_root_key, "signature-refused", "root"),
    "another root": (_another_root, "signature-refused", "timestamp"),
    "tampered bundle": (_tampered_bundle, "target-differs", "does not match"),
    "tampered manifest": (_tampered_pointer, "target-differs", "does not match"),
    "tampered model": (_tampered_model, "file-differs", MODEL),
    "tampered golden file": (_tampered_golden, "file-differs", OUTPUTS),
    "tampered manifest in the archive": (_tampered_inner_manifest, "manifest-differs", "manifest"),
    "another tar in the archive": (_another_tar, "archive-differs", "content"),
    "another release in the block": (_another_manifest, "release-mismatch", "manifest"),
    "a manifest that leaves its slot": (_bad_manifest, "manifest-malformed", "safe relative path"),
    "member outside the slot": (
        lambda f: f.archive([*members(), member("../../evil", b"x")]), "archive-member", "evil"),
    "member with an absolute path": (
        lambda f: f.archive([*members(), member("/tmp/evil", b"x")]), "archive-member", "evil"),
    "symbolic link": (
        lambda f: f.archive([member(MODEL, kind=tarfile.SYMTYPE), *members()]),
        "archive-member", MODEL),
    "hard link": (
        lambda f: f.archive([member(MODEL, kind=tarfile.LNKTYPE), *members()]),
        "archive-member", MODEL),
    "device file": (
        lambda f: f.archive([member(MODEL, kind=tarfile.CHRTYPE), *members()]),
        "archive-member", MODEL),
    "duplicate member": (
        lambda f: f.archive([*members(), *members()[:1]]), "archive-duplicate", "twice"),
    "unlisted member": (
        lambda f: f.archive([*members(), member("model/extra", b"x")]), "archive-member", "extra"),
    "member of another size": (
        lambda f: f.archive(members(**{INPUTS: arrays(x=[1.0])})), "archive-size", INPUTS),
    "decompression bomb": (
        lambda f: f.archive(members(), grow=64 * 2**20), "archive-grows", "larger"),
    "missing member": (lambda f: f.archive(members()[1:]), "archive-incomplete", "lacks"),
}  # fmt: skip
