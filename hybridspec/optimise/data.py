"""Evaluation and calibration arrays: read without executing, written byte for byte alike."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import TypeAlias

import numpy as np

Arrays: TypeAlias = dict[str, "np.ndarray"]


class DataUnusable(Exception):
    """The arrays do not make sense as model input; `data` says which file is meant."""

    def __init__(self, message: str, data: str) -> None:
        super().__init__(message)
        self.data = data


def read_arrays(path: Path, data: str) -> Arrays:
    """All arrays of an `.npz` file; objects (pickles) and non-finite numbers are refused."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (
        ValueError, OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, lzma.LZMAError
    ) as fault:  # fmt: skip
        raise DataUnusable("it is not a `.npz` file of arrays", data) from fault
    for name, array in arrays.items():
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            raise DataUnusable(f"the array `{name}` holds NaN or infinity", data)
    return arrays


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Write an `.npz` whose bytes depend on the arrays alone."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(arrays[name]), version=(1, 0))
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, buffer.getvalue())
