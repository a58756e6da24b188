"""The process that builds one variant by one recipe and measures it.

Run as `python -m hybridspec.optimise.worker JOB.json`; crashes here are verdicts, not failures.
`JOB.json` holds:

    folder       where everything is written
    source       the model
    recipe       id of the recipe
    inputs       names of the model's inputs
    shapes       shape of each, with what was said of open sizes; -1 is open, and taken as 1
    evaluation   `.npz` with an array for each input and `label`; null: random inputs, no labels
    calibration  `.npz` with an array for each input; null: the evaluation data
    metric       of the task; null: the outputs are only compared
    made         what a hook made of the model, for the recipe `hook` alone
    cut          tensor to cut the model at, of which the first half is built; null: the whole
    threads      number of threads to time both models with, in turns; 0: nothing is timed

`figures.json` in the folder holds `failed`, the reason why nothing was built, or `unusable` with
`data`, what is wrong with which data, or what `gate.measure` found; and always `recipe`,
`calibrated`, `original_size`, `variant_size` and `tools`. With `threads` also `time`: microseconds
of `original` and `variant` (medians), `original_least`, `variant_least`, `ratio`, `pairs` and
`threads`. `model.onnx`, `golden_inputs.npz` and `golden_outputs.npz` are written beside it.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from hybridspec.optimise.data import Arrays, DataUnusable, read_arrays, write_arrays
from hybridspec.optimise.likeness import measure
from hybridspec.optimise.limits import confine
from hybridspec.optimise.passes import PassFailed, build, split
from hybridspec.optimise.recipe import recipe
from hybridspec.optimise.run import alone, outputs
from hybridspec.optimise.synthetic import inputs_of
from hybridspec.optimise.timing import compare

GOLDEN = 8
TOOLS = ("numpy", "onnx", "onnxruntime")


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Build the variant, run both models, and return the figures.

    A first half is judged by what the second half, as it was written, makes of its output.
    """
    folder, source = Path(job["folder"]), Path(job["source"])
    target, whole, rest = folder / "model.onnx", source, None
    chosen = recipe(job["recipe"])
    if job["cut"] is not None:
        source, rest = folder / "head.onnx", folder / "tail.onnx"
        try:
            split(whole, job["cut"], source, rest)
        except PassFailed as fault:
            return {"failed": str(fault), "samples": 0, "original_size": 0}
    evaluation, labels = _evaluation(job)
    samples = min(len(evaluation[name]) for name in job["inputs"])
    try:
        calibration = (
            read_arrays(Path(job["calibration"]), "calibration")
            if job["calibration"] and chosen.calibrated
            else evaluation
        )
        if chosen.form == "made":
            shutil.copyfile(job["made"], target)
        else:
            build(chosen, source, target, calibration, job["inputs"], _sizes(job, evaluation))
    except PassFailed as fault:
        return {"failed": str(fault), "samples": samples}
    original = outputs(whole, evaluation)
    if rest is not None:
        variant = outputs(rest, {job["cut"]: outputs(target, evaluation)[0]})
    else:
        variant = original if chosen.form == "copy" else outputs(target, evaluation)
    expected = _golden(folder, target, {n: evaluation[n][:GOLDEN] for n in job["inputs"]})
    size = source.stat().st_size
    figures = {**measure(original, variant, labels, job["metric"], samples),
               "scale": _scale(expected), "original_size": size,
               "synthetic": job["evaluation"] is None}  # fmt: skip
    if labels is not None and labels.dtype.kind == "i":
        figures["classes"] = len(np.unique(labels))
    if job["threads"]:
        figures["time"] = asdict(compare(source, target, evaluation, job["threads"]))
    for half in (rest, source) if rest is not None else ():
        half.unlink()
    return figures


def _sizes(job: dict[str, Any], evaluation: Arrays) -> dict[str, tuple[int, ...]]:
    """The sizes of a sample; random inputs have those alone that somebody stated."""
    if job["evaluation"] is None:
        return {name: tuple(shape) for name, shape in job.get("shapes", {}).items()}
    return {name: (1, *evaluation[name].shape[1:]) for name in job["inputs"]}


def _evaluation(job: dict[str, Any]) -> tuple[Arrays, np.ndarray | None]:
    """Inputs to judge by and their labels; random inputs have none."""
    if job["evaluation"] is None:
        return inputs_of(Path(job["source"]), job["shapes"]), None
    evaluation = read_arrays(Path(job["evaluation"]), "evaluation")
    return evaluation, evaluation.pop("label", None)


def _golden(folder: Path, target: Path, inputs: Arrays) -> list[np.ndarray]:
    """Inputs and outputs that a device has to reproduce."""
    expected = outputs(target, inputs)
    write_arrays(folder / "golden_inputs.npz", inputs)
    write_arrays(
        folder / "golden_outputs.npz", {f"output_{i:03}": a for i, a in enumerate(expected)}
    )
    return expected


def _scale(expected: list[np.ndarray]) -> float:
    """Standard deviation of the golden outputs, the unit of their tolerance."""
    return round(float(np.concatenate([a.ravel() for a in expected]).std()), 6)


def main() -> None:
    """Run the job named by the first argument and write its figures."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    confine(job.get("memory"), job.get("parent"))
    alone()
    folder = Path(job["folder"])
    try:
        figures = work(job)
    except DataUnusable as fault:
        figures = {"unusable": str(fault), "data": fault.data}
    model = folder / "model.onnx"
    figures.setdefault("original_size", Path(job["source"]).stat().st_size)
    figures["recipe"], figures["calibrated"] = job["recipe"], recipe(job["recipe"]).calibrated
    figures["variant_size"] = model.stat().st_size if model.exists() else 0
    figures["tools"] = {name: version(name) for name in TOOLS}
    (folder / "figures.json").write_text(json.dumps(figures, sort_keys=True), encoding="utf-8")


if __name__ == "__main__":
    main()
