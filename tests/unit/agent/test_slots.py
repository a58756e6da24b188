"""Slots: `current` moves in one step, and an archive fills a slot or leaves it empty."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import zstandard
from conformance.channels import CAMERA, MODEL, content, digests, listed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridspec.agent import slots, verify
from hybridspec.agent.archive import Packed
from hybridspec.agent.client import Offer
from hybridspec.agent.errors import Refused
from hybridspec.agent.slots import fill, point
from hybridspec.bundle.archive import write_archive
from hybridspec.bundle.manifest import ReleaseManifest, canonical_json, release_id
from hybridspec.ir.tree import FileTree

MADE = content(1.0)
FILES = {path: data for path, data in MADE.tree if isinstance(data, bytes)}
FILES_ALONE = {path: data for path, data in FILES.items() if path != "release.json"}


def offered(tar: bytes) -> Offer:
    """An offer of a tar, as the class's key would sign it."""
    manifest = canonical_json(MADE.manifest)
    return Offer(
        release=release_id(manifest), counter=1, epoch=0, rollback_allowed_to=None,
        device_class=CAMERA, hardware=(CAMERA,), bundle="x", manifest=manifest,
        tar_sha256=sha256(tar).hexdigest(), tar_size=len(tar),
    )  # fmt: skip


def unpack(archive: Path, slot: Path, offer: Offer, manifest: ReleaseManifest) -> None:
    """Read everything once without writing, then fill the slot, as an update does."""
    sizes = {path: record.size for path, record in verify.expected(offer, manifest).items()}
    release = Packed(archive, sizes, offer.tar_sha256, offer.tar_size)
    verify.content(release, offer, manifest)
    fill(slot, release)


def tarred(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A tar of any members."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def plain() -> list[tuple[tarfile.TarInfo, bytes]]:
    """The members of a good archive."""
    members = []
    for path, data in FILES.items():
        info = tarfile.TarInfo(path)
        info.size = len(data)
        members.append((info, data))
    return members


def unpacked(folder: Path, tar: bytes, packed: bytes | None = None) -> Path:
    """Unpack a tar into a slot below a folder."""
    archive = folder / "bundle.tar.zst"
    archive.write_bytes(zstandard.compress(tar) if packed is None else packed)
    unpack(archive, folder / "slots" / "a", offered(tar), MADE.manifest)
    return folder / "slots" / "a"


def refused(folder: Path, tar: bytes, packed: bytes | None = None) -> str:
    """Why an archive was refused; no slot was touched then."""
    with pytest.raises(Refused) as caught:
        unpacked(folder, tar, packed)
    assert not (folder / "slots" / "a").exists()
    return caught.value.reason


def test_a_good_archive_fills_the_slot_and_replaces_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "slots" / "a" / "model").mkdir(parents=True)
    (tmp_path / "slots" / "a" / "model" / "old").write_bytes(b"old")
    slot = unpacked(tmp_path, tarred(plain()))
    assert digests(slot) == {p: sha256(d).hexdigest() for p, d in sorted(FILES.items())}


def test_what_the_publisher_packs_the_agent_unpacks(tmp_path: Path) -> None:
    packed = io.BytesIO()
    digest = write_archive(MADE.tree, packed)
    tar = zstandard.ZstdDecompressor().stream_reader(packed.getvalue()).read()
    assert (sha256(tar).hexdigest(), len(tar)) == (digest.tar_sha256, digest.tar_size)
    assert digests(unpacked(tmp_path, tar, packed.getvalue()))


def test_a_member_of_another_kind_is_refused(tmp_path: Path) -> None:
    """Every type that tar knows, plain files aside, under a name that the manifest lists."""
    kinds = {
        tarfile.LNKTYPE: "archive-link", tarfile.SYMTYPE: "archive-link",
        tarfile.CHRTYPE: "archive-device", tarfile.BLKTYPE: "archive-device",
        tarfile.FIFOTYPE: "archive-fifo", tarfile.DIRTYPE: "archive-header",
        tarfile.CONTTYPE: "archive-header", tarfile.AREGTYPE: "archive-header",
        tarfile.GNUTYPE_SPARSE: "archive-sparse", b"Z": "archive-header",
    }  # fmt: skip
    for kind, reason in kinds.items():
        members = plain()
        members[0][0].type = kind
        members[0][0].linkname = "/etc/passwd" if kind in (b"1", b"2") else ""
        assert refused(tmp_path, tarred(members)) == reason, kind


PAX = {
    "a sparse map": ({"GNU.sparse.map": "0,0,9,0", "GNU.sparse.size": "9"}, "archive-sparse"),
    "another size": ({"size": "1"}, "archive-pax"),
    "a link": ({"linkpath": "/etc/passwd"}, "archive-pax"),
    "a comment": ({"comment": "x"}, "archive-pax"),
    "another path": ({"path": "../../evil"}, "archive-path"),
    "a path that needs no header": ({"path": MODEL}, "archive-header"),
    "a header of a gigabyte": ({"comment": "x" * 2**20}, "archive-pax"),
}


