"""Model and data files to facts: opened in a limited process, cached by content."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import re
import resource
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from hybridspec.base.bounded import lower
from hybridspec.ir.footprint import Footprint
from hybridspec.ir.graph import Cut, ModelFacts, Tensor
from hybridspec.ir.kernel import Kernels
from hybridspec.ir.model_file import DataFile, ModelFile
from hybridspec.load.context import Surroundings
from hybridspec.load.file import MAX_MODEL, inside
from hybridspec.spec.workload import Model

_ABSENT = "there is no such file"
_FORMAT = "13"
_SECONDS = 60
_MEMORY = 6 * 2**30
_MAX_ARRAY_BYTES = 512 * 2**20
_DESCR = re.compile(rb"'descr': *(?:'([ -~]{1,40}?)'|\[)")
_SHAPE = re.compile(rb"'shape': *\(((?:[0-9]{1,18}(?:, *|(?=\))))*)\)")
_KINDS = {"f2": "float16", "f4": "float32", "f8": "float64", "i8": "int64", "i4": "int32",
          "u1": "uint8", "i1": "int8", "b1": "bool", "O": "object"}  # fmt: skip


def load_models(models: dict[str, Model], folder: Path, cache: Path) -> dict[str, ModelFile]:
    """Facts behind every model of the spec; faults are clauses inside the results."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        files = pool.map(lambda model: _load(model, folder, cache), models.values())
        found = dict(zip(models, files, strict=True))
    return {name: _with_meant(file, models[name], folder) for name, file in found.items()}


def _with_meant(found: ModelFile, model: Model, folder: Path) -> ModelFile:
    """The same with the files that absent ones were probably to be."""
    around = Surroundings(None, folder)

    def meant(key: str, written: str) -> str:
        return next(iter(around.files(key, Path(written).stem)), "")

    if found.fault == _ABSENT:
        found = replace(found, meant=meant("source", model.source))
    if found.evaluation.fault == _ABSENT:
        data = replace(found.evaluation, meant=meant("evaluation", model.evaluation))
        found = replace(found, evaluation=data)
    if found.calibration is not None and found.calibration.fault == _ABSENT:
        data = replace(found.calibration, meant=meant("calibration", model.calibration or ""))
        found = replace(found, calibration=data)
    return found


def _load(model: Model, folder: Path, cache: Path) -> ModelFile:
    evaluation = _data_file(folder, model.evaluation)
    calibration = None if model.calibration is None else _data_file(folder, model.calibration)
    path = inside(folder, model.source)
    if isinstance(path, str):
        return ModelFile(path=folder, fault=path, evaluation=evaluation, calibration=calibration)
    answer = facts_at(path, cache)
    facts = None if isinstance(answer, str) else answer
    fault = answer if isinstance(answer, str) else ""
    return ModelFile(
        path=path, facts=facts, fault=fault, evaluation=evaluation, calibration=calibration
    )


def _digest(path: Path, limit: int) -> tuple[str, int] | str:
    try:
        if not path.is_file():
            return _ABSENT if not path.exists() else "it is not a regular file"
        size = path.stat().st_size
        if size > limit:
            return f"the file is larger than the limit of {limit // 2**20} MiB"
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest(), size
    except OSError as fault:
        return (fault.strerror or "it cannot be read").lower()


def facts_at(
    path: Path, cache: Path, free: Mapping[str, int] = MappingProxyType({})
) -> ModelFacts | str:
    """Facts of one ONNX file, or one clause that says why it cannot be used.

    `free` says what sizes that the file leaves open are, by name; the empty name is all of them.
    """
    read = _digest(path, MAX_MODEL)
    if isinstance(read, str):
        return read
    digest, size = read
    said = json.dumps(dict(free), sort_keys=True)
    sized = f"-{hashlib.sha256(said.encode()).hexdigest()[:32]}" if free else ""
    kept = cache / "models" / f"{digest}-{_FORMAT}-{version('onnx')}{sized}.json"
    answer = _cached(kept)
    if answer is None:
        answer = _probe(path, said)
        if "fault" not in answer:
            _keep(kept, answer)
    if "fault" in answer:
        return str(answer["fault"])
    return facts_of(answer, digest, size)


