"""The agent after an end in mid-step or damage to what it keeps: it goes on, or back, truly."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from conformance.channels import (
    MODEL,
    Publisher,
    content,
    empty,
    look,
    offline,
    runs,
    standing,
    unhealthy,
)

from hybridspec.agent import update
from hybridspec.agent.state import State, load, save
from hybridspec.agent.update import TRIES, Device
from hybridspec.bundle.repository import ClassRelease


class Killed(BaseException):
    """The process ends here."""


PHASES = ("FETCH", "VERIFY", "STAGED", "TRIAL", "COMMIT")


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("first_install", [True, False])
def test_a_process_that_ends_right_after_a_phase_was_recorded_is_picked_up(
    home: Path, publisher: Publisher, healthy: list[Path], monkeypatch: pytest.MonkeyPatch,
    phase: str, first_install: bool,
) -> None:  # fmt: skip
    wanted = publisher.release(content(1.0))
    if not first_install:
        assert look(home) == ""
        wanted = publisher.offer(2.0)
    before = standing(home)

    def until(folder: Path, state: State) -> State:
        written = save(folder, state)
        if written.phase == phase:
            raise Killed
        return written

    with monkeypatch.context() as patch:
        patch.setattr(update, "save", until)
        with pytest.raises(Killed):
            look(home)
    assert standing(home)["current"] == before["current"]
    assert look(home) == ""
    runs(home, wanted, counter=1 if first_install else 2)


def test_a_process_that_ends_right_after_a_rollback_was_recorded_is_picked_up(
    home: Path, publisher: Publisher, healthy: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publisher.release(content(1.0))
    assert look(home) == ""
    publisher.offer(2.0)

    def until(folder: Path, state: State) -> State:
        written = save(folder, state)
        if written.phase == "ROLLBACK":
            raise Killed
        return written

    with monkeypatch.context() as patch:
        patch.setattr(update, "save", until)
        patch.setattr(update, "trial", unhealthy)
        with pytest.raises(Killed):
            look(home)
    assert look(home) == "quarantined"
    runs(home, first, counter=1)


def _die(slot: Path) -> dict[str, Any]:
    raise Killed


def test_a_trial_that_takes_the_device_down_is_tried_three_times(
    home: Path, publisher: Publisher, healthy: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publisher.release(content(1.0))
    assert look(home) == ""
    bad = publisher.offer(2.0)
    with monkeypatch.context() as patch:
        patch.setattr(update, "trial", _die)
        for tries in range(1, TRIES + 1):
            with pytest.raises(Killed):
                look(home)
            assert load(home).tries == tries
            assert (home / "current").readlink() == Path("slots/a")
    assert look(home) == "quarantined"
    assert load(home).quarantined == {bad.digest.tar_sha256: 2}
    runs(home, first, counter=1)


def test_a_planned_stop_during_a_trial_is_no_failed_try(
    home: Path, publisher: Publisher, healthy: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that is switched off often must not lose a good release over it."""
    assert look(home) == ""
    second = publisher.offer(2.0)

    def stop(slot: Path) -> dict[str, Any]:
        raise SystemExit(0)

    with monkeypatch.context() as patch:
        patch.setattr(update, "trial", stop)
        for _ in range(TRIES + 2):
            with pytest.raises(SystemExit):
                look(home)
    assert look(home) == ""
    runs(home, second, counter=2)


