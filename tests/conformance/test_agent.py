"""The agent's state machine: install, update, failed trial, recovery; what it reports is true."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conformance.channels import (
    ALL_FILES,
    CAMERA,
    MODEL,
    Content,
    Publisher,
    content,
    device,
    digests,
    report,
    standing,
)

from hybridspec.agent import update, verify
from hybridspec.agent.errors import Unhealthy
from hybridspec.agent.state import State, load, save
from hybridspec.agent.update import TRIES, Device
from hybridspec.bundle.repository import ClassRelease

FIGURES: dict[str, Any] = {"m": {"p95_ms": 1.0}}


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """A channel whose first release is `y = x + 1`."""
    publisher = Publisher(tmp_path)
    publisher.offer(1.0)
    return publisher


@pytest.fixture
def home(tmp_path: Path, publisher: Publisher) -> Path:
    """A device that was set up and has not run yet."""
    return device(tmp_path / "home", publisher.channel, publisher.root).home


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every trial passes at once; the slots that were tried."""
    tried: list[Path] = []

    def trial(slot: Path) -> dict[str, Any]:
        tried.append(slot)
        return FIGURES

    monkeypatch.setattr(update, "trial", trial)
    return tried


def look(home: Path) -> str:
    """One look of a process that has just started; why it stopped."""
    return Device.open(home).cycle()


def runs(home: Path, release: ClassRelease, counter: int) -> None:
    """Assert that state, link, slot and report all say the same release."""
    state, told = load(home), report(home)
    installed = state.slots[state.active]
    assert (installed.release, installed.counter) == (release.release, counter)
    assert (told["state"], told["release"], told["releaseCounter"]) == (
        "COMMITTED", release.release, counter,
    )  # fmt: skip
    assert told["tarSha256"] == release.digest.tar_sha256
    assert told["slot"] == state.active
    assert (home / "current").readlink() == Path("slots") / state.active
    assert set(digests(home / "current")) == set(ALL_FILES)
    assert state.pending == ""


def empty(home: Path) -> None:
    """Assert that nothing runs, and that the device says so."""
    assert load(home).active == ""
    assert not (home / "current").is_symlink()
    told = report(home)
    assert (told["state"], told["release"], told["health"]) == ("EMPTY", None, {})


def test_first_install_update_and_the_slot_that_stays(home: Path, publisher: Publisher) -> None:
    """With real inference: A into one slot, B into the other, A kept for a fall back."""
    first = publisher.release(content(1.0))
    assert look(home) == ""
    runs(home, first, counter=1)
    assert report(home)["health"]["m"]["samples"] == 4
    a = digests(home / "slots" / "a")
    second = publisher.offer(2.0)
    assert look(home) == ""
    runs(home, second, counter=2)
    assert load(home).counter_floor == 2
    assert (home / "current").readlink() == Path("slots/b")
    assert digests(home / "slots" / "a") == a
    assert not (home / "download").exists()


def test_a_look_that_finds_nothing_new_records_nothing(
    home: Path, publisher: Publisher, healthy: list[Path]
) -> None:
    one = Device.open(home)
    assert one.cycle() == ""
    assert one.cycle() == ""  # back to IDLE

    def stamps() -> dict[str, tuple[int, int]]:
        fetched = {"metadata", "download"}
        paths = [p for p in home.rglob("*") if p.is_file() and not fetched & set(p.parts)]
        return {str(p): (p.lstat().st_mtime_ns, p.lstat().st_ino) for p in paths}

    before, tried = stamps(), len(healthy)
    for _ in range(3):
        assert one.cycle() == ""
    assert stamps() == before
    assert len(healthy) == tried  # nor is the running model tried again


def test_the_same_content_under_a_newer_counter_moves_the_floor_alone(
    home: Path, publisher: Publisher, healthy: list[Path]
) -> None:
    """The device misses B and sees A again; A's archive is gone, so nothing can be fetched."""
    first = publisher.release(content(1.0))
    assert look(home) == ""
    publisher.offer(2.0)
    publisher.publish(replace(first, security_epoch=4))
    for bundle in publisher.channel.rglob("*.bundle.tar.zst"):
        bundle.unlink()
    before = standing(home)
    assert look(home) == ""
    assert standing(home)["content"] == before["content"]
    runs(home, first, counter=3)
    assert (load(home).counter_floor, load(home).epoch_floor) == (3, 4)


