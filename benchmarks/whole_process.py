"""What one cold run of `hybridspec validate` takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path


def validated(spec: Path) -> tuple[float, float]:
    """Seconds and megabytes of one process that validates a spec."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "hybridspec", "validate", str(spec)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    said = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"the spec is not valid: {said.decode()[:4000]}")
    return elapsed, usage.ru_maxrss * 1024 / 10**6
