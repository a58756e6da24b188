"""Both halves of a model at a cut, written only once they are proved to compute what it does.

Run as `python -m hybridspec.optimise.halves JOB.json`, since the model may be hostile: it makes the
halves in the job's folder and prints how far they are from the whole.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from hybridspec.base.errors import TimedOut, UsageError
from hybridspec.ir.graph import Tensor
from hybridspec.optimise.data import Arrays, DataUnusable, read_arrays
from hybridspec.optimise.limits import confine
from hybridspec.optimise.passes import PassFailed, split
from hybridspec.optimise.run import outputs
from hybridspec.optimise.synthetic import inputs_of

BEFORE, AFTER = "head.onnx", "tail.onnx"
SAMPLES = 16
TOLERANCE = 1e-4
"""Largest difference of an output by its own spread: what sums in another order may differ by."""
_SECONDS = 300
_MEMORY = 8 * 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Halves:
    """Two models as bytes, with the worst difference from the whole over some samples."""

    before: bytes
    after: bytes
    worst: float
    samples: int


def halves(
    model: Path, tensor: str, evaluation: Path | None = None, inputs: Sequence[Tensor] = ()
) -> Halves:
    """Cut a model at a tensor, and compare the halves with it on data, else on random inputs.

    `inputs` are those of the model, with what was said of sizes that it leaves open.

    Raises:
        UsageError: the halves cannot be made, or compute something else; the data is unusable.
        TimedOut: running the model takes too long.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, job = Path(name), Path(name, "job.json")
        job.write_text(json.dumps({
            "model": str(model.resolve()), "tensor": tensor, "folder": name,
            "shapes": {tensor.name: list(tensor.shape) for tensor in inputs},
            "evaluation": None if evaluation is None else str(evaluation.resolve()),
        }), encoding="utf-8")  # fmt: skip
        command = [sys.executable, "-P", "-m", "hybridspec.optimise.halves", str(job)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False,
                                  preexec_fn=partial(confine, _MEMORY))  # fmt: skip
            said = json.loads(done.stdout)
        except subprocess.TimeoutExpired as fault:
            raise TimedOut(f"comparing the halves takes longer than {_SECONDS} s",
                           help="give fewer samples with `--evaluation`") from fault  # fmt: skip
        except ValueError:
            said = {"fault": "running it crashed or needs too much memory"}
        if "data" in said:
            raise UsageError(f"the data to compare on cannot be used: {said['data']}",
                             help="write a `.npz` with finite numbers for each input")  # fmt: skip
        if "fault" in said:
            raise UsageError(f"the model cannot be cut at `{tensor[:60]}`: {said['fault']}",
                             help="choose another cut, or leave the model whole")  # fmt: skip
        worst = float(said["worst"])
        if not worst <= TOLERANCE:
            raise UsageError(
                f"the halves at `{tensor[:60]}` differ from the whole by {worst:.2g} of the "
                "spread of an output", help="choose another cut; this one is not used",
            )  # fmt: skip
        return Halves(before=(folder / BEFORE).read_bytes(), after=(folder / AFTER).read_bytes(),
                      worst=worst, samples=int(said["samples"]))  # fmt: skip


def compared(job: dict[str, Any]) -> dict[str, Any]:
    """Make both halves; their worst difference from the whole, and over how many samples."""
    model, folder = Path(job["model"]), Path(job["folder"])
    split(model, job["tensor"], folder / BEFORE, folder / AFTER)
    inputs = inputs_of(model, job["shapes"])
    if job["evaluation"] is not None:
        given = read_arrays(Path(job["evaluation"]), "evaluation")
        lacking = sorted(set(inputs) - set(given))
        if lacking:
            raise DataUnusable(f"the array `{lacking[0]}` is missing", "evaluation")
        inputs = {name: given[name] for name in inputs}
    few: Arrays = {name: array[:SAMPLES] for name, array in inputs.items()}
    whole = outputs(model, few)
    (sent,) = outputs(folder / BEFORE, few)
    rest = outputs(folder / AFTER, {job["tensor"]: sent})
    worst = max(_difference(a, b) for a, b in zip(whole, rest, strict=True))
    return {"worst": worst if math.isfinite(worst) else 1e30,
            "samples": min(len(array) for array in few.values())}  # fmt: skip


def _difference(whole: np.ndarray, rest: np.ndarray) -> float:
    """The largest difference by the spread of the output; where NaN should be, NaN has to be."""
    if whole.shape != rest.shape or whole.dtype != rest.dtype:
        return math.inf
    if whole.dtype.kind != "f":
        return 0.0 if np.array_equal(whole, rest) else math.inf
    first, second = (array.astype(np.float64) for array in (whole, rest))
    odd = ~np.isfinite(first)
    if not np.array_equal(first[odd], second[odd], equal_nan=True):
        return math.inf
    first, second = first[~odd], second[~odd]
    if not first.size:
        return 0.0
    scale = max(float(first.std()), float(np.abs(first).max()) * 1e-3, 1e-12)
    return float(np.abs(first - second).max()) / scale


def main() -> None:
    """Do the job named by the first argument, and print what came out as one JSON document."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        answer = compared(job)
    except DataUnusable as fault:
        answer = {"data": str(fault)}
    except PassFailed as fault:
        answer = {"fault": str(fault)}
    except Exception as fault:
        answer = {"fault": f"{type(fault).__name__}: {str(fault)[:200]}"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
