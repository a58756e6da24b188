"""Files as users name them: what cannot be read is one finding, what can keeps its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.base.source import SourceFile
from hybridspec.load.file import MAX_SPEC, digest, locate, read_source


def refused(path: Path) -> Diagnostic:
    found = read_source(path)
    assert isinstance(found, Diagnostic)
    assert found.help
    return found


def test_a_folder_stands_for_the_spec_in_it(tmp_path: Path) -> None:
    assert locate(tmp_path) == tmp_path / "hybridspec.yaml"
    assert locate(tmp_path / "other.yaml") == tmp_path / "other.yaml"


@pytest.mark.parametrize("data", [b"a: \xc3\xa9\n", b"\xef\xbb\xbfa: \xc3\xa9\n"])
def test_a_byte_order_mark_is_no_text_but_part_of_the_digest(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "s.yaml").write_bytes(data)
    found = read_source(tmp_path / "s.yaml")
    assert isinstance(found, SourceFile)
    assert found.text == "a: é\n"
    assert found.digest == digest(data)


@pytest.mark.parametrize(("data", "line", "column"), [
    (b"\xff\xfea\0", 1, 1), (b"a: 1\nb: \xc3\xa9\xff\n", 2, 5), (b"\xef\xbb\xbfa: \xff", 1, 4),
    (b"a: 1\r\nb: 2\rc: \xed\xa0\x80", 3, 4),
])  # fmt: skip
def test_what_is_not_utf8_has_a_place(tmp_path: Path, data: bytes, line: int, column: int) -> None:
    (tmp_path / "s.yaml").write_bytes(data)
    found = refused(tmp_path / "s.yaml")
    assert found.code == "HS0103"
    assert found.span is not None
    assert (found.span.line, found.span.column) == (line, column)
    assert found.span.file.line(line)[column - 1] == "\ufffd"


def test_the_limit_of_size_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_bytes(b"#" * MAX_SPEC)
    assert isinstance(read_source(path), SourceFile)
    path.write_bytes(b"#" * (MAX_SPEC + 1))
    found = refused(path)
    assert found.code == "HS0102"
    assert "4 MiB" in found.message


def test_a_huge_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    with (tmp_path / "s.yaml").open("wb") as stream:
        stream.truncate(2**40)
    assert refused(tmp_path / "s.yaml").code == "HS0102"


@pytest.mark.parametrize(("make", "clause"), [
    (lambda path: None, "there is no such file"),
    (lambda path: path.mkdir(), "is a directory"),
    (lambda path: os.mkfifo(path), "not a regular file"),
    (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    (lambda path: path.symlink_to(path.name), "too many levels of symbolic links"),
])  # fmt: skip
def test_what_is_no_file_is_said(tmp_path: Path, make: object, clause: str) -> None:
    path = tmp_path / "s.yaml"
    make(path)  # type: ignore[operator]
    found = refused(path)
    assert found.code == "HS0101"
    assert found.message.endswith(clause)
    assert found.span is None


@pytest.mark.parametrize("name", ["a\0b", "x" * 1000])
def test_an_impossible_name_is_said(tmp_path: Path, name: str) -> None:
    assert refused(tmp_path / name).code == "HS0101"


def test_a_name_that_is_not_utf8_can_still_be_printed(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff.yaml")
    path.write_text("a: 1\n", encoding="utf-8")
    found = read_source(path)
    assert isinstance(found, SourceFile)
    assert f"{found.shown} {found.name}".encode()
