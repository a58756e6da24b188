"""Attacks on what a release is: manifest, bundle, and archives that the class's own key signed."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.channels import (
    CAMERA,
    HUB,
    INPUTS,
    MODEL,
    OUTPUTS,
    Content,
    arrays,
    content,
    listed,
    tiny_model,
)
from conformance.field import Field

from hybridspec.bundle.keys import class_role
from hybridspec.bundle.manifest import canonical_json

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


def _endless_target(field: Field) -> None:
    with field.target(field.next(), "bundle.tar.zst").open("ab") as stream:
        stream.write(bytes(100_000))


def _unsigned_target(field: Field) -> None:
    """The mirror hands out software of its own under the name of a signed bundle."""
    c = field.next()
    evil = field.publisher.release(Content(manifest=C.manifest, files={**C.files, MODEL: b"evil"}))
    shutil.copy(evil.bundle, field.target(c, "bundle.tar.zst"))


def _colliding_manifest(field: Field) -> None:
    files = {**C.files, MODEL.upper(): b"x"}
    made = Content(manifest=replace(C.manifest, files=listed(files)), files=files)
    field.publisher.publish(field.publisher.release(made, security_epoch=1))


def _below_the_manifest(field: Field) -> None:
    files = {**C.files, "RELEASE.JSON/x": b"x"}
    made = Content(manifest=replace(C.manifest, files=listed(files)), files=files)
    field.publisher.publish(field.publisher.release(made, security_epoch=1))


def _long_bundle(field: Field) -> None:
    """The bundle is as long as the disk, and as long as was signed."""

    def change(signed: Any) -> None:
        for path, target in signed.targets.items():
            target.length = 2**40 if path.endswith("bundle.tar.zst") else target.length

    field.next()
    field.publisher.forge(class_role(CAMERA), change)


def _foreign_bundle(field: Field) -> None:
    """The release says that the hub's software has to be installed, too."""
    hub = field.publisher.metadata(class_role(HUB)).signed.targets
    path = next(path for path in hub if path.endswith("bundle.tar.zst"))
    field.custom(bundle=path)


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


def _tampered(name: str) -> Callable[[Field], None]:
    """A document about the release is another one than its manifest lists."""

    def attack(field: Field) -> None:
        files = {**C.files, name: b'{"signed": "by us"}'}
        manifest = replace(C.manifest, files=listed(files))
        evil = Content(manifest=manifest, files={**files, name: b'{"signed": "by me"}'})
        field.publisher.publish(field.publisher.release(evil, security_epoch=1))

    return attack


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


def _renamed(of: tuple[Any, bytes]) -> tuple[Any, bytes]:
    of[0].pax_headers = {"path": "../../evil"}
    return of


def _resized(of: tuple[Any, bytes]) -> tuple[Any, bytes]:
    of[0].pax_headers = {"size": "1"}
    return of


def _set_uid(of: tuple[Any, bytes]) -> tuple[Any, bytes]:
    of[0].mode = 0o4755
    return of


CONTENT: dict[str, tuple[Callable[[Field], None], str, str]] = {
    # name: how, the reason that the device gives, a part of its message
    "arbitrary software": (_unsigned_target, "bundle-too-long|bundle-differs", ""),
    "endless target": (_endless_target, "bundle-too-long", "exceeding"),
    "extraneous dependency": (_foreign_bundle, "bundle-foreign", HUB),
    "tampered bundle": (_tampered_bundle, "bundle-differs", "bundle.tar.zst does not match"),
    "tampered manifest": (_tampered_pointer, "pointer-differs", "does not match"),
    "tampered model": (_tampered_model, "content-differs", MODEL),
    "tampered golden file": (_tampered_golden, "content-differs", OUTPUTS),
    "tampered bill of materials": (
        _tampered("sbom.cdx.json"), "content-differs", "sbom.cdx.json"),
    "tampered model signature": (_tampered("model.sig"), "content-differs", "model.sig"),
    "tampered provenance": (
        _tampered("provenance.dsse.json"), "content-differs", "provenance.dsse.json"),
    "tampered manifest in the archive": (_tampered_inner_manifest, "manifest-differs", "manifest"),
    "another tar in the archive": (_another_tar, "archive-differs", "content"),
    "another release in the block": (_another_manifest, "release-mismatch", "manifest"),
    "a manifest that leaves its slot": (_bad_manifest, "manifest-malformed", "safe relative path"),
    "names that are one where case does not count": (
        _colliding_manifest, "manifest-collision", "case"),
    "files where the manifest itself lies": (
        _below_the_manifest, "manifest-collision", "two files"),
    "counter that is no number": (
        lambda f: f.custom(release_counter=True), "custom-unreadable", "malformed"),
    "counter beyond all others": (
        lambda f: f.custom(release_counter=2**53), "custom-unreadable", "malformed"),
    "negative counter": (
        lambda f: f.custom(release_counter=-3, rollback_allowed_to=-3),
        "custom-unreadable", "malformed"),
    "epoch that is text": (
        lambda f: f.custom(security_epoch="9"), "custom-unreadable", "malformed"),
    "rollout that is none": (lambda f: f.custom(rollout=[]), "custom-unreadable", "rollout"),
    "signed bundle as long as the disk": (_long_bundle, "bundle-too-long", "larger"),
    "member outside the slot (zip-slip)": (
        lambda f: f.archive([*members(), member("../../evil", b"x")]), "archive-path", "../evil"),
    "member with an absolute path": (
        lambda f: f.archive([*members(), member("/tmp/evil", b"x")]), "archive-path", "/tmp/evil"),
    "symbolic link": (
        lambda f: f.archive([member(MODEL, kind=tarfile.SYMTYPE), *members()]),
        "archive-link", MODEL),
    "hard link": (
        lambda f: f.archive([member(MODEL, kind=tarfile.LNKTYPE), *members()]),
        "archive-link", MODEL),
    "device file": (
        lambda f: f.archive([member(MODEL, kind=tarfile.CHRTYPE), *members()]),
        "archive-device", MODEL),
    "named pipe": (
        lambda f: f.archive([member(MODEL, kind=tarfile.FIFOTYPE), *members()]),
        "archive-fifo", MODEL),
    "sparse file": (
        lambda f: f.archive([member(MODEL, kind=tarfile.GNUTYPE_SPARSE), *members()]),
        "archive-sparse", MODEL),
    "extended header that renames": (
        lambda f: f.archive([_renamed(members()[0]), *members()[1:]]), "archive-path", "evil"),
    "extended header that resizes": (
        lambda f: f.archive([_resized(members()[0]), *members()[1:]]), "archive-pax", INPUTS),
    "member that is set-uid": (
        lambda f: f.archive([_set_uid(members()[0]), *members()[1:]]), "archive-header", INPUTS),
    "duplicate member": (
        lambda f: f.archive([*members(), *members()[:1]]), "archive-duplicate", "twice"),
    "unlisted member": (
        lambda f: f.archive([*members(), member("model/extra", b"x")]),
        "archive-unlisted", "extra"),
    "member of another size": (
        lambda f: f.archive(members(**{INPUTS: arrays(x=[1.0])})), "archive-size", INPUTS),
    "decompression bomb": (
        lambda f: f.archive(members(), grow=64 * 2**20), "archive-grows", "larger"),
    "missing member": (lambda f: f.archive(members()[1:]), "archive-incomplete", "lacks"),
}  # fmt: skip
