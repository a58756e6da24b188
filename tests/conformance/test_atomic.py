"""Kill -9 at any system call of a publication: clients see the old channel or the new one, whole.

`strace` delivers the signal at the n-th call of a kind. A sample runs always, and every call that
a publication makes from its first look at the channel on under HYBRIDSPEC_NIGHTLY=1.
"""

from __future__ import annotations

import os
import pickle
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conformance.channels import CAMERA, VALIDITY, Publisher, content, digests, in_memory
from conformance.test_rotation import offered, replaced
from conftest import ROOT

from hybridspec.bundle.offers import Wish
from hybridspec.bundle.repository import Publication, publish
from hybridspec.deliver.publish import read_metadata, tidy, write_publication

NIGHTLY = bool(os.environ.get("HYBRIDSPEC_NIGHTLY"))
SAMPLE = 4
_CALL = re.compile(r"^(?:\d+ +)?([a-z0-9_]+)\(")


def next_release(publisher: Publisher) -> Publication:
    return publisher.next(publisher.release(content(3.0)))


def next_keys(publisher: Publisher) -> Publication:
    return replaced(publisher, "targets", "snapshot", "timestamp")


def taken_back(publisher: Publisher) -> Publication:
    old = read_metadata(publisher.channel)
    wish = Wish(device_class=CAMERA, withdraw=publisher.release(content(2.0)).release)
    return publish(old, [], publisher.keys, datetime.now(UTC), VALIDITY, wishes=[wish])


@dataclass
class Sweep:
    """A channel, what is to become of it, and the child that is killed on the way."""

    folder: Path
    root: bytes
    old: str
    new: str
    publication: Publication

    def traced(self, *flags: str) -> int:
        """Publish under strace into a fresh copy of the channel; the child's exit code."""
        shutil.rmtree(self.folder / "channel")
        shutil.copytree(self.folder / "before", self.folder / "channel")
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0"}
        command = ["strace", "-f", "-qq", "-s", "300", "-o", str(self.folder / "log"), *flags,
                   sys.executable, "-B", "tests/conformance/written.py",
                   str(self.folder / "channel"), str(self.folder / "publication")]  # fmt: skip
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode

    def points(self) -> list[tuple[str, int]]:
        """Every call from the first that names the channel on: its kind, and its number in that."""
        assert self.traced() == 0
        seen: Counter[str] = Counter()
        found, inside = [], False
        for line in (self.folder / "log").read_text(errors="replace").splitlines():
            call = _CALL.match(line)
            if call is None:
                continue
            seen[call[1]] += 1
            inside = inside or (str(self.folder / "channel") in line and call[1] != "execve")
            if inside and call[1] not in ("exit_group", "rt_sigaction", "munmap", "brk"):
                found.append((call[1], seen[call[1]]))
        return found

    def killed(self, call: str, number: int) -> None:
        """Kill at one call, look as three clients, finish, look again."""
        flags = (f"--inject={call}:signal=KILL:when={number}",)
        code = self.traced(*flags)
        assert code in (-9, 137), (call, number, code)
        publisher = Publisher(self.folder)
        shutil.rmtree(self.folder / "knows", ignore_errors=True)
        shutil.copytree(self.folder / "client", self.folder / "knows")
        for client in ("knows", "fresh"):
            assert offered(publisher, self.root, self.folder / client) in (self.old, self.new)
        tidy(publisher.channel)
        write_publication(publisher.channel, self.publication)
        for client in ("knows", "fresh"):
            assert offered(publisher, self.root, self.folder / client) == self.new
        assert digests(publisher.channel) == digests(self.folder / "after"), (call, number)
        shutil.rmtree(self.folder / "fresh")


@pytest.mark.parametrize("change", [next_release, next_keys, taken_back])
def test_a_publication_that_is_killed_leaves_a_valid_channel(
    tmp_path: Path, change: Callable[[Publisher], Publication]
) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: apt-get install strace")
    with in_memory(tmp_path) as folder:
        sweep = _sweep(folder, change)
        points = sweep.points()
        assert len(points) > 40
        chosen = points if NIGHTLY else points[len(points) // 9 :: len(points) // SAMPLE + 1]
        for call, number in chosen:
            sweep.killed(call, number)
        print(f"{change.__name__}: killed at {len(chosen)} of {len(points)} calls")


def _sweep(folder: Path, change: Callable[[Publisher], Publication]) -> Sweep:
    publisher = Publisher(folder)
    publisher.offer(1.0)
    root = publisher.root
    publisher.offer(2.0)
    old = offered(publisher, root, folder / "client")
    made = change(publisher)
    shutil.copytree(publisher.channel, folder / "before")
    pickled = {name: getattr(made, name) for name in
               ("targets", "metadata", "copies", "withdrawn", "unsigned")}  # fmt: skip
    (folder / "publication").write_bytes(pickle.dumps(pickled))
    write_publication(publisher.channel, made)
    shutil.copytree(publisher.channel, folder / "after")
    new = offered(publisher, root, folder / "seen")
    return Sweep(folder=folder, root=root, old=old, new=new, publication=made)
