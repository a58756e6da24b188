"""An agent that is interrupted anywhere: never two minds about what runs, and always an end."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conformance import interrupted
from conformance.channels import Publisher, content, device, digests, in_memory, report, standing

from hybridspec.agent import update
from hybridspec.agent.state import load
from hybridspec.agent.update import Device
from hybridspec.bundle.manifest import release_id

EVERY = {"kill": 1, "cut": 1, "full": 3, "fault": 3}
CHANGES = ("install", "update", "revert")
LEAST = 70
"""Operations that the agent surely does; fewer means that the sweep has lost sight of them."""


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    """Nobody has to wait for a disk: `cut` plays its part."""
    with in_memory(tmp_path) as folder:
        yield folder


def prepared(tmp_path: Path, change: str) -> tuple[Publisher, Path, str]:
    """A channel, a device before a change, and the release that it must run after it."""
    publisher = Publisher(tmp_path)
    wanted = publisher.offer(1.0)
    home = device(tmp_path / "template", publisher.channel, publisher.root).home
    if change != "install":
        assert Device.open(home).cycle() == ""
    if change == "update":
        wanted = publisher.offer(2.0)
    if change == "revert":
        made = content(3.0)
        bad = replace(made, manifest=replace(made.manifest, spec=interrupted.BAD))
        publisher.publish(publisher.release(bad))
    return publisher, home, wanted.release


@pytest.mark.parametrize("mode", EVERY)
@pytest.mark.parametrize("change", CHANGES)
def test_wherever_it_is_interrupted_the_device_ends_where_it_should(
    fast: Path, monkeypatch: pytest.MonkeyPatch, change: str, mode: str
) -> None:
    """Process killed and power cut: before every durable operation of a first install, an update
    and the return from a release that fails. Full and failing disk: a sample, every third one.
    """
    monkeypatch.setattr(update, "trial", interrupted._trial)
    publisher, home, wanted = prepared(fast, change)
    (fast / "work").mkdir()
    done = subprocess.run(
        [sys.executable, interrupted.__file__, str(home), str(publisher.channel),
         str(fast / "work"), mode, str(EVERY[mode]), wanted],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["faults"] == []
    assert result["operations"] >= LEAST
    assert result["points"] >= LEAST // EVERY[mode]


def traced(*arguments: str) -> list[str]:
    """A command line under strace, or a skip that says why it cannot be used here."""
    tool = shutil.which("strace")
    if tool is None:
        pytest.skip("strace is not installed: the sample of real system calls did not run")
    probe = subprocess.run(
        [tool, "-f", "-o", "/dev/null", "true"], capture_output=True, check=False
    )
    if probe.returncode != 0:
        pytest.skip("this system forbids ptrace: the sample of real system calls did not run")
    return [tool, "-f", "-qq", "-o", "/dev/null", *arguments]


@pytest.mark.parametrize("when", [
    "fsync:when=2", "fsync:when=6", "fsync:when=9", "fsync:when=14", "rename:when=3",
    "rename:when=6", "rename:when=9", "symlink:when=2",
])  # fmt: skip
def test_the_real_agent_killed_in_a_system_call_recovers(tmp_path: Path, when: str) -> None:
    """A sample with nothing replaced: real command, real inference, SIGKILL inside the call."""
    publisher, home, _ = prepared(tmp_path, "update")
    wanted = load(home).slots["a"]
    before = standing(home)
    call = when.partition(":")[0]
    killer = traced("-e", f"trace={call}", "-e", f"inject={when.replace(':', ':signal=SIGKILL:')}")
    command = [sys.executable, "-m", "hybridspec.agent", "run", "--once", "--home", str(home)]
    done = subprocess.run([*killer, *command], capture_output=True, check=False)
    assert done.returncode in (-9, 137), done.stderr
    state, link = load(home), (home / "current").readlink()
    assert state.counter_floor >= before["floors"][0]
    assert link in (Path("slots/a"), Path("slots/b"))
    if link == Path("slots/a"):
        assert digests(home / link) == before["content"]
        assert release_id((home / link / "release.json").read_bytes()) == wanted.release
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert report(home)["releaseCounter"] == 2
    assert (home / "current").readlink() == Path("slots/b")
    assert publisher.channel.is_dir()
