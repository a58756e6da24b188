"""Whether the data of a model make sense, seen piece by piece before anything is built.

Numbers have to be finite, and labels classes that the model knows. Run as `python -m
hybridspec.optimise.soundness`, with a list of `[path, what it is, classes]` as JSON on stdin;
prints the first fault as `{"fault": clause, "data": what it is}`, or `{}`.
"""

from __future__ import annotations

import json
import lzma
import math
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
        DataFault: the data hold numbers that are none, or classes that the model does not know.
    """
    files: list[tuple[str, str, int]] = []
    if model.evaluation_digest and workshop.known(task(model, original())) is None:
        files.append((str(model.evaluation), "evaluation", _classes(model)))
    if model.calibration is not None and model.calibration_digest:
        files.append((str(model.calibration), "calibration", 0))
    if not files:
        return
    command = [sys.executable, "-P", "-m", "hybridspec.optimise.soundness"]
    asked = json.dumps([os.getpid(), files])
    try:
        done = subprocess.run(command, input=asked.encode(), capture_output=True,
                              timeout=_SECONDS, check=False)  # fmt: skip
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return
    if "fault" in answer:
        raise DataFault(str(answer["fault"]), str(answer["data"]), model.name)


def _classes(model: Model) -> int:
    """How many classes the labels may name; 0 where nobody can tell."""
    if model.metric not in ("accuracy", "f1", "top5") or not model.facts.outputs:
        return 0
    sizes = model.facts.outputs[0].shape[1:]
    count = math.prod(sizes) if sizes and min(sizes) > 0 else 0
    return count if count > 1 else 0


def fault(path: Path, classes: int = 0) -> str:
    """The first array with numbers that are none or no classes, or nothing."""
    import numpy as np

    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as stream:
                if not all(np.isfinite(part).all() for part in _parts(stream, np.floating)):
                    return f"the array `{member.removesuffix('.npy')}` holds NaN or infinity"
            if classes and member == "label.npy":
                with archive.open(member) as stream:
                    for part in _parts(stream, np.integer):
                        wrong = part[(part < 0) | (part >= classes)]
                        if wrong.size:
                            return (f"its labels name class {wrong[0]}, but the model tells "
                                    f"{classes} classes apart, 0 to {classes - 1}")  # fmt: skip
    return ""


def _parts(stream: IO[bytes], kind: type[np.floating | np.integer]) -> Iterator[np.ndarray]:
    """An array of that kind in pieces; nothing of any other."""
    import numpy as np

    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else (
        np.lib.format.read_array_header_2_0)  # fmt: skip
    dtype = read(stream)[2]
    if not np.issubdtype(dtype, kind):
        return
    step = _CHUNK - _CHUNK % dtype.itemsize
    while part := stream.read(step):
        yield np.frombuffer(part[: len(part) - len(part) % dtype.itemsize], dtype)


def main() -> None:
    """Answer what stdin asks."""
    parent, files = json.load(sys.stdin)
    confine(_MEMORY, parent)
    for path, what, classes in files:
        try:
            found = fault(Path(path), classes)
        except (ValueError, OSError, EOFError, RuntimeError, NotImplementedError,
                zipfile.BadZipFile, zlib.error, lzma.LZMAError):  # fmt: skip
            found = "it is not a `.npz` file of arrays"
        if found:
            print(json.dumps({"fault": found, "data": what}))
            return
    print("{}")


if __name__ == "__main__":
    main()
