"""The OTA manifest: what a release holds and what a device must see before it commits.

Standard library only, and nothing else of hybridspec: this is the one module that the device's
agent shares with the compiler. Format: `hybridspec.dev/release/v1`, canonical JSON.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import types
import typing
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

SCHEMA = "hybridspec.dev/release/v1"
MAX_MANIFEST = 4 * 2**20
MAX_FILES = 10_000


class ManifestError(Exception):
    """A manifest that must not be trusted; `where` is a JSON pointer."""

    def __init__(self, where: str, reason: str) -> None:
        super().__init__(f"{where or '/'}: {reason}")
        self.where = where


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """One file of the bundle: relative POSIX path, bytes, SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """Inputs a device runs and outputs it must reproduce: `.npz` paths, tolerances.

    An output passes if it differs by at most `absolute + relative * |expected|`.
    """

    inputs: str
    outputs: str
    absolute: float
    relative: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelContract:
    """One model: where it lies, how it runs, and the health it must show.

    `p95_ms` bounds one inference in milliseconds, `memory_bytes` the trial process.
    """

    name: str
    path: str
    variant: str
    providers: tuple[str, ...]
    threads: int
    golden: Golden
    p95_ms: float
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseManifest:
    """The whole manifest; digests are SHA-256 in hex."""

    schema: str
    spec: str
    device_class: str
    architecture: str
    spec_digest: str
    plan_digest: str
    zones: tuple[str, ...]
    models: tuple[ModelContract, ...]
    flows: tuple[str, ...]
    files: tuple[FileRecord, ...]


def canonical_json(value: object) -> bytes:
    """Sorted keys, no white space, UTF-8; a dataclass is written as an object.

    Raises:
        ValueError: NaN or infinity.
    """
    plain = dataclasses.asdict(value) if _is_instance(value) else value  # type: ignore[call-overload]
    text = json.dumps(
        plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def _is_instance(value: object) -> bool:
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def release_id(manifest: bytes) -> str:
    """The name of a release: the first 16 hex digits of its manifest's SHA-256."""
    return hashlib.sha256(manifest).hexdigest()[:16]


def in_rollout(device_id: str, rollout_id: str, percent: int) -> bool:
    """Whether a device is in the signed share of the fleet; the same without any network.

    >>> [in_rollout("press-7", "press/a1/3", percent) for percent in (0, 13, 14, 100)]
    [False, False, True, True]
    """
    drawn = hashlib.sha256(f"{rollout_id}\n{device_id}".encode()).digest()[:8]
    return int.from_bytes(drawn, "big") * 100 < percent * 2**64


def parse_manifest(data: bytes) -> ReleaseManifest:
    """Read a manifest strictly: unknown, missing, mistyped, unsafe or not canonical is refused.

    Raises:
        ManifestError: with the place of the first fault.
    """
    if len(data) > MAX_MANIFEST:
        raise ManifestError("", "larger than a manifest may be")
    try:
        value = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as fault:
        raise ManifestError("", "not a JSON document") from fault
    manifest = _read(value, ReleaseManifest, "")
    if not isinstance(manifest, ReleaseManifest) or manifest.schema != SCHEMA:
        raise ManifestError("/schema", f"not {SCHEMA}")
    _check(manifest)
    if not _is_canonical(manifest, data):
        raise ManifestError("", "not in canonical form")
    return manifest


def _is_canonical(manifest: ReleaseManifest, data: bytes) -> bool:
    """Whether the manifest has these bytes and no others, so that no two readers differ."""
    try:
        return canonical_json(manifest) == data
    except ValueError:  # a number beyond floats, or text that has no UTF-8
        return False


def _no_constant(name: str) -> float:
    raise ValueError(name)


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read(value: Any, kind: Any, where: str) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        if not isinstance(value, dict) or set(value) != set(hints):
            raise ManifestError(where, f"needs exactly the keys {', '.join(sorted(hints))}")
        return kind(**{key: _read(value[key], hints[key], f"{where}/{key}") for key in hints})
    if isinstance(kind, types.GenericAlias):
        if not isinstance(value, list) or len(value) > MAX_FILES:
            raise ManifestError(where, "needs a list of bounded length")
        item = typing.get_args(kind)[0]
        return tuple(_read(v, item, f"{where}/{i}") for i, v in enumerate(value))
    if type(value) is not kind:
        raise ManifestError(where, f"needs {kind.__name__}")
    return value


def _check(manifest: ReleaseManifest) -> None:
    seen: set[str] = set()
    for index, record in enumerate(manifest.files):
        where = f"/files/{index}"
        check_path(record.path, where)
        if record.path in seen:
            raise ManifestError(where, "listed twice")
        if record.size < 0 or len(record.sha256) != 64:
            raise ManifestError(where, "needs a size and a SHA-256")
        seen.add(record.path)
    folders = {str(parent) for path in seen for parent in PurePosixPath(path).parents}
    if folders & seen:
        raise ManifestError("/files", f"{min(folders & seen)} is both a file and a folder")
    for index, model in enumerate(manifest.models):
        for path in (model.path, model.golden.inputs, model.golden.outputs):
            if path not in seen:
                raise ManifestError(f"/models/{index}", f"names `{path}`, which is not listed")


def check_path(path: str, where: str) -> None:
    """Refuse a path that is absolute, not normal, too long in a part, or leaves its folder."""
    pure = PurePosixPath(path)
    unsafe = not path or path.startswith("/") or "\\" in path or "\0" in path or len(path) > 512
    unsafe = unsafe or any(len(part.encode("utf-8", "replace")) > 255 for part in pure.parts)
    if unsafe or ".." in pure.parts or str(pure) != path or path == ".":
        raise ManifestError(where, "not a safe relative path")
