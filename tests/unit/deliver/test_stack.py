"""A stack's state: keys for their owner alone, half-written files are none, no link followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from conformance.channels import Publisher, digests
from conftest import fixed_pems

from hybridspec.base.errors import HybridspecError, StackNotFound
from hybridspec.cli.stack import destroy
from hybridspec.deliver import fleet
from hybridspec.deliver.stack import Stack


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """The stack of a spec in a folder of its own."""
    (tmp_path / "project").mkdir()
    return Stack(spec=tmp_path / "project" / "hybridspec.yaml")


def mode(path: Path) -> int:
    """The permissions of a path."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_keys_are_for_their_owner_alone(stack: Stack, umask: int) -> None:
    pems = fixed_pems("camera")
    before = os.umask(umask)
    try:
        stack.keep_keys(pems)
    finally:
        os.umask(before)
    folder = stack.folder / "keys"
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.iterdir()} == {0o600}
    assert stack.keys() == pems


def test_keys_that_somebody_opened_up_are_closed_again(stack: Stack) -> None:
    pems = fixed_pems("camera")
    stack.keep_keys(pems)
    folder = stack.folder / "keys"
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
    stack.keep_keys(pems)
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.iterdir()} == {0o600}


def test_keys_are_kept_and_never_made_anew(stack: Stack) -> None:
    pems = fixed_pems("camera")
    stack.keep_keys(pems)
    inodes = {p.name: p.stat().st_ino for p in (stack.folder / "keys").iterdir()}
    stack.keep_keys(pems)
    assert {p.name: p.stat().st_ino for p in (stack.folder / "keys").iterdir()} == inodes


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"tool": "x"}', "\0" * 100])
def test_a_state_that_is_no_state_is_none(stack: Stack, text: str) -> None:
    stack.folder.mkdir(parents=True)
    (stack.folder / "state.json").write_text(text)
    assert stack.load() == {}


@pytest.mark.parametrize("text", ["", "relative/folder", "/nowhere/at/all", "\0"])
def test_an_output_that_is_no_folder_is_none(stack: Stack, text: str) -> None:
    stack.folder.mkdir(parents=True)
    (stack.folder / "output").write_text(text)
    assert stack.output() is None


@pytest.mark.parametrize("text", ["", "{", "[]", "7"])
def test_a_report_that_is_no_report_says_that_the_device_starts(stack: Stack, text: str) -> None:
    home = stack.folder / "fleet" / "camera-1"
    home.mkdir(parents=True)
    (home / "report.json").write_text(text)
    (found,) = fleet.devices(stack)
    assert (found.name, found.device_class, found.state, found.alive) == (
        "camera-1", "camera", "STARTING", False,
    )  # fmt: skip


def test_one_at_a_time(stack: Stack) -> None:
    held = stack.lock()
    with held, pytest.raises(HybridspecError, match="another command"):
        stack.lock()
    stack.lock().close()


def test_what_is_removed_is_the_stack_alone(stack: Stack, tmp_path: Path) -> None:
    (stack.spec.parent / "notes").write_bytes(b"mine")
    other = Stack(spec=stack.spec, name="other")
    for one in (stack, other):
        one.keep_keys(fixed_pems())
    stack.remove()
    assert not stack.exists()
    assert other.keys() == fixed_pems()
    assert (stack.spec.parent / "notes").read_bytes() == b"mine"


LINKS: dict[str, Callable[[Stack], Path]] = {
    "the stack": lambda stack: stack.folder,
    "its fleet": lambda stack: stack.folder / "fleet",
    "a device": lambda stack: stack.folder / "fleet" / "camera-1",
    "a folder of a device": lambda stack: stack.folder / "fleet" / "camera-1" / "slots",
}


@pytest.mark.parametrize("name", LINKS)
def test_removing_follows_no_link(stack: Stack, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "camera-1" / "slots").mkdir(parents=True)
    (elsewhere / "mine").write_bytes(b"mine")
    link = LINKS[name](stack)
    link.parent.mkdir(parents=True)
    link.symlink_to(elsewhere)
    fleet.prune(stack, [], 0)
    stack.remove()
    assert (elsewhere / "mine").read_bytes() == b"mine"
    assert not stack.exists()
    assert not stack.folder.is_symlink()


def test_destroy_removes_what_was_made_and_nothing_else(stack: Stack, tmp_path: Path) -> None:
    """The output folder may be one that the user had before, with a `channel` of his own in it."""
    publisher = Publisher(tmp_path / "work")
    publisher.offer(1.0)
    for path in ("notes", "channel/notes", "channel/metadata/notes"):
        (publisher.folder / path).write_bytes(b"mine")
    stack.keep_keys(publisher.keys.pems)
    stack.remember_output(publisher.folder)
    packed = digests(publisher.folder / "packed")
    assert destroy(stack) == 0
    assert not stack.exists()
    left = digests(publisher.folder)
    assert {p for p in left if not p.startswith("packed/")} == {
        "notes", "channel/notes", "channel/metadata/notes",
    }  # fmt: skip
    assert digests(publisher.folder / "packed") == packed
    with pytest.raises(StackNotFound):
        destroy(stack)


@pytest.mark.parametrize("text", ["", "relative", "/nowhere", "{project}"])
def test_destroy_with_a_wrong_record_of_the_output_removes_nothing_of_others(
    stack: Stack, text: str
) -> None:
    project = stack.spec.parent
    (project / "channel").mkdir()
    (project / "channel" / "notes").write_bytes(b"mine")
    stack.keep_keys(fixed_pems())
    (stack.folder / "output").write_text(text.format(project=project))
    destroy(stack)
    assert (project / "channel" / "notes").read_bytes() == b"mine"
