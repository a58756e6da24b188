"""Evaluation data for a model that comes without: random inputs, labelled by the model itself.

It proves nothing about the model; it only lets a first spec be compiled and variants be compared.
Run as `python -m hybridspec.optimise.synthetic JOB.json`, since the model may be hostile.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from hybridspec.base.bounded import lower
from hybridspec.base.errors import UsageError
from hybridspec.ir.graph import Tensor
from hybridspec.optimise.data import write_arrays
from hybridspec.optimise.run import outputs, session

_SAMPLES = 64
_BYTES = 64 * 2**20
_SECONDS = 120
_DTYPES = {
    "tensor(float16)": "float16", "tensor(double)": "float64", "tensor(int64)": "int64",
    "tensor(int32)": "int32", "tensor(uint8)": "uint8", "tensor(int8)": "int8",
    "tensor(bool)": "bool",
}  # fmt: skip


def synthesise(model: Path, inputs: tuple[Tensor, ...], out: Path) -> None:
    """Write `out`, an `.npz` with one array per input and `label`.

    Raises:
        UsageError: the model cannot be run.
    """
    job = {
        "model": str(model), "out": str(out),
        "inputs": [[t.name, t.dtype, list(t.shape)] for t in inputs],
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job.json"
        path.write_text(json.dumps(job), encoding="utf-8")
        command = [sys.executable, "-P", "-m", "hybridspec.optimise.synthetic", str(path)]
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=_SECONDS, check=False, process_group=0
            )
            failed = done.returncode != 0
        except subprocess.TimeoutExpired:
            failed = True
    if failed or not out.is_file():
        raise UsageError(
            f"{model} cannot be run on random inputs",
            help="check it with `onnx.checker.check_model`, and that it takes batches; or write "
            "the spec by hand with data of your own",
        )


def inputs_of(
    model: Path, shapes: Mapping[str, Sequence[int]] = MappingProxyType({})
) -> dict[str, np.ndarray]:
    """Random inputs for a model, always the same; open sizes are those of `shapes`, else 1."""
    wanted = session(model).get_inputs()
    return _sample([
        [value.name, _DTYPES.get(value.type, "float32"),
         _sized(value.shape, shapes.get(value.name, ()))]
        for value in wanted
    ])  # fmt: skip


def _sized(shape: Sequence[Any], said: Sequence[int]) -> list[int]:
    stated = [*said, *[1] * len(shape)]
    return [n if isinstance(n, int) else max(1, stated[i]) for i, n in enumerate(shape)]


def _sample(inputs: list[list[Any]]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(11)
    size = sum(int(np.prod([max(1, n) for n in shape[1:]])) * 8 for _, _, shape in inputs)
    count = max(4, min(_SAMPLES, _BYTES // max(1, size)))
    made = {}
    for name, dtype, shape in inputs:
        full = (count, *(max(1, n) for n in shape[1:]))
        whole = np.dtype(dtype).kind in "iub"
        values = rng.integers(0, 2, size=full) if whole else rng.normal(size=full)
        made[name] = values.astype(dtype)
    return made


def _labels(first: np.ndarray, count: int) -> np.ndarray:
    """The class that each answer stands for; zero where an answer is a single score."""
    rows = first.reshape(count, -1)
    if rows.shape[1] == 1 and rows.dtype.kind not in "iub":
        return np.zeros(count, np.int64)
    found: np.ndarray = rows[:, 0] if rows.shape[1] == 1 else rows.argmax(axis=1)
    return found.astype(np.int64)


def main() -> None:
    """Make the data of the job named by the first argument."""
    most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
    lower(resource.RLIMIT_AS, most)
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    inputs = _sample(job["inputs"])
    count = len(next(iter(inputs.values())))
    label = _labels(outputs(Path(job["model"]), inputs)[0], count)
    write_arrays(Path(job["out"]), {**inputs, "label": label})


if __name__ == "__main__":
    main()
