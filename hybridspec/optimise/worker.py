"""The process that builds one variant and measures it; crashes here are verdicts, not failures.

Run as `python -m hybridspec.optimise.worker JOB.json`; writes `model.onnx`, golden files and
`figures.json` into the job's folder.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from hybridspec.optimise.data import DataUnusable, read_arrays, write_arrays
from hybridspec.optimise.gate import measure
from hybridspec.optimise.passes import PassFailed, int8, split
from hybridspec.optimise.run import outputs

GOLDEN = 8
TOOLS = ("numpy", "onnx", "onnxruntime")


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Build the variant, run both models, and return the figures.

    A first half is judged by what the second half, as it was written, makes of its output.
    """
    folder, source = Path(job["folder"]), Path(job["source"])
    target, whole, rest = folder / "model.onnx", source, None
    if job["cut"] is not None:
        source, rest = folder / "head.onnx", folder / "tail.onnx"
        try:
            split(whole, job["cut"], source, rest)
        except PassFailed as fault:
            return {"failed": str(fault), "samples": 0, "original_size": 0}
    evaluation = read_arrays(Path(job["evaluation"]), "evaluation")
    labels = evaluation.pop("label")
    if job["variant"] == "int8":
        calibration = (
            read_arrays(Path(job["calibration"]), "calibration")
            if job["calibration"]
            else evaluation
        )
        try:
            int8(source, target, calibration, job["inputs"])
        except PassFailed as fault:
            return {"failed": str(fault), "samples": len(labels)}
    else:
        shutil.copyfile(source, target)
    original = outputs(whole, evaluation)
    if rest is not None:
        variant = outputs(rest, {job["cut"]: outputs(target, evaluation)[0]})
    else:
        variant = original if job["variant"] == "fp32" else outputs(target, evaluation)
    golden = {name: evaluation[name][:GOLDEN] for name in job["inputs"]}
    expected = outputs(target, golden)
    write_arrays(folder / "golden_inputs.npz", golden)
    write_arrays(
        folder / "golden_outputs.npz", {f"output_{i:03}": a for i, a in enumerate(expected)}
    )
    size = source.stat().st_size
    for half in (rest, source) if rest is not None else ():
        half.unlink()
    return {**measure(original, variant, labels, job["metric"]), "scale": _scale(expected),
            "original_size": size}  # fmt: skip


def _scale(expected: list[np.ndarray]) -> float:
    """Standard deviation of the golden outputs, the unit of their tolerance."""
    return round(float(np.concatenate([a.ravel() for a in expected]).std()), 6)


def main() -> None:
    """Run the job named by the first argument and write its figures."""
    # A model may ask for any amount; it is to fail, not the machine.
    most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    folder = Path(job["folder"])
    try:
        figures = work(job)
    except DataUnusable as fault:
        figures = {"unusable": str(fault), "data": fault.data}
    model = folder / "model.onnx"
    figures.setdefault("original_size", Path(job["source"]).stat().st_size)
    figures["variant_size"] = model.stat().st_size if model.exists() else 0
    figures["tools"] = {name: version(name) for name in TOOLS}
    (folder / "figures.json").write_text(json.dumps(figures, sort_keys=True), encoding="utf-8")


if __name__ == "__main__":
    main()
