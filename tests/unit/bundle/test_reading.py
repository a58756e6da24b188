"""Archives that strangers made: each rule is broken once, and refused by name in time."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from hybridspec.base.errors import UsageError
from hybridspec.bundle.archive import header, member, write_archive
from hybridspec.bundle.reading import BundleRefused, read_bundle
from hybridspec.deliver.extract import extract
from hybridspec.ir.tree import FileTree

FILES: dict[str, Any] = {
    "model/" + "long/" * 30 + "m": b"\1" * 70_000, "release.json": b"{}", "a": b"", "é": b"e",
}  # fmt: skip


def packed(tar: bytes) -> bytes:
    """A tar as an archive."""
    return zstandard.ZstdCompressor(level=1).compress(tar)


def plain(files: dict[str, Any] | None = None) -> bytes:
    """The tar of some files, as it is written here."""
    out = io.BytesIO()
    write_archive(FileTree(files or FILES), out)
    return bytes(zstandard.ZstdDecompressor().stream_reader(out.getvalue()).read())


def one(change: Callable[[tarfile.TarInfo], object], data: bytes = b"", name: str = "x") -> bytes:
    """A tar of one member that differs from what is written here."""
    out = io.BytesIO()
    info = member(name, len(data))
    change(info)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def of(**fields: Any) -> Callable[[tarfile.TarInfo], None]:
    """A change of fields of a header."""

    def change(info: tarfile.TarInfo) -> None:
        for name, value in fields.items():
            setattr(info, name, value)

    return change


def twice(*names: str) -> bytes:
    """A tar with these members, in this order."""
    return b"".join(header(member(name, 0)) for name in names) + bytes(10_240)


def huge_extension() -> bytes:
    """An extended header that says to be 2 GiB long."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 2**31
    return info.tobuf(tarfile.USTAR_FORMAT) + bytes(10_240)


HOSTILE: dict[str, tuple[bytes, str]] = {
    "symbolic link": (one(of(type=tarfile.SYMTYPE, linkname="/etc/passwd")), "archive-member"),
    "hard link": (one(of(type=tarfile.LNKTYPE, linkname="a")), "archive-member"),
    "device": (one(of(type=tarfile.CHRTYPE, devmajor=1)), "archive-member"),
    "fifo": (one(of(type=tarfile.FIFOTYPE)), "archive-member"),
    "folder": (one(of(type=tarfile.DIRTYPE)), "archive-member"),
    "sparse file": (one(of(type=tarfile.GNUTYPE_SPARSE)), "archive-member"),
    "absolute path": (one(of(), name="/etc/x"), "archive-path"),
    "way out": (one(of(), name="a/../../x"), "archive-path"),
    "backslash": (one(of(), name="a\\x"), "archive-path"),
    "owner": (one(of(uid=1000)), "archive-member"),
    "name of an owner": (one(of(uname="root")), "archive-member"),
    "time": (one(of(mtime=1)), "archive-member"),
    "executable": (one(of(mode=0o4755)), "archive-member"),
    "comment": (one(of(pax_headers={"comment": "x"})), "archive-member"),
    "sparse map": (one(of(pax_headers={"GNU.sparse.major": "1"})), "archive-member"),
    "duplicate": (twice("a", "a"), "archive-order"),
    "out of order": (twice("b", "a"), "archive-order"),
    "huge extension": (huge_extension(), "archive-header"),
    "no tar": (b"x" * 10_240, "archive-header"),
    "cut off": (plain()[:2_000], "archive-truncated"),
    "more behind": (plain() + bytes(512), "archive-trailing"),
    "not ended": (plain()[:-512], "archive-truncated"),
    "document too large": (plain({"sbom.cdx.json": bytes(5 * 2**20)}), "archive-document"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_what_was_not_written_here_is_refused(case: str, tmp_path: Path) -> None:
    tar, reason = HOSTILE[case]
    bundle = tmp_path / "bundle.tar.zst"
    bundle.write_bytes(packed(tar))
    with pytest.raises(BundleRefused) as refused:
        extract(bundle, tmp_path / "out")
    assert refused.value.reason == reason
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.tar.zst"]


def test_what_was_written_is_read_back() -> None:
    out = io.BytesIO()
    digest = write_archive(FileTree(FILES), out)
    opened = read_bundle(io.BytesIO(out.getvalue()))
    assert opened.digest == digest
    assert opened.digests() == FileTree(FILES).digests()
    assert opened.documents == {"release.json": b"{}"}


def test_a_bomb_is_stopped_while_it_grows() -> None:
    bomb = header(member("x", 2**33))
    grown = zstandard.ZstdCompressor(level=1)
    with io.BytesIO() as out:
        with grown.stream_writer(out, closefd=False) as stream:
            stream.write(bomb)
            for _ in range(200):
                stream.write(bytes(2**20))
        data = out.getvalue()
    assert len(data) < 50_000
    with pytest.raises(BundleRefused) as refused:
        read_bundle(io.BytesIO(data))
    assert refused.value.reason == "archive-grows"
    with pytest.raises(BundleRefused) as bounded:
        read_bundle(io.BytesIO(packed(plain())), most=1000)
    assert bounded.value.reason == "archive-grows"


def test_a_large_file_has_its_size_in_an_extended_header() -> None:
    """Nobody packs 8 GiB in a test; the header alone says whether they would be read."""

    class Endless(io.RawIOBase):
        """The header, and zeros for ever."""

        def __init__(self) -> None:
            self.left = packed(header(member("x", 2**33 + 1)) + bytes(2**20))

        def read(self, size: int = -1) -> bytes:
            data, self.left = self.left[:size], self.left[size:]
            return data

    sizes: list[int] = []
    with pytest.raises(BundleRefused) as refused:
        read_bundle(Endless(), lambda path, size, pieces: sizes.append(size))  # type: ignore[arg-type]
    assert sizes == [2**33 + 1]
    assert refused.value.reason == "archive-truncated"


@given(st.integers(0, 400_000), st.integers(1, 255))
def test_a_flipped_byte_of_the_tar_is_refused_or_changes_a_digest(at: int, flip: int) -> None:
    tar = bytearray(plain())
    place = at % len(tar)
    tar[place] ^= flip
    try:
        opened = read_bundle(io.BytesIO(packed(bytes(tar))))
    except BundleRefused:
        return
    assert opened.digests() != FileTree(FILES).digests()


@given(st.binary(max_size=3000))
def test_noise_is_refused_and_nothing_else_happens(noise: bytes) -> None:
    for data in (noise, packed(noise), packed(plain()[:3000] + noise)):
        with pytest.raises(BundleRefused):
            read_bundle(io.BytesIO(data))


def test_a_folder_that_holds_something_is_not_unpacked_into(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    (tmp_path / "bundle").write_bytes(packed(plain()))
    with pytest.raises(UsageError):
        extract(tmp_path / "bundle", tmp_path / "out")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError):
        extract(tmp_path / "bundle", link)
    assert (tmp_path / "out" / "mine").read_text() == "x"
