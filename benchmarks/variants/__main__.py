"""Builds every recipe of each network, judges and times it here, and prints which one is chosen.

Run as `PYTHONPATH=benchmarks .venv/bin/python -m variants [NAME …]`; times are medians of pairs
that run in turns, on one thread, so that what else the machine does slows both alike.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from hybridspec.base.source import Span
from hybridspec.ir.graph import Model
from hybridspec.ir.kernel import family
from hybridspec.ir.plan import Estimate
from hybridspec.load.model import facts_of
from hybridspec.load.probe_child import probe
from hybridspec.optimise.gate import judge
from hybridspec.optimise.recipe import CPU, Recipe, recipes
from variants.tasks import TASKS, Task, write

PRECISIONS = ("fp32", "int8")
NOWHERE = Span("network", 1, 1, 1, 1)
TIE = 1.03
"""Speed-ups that differ by less are alike; the more promising recipe is taken."""


def built(
    task: Task, recipe: Recipe, files: tuple[Path, Path, Path], folder: Path
) -> dict[str, Any]:
    """What the worker finds of one recipe."""
    folder.mkdir()
    job = {"folder": str(folder), "source": str(files[0]), "evaluation": str(files[1]),
           "calibration": str(files[2]), "inputs": ["x"], "recipe": recipe.id,
           "metric": task.metric, "cut": None, "threads": 1}  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job))
    command = [sys.executable, "-m", "hybridspec.optimise.worker", str(folder / "job.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["it crashed"])[-1][:80]}
    found: dict[str, Any] = json.loads((folder / "figures.json").read_text())
    return found


def measured(us: int) -> Estimate:
    """A measured time as the gate wants it."""
    return Estimate(low=us, mid=us, high=us, basis="measured here")


def tried(task: Task, folder: Path) -> list[tuple[Recipe, dict[str, Any], tuple[str, ...]]]:
    """Every recipe with its figures and what the gate has against it."""
    files = write(task, folder)
    digest = hashlib.sha256(files[0].read_bytes()).hexdigest()
    facts = facts_of(probe(str(files[0])), digest, files[0].stat().st_size)
    model = Model(
        name=task.name, path=files[0], facts=facts, task="classification",
        metric=task.metric or "", floor=Fraction(1, 2), allowed_drop=Fraction(2, 100),
        evaluation=files[1], evaluation_digest="", calibration=None, calibration_digest=None,
        variants=PRECISIONS, training=None, licence="", origin=NOWHERE, source_origin=NOWHERE,
        evaluation_origin=NOWHERE, calibration_origin=NOWHERE, floor_origin=NOWHERE,
    )  # fmt: skip
    print(f"\n{task.name}: {family(facts)}, {(facts.conv_macs + facts.gemm_macs) // 10**6} M MACs")
    found = []
    for precision in PRECISIONS:
        for recipe in recipes(facts, precision, CPU, "amd64"):
            figures = built(task, recipe, files, folder / recipe.id)
            if "failed" in figures:
                found.append((recipe, figures, (str(figures["failed"]),)))
                continue
            time = figures["time"]
            speed = (measured(round(1000 * time["ratio"])), measured(1000))
            found.append((recipe, figures, judge(model, precision, figures, speed).reasons))
    return found


def chosen(found: list[tuple[Recipe, dict[str, Any], tuple[str, ...]]]) -> int:
    """The fastest that passed; the earliest of those that are alike."""
    ratios = {i: 1.0 if recipe.form == "copy" else figures["time"]["ratio"]
              for i, (recipe, figures, reasons) in enumerate(found) if not reasons}  # fmt: skip
    best = max(ratios.values(), default=0.0)
    return next((i for i, ratio in ratios.items() if ratio * TIE >= best), 0)


def _figures(figures: dict[str, Any]) -> str:
    time, size = figures["time"], figures["variant_size"] / 2**20
    return (
        f"{time['original']:>8} {time['variant']:>8} us {time['ratio']:>6.2f}x {size:>7.2f} MiB "
        f"{figures['sqnr_db']:>6.1f} dB {figures['variant']:.4f} {figures['agreement']:.4f} "
    )


def main() -> int:
    """Print a table for each network; 1 if a chosen variant is slower than the original."""
    names, slower = sys.argv[1:], 0
    for task in TASKS:
        if names and task.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = tried(task, Path(folder))
            best = chosen(found)
            for index, (recipe, figures, reasons) in enumerate(found):
                line = f"{'->' if index == best else '  '} {recipe.id:<28}"
                line += _figures(figures) if "time" in figures else ""
                print(line + ("" if not reasons else "no: " + "; ".join(reasons)), flush=True)
            if found[best][0].form != "copy":
                slower += found[best][1]["time"]["ratio"] < 1
    return int(slower > 0)


if __name__ == "__main__":
    sys.exit(main())
