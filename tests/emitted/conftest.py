"""Emitted programs are evaluated in forks of a process that has imported their SDKs already."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import forked
import pytest

from hybridspec.deliver import evaluate


class Forking:
    """Stands in for the module `subprocess`: the child's own imports are not what is tested."""

    TimeoutExpired = subprocess.TimeoutExpired

    def __init__(self, address: Path) -> None:
        self.address = address

    def run(
        self, command: Sequence[str], *, env: Mapping[str, str], timeout: float, **_: Any
    ) -> subprocess.CompletedProcess[bytes]:
        """The child of an evaluation."""
        start = command.index("hybridspec.deliver.evaluation_child") + 1
        done = forked.run(self.address, command[start:], env=env, timeout=timeout)
        return subprocess.CompletedProcess(command, done.returncode, b"", done.stderr.encode())


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    """Where evaluations are forked, one place per worker."""
    with forked.mother(forked.PROGRAMS) as address:
        yield address


@pytest.fixture(scope="module", autouse=True)
def _forked(programs: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "subprocess", Forking(programs))
        yield