@pytest.mark.parametrize("name", PAX)
def test_an_extended_header_says_the_path_of_a_long_name_and_nothing_else(
    tmp_path: Path, name: str
) -> None:
    headers, reason = PAX[name]
    members = plain()
    info, data = members[1]
    assert info.name == MODEL
    info.pax_headers = headers
    members[1] = (info, data)
    assert refused(tmp_path, tarred(members)) == reason


def test_a_global_header_is_refused(tmp_path: Path) -> None:
    tar = tarfile.TarInfo.create_pax_global_header({"path": "evil"}) + tarred(plain())
    assert refused(tmp_path, tar) == "archive-pax"


def test_a_long_name_is_unpacked(tmp_path: Path) -> None:
    """Its path stands in an extended header, as the publisher's archives have it."""
    path = "/".join(("model", "é" * 60, "x" * 90, "model.onnx"))
    manifest = replace(MADE.manifest, files=listed({**FILES_ALONE, path: b"long"}))
    data = canonical_json(manifest)
    packed = io.BytesIO()
    digest = write_archive(FileTree({**FILES_ALONE, path: b"long", "release.json": data}), packed)
    offer = replace(offered(b""), manifest=data, tar_sha256=digest.tar_sha256,
                    tar_size=digest.tar_size)  # fmt: skip
    (tmp_path / "long").write_bytes(packed.getvalue())
    unpack(tmp_path / "long", tmp_path / "slots" / "a", offer, manifest)
    assert (tmp_path / "slots" / "a" / path).read_bytes() == b"long"


HEADERS = {
    "set-uid": {"mode": 0o4755}, "an owner": {"uid": 1}, "an owner's name": {"uname": "root"},
    "a time": {"mtime": 1}, "no permission": {"mode": 0},
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_no_publisher_writes_is_refused(tmp_path: Path, name: str) -> None:
    members = plain()
    for field, value in HEADERS[name].items():
        setattr(members[1][0], field, value)
    assert refused(tmp_path, tarred(members)) == "archive-header"


def test_nothing_hides_behind_a_member_or_the_archive(tmp_path: Path) -> None:
    tar = tarred(plain())
    assert refused(tmp_path, tar[:-1] + b"x") == "archive-trailing"
    size = len(plain()[0][1])
    assert size % 512
    behind = bytearray(tar)
    behind[512 + size] = 1
    assert refused(tmp_path, bytes(behind)) == "archive-header"


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_changed_byte_of_an_archive_fills_a_slot(tmp_path: Path, data: st.DataObject) -> None:
    """Even if somebody signed it: the tar is not the tar whose digest was signed."""
    tar = tarred(plain())
    raw = bytearray(zstandard.compress(tar))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    shutil.rmtree(tmp_path / "slots", ignore_errors=True)
    try:
        slot = unpacked(tmp_path, tar, bytes(raw))
    except Refused:
        assert not (tmp_path / "slots" / "a").exists()
    else:  # a bit that the frame format ignores
        assert digests(slot) == {p: sha256(d).hexdigest() for p, d in sorted(FILES.items())}


def test_a_cut_archive_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    tar = tarred(plain())
    packed = zstandard.compress(tar)
    for length in (0, 1, 4, len(packed) // 2, len(packed) - 1):
        assert refused(tmp_path, tar, packed[:length]).startswith("archive-")


def test_a_full_disk_is_not_the_archive_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        unpacked(tmp_path, tarred(plain()))


def test_a_bomb_is_stopped_at_the_signed_size(tmp_path: Path) -> None:
    tar = tarred(plain())
    bomb = tar + bytes(64 * 2**20)
    assert refused(tmp_path, tar, zstandard.compress(bomb)) == "archive-grows"


def test_current_moves_in_one_step_and_only_if_it_must(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / "slots" / name).mkdir(parents=True)
    point(tmp_path, "")
    assert not (tmp_path / "current").is_symlink()
    for name in ("a", "b", "a"):
        point(tmp_path, name)
        assert (tmp_path / "current").resolve() == tmp_path / "slots" / name
    monkeypatch.setattr(slots, "sync_folder", lambda _: pytest.fail("nothing had to be written"))
    before = (tmp_path / "current").lstat()
    point(tmp_path, "a")
    assert (tmp_path / "current").lstat().st_ino == before.st_ino
    monkeypatch.undo()
    point(tmp_path, "")
    assert not (tmp_path / "current").is_symlink()


def test_what_an_interrupted_move_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "slots" / "a").mkdir(parents=True)
    (tmp_path / ".current.new").symlink_to("nowhere")
    point(tmp_path, "a")
    assert (tmp_path / "current").readlink() == Path("slots/a")


def test_a_manifest_that_lists_a_larger_file_does_not_let_it_in(tmp_path: Path) -> None:
    records = tuple(
        replace(r, size=r.size + 1) if r.path == MODEL else r for r in MADE.manifest.files
    )
    tar = tarred(plain())
    (tmp_path / "bundle.tar.zst").write_bytes(zstandard.compress(tar))
    with pytest.raises(Refused) as caught:
        unpack(tmp_path / "bundle.tar.zst", tmp_path / "slots" / "a", offered(tar),
               replace(MADE.manifest, files=records))  # fmt: skip
    assert caught.value.reason == "archive-size"
