"""The wheels that a bundle carries for its runtime: taken from a folder, by the hashes of the lock.

Without a folder a bundle carries the lock alone, and a device gets its runtime when it is set up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hybridspec.base.errors import UsageError
from hybridspec.bundle.members import WHEELS
from hybridspec.ir.tree import FileTree, digest_of


def lock_of(payload: FileTree) -> dict[str, Any]:
    """The lock that a target put into its payload; empty where it put none."""
    data = payload.files.get(WHEELS)
    found: dict[str, Any] = json.loads(data) if isinstance(data, bytes) else {}
    return found


def wheels(lock: Mapping[str, Any], folder: Path | None) -> dict[str, Path]:
    """The wheels of the lock that lie in a folder, by file name.

    Raises:
        UsageError: one has another hash, or no Python would find all that it needs.
    """
    if folder is None or not lock:
        return {}
    found = {wheel["file"]: folder / wheel["file"] for package in lock["packages"]
             for wheel in package["wheels"] if (folder / wheel["file"]).is_file()}  # fmt: skip
    hashes = {wheel["file"]: wheel["sha256"] for package in lock["packages"]
              for wheel in package["wheels"]}  # fmt: skip
    for file, path in found.items():
        if digest_of(path) != hashes[file]:
            raise UsageError(f"{path} is not the wheel that is locked", help="fetch it again")
    lacking = {python: _lacking(lock, python, found) for python in lock["pythons"]}
    if all(lacking.values()):
        python, missing = min(lacking.items(), key=lambda one: (len(one[1]), one[0]))
        raise UsageError(
            f"{folder} lacks wheels of {', '.join(missing)} for {lock['architecture']}",
            help=f"Python {python} itself fetches them: `pip download --no-deps --require-hashes "
            "--only-binary=:all: -d FOLDER -r requirements.txt`, with the bundle's own file and "
            "`--platform manylinux_2_28_...` of the board",
        )
    return found


def _lacking(lock: Mapping[str, Any], python: str, found: Mapping[str, Path]) -> list[str]:
    """Packages that a Python needs and for which no wheel is there."""
    minor = int(python.removeprefix("3."))
    return [
        p["name"]
        for p in lock["packages"]
        if _wanted(p["marker"], minor)
        and not any(w["file"] in found and _takes(w["file"], minor) for w in p["wheels"])
    ]


def _wanted(marker: str, minor: int) -> bool:
    """Whether a package of the lock is for a Python; markers are bounds on its minor version."""
    if not marker:
        return True
    _, relation, bound = marker.split()
    least = int(bound.strip("'").removeprefix("3."))
    return minor < least if relation == "<" else minor >= least


def _takes(file: str, minor: int) -> bool:
    python, abi = file.removesuffix(".whl").split("-")[-3:-1]
    if abi == "abi3":
        return int(python.removeprefix("cp3")) <= minor
    return abi == "none" or abi == f"cp3{minor}"
