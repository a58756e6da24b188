"""Bundle, sign and publish against the machine's own `tar | zstd`, in pairs; memory of 2 GB.

`python benchmarks/bundle.py [MEGABYTES] [PAIRS]`. A pair runs both one after the other on the
same files, in turns, so that what else the machine does meets both; the median ratio counts. Ours
hashes every file, signs, packs, writes the output and publishes it durably to a channel; theirs
packs at the same level and synchronises one file. A second ratio is against the same library in
place of the command, which may be another version of zstd and much slower; it has no bar, since
what remains is how often the archive is read and synchronised. Weights are normal int8.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RATIO_BAR, MEMORY_BAR, LARGE = 0.6, 200, 2048
_BLOCK = 8


def weights(path: Path, megabytes: int) -> None:
    """int8 values around zero, some of which repeat: like a quantised network, reproducible."""
    import numpy as np

    random = np.random.default_rng(7)
    with path.open("wb") as out:
        for _ in range(megabytes // _BLOCK):
            values = random.normal(0, 24, _BLOCK << 20)
            out.write(np.clip(np.rint(values), -127, 127).astype(np.int8).tobytes())


def ours(model: Path, work: Path) -> None:
    """What `channel publish` does once models are built."""
    from datetime import UTC, datetime, timedelta

    from hybridspec.bundle import attestation, envelope, model_signature
    from hybridspec.bundle.assemble import complete
    from hybridspec.bundle.keys import complete as keys_for
    from hybridspec.bundle.manifest import SCHEMA, FileRecord, ReleaseManifest, release_id
    from hybridspec.bundle.members import ACCURACY, MANIFEST, MODEL_SIGNATURE, PROVENANCE
    from hybridspec.bundle.repository import ClassRelease, Validity, publish
    from hybridspec.bundle.sign import sign
    from hybridspec.deliver.publish import write_publication
    from hybridspec.deliver.write import pack, write_tree
    from hybridspec.ir.tree import FileTree

    path = "model/m/model.onnx"
    tree = FileTree({path: model})
    digests = tree.digests()
    manifest = ReleaseManifest(
        schema=SCHEMA, spec="bench", device_class="box", architecture="arm64",
        spec_digest="0" * 64, plan_digest="0" * 64, zones=(), models=(), flows=(),
        files=(FileRecord(path=path, size=model.stat().st_size, sha256=digests[path]),),
    )  # fmt: skip
    claim = envelope.unsigned(envelope.statement(
        [{"name": path, "digest": {"sha256": digests[path]}}], attestation.PROVENANCE, {}
    ))  # fmt: skip
    signature = model_signature.unsigned(model_signature.statement(digests))
    keys = keys_for({}, ["box"])
    signed = sign(
        complete(manifest, tree, {PROVENANCE: claim, ACCURACY: claim, MODEL_SIGNATURE: signature}),
        keys,
    )
    packed = work / "packed.tar.zst"
    digest = pack(signed, packed)
    listing = signed.files[MANIFEST]
    assert isinstance(listing, bytes)
    write_tree(work / "out", FileTree({
        "bundles/box/bundle.tar.zst": packed, "bundles/box/manifest.json": listing,
    }))  # fmt: skip
    release = ClassRelease(
        device_class="box", release=release_id(listing), manifest=listing,
        bundle=work / "out" / "bundles" / "box" / "bundle.tar.zst", digest=digest,
        install_size=model.stat().st_size,
    )  # fmt: skip
    validity = Validity(online=timedelta(days=9))
    write_publication(work / "channel", publish({}, [release], keys, datetime.now(UTC), validity))


def theirs(model: Path, work: Path) -> None:
    """`tar | zstd` at the same level, on disk when it ends."""
    from hybridspec.bundle.archive import LEVEL

    out = work / "theirs.tar.zst"
    command = 'tar -C "$1" -cf - "$2" | zstd -q -"$3" -o "$4"'
    subprocess.run(
        ["/bin/sh", "-ec", command, "sh", str(model.parent), model.name, str(LEVEL), str(out)],
        check=True,
    )
    descriptor = os.open(out, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def library(model: Path, work: Path) -> None:
    """`tar` into the library that packs bundles, with its parameters and nothing else."""
    import zstandard

    from hybridspec.bundle.archive import COMPRESSOR

    parameters = zstandard.ZstdCompressionParameters(**COMPRESSOR)
    with (
        subprocess.Popen(["tar", "-C", str(model.parent), "-cf", "-", model.name],
                         stdout=subprocess.PIPE) as tar,
        (work / "library.tar.zst").open("wb") as out,
    ):  # fmt: skip
        assert tar.stdout is not None
        zstandard.ZstdCompressor(compression_params=parameters).copy_stream(tar.stdout, out)
        out.flush()
        os.fsync(out.fileno())


KINDS = {"ours": ours, "theirs": theirs, "library": library}


def run(kind: str, model: Path) -> tuple[float, float]:
    """Seconds, and megabytes at most, of a process that does one of them."""
    with tempfile.TemporaryDirectory(dir=model.parent) as work:
        done = subprocess.run(
            [sys.executable, __file__, "--child", kind, str(model), work],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    said = json.loads(done.stdout)
    return float(said["seconds"]), float(said["megabytes"])


def child(kind: str, model: Path, work: Path) -> None:
    """Do one of them here; the imports are not timed, since a real run has made them long ago."""
    import hybridspec.bundle.repository
    import hybridspec.bundle.sign
    import hybridspec.deliver.publish  # noqa: F401

    start = time.perf_counter()
    KINDS[kind](model, work)
    seconds = time.perf_counter() - start
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "megabytes": most}))


def compared(model: Path, other: str, pairs: int, megabytes: int) -> bool:
    """Whether the median ratio over pairs is above the bar; printed with its spread."""
    ratios = []
    for pair in range(pairs):
        order = ("ours", other) if pair % 2 else (other, "ours")
        seconds = {kind: run(kind, model)[0] for kind in order}
        ratios.append(seconds[other] / seconds["ours"])
    ratio = statistics.median(ratios)
    name = "`tar | zstd`" if other == "theirs" else "`tar` into the same library"
    bar = f", bar {RATIO_BAR:g}: {'met' if ratio >= RATIO_BAR else 'MISSED'}"
    print(
        f"bundle, sign and publish {megabytes} MB: {ratio:.2f} of the throughput of {name} "
        f"(median of {pairs} pairs, {min(ratios):.2f} to {max(ratios):.2f})"
        f"{bar if other == 'theirs' else ''}",
        flush=True,
    )
    return ratio >= RATIO_BAR


def main() -> None:
    """Print both figures beside their bars; end with 1 where one is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("megabytes", nargs="?", type=int, default=256)
    parser.add_argument("pairs", nargs="?", type=int, default=5)
    parser.add_argument("--child", nargs=3, metavar=("KIND", "MODEL", "WORK"))
    asked = parser.parse_args()
    if asked.child:
        kind, model, work = asked.child
        child(kind, Path(model), Path(work))
        return
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.onnx"
        weights(model, asked.megabytes)
        met = [
            compared(model, other, asked.pairs, asked.megabytes) for other in ("theirs", "library")
        ]
        weights(model, LARGE)
        _, megabytes = run("ours", model)
        print(f"a model of {LARGE} MB: {megabytes:.0f} MB resident at most, bar {MEMORY_BAR}: "
              f"{'met' if megabytes < MEMORY_BAR else 'MISSED'}")  # fmt: skip
    raise SystemExit(not met[0] or megabytes >= MEMORY_BAR)


if __name__ == "__main__":
    main()
