"""Durable writes: the old file or the new one, its mode as asked, nothing left behind."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hybridspec.deliver.durable import write_durably


def fail(code: int) -> Callable[..., None]:
    """A system call that fails."""

    def act(*_: object, **__: object) -> None:
        raise OSError(code, "on purpose")

    return act


@pytest.mark.parametrize("call", ["os.fsync", "pathlib.Path.replace", "shutil.copyfileobj"])
@pytest.mark.parametrize("code", [5, 28])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    (tmp_path / "source").write_bytes(b"new")
    path = tmp_path / "folder" / "file"
    write_durably(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(call, fail(code))
        with pytest.raises(OSError, match="on purpose"):
            write_durably(path, tmp_path / "source")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]
    write_durably(path, tmp_path / "source")
    assert path.read_bytes() == b"new"


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """Another process replaces a file of one letter by one of another, again and again."""
    path = tmp_path / "file"
    sizes = 300_000
    write_durably(path, b"a" * sizes)
    program = (
        "import sys; from pathlib import Path; from hybridspec.deliver.durable import write_durably"
        f"\nfor n in range(40): write_durably(Path(sys.argv[1]), b'ab'[n % 2:][:1] * {sizes})"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)]) as writer:
        looks = 0
        while writer.poll() is None or not looks:
            data = path.read_bytes()
            assert len(data) == sizes
            assert len(set(data)) == 1
            looks += 1
    assert writer.returncode == 0


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_secret_is_never_readable_by_others(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_durably(tmp_path / "key.pem", b"secret", mode=0o600)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600


def test_a_link_in_place_of_a_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"mine")
    (tmp_path / "file").symlink_to(tmp_path / "other")
    write_durably(tmp_path / "file", b"new")
    assert (tmp_path / "other").read_bytes() == b"mine"
    assert not (tmp_path / "file").is_symlink()
