"""Durable state: one of two copies is always whole, and the newest good one wins."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridspec.agent.state import Installed, State, load, save, write_durably

ONE = Installed(release="r1", counter=3, epoch=1, tar_sha256="ab")
FULL = State(
    phase="TRIAL", active="a", pending="b", tries=2, counter_floor=3, epoch_floor=1,
    slots={"a": ONE, "b": replace(ONE, release="r2")}, quarantined={"cd": 7},
)  # fmt: skip


def test_a_fresh_home_has_a_fresh_state(tmp_path: Path) -> None:
    assert load(tmp_path) == State()


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    written = save(tmp_path, FULL)
    assert written == replace(FULL, generation=1)
    assert load(tmp_path) == written


def test_the_two_copies_take_turns(tmp_path: Path) -> None:
    state = State()
    for generation in range(1, 6):
        other = tmp_path / f"state.{1 - generation % 2}.json"
        before = other.read_bytes() if other.exists() else b""
        state = save(tmp_path, replace(state, counter_floor=generation))
        assert (other.read_bytes() if other.exists() else b"") == before
        assert load(tmp_path).counter_floor == generation


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_damaged_copy_is_never_believed(tmp_path: Path, data: st.DataObject) -> None:
    """Any cut and any flipped bit in the newest copy leaves the one before it."""
    older = save(tmp_path, FULL)
    newest = save(tmp_path, replace(older, phase="COMMIT", active="b"))
    path = tmp_path / f"state.{newest.generation % 2}.json"
    raw = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del raw[data.draw(st.integers(0, len(raw) - 2)) :]  # the final newline says nothing
    else:
        raw[data.draw(st.integers(0, len(raw) - 2))] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(raw)
    assert load(tmp_path) == older
    assert save(tmp_path, older).generation == newest.generation
    assert load(tmp_path) == newest.__class__(**{**_fields(older), "generation": 2})
    for copy in tmp_path.iterdir():
        copy.unlink()


def _fields(state: State) -> dict[str, Any]:
    return {name: getattr(state, name) for name in State.__dataclass_fields__}


@pytest.mark.parametrize("body", ["[]", "7", '{"slots": []}', '{"slots": {}, "unknown": 1}'])
def test_a_copy_with_a_good_checksum_and_no_state_in_it_is_none(tmp_path: Path, body: str) -> None:
    import hashlib

    check = hashlib.sha256(body.encode()).hexdigest()
    (tmp_path / "state.0.json").write_text(f"{check}\n{body}\n")
    assert load(tmp_path) == State()


def test_both_copies_damaged_is_a_fresh_state(tmp_path: Path) -> None:
    save(tmp_path, save(tmp_path, FULL))
    for copy in (0, 1):
        (tmp_path / f"state.{copy}.json").write_bytes(b"\0" * 64)
    assert load(tmp_path) == State()


def _unreadable(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    opened = Path.read_bytes

    def read(path: Path) -> bytes:
        if path.name in names:
            raise OSError(5, "Input/output error")
        return opened(path)

    monkeypatch.setattr(Path, "read_bytes", read)


def test_one_unreadable_copy_is_made_up_for_by_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = save(tmp_path, FULL)
    newest = save(tmp_path, older)
    _unreadable(monkeypatch, f"state.{newest.generation % 2}.json")
    assert load(tmp_path) == older


def test_a_disk_that_cannot_be_read_is_not_taken_for_a_fresh_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forgetting the floors because a read failed once would let old releases in."""
    save(tmp_path, save(tmp_path, FULL))
    _unreadable(monkeypatch, "state.0.json", "state.1.json")
    with pytest.raises(OSError, match="Input/output error"):
        load(tmp_path)


def test_a_write_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.json"
    write_durably(path, b"old")
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError, match="full"):
        write_durably(path, b"new")
    assert path.read_bytes() == b"old"


def test_a_saved_copy_is_json_behind_its_checksum(tmp_path: Path) -> None:
    save(tmp_path, FULL)
    _, _, body = (tmp_path / "state.1.json").read_text().partition("\n")
    assert json.loads(body)["counter_floor"] == 3
