"""The estimator against the published table: errors over what it has not seen, and each bar.

PYTHONPATH=benchmarks python -m estimator TABLE.csv [--networks]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from estimator.judge import (
    Error,
    calibrated,
    coverage,
    groups,
    npus,
    relative,
    unseen_networks,
)
from estimator.product import measured_devices
from estimator.table import read

BARS = {"CPU": (0.11, 0.40), "GPU": (0.15, 0.55)}
THREE = 0.14
MEASURED = {"CPU": (1, 3, 10), "GPU": (3,), "CPU int8": (3,)}
COVERAGE = (0.85, 0.95)


def main() -> int:
    """Print the table; 1 if a bar is missed."""
    parser = argparse.ArgumentParser(prog="estimator", description="Judge the latency estimator.")
    parser.add_argument("table", type=Path)
    parser.add_argument("--networks", action="store_true", help="errors by network, too")
    asked = parser.parse_args()
    table = read(asked.table)
    missed = 0
    print("| left out | rows | median | p90 | within 25 % | 90 % interval covers | bar |")
    print("|---|---|---|---|---|---|---|")
    for group in (*groups(table), *npus(table)):
        errors = unseen_networks(table, group)
        missed += _row(f"a network, {group.name}", errors, BARS.get(group.name))
        if asked.networks:
            _networks(errors)
        for count in MEASURED.get(group.name, ()):
            few = measured_devices(table, group, count)
            bar = (THREE, np.inf) if (count, group.name) == (3, "CPU") else None
            missed += _row(f"a device but for {count} measured, {group.name}", few, bar)
    return int(missed > 0)


def _row(name: str, errors: list[Error], bar: tuple[float, float] | None) -> bool:
    """One line; whether it misses a bar. Every interval has to cover what it says.

    NPUs have no bar; their interval may cover more.
    """
    off, held = relative(errors), coverage(errors)
    median, high = float(np.median(off)), float(np.quantile(off, 0.9))
    typical = float(np.median([error.unsure for error in errors]))
    low, up = np.exp(np.array(calibrated(errors)) * typical)
    good = COVERAGE[0] <= held <= (1 if name.startswith("a network, NPU") else COVERAGE[1])
    good = good and (bar is None or (median <= bar[0] and high <= bar[1]))
    verdict = "MISSED" if not good else "met" if bar else "interval only: met"
    print(f"| {name} | {len(errors)} | {median:.1%} | {high:.1%} | {np.mean(off <= 0.25):.0%} | "
          f"{held:.1%} of x{low:.2f}..x{up:.2f} | {verdict} |", flush=True)  # fmt: skip
    return not good


def _networks(errors: list[Error]) -> None:
    for net in sorted({error.net for error in errors}):
        of = [error for error in errors if error.net == net]
        print(f"    {net:20} median {np.median(relative(of)):.1%}, "
              f"leaning {np.exp(np.median([e.log for e in of])):.2f}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
