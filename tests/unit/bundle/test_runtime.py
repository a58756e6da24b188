"""Wheels in a bundle: by the hashes of the lock, complete for some Python, or none at all."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hybridspec_targets.agent.emit import _requirements, _wheels

from hybridspec.base.errors import UsageError
from hybridspec.bundle.licences import licences
from hybridspec.bundle.members import LICENCES, WHEELS
from hybridspec.bundle.runtime import lock_of, wheels
from hybridspec.cli.wheel_lock import wheel_lock
from hybridspec.ir.tree import FileTree


def test_the_lock_of_wheels_is_fresh() -> None:
    committed = (ROOT / "targets" / "agent" / "wheels.json").read_text(encoding="utf-8")
    assert committed == wheel_lock(ROOT / "uv.lock"), "run `make docs`"


@pytest.mark.parametrize("architecture", ["arm64", "amd64"])
def test_every_python_finds_every_package_on_every_board(architecture: str) -> None:
    lock = _wheels(architecture)
    machine = {"arm64": "aarch64", "amd64": "x86_64"}[architecture]
    for package in lock["packages"]:
        assert package["licence"]
        for wheel in package["wheels"]:
            assert wheel["file"].endswith(("-any.whl", f"_{machine}.whl"))
            assert len(wheel["sha256"]) == 64
    needed = {package["name"] for package in lock["packages"]}
    assert {"numpy", "onnxruntime", "tuf", "cryptography", "cffi", "protobuf"} <= needed
    text = _requirements(lock).decode()
    assert text.count("--hash=sha256:") == sum(len(p["wheels"]) for p in lock["packages"])


def wheel(name: str) -> bytes:
    """A wheel with the text of a licence."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        archive.writestr(f"{name}-1.dist-info/licenses/LICENSE.txt", f"licence of {name}")
        archive.writestr(f"{name}-1.dist-info/METADATA", "")
    return out.getvalue()


def lock(**files: bytes) -> dict[str, Any]:
    """A lock of one package per wheel, for two Pythons."""
    named = {"pure": "pure-1-py3-none-any.whl", "fast": "fast-1-cp312-cp312-manylinux_x86_64.whl",
             "old": "old-1-cp39-abi3-manylinux_x86_64.whl"}  # fmt: skip
    return {
        "architecture": "amd64", "pythons": ["3.11", "3.12"],
        "packages": [
            {"name": name, "version": "1", "licence": "MIT",
             "marker": "python_full_version >= '3.12'" if name == "fast" else "",
             "wheels": [{"file": named[name], "sha256": hashlib.sha256(data).hexdigest()}]}
            for name, data in files.items()
        ],
    }  # fmt: skip


def test_wheels_of_the_lock_are_taken_and_bring_their_licences(tmp_path: Path) -> None:
    made = {name: wheel(name) for name in ("pure", "fast", "old")}
    locked = lock(**made)
    for package in locked["packages"]:
        (tmp_path / package["wheels"][0]["file"]).write_bytes(made[package["name"]])
    (tmp_path / "stray-1-py3-none-any.whl").write_bytes(b"")
    inside = wheels(locked, tmp_path)
    assert sorted(inside) == sorted(p["wheels"][0]["file"] for p in locked["packages"])
    tree = licences((), locked, inside)
    assert tree.files["licences/pure-1/LICENSE.txt"] == b"licence of pure"
    listed = json.loads(tree.files[LICENCES])  # type: ignore[arg-type]
    assert all(one["inside"] for one in listed["components"])
    assert wheels(locked, None) == wheels({}, tmp_path) == {}
    payload = FileTree({WHEELS: json.dumps(locked).encode()})
    assert lock_of(payload) == locked
    assert lock_of(FileTree({})) == {}


def test_another_wheel_and_half_a_set_are_refused(tmp_path: Path) -> None:
    made = {name: wheel(name) for name in ("pure", "fast", "old")}
    locked = lock(**made)
    with pytest.raises(UsageError, match="lacks wheels of pure, old"):
        wheels(locked, tmp_path)
    (tmp_path / "pure-1-py3-none-any.whl").write_bytes(made["pure"])
    (tmp_path / "old-1-cp39-abi3-manylinux_x86_64.whl").write_bytes(made["old"])
    assert len(wheels(locked, tmp_path)) == 2  # all that Python 3.11 needs
    (tmp_path / "pure-1-py3-none-any.whl").write_bytes(b"other")
    with pytest.raises(UsageError, match="not the wheel that is locked"):
        wheels(locked, tmp_path)
