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
    coverage,
    groups,
    interval,
    npus,
    relative,
    unseen_devices,
    unseen_networks,
)
from estimator.table import read

BARS = {"CPU": (0.11, 0.40), "GPU": (0.15, 0.55)}
THREE = 0.14
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
        if not group.floats and not group.lumped:
            few = unseen_devices(table, group)
            missed += _row(f"a device but for 3 networks, {group.name}", few,
                           (THREE, np.inf) if group.name == "CPU" else None)  # fmt: skip
    return int(missed > 0)


def _row(name: str, errors: list[Error], bar: tuple[float, float] | None) -> bool:
    off, held = relative(errors), coverage(errors)
    median, high = float(np.median(off)), float(np.quantile(off, 0.9))
    low, up = np.exp(interval(errors))
    good = bar is None or (median <= bar[0] and high <= bar[1])
    good = good and (COVERAGE[0] <= held <= COVERAGE[1] or bar is None)
    verdict = "none" if bar is None else "met" if good else "MISSED"
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
