"""What load found behind a model's file names, before names are resolved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hybridspec.ir.graph import ModelFacts

OUTSIDE = "the path leaves the folder of the spec"
"""The fault of a file whose name leads out of the folder that a spec may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A `.npz` file: arrays as (name, dtype, shape); or one clause that says what is wrong.

    `meant` is the file of the spec's folder that an absent one was probably to be.
    """

    path: Path
    digest: str = ""
    arrays: tuple[tuple[str, str, tuple[int, ...]], ...] = ()
    fault: str = ""
    meant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """An ONNX file with its data files; `facts` is None where `fault` says why."""

    path: Path
    facts: ModelFacts | None = None
    fault: str = ""
    meant: str = ""
    evaluation: DataFile
    calibration: DataFile | None = None
