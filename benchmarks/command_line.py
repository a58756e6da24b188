"""Times cold command-line processes and prints the median of five beside each stated bar."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

SPEC = str(Path(__file__).parents[1] / "examples" / "vibration-watch")
CASES = (
    ("hybridspec --help", ["--help"], 0.3),
    ("hybridspec validate", ["validate", SPEC], 0.8),
    ("hybridspec up, nothing changed", ["up", SPEC], 3.0),
)


def seconds(arguments: list[str]) -> float:
    """Wall time of one cold process."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "hybridspec", *arguments], capture_output=True, check=True
    )
    return time.perf_counter() - start


def main() -> None:
    """Print every figure; `up` is run once before, so that nothing is left to do."""
    subprocess.run(
        [sys.executable, "-m", "hybridspec", "up", SPEC], capture_output=True, check=True
    )
    for name, arguments, bar in CASES:
        median = statistics.median(seconds(arguments) for _ in range(5))
        print(
            f"{name}: median {median:.2f} s, bar {bar:g} s: {'met' if median < bar else 'MISSED'}"
        )


if __name__ == "__main__":
    main()
