"""Whether the data of a model are finite, seen piece by piece before anything is built.

Run as `python -m hybridspec.optimise.soundness`, with a list of `[path, what it is]` as JSON on
stdin; prints the first fault as `{"fault": clause, "data": what it is}`, or `{}`.
"""

from __future__ import annotations

import json
import lzma
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from hybridspec.ir.graph import Model
from hybridspec.optimise.candidate import DataFault, original, task
from hybridspec.optimise.limits import confine
from hybridspec.optimise.workshop import Workshop

if TYPE_CHECKING:
    import numpy as np

_SECONDS = 120
_MEMORY = 2 * 2**30
_CHUNK = 2**22


def check(model: Model, workshop: Workshop) -> None:
    """See that every candidate can be judged by the data.

    Evaluation data are not read again where the original was judged by them before. Whatever
    cannot be read here either, the tasks themselves refuse.

    Raises:
        DataFault: the data hold numbers that are none.
    """
    files = []
    if model.evaluation_digest and workshop.known(task(model, original())) is None:
        files.append((model.evaluation, "evaluation"))
    if model.calibration is not None and model.calibration_digest:
        files.append((model.calibration, "calibration"))
    if not files:
        return
    command = [sys.executable, "-P", "-m", "hybridspec.optimise.soundness"]
    asked = json.dumps([os.getpid(), [(str(path), what) for path, what in files]])
    try:
        done = subprocess.run(command, input=asked.encode(), capture_output=True,
                              timeout=_SECONDS, check=False)  # fmt: skip
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return
    if "fault" in answer:
        raise DataFault(str(answer["fault"]), str(answer["data"]), model.name)


def fault(path: Path) -> str:
    """The first array with numbers that are none, or nothing."""
    import numpy as np

    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as stream:
                if not all(np.isfinite(part).all() for part in _floats(stream)):
                    return f"the array `{member.removesuffix('.npy')}` holds NaN or infinity"
    return ""


def _floats(stream: IO[bytes]) -> Iterator[np.ndarray]:
    """An array of floats in pieces; nothing of any other."""
    import numpy as np

    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else (
        np.lib.format.read_array_header_2_0)  # fmt: skip
    dtype = read(stream)[2]
    if not np.issubdtype(dtype, np.floating):
        return
    step = _CHUNK - _CHUNK % dtype.itemsize
    while part := stream.read(step):
        yield np.frombuffer(part[: len(part) - len(part) % dtype.itemsize], dtype)


def main() -> None:
    """Answer what stdin asks."""
    parent, files = json.load(sys.stdin)
    confine(_MEMORY, parent)
    for path, what in files:
        try:
            found = fault(Path(path))
        except (ValueError, OSError, EOFError, RuntimeError, NotImplementedError,
                zipfile.BadZipFile, zlib.error, lzma.LZMAError):  # fmt: skip
            found = "it is not a `.npz` file of arrays"
        if found:
            print(json.dumps({"fault": found, "data": what}))
            return
    print("{}")


if __name__ == "__main__":
    main()
