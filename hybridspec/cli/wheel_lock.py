"""The lock of the wheels that devices run, made from `uv.lock`: names, versions, hashes, licences.

Run `python -m hybridspec.cli.wheel_lock FILE` beside `uv.lock` to write it, with `--check` to
compare only. Hashes are those of the package index, as `uv lock` recorded them.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from hybridspec.cli.generated_page import write_or_check

PROJECT = "hybridspec"
ROOTS = ("cryptography", "numpy", "onnxruntime", "securesystemslib", "tuf", "zstandard")
"""What the agent imports beside the standard library."""
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
PYTHONS = (11, 12, 13, 14)
"""Minor versions of Python 3 that devices may have."""
_PYTHON = re.compile(r"python_full_version (<|>=) '3\.(\d+)'")
_LICENCES = {
    "Apache 2.0": "Apache-2.0",
    "MIT License": "MIT",
    "3-Clause BSD License": "BSD-3-Clause",
}
"""Licences that a package states in words, by their SPDX id."""

_Package = dict[str, Any]


def wheel_lock(lock: Path) -> str:
    """The lock as JSON: every wheel for Linux on the architectures of boards."""
    packages: list[_Package] = tomllib.loads(lock.read_text(encoding="utf-8"))["package"]
    needed = {(p["name"], p["version"]): (p, marker) for p, marker in _closure(packages)}
    document = {
        "schema": "hybridspec.dev/wheel-lock/v1",
        "pythons": [f"3.{minor}" for minor in PYTHONS],
        "packages": [_entry(*needed[key]) for key in sorted(needed)],
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _closure(packages: list[_Package]) -> Iterator[tuple[_Package, str]]:
    """What the roots need, each with the Pythons that it is for."""
    project = next(p for p in packages if p["name"] == PROJECT)
    waiting = [edge for edge in project["dependencies"] if edge["name"] in ROOTS]
    seen: set[tuple[str, str]] = set()
    while waiting:
        edge = waiting.pop()
        for package in packages:
            key = (package["name"], package["version"])
            wanted = package["name"] == edge["name"] and edge.get("version", key[1]) == key[1]
            if wanted and key not in seen:
                seen.add(key)
                marker = _PYTHON.fullmatch(edge.get("marker", ""))
                yield package, marker[0] if marker else ""
                waiting += package.get("dependencies", ())


def _entry(package: _Package, marker: str) -> dict[str, Any]:
    name = package["name"]
    wheels = {a: sorted(_wheels(package, machine, marker), key=lambda wheel: str(wheel["file"]))
              for a, machine in ARCHITECTURES.items()}  # fmt: skip
    missing = [a for a, found in wheels.items() if not found]
    if missing:
        raise SystemExit(f"{name} has no wheel for Linux on {missing[0]}")
    return {"name": name, "version": package["version"], "marker": marker,
            "licence": _licence(name), "wheels": wheels}  # fmt: skip


def _wheels(package: _Package, machine: str, marker: str) -> Iterator[dict[str, object]]:
    for wheel in package.get("wheels", ()):
        file = wheel["url"].rsplit("/", 1)[-1]
        python, abi, platform = file.removesuffix(".whl").split("-")[-3:]
        native = platform.startswith("manylinux") and platform.endswith(f"_{machine}")
        if (platform == "any" or native) and any(_runs(m, python, abi) for m in _pythons(marker)):
            digest = wheel["hash"].removeprefix("sha256:")
            yield {"file": file, "sha256": digest, "size": wheel["size"]}


def _pythons(marker: str) -> list[int]:
    """The minor versions that a marker is true of."""
    match = _PYTHON.fullmatch(marker)
    if match is None:
        return list(PYTHONS)
    bound = int(match[2])
    return [m for m in PYTHONS if (m < bound if match[1] == "<" else m >= bound)]


def _runs(minor: int, python: str, abi: str) -> bool:
    """Whether CPython 3.`minor` takes a wheel of these tags; not one without the global lock."""
    if abi == "abi3":
        return int(python.removeprefix("cp3")) <= minor
    if abi == "none":
        return "py3" in python.split(".")
    return python == abi == f"cp3{minor}"


def _licence(name: str) -> str:
    # Where another library has put its own reader of metadata in place, an absent key is an error.
    about = dict(metadata(name).json)
    stated = about.get("license_expression") or _LICENCES.get(str(about.get("license") or ""))
    if not stated:
        raise SystemExit(f"{name} does not state its licence as SPDX; add it to `_LICENCES`")
    return str(stated)


def main() -> None:
    """Write the lock, or check that it is fresh."""
    write_or_check(Path(sys.argv[1]), wheel_lock(Path("uv.lock")))


if __name__ == "__main__":
    main()
