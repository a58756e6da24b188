"""Placement against monoliths in one run: a table, and each bar with whether it is met.

    PYTHONPATH=benchmarks python -m placement [--seconds 90] [--no-monoliths] [INSTANCE ...]

Every measurement is a process of its own. A monolith gets `--seconds`; ratios of time are of CPU
time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from placement.series import SHAPES

ROOT = Path(__file__).parents[1]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "HYBRIDSPEC_THREADS")
PATIENCE = 300
"""Seconds after which a measurement is given up."""
LARGE = 2_000
"""Pairs from which on, if sites are distinct, monoliths have not been seen to find anything."""


def measured(what: str, name: str, *rest: str, threads: int = 1) -> dict[str, Any] | None:
    """What `measure` prints, or None if it failed."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "placement.measure", what, name, *rest],
            env={**os.environ, "PYTHONPATH": str(ROOT), **dict.fromkeys(THREADS, str(threads))},
            capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        print(f"{what} on {name}: no answer in {PATIENCE} s")
        return None
    if done.returncode:
        print(f"{what} on {name} failed: {(done.stderr.splitlines() or ['?'])[-1]}")
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def row(name: str, what: str, cells: list[str]) -> None:
    print(f"| {name} | {what} | {' | '.join(cells)} |", flush=True)


def bar(name: str, what: str, met: bool) -> None:
    print(f"- {name}: {what}: **{'met' if met else 'MISSED'}**", flush=True)


def table(names: list[str], seconds: float, monoliths: bool) -> dict[str, dict[str, Any]]:
    """Measure and print; returns what was measured, by instance."""
    print(
        "| pairs | solver | time (s) | cost | gap | memory (KB a pair) |\n|---|---|---|---|---|---|"
    )
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        found[name] = {}
        pairs = SHAPES[name][0] * SHAPES[name][1]
        said = measured("engine", name)
        if said is not None:
            found[name]["engine"] = said
            for fault in said["faults"]:
                print(f"FAULT in {name}: {fault}")
            row(name, f"engine, {said['classes']} classes, {said['plans']} plans", [
                f"{said['enumerating']:.2f} + {said['solving']:.2f}", f"{said['cost']:,}",
                f"{said['gap']:.4%}", f"{said['memory']:.1f}"])  # fmt: skip
        for what in ("cp-sat", "highs") if monoliths and _bearable(name, pairs) else ():
            said = measured(what, name, str(seconds))
            if said is not None:
                found[name][what] = said
                row(name, what, [f"{said['seconds']:.1f}", f"{said['cost'] or 0:,}",
                                 f"{said['gap']:.2%}",
                                 f"{said['memory'] / pairs:.0f}"])  # fmt: skip
    return found


def _bearable(name: str, pairs: int) -> bool:
    return pairs < LARGE or bool(SHAPES[name][2])


def bars(found: dict[str, dict[str, Any]]) -> None:
    """Every bar whose instance was measured."""
    for name, times, memory in (("10000-templated", 2.0, None), ("10000", 20.0, 20.0)):
        said = found.get(name, {}).get("engine")
        if said is None:
            continue
        ratio = (said["enumerating"] + said["solving"]) / said["yaml"]
        bar(name, f"gap {said['gap']:.3%} (at most 0.3 %)", said["gap"] <= 0.003)
        bar(name, f"{ratio:.2f} times reading the YAML, {said['yaml']:.2f} s (at most {times:g})",
            ratio <= times)  # fmt: skip
        if memory:
            bar(name, f"{said['memory']:.1f} KB a pair (at most {memory:g})",
                said["memory"] <= memory)  # fmt: skip
    _thousand(found.get("1000", {}))
    _hundred(found.get("100", {}))
    for name, every in found.items():
        said = every.get("engine")
        if said is None or said["pairs"] < 1000:
            continue
        full = said["enumerating"] + said["solving"]
        bar(name, f"one site edited in {said['edit'] / full:.1%} of a full solve (at most 2 %)",
            said["edit"] <= 0.02 * full)  # fmt: skip
        bar(name, f"all runner-ups in {said['runner-ups'] / full:.2f} solves (at most 1)",
            said["runner-ups"] <= full)  # fmt: skip


def _thousand(every: dict[str, Any]) -> None:
    said, others = every.get("engine"), [every[w] for w in ("cp-sat", "highs") if w in every]
    if said is None:
        return
    bar("1000", f"gap {said['gap']:.4%} (at most 0.05 %)", said["gap"] <= 0.0005)
    if others:
        wide = min(other["wide"] for other in others)
        full = said["enumerating"] + said["solving"]
        bar("1000", f"{full:.1f} s, 1/{wide / full:.0f} of the {wide:.0f} s until a monolith's gap "
            "is below 20 % (at most 1/18)", 18 * full <= wide)  # fmt: skip


def _hundred(every: dict[str, Any]) -> None:
    said, other = every.get("engine"), every.get("cp-sat")
    if said is None or other is None:
        return
    full = said["enumerating"] + said["solving"]
    bar("100", f"{said['cost']:,} is proven (bound {said['bound']:,}), CP-SAT says "
        f"{other['cost'] or 0:,}", said["cost"] == said["bound"] == other["cost"])  # fmt: skip
    bar("100", f"{full:.2f} s, CP-SAT {other['seconds']:.2f} s", full < other["seconds"])


def determinism(found: dict[str, dict[str, Any]]) -> None:
    """Whether one thread and two say the same."""
    for name, every in found.items():
        said = every.get("engine")
        again = measured("engine", name, threads=2) if said else None
        if said and again:
            bar(name, "the same answer on 1 and 2 threads", said["digest"] == again["digest"])


def main() -> None:
    """Print the table and the bars."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="INSTANCE", choices=[[], *SHAPES])
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--no-monoliths", action="store_true")
    given = parser.parse_args()
    found = table(given.names or list(SHAPES), given.seconds, not given.no_monoliths)
    print()
    bars(found)
    determinism(found)


if __name__ == "__main__":
    main()
