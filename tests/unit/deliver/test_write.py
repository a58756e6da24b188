"""Output folders: only what changed is written, only what was ours is removed, nothing outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conformance.channels import digests

from hybridspec.base.errors import UsageError
from hybridspec.deliver.write import RECORD, Changes, intact, recorded, write_tree
from hybridspec.ir.tree import FileTree

ONE = FileTree({"a": b"1", "sub/b": b"2", "sub/c": b"3"})
TWO = FileTree({"a": b"1", "sub/b": b"other", "new/d": b"4"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An output folder."""
    return tmp_path / "build"


def test_only_what_changed_is_written_and_only_what_is_gone_removed(folder: Path) -> None:
    assert write_tree(folder, ONE) == Changes(written=("a", "sub/b", "sub/c"), removed=(), kept=())
    before = (folder / "a").stat()
    assert write_tree(folder, TWO) == Changes(
        written=("new/d", "sub/b"), removed=("sub/c",), kept=("a",)
    )
    assert (folder / "a").stat().st_ino == before.st_ino
    assert set(digests(folder)) == {"a", "sub/b", "new/d", RECORD}
    assert write_tree(folder, TWO).written == ()


def test_files_of_the_user_stay(folder: Path) -> None:
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "notes.txt").write_bytes(b"mine")
    write_tree(folder, ONE)
    write_tree(folder, FileTree({}))
    assert set(digests(folder)) == {"sub/notes.txt", RECORD}


def test_an_emptied_folder_goes_and_one_with_files_of_the_user_stays(folder: Path) -> None:
    write_tree(folder, FileTree({"stacks/aws/Pulumi.yaml": b"1", "stacks/gcp/a/b": b"2"}))
    (folder / "stacks" / "aws" / "notes.txt").write_bytes(b"mine")
    write_tree(folder, FileTree({"plan.json": b"{}"}))
    assert {p.name for p in folder.rglob("*") if p.is_dir()} == {"stacks", "aws"}


def test_damage_is_noticed_and_mended(folder: Path) -> None:
    assert not intact(folder)
    write_tree(folder, ONE)
    assert intact(folder)
    (folder / "sub" / "b").write_bytes(b"x")
    assert not intact(folder)
    assert write_tree(folder, ONE).written == ("sub/b",)
    (folder / "a").unlink()
    (folder / "a").symlink_to(folder / "sub" / "b")
    assert not intact(folder)
    assert write_tree(folder, ONE).written == ("a",)
    assert intact(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", '{"a": ', '["x"]'])
def test_a_broken_record_owns_nothing(folder: Path, text: str) -> None:
    write_tree(folder, ONE)
    (folder / RECORD).write_text(text)
    assert recorded(folder) == {}
    write_tree(folder, FileTree({"a": b"1"}))
    assert (folder / "sub" / "b").exists()  # nobody knows any more whose it is
    assert recorded(folder).keys() == {"a"}


@pytest.mark.parametrize("path", ["../mine", "/{tmp}/mine", "sub/../../mine", "..", "", "."])
def test_a_record_that_came_with_a_foreign_folder_removes_nothing_outside(
    tmp_path: Path, folder: Path, path: str
) -> None:
    (tmp_path / "mine").write_bytes(b"mine")
    folder.mkdir()
    (folder / RECORD).write_text(json.dumps({path.format(tmp=tmp_path): "0" * 64}))
    write_tree(folder, ONE)
    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_a_link_in_a_foreign_folder_does_not_lead_writing_out_of_it(
    tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "b").write_bytes(b"mine")
    folder.mkdir()
    (folder / "sub").symlink_to(tmp_path / "home")
    before = digests(tmp_path / "home")
    with pytest.raises(UsageError, match="through a link"):
        write_tree(folder, ONE)
    assert digests(tmp_path / "home") == before
    assert not (folder / "a").exists()  # nothing at all was written


def test_a_link_in_a_foreign_folder_does_not_lead_removing_out_of_it(
    tmp_path: Path, folder: Path
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "b").write_bytes(b"mine")
    folder.mkdir()
    (folder / "sub").symlink_to(tmp_path / "home")
    (folder / RECORD).write_text(json.dumps({"sub/b": "0" * 64}))
    with pytest.raises(UsageError, match="through a link"):
        write_tree(folder, FileTree({"a": b"1"}))
    assert (tmp_path / "home" / "b").read_bytes() == b"mine"


def test_an_output_folder_may_be_a_link_itself(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "build").symlink_to(tmp_path / "disk")
    write_tree(tmp_path / "build", ONE)
    write_tree(tmp_path / "build", TWO)
    assert set(digests(tmp_path / "disk")) == {"a", "sub/b", "new/d", RECORD}


def test_an_interrupted_run_forgets_nothing_it_wrote(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record names old and new files before the first of them is touched."""
    from hybridspec.deliver import write

    write_tree(folder, ONE)
    real = write.write_durably

    def cut(path: Path, data: bytes | Path) -> None:
        if path.name == "d":
            raise KeyboardInterrupt
        real(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(write, "write_durably", cut)
        with pytest.raises(KeyboardInterrupt):
            write_tree(folder, TWO)
    assert set(recorded(folder)) == {"a", "sub/b", "sub/c", "new/d"}
    write_tree(folder, FileTree({}))
    assert set(digests(folder)) == {RECORD}
