"""The virtual fleet: real agents and a real server, killed and started again."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conformance.channels import CAMERA, HUB, Publisher, content

from hybridspec.base.errors import ResourceFailed
from hybridspec.deliver import fleet, process
from hybridspec.deliver.stack import Stack


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """A channel with a release for cameras and one for hubs."""
    publisher = Publisher(tmp_path)
    publisher.publish(*(publisher.release(content(1.0, name)) for name in (CAMERA, HUB)))
    return publisher


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack whose processes are ended whatever the test did."""
    (tmp_path / "project").mkdir()
    stack = Stack(spec=tmp_path / "project" / "hybridspec.yaml")
    yield stack
    fleet.stop(stack)


def up(stack: Stack, publisher: Publisher, each: int = 1) -> None:
    """Serve the channel, start what does not run, wait until cameras run their release."""
    url = fleet.serve(stack, publisher.channel)
    root = publisher.channel / "metadata" / "1.root.json"
    fleet.prune(stack, [CAMERA], each)
    fleet.start(stack, url, root, [CAMERA], each)
    fleet.wait(stack, wanted(publisher), limit_s=60)


def wanted(publisher: Publisher) -> dict[str, str]:
    """The tar that cameras are offered."""
    targets = publisher.metadata(f"class-{CAMERA}").signed.targets
    block = targets[f"{CAMERA}/current/manifest.json"].custom["hybridspec"]
    return {CAMERA: block["tar_sha256"]}


def pid(lock: Path) -> int:
    """Who holds a lock."""
    facts = process.running(lock)
    assert facts is not None
    return int(facts["pid"])


def test_an_agent_that_a_run_was_still_starting_when_it_was_cut_off_is_replaced(
    stack: Stack, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    up(stack, publisher)
    (home,) = stack.devices
    os.kill(pid(home / "lock"), signal.SIGKILL)
    _gone(home / "lock")
    stop, late = process.stop, []

    def stop_too_early(lock: Path, wait_s: float = 5) -> bool:
        ended = stop(lock, wait_s)
        if lock == home / "lock" and not late:
            command = [sys.executable, "-m", "hybridspec.agent", "run", "--home", str(home)]
            late.append(process.start(command, lock, home / "agent.log")["pid"])
        return ended

    monkeypatch.setattr(process, "stop", stop_too_early)
    up(stack, publisher)
    assert late
    assert pid(home / "lock") not in late


def test_what_was_killed_is_started_again_and_what_runs_is_left_alone(
    stack: Stack, publisher: Publisher
) -> None:
    up(stack, publisher, each=2)
    locks = [home / "lock" for home in stack.devices]
    assert len(locks) == 2
    before = [pid(lock) for lock in locks]
    up(stack, publisher, each=2)
    assert [pid(lock) for lock in locks] == before
    os.kill(before[0], signal.SIGKILL)
    _gone(locks[0])
    assert [device.alive for device in fleet.devices(stack)] == [False, True]
    up(stack, publisher, each=2)
    assert pid(locks[0]) != before[0]
    assert pid(locks[1]) == before[1]
    os.kill(pid(stack.channel_lock), signal.SIGKILL)
    _gone(stack.channel_lock)
    up(stack, publisher, each=2)  # another port, so every agent is told of it
    assert all(device.alive for device in fleet.devices(stack))
    assert fleet.stop(stack) == 3
    assert fleet.stop(stack) == 0
    assert not any(device.alive for device in fleet.devices(stack))


def _gone(lock: Path) -> None:
    end = time.monotonic() + 10
    while process.running(lock) is not None:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_proxy_for_the_world_is_not_asked_for_the_machine_itself(
    stack: Stack, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody is there
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("NO_PROXY", "example.org")
    up(stack, publisher)


def test_a_release_that_fails_on_the_devices_is_said(stack: Stack, publisher: Publisher) -> None:
    up(stack, publisher)
    publisher.publish(publisher.release(content(2.0, computes=9.0)))
    with pytest.raises(ResourceFailed, match=r"camera-1.*golden-differs|camera-1.*quarantined"):
        fleet.wait(stack, wanted(publisher), limit_s=60)
    (found,) = fleet.devices(stack)
    assert (found.state, found.alive) == ("COMMITTED", True)


def test_devices_that_are_no_longer_wanted_are_ended_and_removed(
    stack: Stack, publisher: Publisher
) -> None:
    up(stack, publisher, each=2)
    with (stack.devices[1] / "lock").open("rb") as lock:
        up(stack, publisher, each=1)
        assert [home.name for home in stack.devices] == [f"{CAMERA}-1"]
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it any more
