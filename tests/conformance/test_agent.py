"""The agent's state machine: install, update, failed trial, recovery; what it reports is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conformance.channels import (
    CAMERA,
    Content,
    Publisher,
    content,
    digests,
    empty,
    look,
    offline,
    report,
    runs,
    standing,
    unhealthy,
)

from hybridspec.agent import update, verify
from hybridspec.agent.state import load
from hybridspec.agent.update import Device
from hybridspec.bundle.repository import ClassRelease


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
        patch.setattr(update, "trial", unhealthy)
        assert look(home) == "too-slow"
    publisher.publish(second)  # again, signed anew or not: the counter is the same
    assert look(home) == "quarantined"
    publisher.publish(first)
    assert look(home) == ""
    runs(home, first, counter=3)
    publisher.publish(second)
    assert look(home) == ""
    runs(home, second, counter=4)


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
    monkeypatch.setattr(update, "trial", unhealthy)
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
