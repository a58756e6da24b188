"""Latencies measured on this machine: original and variant in turns, in a child, kept by content.

Run as `python -m hybridspec.optimise.timed JOB.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hybridspec.base.errors import HybridspecError
from hybridspec.ir.plan import Estimate
from hybridspec.optimise.data import read_arrays
from hybridspec.optimise.limits import confine
from hybridspec.optimise.store import Entry
from hybridspec.optimise.task import Children, tools
from hybridspec.optimise.workshop import Progress

_SECONDS = 120
_THREADS = 1
_MEMORY = 8 * 2**30
_FIELDS = {"original", "variant", "original_least", "variant_least", "ratio", "pairs", "threads"}


def timed(
    original: Entry, variants: Mapping[str, Entry], cache: Path, progress: Progress
) -> dict[str, Estimate]:
    """The latency of each variant on this machine, one after the other, so that none disturbs.

    All are told against the least median of the original, by the ratio that both had in turns.

    Raises:
        HybridspecError: the cache cannot be written, or a model cannot be timed.
    """
    found = {}
    for name, entry in variants.items():
        kept = cache / "timings" / f"{_key(original, entry)}.json"
        answer = _read(kept)
        if answer is None:
            progress(f"timing {name} on this machine")
            answer = _measure(original, entry)
            _keep(kept, answer)
        found[name] = answer
    base = min((int(one["original"]) for one in found.values()), default=0)
    return {name: _estimate(one, base, int(one["pairs"])) for name, one in found.items()}


def _estimate(one: Mapping[str, Any], base: int, pairs: int) -> Estimate:
    """From the least time to as far above the median."""
    mid = max(1, round(base / float(one["ratio"])))
    low = max(1, min(mid, int(one["variant_least"])))
    return Estimate(
        low=low, mid=mid, high=2 * mid - low,
        basis=f"measured on this machine ({processor()}), {one['threads']} thread, {pairs} pairs "
        "with the original in turns",
    )  # fmt: skip


def processor() -> str:
    """What computes here, as its maker calls it."""
    with suppress(OSError), Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine() or "unknown"


def architecture() -> str:
    """The architecture of this machine, as catalogues call it."""
    found = platform.machine().lower()
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(found, found)


def _key(original: Entry, variant: Entry) -> str:
    text = json.dumps([
        "1", processor(), tools(), _THREADS, original.digests.get("model.onnx"),
        variant.digests.get("model.onnx"), original.digests.get("golden_inputs.npz"),
    ])  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        answer = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    whole = isinstance(answer, dict) and set(answer) == _FIELDS
    return answer if whole and all(isinstance(v, int | float) and v > 0
                                   for v in answer.values()) else None  # fmt: skip


def _keep(path: Path, answer: Mapping[str, Any]) -> None:
    """Best effort: a time that cannot be kept is measured again."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.{os.getpid()}")
        new.write_text(json.dumps(answer, sort_keys=True), encoding="utf-8")
        new.replace(path)


def _measure(original: Entry, variant: Entry) -> dict[str, Any]:
    children = Children()
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "job.json", Path(folder) / "time.json"
        job = {"original": str(original.folder / "model.onnx"), "out": str(out),
               "variant": str(variant.folder / "model.onnx"), "parent": os.getpid(),
               "inputs": str(original.folder / "golden_inputs.npz")}  # fmt: skip
        path.write_text(json.dumps(job), encoding="utf-8")
        command = [sys.executable, "-P", "-m", "hybridspec.optimise.timed", str(path)]
        try:
            done = children.run(command, seconds=_SECONDS)
        except subprocess.TimeoutExpired as fault:
            raise _untimed(f"it takes longer than {_SECONDS} s") from fault
        answer = _read(out)
    if done.returncode != 0 or answer is None:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise _untimed(said[-1][:200] if said else "it crashed")
    return answer


def _untimed(why: str) -> HybridspecError:
    return HybridspecError(
        f"the model cannot be timed on this machine: {why}",
        help="leave `--measure` out, or name a board to estimate for",
    )


def main() -> None:
    """Time the pair that the job named by the first argument holds."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    confine(_MEMORY, job["parent"])
    from hybridspec.optimise.timing import compare

    inputs = read_arrays(Path(job["inputs"]), "evaluation")
    found = compare(Path(job["original"]), Path(job["variant"]), inputs, _THREADS)
    Path(job["out"]).write_text(json.dumps(asdict(found)), encoding="utf-8")


if __name__ == "__main__":
    main()
