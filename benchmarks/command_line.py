"""Times cold command-line processes and prints the median of five beside each stated bar."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "vibration-watch"
CASES = (
    ("hybridspec --help", ["--help"], 0.3),
    ("hybridspec validate", ["validate", "SPEC"], 0.8),
    ("hybridspec up, nothing changed", ["up", "SPEC"], 3.0),
)


def seconds(arguments: list[str], *, check: bool = True) -> float:
    """Wall time of one cold process."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "hybridspec", *arguments], capture_output=True, check=check
    )
    return time.perf_counter() - start


def main() -> None:
    """Print every figure; `up` is run once before, so that nothing is left to do."""
    with tempfile.TemporaryDirectory() as work:
        left = shutil.ignore_patterns("build", ".hybridspec")
        spec = str(shutil.copytree(EXAMPLE, Path(work) / EXAMPLE.name, ignore=left))
        try:
            seconds(["up", spec])
            for name, words, bar in CASES:
                arguments = [spec if word == "SPEC" else word for word in words]
                median = statistics.median(seconds(arguments) for _ in range(5))
                verdict = "met" if median < bar else "MISSED"
                print(f"{name}: median {median:.2f} s, bar {bar:g} s: {verdict}")
        finally:
            seconds(["destroy", spec], check=False)


if __name__ == "__main__":
    main()
