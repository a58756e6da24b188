"""`up` cut off at any moment, politely or not: afterwards it completes, or everything can go.

Moments are recognised by what a run says and writes, never by the clock.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cli.fleets import System, system

from hybridspec.deliver import process


@dataclass
class Run:
    """A running `up`, and what it has said so far."""

    system: System
    child: subprocess.Popen[str]
    said: str = ""

    def follow(self) -> None:
        """Collect what it says."""
        assert self.child.stderr is not None
        for line in self.child.stderr:
            self.said += line

    def there(self, *patterns: str) -> bool:
        """Whether a file has appeared below the system's folder."""
        return any(any(self.system.folder.glob(pattern)) for pattern in patterns)


LOCAL = ".hybridspec/hybridspec/local"
MOMENTS: dict[str, Callable[[Run], object]] = {
    "it has just begun": lambda run: True,
    "the stack is locked": lambda run: process.running(
        run.system.stack.folder.parent / "local.lock"
    ) is not None,
    "stacks are emitted": lambda run: "emitting" in run.said,
    "output is being written": lambda run: run.there("build/*/.hybridspec-files.json"),
    "a stack is evaluated": lambda run: "evaluating" in run.said,
    "the channel is to be signed": lambda run: "signing" in run.said,
    "keys are being made": lambda run: run.there(f"{LOCAL}/keys/*.pem"),
    "targets are being published": lambda run: run.there("build/*/channel/targets/*/*/*"),
    "metadata is being published": lambda run: run.there("build/*/channel/metadata/1.root.json"),
    "the channel is published": lambda run: run.there("build/*/channel/metadata/timestamp.json"),
    "the server is being started": lambda run: run.there(f"{LOCAL}/channel.log"),
    "the server runs": lambda run: process.running(run.system.stack.channel_lock),
    "a device is being set up": lambda run: run.there(f"{LOCAL}/fleet/*/lock"),
    "a device is set up": lambda run: run.there(f"{LOCAL}/fleet/*/config.json"),
    "an agent is being started": lambda run: run.there(f"{LOCAL}/fleet/*/agent.log"),
    "an agent looks at the channel": lambda run: run.there(f"{LOCAL}/fleet/*/metadata/*.json"),
    "a slot is being filled": lambda run: run.there(f"{LOCAL}/fleet/*/slots/a/*"),
    "a device has reported": lambda run: run.there(f"{LOCAL}/fleet/*/report.json"),
}  # fmt: skip


LATE = tuple(MOMENTS)[-4:]
"""The agent is at work, and `up` waits for it alone."""


def cut_off(made: System, moment: str, number: signal.Signals) -> Run:
    """Start `up` and end it at a moment."""
    if moment == "a stack is evaluated":
        shutil.rmtree(made.cache / "evaluations", ignore_errors=True)  # or it would not be
    run = Run(made, made.start("up"))
    reader = threading.Thread(target=run.follow)
    reader.start()
    while run.child.poll() is None and not MOMENTS[moment](run):
        time.sleep(0.002)
    run.child.send_signal(number)
    run.child.wait(timeout=60)
    reader.join()
    assert run.child.stdout is not None
    assert run.child.stderr is not None
    run.child.stdout.close()
    run.child.stderr.close()
    return run


@pytest.fixture(scope="module")
def cached(seed: Path, cache: Path, mother: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seed, once its model is in the cache."""
    with system(seed, tmp_path_factory.mktemp("cached") / "system", cache, mother) as made:
        assert made.run("build").returncode == 0
    return seed


@pytest.fixture
def made(cached: Path, cache: Path, mother: Path, tmp_path: Path) -> Iterator[System]:
    with system(cached, tmp_path / "system", cache, mother) as system_:
        yield system_


CASES = [
    pytest.param(moment, (signal.SIGKILL, signal.SIGINT)[index % 2],
                 ("destroy", "up")[index // 2 % 2], id=f"{moment}, {index}")
    for index, moment in enumerate(MOMENTS)
]  # fmt: skip
if "HYBRIDSPEC_TEST_EVERY_INTERRUPTION" in os.environ:
    CASES = [
        pytest.param(moment, number, then, id=f"{moment}, {number.name}, {then}")
        for moment in MOMENTS
        for number in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
        for then in ("up", "destroy")
    ]


@pytest.mark.parametrize(("moment", "number", "then"), CASES)
def test_cut_off(moment: str, number: signal.Signals, then: str, made: System) -> None:
    run = cut_off(made, moment, number)
    # Before its first line of Python the process dies of any signal, as every process does.
    ended = {-number} if number is signal.SIGKILL else {8, -number}
    if moment in LATE:
        ended.add(0)  # the agent is fast, or this test slow: it was done before the signal came
    assert run.child.returncode in ended
    if "emitting" in run.said:
        assert "Traceback" not in run.said
        assert ("error: interrupted\n" in run.said) == (run.child.returncode == 8)
    status = made.run("status")
    assert status.returncode in (0, 6)
    if then == "up":
        made.up()
    done = made.run("destroy")
    assert done.returncode == 0 or status.returncode == 6, done.stderr
    made.assert_gone()


def test_cut_off_twice_and_again_while_it_changes_a_running_fleet(made: System) -> None:
    """An update of a running fleet, cut off again and again; the old release runs meanwhile."""
    before = made.up()["devices"][0]
    made.edit("floor: 0.85", "floor: 0.84")
    for said in ("emitting", "signing", "starting"):
        MOMENTS[said] = lambda run, said=said: said in run.said  # type: ignore[misc]
        try:
            assert cut_off(made, said, signal.SIGKILL).child.returncode == -signal.SIGKILL
        finally:
            del MOMENTS[said]
        device = made.status()["devices"][0]
        assert device["alive"]
        assert device["state"] == "COMMITTED"
    after = made.up()["devices"][0]
    assert after["release"] != before["release"]
    assert after["releaseCounter"] == 2
    assert made.run("destroy").returncode == 0
    made.assert_gone()
