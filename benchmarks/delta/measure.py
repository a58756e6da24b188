"""How large a delta is, and what reading a bundle and applying a delta take in memory and disk.

`python benchmarks/delta/measure.py [MIB]`: synthetic int8 weights, whose last 3 % are another
training's, or of which one in twenty moved by one. Prints shares and bytes, no times.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from hybridspec.agent.archive import Content, Packed
from hybridspec.agent.delta import Patched
from hybridspec.agent.slots import fill
from hybridspec.bundle import delta
from hybridspec.bundle.archive import write_archive
from hybridspec.bundle.manifest import SCHEMA, FileRecord, ReleaseManifest, canonical_json
from hybridspec.ir.tree import FileTree

MODEL = "model/m/model.onnx"
CHANGES = ("last 3 % trained anew", "one in twenty moved by one")


def peak() -> int:
    """The largest resident size of this process so far, in KiB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0])


def weights(path: Path, mib: int, change: str = "") -> None:
    """A model of so many MiB, changed or not, written block by block."""
    with path.open("wb") as out:
        for number in range(mib):
            block = np.random.default_rng(number).integers(0, 256, 2**20, np.uint8)
            if change == CHANGES[0] and number >= 0.97 * mib:
                block = np.random.default_rng(number + 10**6).integers(0, 256, 2**20, np.uint8)
            if change == CHANGES[1]:
                chance = np.random.default_rng(number + 10**6).random(2**20)
                block += (chance < 0.025).astype(np.uint8)
                block -= (chance > 0.975).astype(np.uint8)
            out.write(block.tobytes())


def bundle(folder: Path, mib: int, change: str = "") -> tuple[Path, str, int, dict[str, int]]:
    """A bundle with that model: path, digest and size of its tar, sizes of its files."""
    model = folder / "model"
    weights(model, mib, change)
    with model.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    record = FileRecord(path=MODEL, size=model.stat().st_size, sha256=digest)
    manifest = canonical_json(ReleaseManifest(
        schema=SCHEMA, spec="x", device_class="x", architecture="x", spec_digest="0" * 64,
        plan_digest="0" * 64, zones=(), models=(), flows=(), files=(record,),
    ))  # fmt: skip
    path = folder / f"bundle-{change[:4].strip() or 'old'}.tar.zst"
    with path.open("wb") as out:
        made = write_archive(FileTree({MODEL: model, "release.json": manifest}), out)
    model.unlink()
    sizes = {MODEL: record.size, "release.json": len(manifest)}
    return path, made.tar_sha256, made.tar_size, sizes


def use(release: Content, slot: Path) -> int:
    """Read a release twice as a device does, and by how many KiB the process grew."""
    before = peak()
    for _, chunks in release.files():
        for _ in chunks:
            pass
    fill(slot, release)
    return peak() - before


def child(*arguments: str) -> int:
    """Growth of a process of its own, in KiB."""
    done = subprocess.run([sys.executable, __file__, *arguments], capture_output=True, text=True,
                          check=True)  # fmt: skip
    return int(done.stdout)


def main() -> None:
    """Measure, or be the process that is measured."""
    if len(sys.argv) > 2:
        kind, path, slot, base, base_sha, tar_sha, tar_size, sizes = sys.argv[1:]
        known = {p: int(n) for p, n in (one.split("=") for one in sizes.split(","))}
        release: Content = (
            Packed(Path(path), known, tar_sha, int(tar_size)) if kind == "bundle"
            else Patched(Path(path), Path(base), base_sha, known, tar_sha, int(tar_size))
        )  # fmt: skip
        print(use(release, Path(slot)))
        return
    mib = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        old = bundle(folder, mib)
        told = ",".join(f"{p}={n}" for p, n in old[3].items())
        grew = child("bundle", str(old[0]), str(folder / "a"), "-", "-", old[1], str(old[2]), told)
        print(f"bundle of {mib} MiB read and unpacked: process grew by {grew / 1024:.1f} MiB")
        for change in CHANGES:
            new = bundle(folder, mib, change)
            files = [delta.opened(one[0], folder) for one in (old, new)]
            made = delta.make(files[0], old[1], files[1], new[1], new[0].stat().st_size)
            assert made is not None
            path = folder / "delta"
            path.write_bytes(made)
            told = ",".join(f"{p}={n}" for p, n in new[3].items())
            grew = child("delta", str(path), str(folder / "b"), str(folder / "a"), old[1], new[1],
                         str(new[2]), told)  # fmt: skip
            full = new[0].stat().st_size
            disk = len(made) + sum(new[3].values())
            print(f"{change}: {100 * len(made) / full:.1f} % of the bundle, applied with "
                  f"{grew / 1024:.1f} MiB and {disk / full:.2f} bundles of disk")  # fmt: skip
            new[0].unlink()


if __name__ == "__main__":
    main()