def facts_of(answer: dict[str, Any], digest: str, size: int) -> ModelFacts:
    """What the process that opened a file of `size` bytes says of it, typed."""
    return ModelFacts(
        digest=digest,
        size=size,
        inputs=tuple(map(_tensor, answer["inputs"])),
        outputs=tuple(map(_tensor, answer["outputs"])),
        open=tuple(answer["open"]),
        free_batch=tuple(answer["free_batch"]),
        unknown=tuple(answer["unknown"]),
        unpriced=tuple(answer["unpriced"]),
        kernels=Kernels(**answer["kernels"]),
        footprint=Footprint(**answer["footprint"]),
        cuts=tuple(map(_cut, answer["cuts"])),
        kinds=tuple((str(kind), int(count)) for kind, count in answer["kinds"]),
        **{name: value for name, value in answer.items() if isinstance(value, int)},
    )


def _cut(cut: dict[str, Any]) -> Cut:
    typed = {"tensor": _tensor(cut["tensor"]), "kernels": Kernels(**cut["kernels"])}
    return Cut(**{**cut, **typed})


def _tensor(value: dict[str, Any]) -> Tensor:
    return Tensor(name=value["name"], dtype=value["dtype"], shape=tuple(value["shape"]))


def _cached(path: Path) -> dict[str, Any] | None:
    try:
        answer = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    fields = set(ModelFacts.__dataclass_fields__) - {"digest", "size"}
    return answer if isinstance(answer, dict) and set(answer) == fields else None


def _keep(path: Path, answer: dict[str, Any]) -> None:
    """Best effort: a cache that cannot be written only costs time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.{os.getpid()}")
        new.write_text(json.dumps(answer, sort_keys=True), encoding="utf-8")
        new.replace(path)
    except OSError:
        return


def _probe(path: Path, free: str) -> dict[str, Any]:
    """Facts from a process with bounded memory and time; the file may be hostile."""
    command = [sys.executable, "-P", "-m", "hybridspec.load.probe_child", str(path), free]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_SECONDS, preexec_fn=_limit, check=False
        )
        answer = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return {"fault": f"reading it takes longer than {_SECONDS} s"}
    except ValueError:
        return {"fault": "reading it crashed or needs too much memory"}
    return answer if isinstance(answer, dict) else {"fault": "reading it crashed"}


def _limit() -> None:
    lower(resource.RLIMIT_AS, _MEMORY)
    lower(resource.RLIMIT_CPU, _SECONDS)
    lower(resource.RLIMIT_CORE, 0)


def _data_file(folder: Path, name: str) -> DataFile:
    path = inside(folder, name)
    return DataFile(path=folder, fault=path) if isinstance(path, str) else data_at(path)


def data_at(path: Path) -> DataFile:
    """Names, types and shapes of the arrays in a `.npz` file, or one clause why there are none."""
    read = _digest(path, MAX_MODEL)
    if isinstance(read, str):
        return DataFile(path=path, fault=read)
    try:
        return DataFile(path=path, digest=read[0], arrays=_arrays(path))
    except (
        ValueError, OSError, KeyError, EOFError, RuntimeError, struct.error, zipfile.BadZipFile,
        zlib.error, lzma.LZMAError,
    ):  # fmt: skip
        return DataFile(path=path, digest=read[0], fault="it is not a `.npz` file of arrays")


def _arrays(path: Path) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
    """Name, element type and shape of each array, from the headers alone."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > 64 or sum(entry.file_size for entry in entries) > _MAX_ARRAY_BYTES:
            raise ValueError("more arrays than a data file may hold")
        return tuple(
            (entry.filename.removesuffix(".npy"), *_header(archive, entry)) for entry in entries
        )


def _header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[str, tuple[int, ...]]:
    """Element type and shape in a `.npy` header (numpy NEP 1), read without evaluating it."""
    with archive.open(entry) as stream:
        start = stream.read(8)
        if start[:6] != b"\x93NUMPY" or len(start) < 8:
            raise ValueError("not an array")
        size = "<H" if start[6] == 1 else "<I"
        (length,) = struct.unpack(size, stream.read(struct.calcsize(size)))
        text = stream.read(min(length, 0xFFFF))
    descr, shape = _DESCR.search(text), _SHAPE.search(text)
    if descr is None or shape is None:
        raise ValueError("not an array")
    kind = "records" if descr[1] is None else descr[1].decode("ascii").lstrip("<|=")
    return _KINDS.get(kind, kind), tuple(int(n) for n in re.findall(rb"[0-9]+", shape[1]))
