"""Same spec, catalogue and models, same bytes: wherever, whenever and by whomever it is built."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard
from conftest import EXAMPLE, ROOT, copy_example


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by relative path."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def build(
    folder: Path, *, cwd: Path, argument: str | Path, umask: int, env: dict[str, str]
) -> Path:
    """Build a copy of the example with a cache of its own; where the output lies."""
    done = subprocess.run(
        [sys.executable, "-m", "hybridspec", "build", str(argument)],
        cwd=cwd, umask=umask, capture_output=True, text=True, timeout=120, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **env},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "build" / EXAMPLE.name


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the root folder, in English, in UTC."""
    base = tmp_path_factory.mktemp("here")
    example = copy_example(base)
    env = {"HYBRIDSPEC_CACHE": str(base / "cache"), "TZ": "UTC", "LANG": "C", "HOME": str(base),
           "PYTHONHASHSEED": "1"}  # fmt: skip
    return build(example, cwd=Path("/"), argument=example, umask=0o022, env=env)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built in another folder, by a relative path, half a day ahead, with files made long ago."""
    base = tmp_path_factory.mktemp("a folder with späces")
    example = copy_example(base)
    for path in sorted(example.rglob("*")):
        os.utime(path, (0, 0))
    env = {"XDG_CACHE_HOME": str(base / "cache"), "TZ": "Pacific/Kiritimati",
           "HOME": "/nonexistent", "LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8",
           "PYTHONHASHSEED": "2", "COLUMNS": "20", "USER": "somebody",
           "LOGNAME": "somebody"}  # fmt: skip
    return build(
        example, cwd=base, argument=f"{EXAMPLE.name}/hybridspec.yaml", umask=0o077, env=env
    )


def test_two_builds_have_the_same_bytes(here: Path, there: Path) -> None:
    first, second = files(here), files(there)
    assert sorted(first) == sorted(second)
    assert [path for path in first if first[path] != second[path]] == []
    assert {"plan.json", "report/index.html", "bundles/gateway/bundle.tar.zst",
            "stacks/aws/__main__.py"} <= set(first)  # fmt: skip


def unpacked(archive: bytes) -> dict[str, bytes]:
    """Every member of a bundle with its header, by name."""
    tar = zstandard.ZstdDecompressor().stream_reader(archive).read()
    with tarfile.open(fileobj=io.BytesIO(tar)) as members:
        found = {m.name: m for m in members.getmembers()}
        assert {m.mtime for m in found.values()} == {0}
        assert {(m.uid, m.gid, m.uname, m.gname) for m in found.values()} == {(0, 0, "", "")}
        return {name: members.extractfile(m).read()  # type: ignore[union-attr]
                for name, m in found.items() if m.isfile()}  # fmt: skip


def test_no_output_names_the_machine_the_user_or_the_day(there: Path) -> None:
    made = files(there)
    for path in [p for p in made if p.endswith(".tar.zst")]:
        made |= {f"{path}/{name}": data for name, data in unpacked(made[path]).items()}
    assert len(made) > 20
    now = datetime.now(UTC)
    days = {f"{now + timedelta(days=shift):%Y-%m-%d}" for shift in (-1, 0, 1)}
    law = sorted((ROOT / "hybridspec" / "law").glob("facts*.yaml"))  # they say when they were read
    sources = [there.parents[1] / "hybridspec.yaml", *law]
    stated = "".join(path.read_text(encoding="utf-8") for path in sources)
    words = {str(there.parents[2]), "späces", str(Path.home()), "/nonexistent", "somebody",
             socket.gethostname(), sys.prefix, "Kiritimati", *days}  # fmt: skip
    telling = {word for word in words if len(word) > 3 and word not in stated}
    assert len(telling) >= 6
    for path, data in made.items():
        assert [word for word in telling if word.encode() in data] == [], path
