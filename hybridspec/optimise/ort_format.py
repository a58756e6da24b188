"""A model in the format of reduced builds of onnxruntime, and the operators that a build needs.

Run as `python -m hybridspec.optimise.ort_format JOB.json`, since the model may be hostile. What is
written ran, and says what the `.onnx` file says. Optimised for a processor that is not this one, it
tells nothing about speed here.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import logging
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridspec.base.errors import TimedOut, UsageError
from hybridspec.optimise.data import read_arrays
from hybridspec.optimise.likeness import measure
from hybridspec.optimise.limits import confine
from hybridspec.optimise.run import outputs

MODEL, OPERATORS = "model.ort", "required_operators_and_types.config"
MIN_SQNR_DB = 40.0
"""Closer than a half-precision copy is: only the order of sums and fused operators differ."""
_SECONDS = 300
_MEMORY = 8 * 2**30
_NO_RANDOM_ADDRESSES = 0x0040000
"""ADDR_NO_RANDOMIZE, `personality(2)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrtFormat:
    """The converted file, and the configuration of a build that holds its operators alone."""

    model: bytes
    operators: bytes


def ort_format(model: Path, golden: Path, architecture: str) -> OrtFormat:
    """Convert a model for `arm64` or `x86_64` and compare it on golden inputs, an `.npz`.

    Raises:
        UsageError: it cannot be converted, or says something else afterwards.
        TimedOut: it takes too long.
    """
    with tempfile.TemporaryDirectory() as name:
        job = Path(name, "job.json")
        job.write_text(json.dumps({
            "model": str(model.resolve()), "golden": str(golden.resolve()), "folder": name,
            "platform": "amd64" if architecture == "x86_64" else "arm",
        }), encoding="utf-8")  # fmt: skip
        command = [sys.executable, "-P", "-m", "hybridspec.optimise.ort_format", str(job)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False,
                                  preexec_fn=_fixed)  # fmt: skip
            said = json.loads(done.stdout)
        except subprocess.TimeoutExpired as fault:
            raise TimedOut(f"converting to ORT format takes longer than {_SECONDS} s",
                           help="leave `--ort-format` out") from fault  # fmt: skip
        except ValueError:
            said = {"fault": "the library crashed or needs too much memory"}
        if "fault" in said:
            raise UsageError(f"the model cannot be converted to ORT format: {said['fault']}",
                             help="leave `--ort-format` out")  # fmt: skip
        return OrtFormat(model=Path(name, MODEL).read_bytes(),
                         operators=Path(name, OPERATORS).read_bytes())  # fmt: skip


def _fixed() -> None:
    """Bound the child, and load it at the same addresses each time.

    The library writes a table in the order of a hash that starts from an address.
    """
    confine(_MEMORY)
    with contextlib.suppress(OSError, AttributeError):  # no Linux: equal but for the order
        ctypes.CDLL(None).personality(_NO_RANDOM_ADDRESSES)


def converted(job: dict[str, Any]) -> dict[str, Any]:
    """Write both files into the job's folder; a fault if the result says something else."""
    from onnxruntime.tools.convert_onnx_models_to_ort import (
        OptimizationStyle,
        convert_onnx_models_to_ort,
    )

    folder, model = Path(job["folder"]), Path(job["model"])
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(io.StringIO()):
        convert_onnx_models_to_ort(
            model, output_dir=folder / "made", optimization_styles=[OptimizationStyle.Fixed],
            target_platform=job["platform"], enable_type_reduction=True,
        )  # fmt: skip
    (made,) = (folder / "made").glob("*.ort")
    (operators,) = (folder / "made").glob("*.config")
    inputs = read_arrays(Path(job["golden"]), "golden")
    samples = min(len(array) for array in inputs.values())
    found = measure(outputs(model, inputs), outputs(made, inputs), None, None, samples)
    if found["broken"] or found.get("failed") or not found["sqnr_db"] >= MIN_SQNR_DB:
        return {"fault": "it computes something else afterwards"}
    made.rename(folder / MODEL)
    # The library names the file that it read, by its whole path.
    kept = [line for line in operators.read_text(encoding="utf-8").splitlines()
            if not line.startswith("#")]  # fmt: skip
    (folder / OPERATORS).write_text("\n".join(kept) + "\n", encoding="utf-8")
    return {}


def main() -> None:
    """Do the job named by the first argument, and print a fault or nothing as JSON."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        answer = converted(job)
    except Exception as fault:
        answer = {"fault": f"{type(fault).__name__}: {str(fault).strip()[:200]}"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
