"""Background processes: the lock decides who runs; nobody else is ever signalled."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from hybridspec.agent import state
from hybridspec.base.errors import ResourceFailed
from hybridspec.deliver import process

HOLDER = """
import json, os, sys, time
from pathlib import Path
from hybridspec.deliver import process
held = process.hold(Path(sys.argv[1]))
assert held is not None
process.tell(held, {"pid": os.getpid()})
time.sleep(60)
"""


LOOKER = """
import sys
from pathlib import Path
from hybridspec.deliver import process
print("looking", flush=True)
while True:
    process.running(Path(sys.argv[1]))
"""


@contextmanager
def holder(lock: Path, program: str = HOLDER) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds a lock, once it does."""
    child = subprocess.Popen([sys.executable, "-c", program, str(lock)])
    try:
        end = time.monotonic() + 20
        while (process.running(lock) or {}).get("pid") != child.pid:
            assert child.poll() is None
            assert time.monotonic() < end
            time.sleep(0.01)
        yield child
    finally:
        child.kill()
        child.wait()


def _lock_home(lock: Path) -> IO[bytes] | None:
    return state.lock(lock.parent)


@pytest.mark.parametrize("take", [process.hold, _lock_home])
def test_a_look_at_the_lock_never_keeps_a_starting_process_out(
    tmp_path: Path, take: Callable[[Path], IO[bytes] | None]
) -> None:
    """Three processes look without a pause while the lock is taken and released 200 times."""
    lock = tmp_path / "lock"
    lock.touch()
    lookers = [
        subprocess.Popen([sys.executable, "-c", LOOKER, str(lock)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    try:
        for looker in lookers:
            assert looker.stdout is not None
            assert looker.stdout.readline() == b"looking\n"
        for _ in range(200):
            held = take(lock)
            assert held is not None
            held.close()
    finally:
        for looker in lookers:
            looker.kill()
            looker.communicate()


@pytest.mark.parametrize("take", [process.hold, _lock_home])
def test_a_lock_that_another_process_holds_is_refused(
    tmp_path: Path, take: Callable[[Path], IO[bytes] | None]
) -> None:
    with holder(tmp_path / "lock"):
        assert take(tmp_path / "lock") is None


def test_of_many_that_start_at_once_exactly_one_holds(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    held: list[IO[bytes] | None] = []

    def start() -> None:
        barrier.wait()
        held.append(process.hold(tmp_path / "lock"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [stream for stream in held if stream is not None]
    assert len(winners) == 1
    winners[0].close()


def test_a_lock_is_free_again_after_its_holder_was_killed(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with holder(lock) as child:
        child.kill()
        child.wait()
        assert process.running(lock) is None
        assert lock.read_bytes()  # the number of the dead process is still there
        assert process.stop(lock) is False
        again = process.hold(lock)
        assert again is not None
        again.close()


def test_stop_ends_the_holder_even_if_it_ignores_the_polite_signal(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + HOLDER
    with holder(lock, stubborn) as child:
        assert process.stop(lock, wait_s=0.3) is True
        assert child.wait(10) == -signal.SIGKILL


def test_a_number_that_the_system_gave_to_somebody_else_is_not_signalled(tmp_path: Path) -> None:
    """A holder that was killed left its number; the next one holds but has not yet written."""
    lock = tmp_path / "lock"
    with subprocess.Popen(["sleep", "60"]) as stranger:
        lock.write_bytes(json.dumps({"pid": stranger.pid}).encode())
        with lock.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            try:
                with pytest.raises(ResourceFailed, match="could not be ended"):
                    process.stop(lock, wait_s=0.2)
                assert stranger.poll() is None
            finally:
                stranger.kill()


def test_stop_waits_for_the_number_of_a_holder_that_is_still_starting(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    slow = HOLDER.replace("process.tell", "time.sleep(1.5)\nprocess.tell")
    child = subprocess.Popen([sys.executable, "-c", slow, str(lock)])
    try:
        while process.running(lock) is None:
            time.sleep(0.01)
        assert process.stop(lock, wait_s=10) is True
        assert child.wait(10) == -signal.SIGTERM
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize("take", [process.hold, _lock_home])
def test_what_a_dead_holder_said_is_not_said_by_the_next_one(
    tmp_path: Path, take: Callable[[Path], IO[bytes] | None]
) -> None:
    """Its port, say, on which nobody listens any more."""
    lock = tmp_path / "lock"
    lock.write_text('{"pid": 1, "port": 4000}')
    held = take(lock)
    assert held is not None
    with held:
        facts = process.running(lock)
        assert facts is not None
        assert "port" not in facts


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"pid": "7"}', '{"pid": -1}', '{"pid": 0}'])
def test_a_half_written_lock_file_is_read_as_held_without_facts(tmp_path: Path, text: str) -> None:
    lock = tmp_path / "lock"
    lock.write_text(text)
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert process.running(lock) is not None
        with pytest.raises(ResourceFailed):
            process.stop(lock, wait_s=0.1)
    assert process.running(lock) is None


def test_start_returns_what_the_process_says_of_itself(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    facts = process.start([sys.executable, "-c", HOLDER, str(lock)], lock, tmp_path / "log")
    assert process.running(lock) == facts
    assert process.stop(lock) is True
    assert process.running(lock) is None


def test_a_process_that_does_not_come_up_is_ended(tmp_path: Path) -> None:
    number = tmp_path / "number"
    program = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
    with pytest.raises(ResourceFailed, match="did not come up"):
        process.start(
            [sys.executable, "-c", program, str(number)], tmp_path / "lock", tmp_path / "log",
            wait_s=5,  # a busy machine needs a while to start anything
        )  # fmt: skip
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


def test_the_end_of_the_log_says_why_a_process_ended(tmp_path: Path) -> None:
    with pytest.raises(ResourceFailed, match="no such channel"):
        process.start(
            [sys.executable, "-c", "raise SystemExit('no such channel')"],
            tmp_path / "lock", tmp_path / "log",
        )  # fmt: skip
