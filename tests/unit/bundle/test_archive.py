"""Archives: the same files give the same bytes, and come out as they went in."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import zstandard
from conformance.channels import MODEL, content, listed
from hypothesis import given
from hypothesis import strategies as st

from hybridspec.bundle.archive import write_archive
from hybridspec.bundle.manifest import canonical_json
from hybridspec.ir.tree import FileTree

FILES = {
    "model/m/model.onnx": bytes(range(256)) * 900,
    "model/m/" + "long/" * 30 + "name.npz": b"\0" * 70_000,
    "runtime/é.json": b"{}",
    "empty": b"",
    "release.json": b"{}",
}
PACK = """
import hashlib, json, os, sys
from pathlib import Path
os.umask(int(sys.argv[3], 8))
folder, order = Path(sys.argv[1]), sys.argv[2]
files = {k: bytes.fromhex(v) for k, v in json.loads(sys.stdin.read()).items()}
names = sorted(files, reverse=order == "backwards")
for name in names:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(files[name])
    os.utime(folder / name, (len(name), len(name)))
    if order == "backwards":
        (folder / name).chmod(0o755)
from hybridspec.deliver.write import pack
from hybridspec.ir.tree import FileTree
digest = pack(FileTree({name: folder / name for name in names}), folder / "out.tar.zst")
print(hashlib.sha256((folder / "out.tar.zst").read_bytes()).hexdigest(), digest.tar_sha256)
"""


def packed(files: dict[str, Any]) -> tuple[bytes, Any]:
    """An archive and what is said of it."""
    stream = io.BytesIO()
    digest = write_archive(FileTree(files), stream)
    return stream.getvalue(), digest


def tar_of(archive: bytes) -> bytes:
    """The tar inside an archive."""
    return bytes(zstandard.ZstdDecompressor().stream_reader(archive).read())


WORLDS: dict[str, tuple[str, str, dict[str, str]]] = {
    "plain": ("forwards", "022", {}),
    "other order, modes and umask": ("backwards", "077", {}),
    "other zone": ("forwards", "022", {"TZ": "Pacific/Apia"}),
    "other language": ("forwards", "022", {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"}),
    "C locale": ("forwards", "022", {"LC_ALL": "C", "PYTHONUTF8": "1"}),
    "other hash seed": ("backwards", "000", {"PYTHONHASHSEED": "1"}),
    "yet another hash seed": ("forwards", "027", {"PYTHONHASHSEED": "77", "TZ": "Asia/Kathmandu"}),
}


@pytest.fixture(scope="module")
def expected() -> str:
    """The digests of the archive as this process packs it, from memory."""
    archive, digest = packed(FILES)
    return f"{hashlib.sha256(archive).hexdigest()} {digest.tar_sha256}"


@pytest.mark.parametrize("world", WORLDS)
def test_the_bytes_depend_on_paths_and_contents_alone(
    tmp_path: Path, world: str, expected: str
) -> None:
    order, umask, env = WORLDS[world]
    (tmp_path / "files").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PACK, str(tmp_path / "files"), order, umask],
        input=json.dumps({k: v.hex() for k, v in FILES.items()}), cwd=tmp_path,
        env={**os.environ, **env}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == expected


def test_what_is_said_of_an_archive_is_true() -> None:
    archive, digest = packed(FILES)
    tar = tar_of(archive)
    assert asdict(digest) == {
        "archive_sha256": hashlib.sha256(archive).hexdigest(), "archive_size": len(archive),
        "tar_sha256": hashlib.sha256(tar).hexdigest(), "tar_size": len(tar),
    }  # fmt: skip


@given(st.dictionaries(
    st.from_regex(r"[a-zé0-9_.-]{1,8}(/[a-zé0-9_-]{1,60}){0,3}", fullmatch=True).filter(
        lambda name: not {".", ".."} & set(name.split("/"))
    ),
    st.binary(max_size=1200), max_size=6,
))  # fmt: skip
def test_files_come_out_as_they_went_in(files: dict[str, bytes]) -> None:
    archive, _ = packed(files)
    with tarfile.open(fileobj=io.BytesIO(tar_of(archive))) as opened:
        members = opened.getmembers()
        assert [m.name for m in members] == sorted(files)
        for member in members:
            assert member.isreg()
            assert (member.mode, member.mtime, member.uid, member.gid) == (0o644, 0, 0, 0)
            assert (member.uname, member.gname) == ("", "")
            stream = opened.extractfile(member)
            assert stream is not None
            assert stream.read() == files[member.name]


def test_one_changed_file_changes_one_digest_and_the_manifest() -> None:
    before, after = content(1.0), content(1.0, model=content(2.0).files[MODEL])
    one, other = ({r.path: r.sha256 for r in made.manifest.files} for made in (before, after))
    assert {path for path in one if one[path] != other[path]} == {MODEL}
    a, b = (FileTree(made.tree.files).digests() for made in (before, after))
    assert {path for path in a if a[path] != b[path]} == {MODEL, "release.json"}
    assert packed(dict(before.tree.files))[1] != packed(dict(after.tree.files))[1]


def test_the_manifest_lists_what_is_there() -> None:
    made = content(1.0)
    assert listed(made.files) == made.manifest.files
    assert canonical_json(made.manifest) == made.tree.files["release.json"]
