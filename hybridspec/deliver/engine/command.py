"""The user's Pulumi CLI as a subprocess: found, of a known version, and run without a terminal."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO

from hybridspec.base.errors import HybridspecError

OLDEST = (3, 226, 0)
"""The first release whose exit codes say what failed."""
_PATIENCE_S = 60.0
"""How long an interrupted engine may finish what it has begun."""


@dataclass(frozen=True, slots=True)
class Cli:
    """A Pulumi CLI, by its place and version."""

    path: Path
    version: str


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything that it said."""
        return f"{self.out}\n{self.err}"


def find(environment: Mapping[str, str]) -> Cli:
    """The CLI on the PATH.

    Raises:
        HybridspecError: there is none, it does not run, or it is too old.
    """
    place = shutil.which("pulumi", path=environment.get("PATH", ""))
    if place is None:
        raise HybridspecError(
            "the Pulumi CLI is not installed: no `pulumi` on the PATH",
            help="install it as https://www.pulumi.com/docs/install/ says (the release archive "
            "holds all it needs, for machines without a network too), then run this again",
        )
    said = run(Cli(Path(place), ""), ["version"], Path.cwd(), environment)
    found = re.search(r"v?(\d+)\.(\d+)\.(\d+)", said.out)
    if said.code != 0 or found is None:
        raise HybridspecError(f"{place} does not say its version", help="reinstall the Pulumi CLI")
    number = tuple(int(part) for part in found.groups())
    if number < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise HybridspecError(
            f"the Pulumi CLI is too old: {place} is {found[0]}, and before {wanted} its exit codes "
            "do not say what failed",
            help=f"install {wanted} or newer: https://www.pulumi.com/docs/install/",
        )
    return Cli(Path(place), found[0])


def run(
    cli: Cli, arguments: Sequence[str], folder: Path, environment: Mapping[str, str],
    hear: Callable[[str], None] | None = None,
) -> Ran:  # fmt: skip
    """Run a command to its end; `hear` gets each line of its output at once.

    An interruption is handed on, and the engine is given time to write down what it has done.
    """
    child = subprocess.Popen(
        [str(cli.path), *arguments], cwd=folder, env=dict(environment), text=True,
        errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert child.stdout is not None
    assert child.stderr is not None
    out: list[str] = []
    err: list[str] = []
    readers = [
        Thread(target=_read, args=(child.stdout, out, hear), daemon=True),
        Thread(target=_read, args=(child.stderr, err, None), daemon=True),
    ]
    for reader in readers:
        reader.start()
    try:
        child.wait()
    except KeyboardInterrupt:
        _interrupt(child)
        raise
    for reader in readers:
        reader.join()
    return Ran(child.returncode, "".join(out), "".join(err))


def _read(stream: IO[str], kept: list[str], hear: Callable[[str], None] | None) -> None:
    for line in stream:
        kept.append(line)
        if hear is not None and line.strip():
            hear(line.rstrip())


def _interrupt(child: subprocess.Popen[str]) -> None:
    """Ask the engine to stop after what it is doing; a second interruption ends it at once."""
    try:
        child.send_signal(signal.SIGINT)
        child.wait(_PATIENCE_S)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        child.kill()
        child.wait()