def test_a_full_disk_stops_an_install_and_not_what_runs(
    home: Path, publisher: Publisher, healthy: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publisher.release(content(1.0))
    assert look(home) == ""
    monkeypatch.setattr(verify, "RESERVE", 2**62)
    assert look(home) == ""  # nothing has to be installed
    before = standing(home)
    publisher.offer(2.0)
    assert look(home) == "disk-full"
    assert standing(home) == before
    runs(home, first, counter=1)
    assert report(home)["reason"] == "disk-full"


BAD: dict[str, tuple[Content, str]] = {
    "golden outputs differ": (content(2.0, computes=2.5), "golden-differs"),
    "no model": (content(2.0, model=b"garbage"), "model-does-not-run"),
    "too slow": (content(2.0, p95_ms=1e-9), "too-slow"),
    "too much memory": (content(2.0, memory_bytes=2**20), "too-much-memory"),
    "crashes the runtime": (content(2.0, variant="crash"), "health-crashed"),
}


@pytest.fixture
def crashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the runtime of a trial die by a signal if the model's variant is `crash`."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import os, pathlib, sys\n"
        "if 'hybridspec.agent.health' in sys.orig_argv:\n"
        "    if b'crash' in (pathlib.Path(sys.orig_argv[-1]) / 'release.json').read_bytes():\n"
        "        os.abort()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))


@pytest.mark.parametrize("name", BAD)
def test_a_release_that_fails_its_trial_is_rolled_back_and_quarantined(
    home: Path, publisher: Publisher, crashes: None, name: str
) -> None:
    first = publisher.release(content(1.0))
    assert look(home) == ""
    before = standing(home)
    made, why = BAD[name]
    bad = publisher.release(made)
    publisher.publish(bad)
    assert look(home) == why
    told = report(home)
    assert told["reason"] == why
    assert told["message"]
    runs(home, first, counter=1)
    quarantined = {bad.digest.tar_sha256: 2}
    assert standing(home) == {**before, "quarantined": quarantined}
    for bundle in publisher.channel.rglob(f"{bad.release}/*.bundle.tar.zst"):
        bundle.unlink()  # it is not fetched again either
    assert look(home) == "quarantined"
    runs(home, first, counter=1)
    assert standing(home) == {**before, "quarantined": quarantined}
    good = publisher.offer(3.0)
    assert look(home) == ""
    runs(home, good, counter=3)


def test_a_first_install_that_fails_leaves_the_device_empty(
    home: Path, publisher: Publisher
) -> None:
    bad = publisher.release(content(2.0, computes=2.5))
    publisher.publish(bad)
    for _ in range(2):
        assert look(home) in ("golden-differs", "quarantined")
        empty(home)
        assert load(home).counter_floor == 0
    good = publisher.offer(3.0)
    assert look(home) == ""
    runs(home, good, counter=3)


def test_a_quarantined_release_comes_back_only_by_a_higher_counter(
    home: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, healthy: list[Path]
) -> None:
    first, second = publisher.release(content(1.0)), publisher.release(content(2.0))
    assert look(home) == ""
    publisher.publish(second)
    with monkeypatch.context() as patch:
        patch.setattr(update, "trial", _unhealthy)
        assert look(home) == "too-slow"
    publisher.publish(second)  # again, signed anew or not: the counter is the same
    assert look(home) == "quarantined"
    publisher.publish(first)
    assert look(home) == ""
    runs(home, first, counter=3)
    publisher.publish(second)
    assert look(home) == ""
    runs(home, second, counter=4)


def _unhealthy(slot: Path) -> dict[str, Any]:
    raise Unhealthy("too-slow", "on purpose")


def test_a_signed_revert_goes_back_below_the_floor(
    home: Path, publisher: Publisher, healthy: list[Path]
) -> None:
    """Only the class's key can say how far back; the epoch still holds."""
    first = publisher.release(content(1.0))
    second = publisher.offer(2.0)
    assert look(home) == ""
    runs(home, second, counter=2)

    def revert(signed: Any) -> None:
        signed.targets = publisher.next(first).metadata and _targets(publisher, first)
        for target in signed.targets.values():
            target.custom["hybridspec"].update(release_counter=1, rollback_allowed_to=1)

    publisher.forge(f"class-{CAMERA}", revert)
    assert look(home) == ""
    runs(home, first, counter=1)


def _targets(publisher: Publisher, release: ClassRelease) -> Any:
    from tuf.api.metadata import Metadata

    written = dict(publisher.next(release).metadata)
    path = next(p for p in written if p.endswith(f"class-{CAMERA}.json"))
    return Metadata.from_bytes(written[path]).signed.targets


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
        patch.setattr(update, "trial", _unhealthy)
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


def offline(publisher: Publisher) -> Path:
    """Take the channel away; returns where it went."""
    return publisher.channel.rename(publisher.folder / "away")


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
    assert look(home) == "target-differs"
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


@pytest.mark.parametrize("broken", ["unreachable", "expired"])
def test_what_runs_keeps_running_whatever_the_channel_does(
    home: Path, publisher: Publisher, healthy: list[Path], broken: str
) -> None:
    from datetime import UTC, datetime, timedelta

    first = publisher.release(content(1.0))
    assert look(home) == ""
    before = standing(home)
    if broken == "unreachable":
        offline(publisher)
    else:
        publisher.publish(
            publisher.release(content(2.0)), now=datetime.now(UTC) - timedelta(days=11)
        )
    for _ in range(2):
        assert look(home) == ("file-missing" if broken == "unreachable" else "metadata-expired")
        runs(home, first, counter=1)
        assert standing(home) == before


def test_the_report_says_when_the_running_release_is_no_longer_healthy(
    home: Path, publisher: Publisher, healthy: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look(home) == ""
    monkeypatch.setattr(update, "trial", _unhealthy)
    Device.open(home).cycle()
    assert report(home)["reason"] == "too-slow"
    assert report(home)["health"] == {}


def test_a_report_that_cannot_be_written_does_not_end_the_agent(
    home: Path, publisher: Publisher, healthy: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write: Callable[[Path, bytes], None] = update.write_durably

    def full(path: Path, data: bytes) -> None:
        if path.name == "report.json":
            raise OSError(28, "No space left on device")
        write(path, data)

    one = Device.open(home)
    with monkeypatch.context() as patch:
        patch.setattr(update, "write_durably", full)
        assert one.cycle() == "disk-full"
    assert one.cycle() == ""
    assert report(home)["state"] == "COMMITTED"
