"""Signed bundles are the same to the bit, whoever packs them, where, and on how many cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import EXAMPLE, copy_example, fixed_pems

PACK = """
import os, sys
os.umask(int(sys.argv[3], 8))
cores = sorted(os.sched_getaffinity(0))
if sys.argv[4] == "one":
    os.sched_setaffinity(0, cores[:1])
from pathlib import Path
from hybridspec.bundle.keys import DevelopmentKeys
from hybridspec.cli.output_tree import write_output
from hybridspec.compiler import Options, compile_file
import json
build = compile_file(Path(sys.argv[1]), Options(cache=Path(sys.argv[2])))
keys = DevelopmentKeys({k: v.encode() for k, v in json.loads(sys.stdin.read()).items()})
done = write_output(build, Path(sys.argv[5]), keys)
print(json.dumps({name: [d.archive_sha256, d.tar_sha256] for name, d in done.archives}))
"""


def pack(
    example: Path, cache: Path, out: Path, *, cwd: Path, umask: str, cores: str,
    env: dict[str, str],
) -> dict[str, list[str]]:  # fmt: skip
    """The digests of every class's signed archive, packed by a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PACK, str(example), str(cache), umask, cores, str(out)],
        input=json.dumps({name: pem.decode() for name, pem in fixed_pems().items()}),
        cwd=cwd, capture_output=True, text=True, timeout=300, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **env},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_two_machines_worth_of_differences_change_no_bit(
    cache: Path, tmp_path: Path, built: Path
) -> None:
    del built  # the cache is warm then: variants are built once, and packed twice
    here, there = tmp_path / "here", tmp_path / "a folder with späces"
    first = pack(
        copy_example(here), cache, here / "out", cwd=Path("/"), umask="022", cores="all",
        env={"TZ": "UTC", "LANG": "C", "HOME": str(here), "USER": "root", "PYTHONHASHSEED": "1"},
    )  # fmt: skip
    example = copy_example(there)
    for at, path in enumerate(sorted(example.rglob("*"), reverse=True)):
        data = path.read_bytes() if path.is_file() else None
        if data is not None:  # made anew in another order, with other times and modes
            path.unlink()
            path.write_bytes(data)
            path.chmod(0o755)
            os.utime(path, (at, at))
    second = pack(
        Path(EXAMPLE.name) / "hybridspec.yaml", cache, there / "out", cwd=there, umask="077",
        cores="one",
        env={"TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "LANG": "tr_TR.UTF-8",
             "HOME": "/nonexistent", "USER": "somebody", "PYTHONHASHSEED": "4711",
             "COLUMNS": "20"},
    )  # fmt: skip
    assert first == second
    assert len(first) == 2
    for name in first:
        for file in ("bundle.tar.zst", "manifest.json", "model.sig", "provenance.dsse.json"):
            one, other = (base / "out" / "bundles" / name / file for base in (here, there))
            assert one.read_bytes() == other.read_bytes(), file


USER = """
import hashlib, io, os, sys
from hybridspec.bundle.archive import write_archive
from hybridspec.ir.tree import FileTree
if sys.argv[1] != "0":
    os.setgid(int(sys.argv[1]))
    os.setuid(int(sys.argv[1]))
out = io.BytesIO()
write_archive(FileTree({"model/m": bytes(range(256)) * 999, "release.json": b"{}"}), out)
print(os.getuid(), hashlib.sha256(out.getvalue()).hexdigest())
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_packs_the_same_bits() -> None:
    made = [
        subprocess.run([sys.executable, "-c", USER, user], capture_output=True, text=True,
                       check=True).stdout.split()
        for user in ("0", "65534")
    ]  # fmt: skip
    assert [user for user, _ in made] == ["0", "65534"]
    assert made[0][1] == made[1][1]
