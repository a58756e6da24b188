"""A repository as it was committed, in a folder of its own; git is asked, and changes nothing."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

from hybridspec.base.errors import UsageError

_WAIT_S = 60


def top(folder: Path) -> Path | None:
    """The root of the repository that a folder belongs to, if it belongs to one."""
    done = _git(folder, "rev-parse", "--show-toplevel")
    return Path(done.stdout.decode().rstrip("\n")) if done.returncode == 0 else None


def commit(folder: Path, name: str) -> str:
    """The commit that a branch, tag or other name means; empty if there is none."""
    if name.startswith("-"):
        return ""
    done = _git(
        folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
    )
    return done.stdout.decode().strip() if done.returncode == 0 else ""


def extract(folder: Path, wanted: str, to: Path) -> None:
    """Write every file of a commit below `to`; links and permissions cannot lead out of it.

    Raises:
        UsageError: git has not all of it, as in a shallow or partial clone.
    """
    archive = to.with_suffix(".tar")
    done = _git(folder, "archive", "--format=tar", f"--output={archive}", wanted)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(
            f"git cannot give commit {wanted[:12]}: {said[-1] if said else 'no reason given'}",
            help="fetch all of it: `git fetch --unshallow`, or `fetch-depth: 0` in CI",
        )
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(to, filter="data")
    except tarfile.TarError as fault:
        raise UsageError(f"commit {wanted[:12]} holds what no folder can: {fault}") from fault
    finally:
        archive.unlink()


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    # A hook of git tells its children where the repository is; here the folder alone says so.
    plain = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        return subprocess.run(["git", "-C", str(folder), *arguments],  # noqa: S607
                              env=plain, capture_output=True, timeout=_WAIT_S,
                              check=False)  # fmt: skip
    except FileNotFoundError as fault:
        raise UsageError("git is not installed", help="install git, or name a file or folder"
                         ) from fault  # fmt: skip
    except subprocess.TimeoutExpired as fault:
        raise UsageError(f"git did not answer within {_WAIT_S} s") from fault
