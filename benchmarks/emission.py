"""How long emission takes: twelve stacks, four shapes of a plan on each cloud, in CPU time.

Run with `PYTHONPATH=tests python benchmarks/emission.py`; it ends with 1 beyond the limit. CPU
time, because a busy machine makes none of it longer.
"""

from __future__ import annotations

import sys
import time

from emitted.slices import SLICES, moved

from hybridspec.emit.stacks import emit_cloud
from hybridspec.target.registry import targets

LIMIT_S = 1.0
SHAPES = ("one zone", "no training", "several of each", "longest names")


def once() -> tuple[float, int, int]:
    """Seconds, files and bytes of all twelve."""
    parts = [SLICES[s] if c == "aws" else moved(SLICES[s], c)
             for c in ("aws", "azure", "gcp") for s in SHAPES]  # fmt: skip
    started = time.process_time()
    trees = [emit_cloud(targets()[part.provider], part)[0] for part in parts]
    taken = time.process_time() - started
    data = [data for tree in trees for _, data in tree if isinstance(data, bytes)]
    return taken, len(data), sum(map(len, data))


def main() -> int:
    """Measure the first time, which compiles every template, and the best of three others."""
    targets()
    first, files, size = once()
    again = min(once()[0] for _ in range(3))
    print(f"12 stacks, {files} files, {size} bytes: {first:.3f} s the first time, {again:.3f} s "
          f"after it, of {LIMIT_S:g} s")  # fmt: skip
    return int(first > LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