def test_a_device_that_cannot_start_a_trial_does_not_blame_the_release(
    home: Path, publisher: Publisher, healthy: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publisher.release(content(1.0))
    assert look(home) == ""
    second = publisher.offer(2.0)

    def no_memory(slot: Path) -> dict[str, Any]:
        raise OSError(12, "Cannot allocate memory")

    with monkeypatch.context() as patch:
        patch.setattr(update, "trial", no_memory)
        for _ in range(TRIES + 2):
            assert look(home) == "storage-fault"
            assert load(home).active == "a"
    assert load(home).slots["a"].release == first.release
    assert look(home) == ""
    runs(home, second, counter=2)


def test_a_slot_that_is_damaged_before_its_trial_is_fetched_again(
    home: Path, publisher: Publisher, healthy: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look(home) == ""
    second = publisher.offer(2.0)
    with monkeypatch.context() as patch:
        patch.setattr(update, "trial", _die)
        with pytest.raises(Killed):
            look(home)
    (home / "slots" / "b" / MODEL).write_bytes(b"x")
    assert look(home) == "slot-damaged"
    assert load(home).quarantined == {}
    assert look(home) == ""
    runs(home, second, counter=2)


def _damage(home: Path, slot: str) -> None:
    path = home / "slots" / slot / MODEL
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


@pytest.fixture
def two(home: Path, publisher: Publisher, healthy: list[Path]) -> tuple[ClassRelease, ClassRelease]:
    """A device that ran A and runs B."""
    first = publisher.release(content(1.0))
    assert look(home) == ""
    second = publisher.offer(2.0)
    assert look(home) == ""
    return first, second


def test_a_damaged_slot_falls_back_to_the_other_one_and_heals(
    home: Path, publisher: Publisher, two: tuple[ClassRelease, ClassRelease]
) -> None:
    first, second = two
    _damage(home, "b")
    away = offline(publisher)
    assert look(home) == "file-missing"
    runs(home, first, counter=1)
    assert load(home).counter_floor == 2  # falling back gives nothing away
    away.rename(publisher.channel)
    assert look(home) == ""
    runs(home, second, counter=2)


def test_a_download_that_breaks_off_does_not_cost_the_fall_back(
    home: Path, publisher: Publisher, two: tuple[ClassRelease, ClassRelease]
) -> None:
    third = publisher.offer(3.0)
    for bundle in publisher.channel.rglob(f"{third.release}/*.bundle.tar.zst"):
        bundle.write_bytes(bundle.read_bytes()[:-1])
    assert look(home) == "bundle-differs"
    _damage(home, "b")
    offline(publisher)
    assert look(home) == "file-missing"
    runs(home, two[0], counter=1)


def test_damage_while_the_agent_runs_is_noticed_at_the_next_look(
    home: Path, publisher: Publisher, two: tuple[ClassRelease, ClassRelease]
) -> None:
    one = Device.open(home)
    assert one.cycle() == ""
    offline(publisher)
    _damage(home, "b")
    assert one.cycle() == "file-missing"
    runs(home, two[0], counter=1)


def test_two_damaged_slots_are_no_slot(
    home: Path, publisher: Publisher, two: tuple[ClassRelease, ClassRelease]
) -> None:
    for slot in ("a", "b"):
        _damage(home, slot)
    away = offline(publisher)
    assert look(home) == "file-missing"
    empty(home)
    assert load(home).counter_floor == 2
    away.rename(publisher.channel)
    assert look(home) == ""
    runs(home, two[1], counter=2)


def test_a_release_below_the_security_epoch_is_no_fall_back(
    home: Path, publisher: Publisher, healthy: list[Path]
) -> None:
    """A known hole must not come back because somebody damages the slot that closes it."""
    assert look(home) == ""
    publisher.publish(publisher.release(content(2.0), security_epoch=1))
    assert look(home) == ""
    _damage(home, "b")
    offline(publisher)
    assert look(home) == "file-missing"
    empty(home)


def test_a_slot_with_another_whole_release_in_it_is_damaged(
    home: Path, publisher: Publisher, two: tuple[ClassRelease, ClassRelease]
) -> None:
    """Consistent in itself, but not what was installed there."""
    shutil.rmtree(home / "slots" / "b")
    shutil.copytree(home / "slots" / "a", home / "slots" / "b")
    offline(publisher)
    assert look(home) == "file-missing"
    runs(home, two[0], counter=1)
    assert (home / "current").readlink() == Path("slots/a")


def test_one_damaged_copy_of_the_state_changes_nothing_that_runs(
    home: Path, publisher: Publisher, two: tuple[ClassRelease, ClassRelease]
) -> None:
    for copy in (0, 1):
        (home / f"state.{copy}.json").write_bytes(b"\0" * 100)
        assert look(home) == ""
        runs(home, two[1], counter=2)
        assert look(home) == ""  # the damaged copy has been written again
        assert load(home).counter_floor == 2


def test_both_copies_of_the_state_damaged_is_empty_and_installs_anew(
    home: Path, publisher: Publisher, two: tuple[ClassRelease, ClassRelease]
) -> None:
    for copy in (0, 1):
        (home / f"state.{copy}.json").write_bytes(b"")
    away = offline(publisher)
    assert look(home) == "file-missing"
    empty(home)
    away.rename(publisher.channel)
    assert look(home) == ""
    runs(home, two[1], counter=2)
