"""Evaluations kept between runs: the same program under the same SDK makes the same resources.

What a program makes is kept; what is asked of it is judged every time. An entry that cannot be read
is no entry, and a folder that may not be written keeps none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hybridspec.deliver.durable import write_durably
from hybridspec.deliver.evaluate import Evaluation, Resource, evaluate
from hybridspec.deliver.evaluation import contents

_KEPT = 64
"""How many evaluations are kept; the oldest go first."""


def evaluate_once(folder: Path, *, project: str, sdk: str, tool: str, cache: Path) -> Evaluation:
    """What `evaluate` says of a program, from an earlier run if nothing that counts has changed.

    `sdk` is the distribution that the program imports, `tool` a digest of this one.

    Raises:
        EvaluationFailed: as `evaluate` does; failures are not kept.
    """
    path = cache / "evaluations" / f"{_key(folder, project, sdk, tool)}.json"
    found = _read(path)
    if found is None:
        found = evaluate(folder, project=project)
        with contextlib.suppress(OSError):
            write_durably(path, json.dumps(asdict(found)).encode())
            _prune(path.parent)
    return found


def _key(folder: Path, project: str, sdk: str, tool: str) -> str:
    """A digest over all that a program's resources depend on."""
    parts = [project, tool, platform.python_version()]
    parts += [f"{name} {_version(name)}" for name in ("pulumi", "grpcio", "protobuf", sdk) if name]
    parts += [f"{path} {digest}" for path, digest in contents(folder)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _read(path: Path) -> Evaluation | None:
    try:
        found = json.loads(path.read_bytes())
        resources = tuple(_resource(one) for one in found["resources"])
        return Evaluation(resources=resources, outputs=dict(found["outputs"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _resource(found: dict[str, Any]) -> Resource:
    lists = {
        name: tuple(found[name]) for name in ("regions", "dependencies", "replaces", "ignored")
    }
    return Resource(**{**found, **lists})


def _prune(folder: Path) -> None:
    """Remove the oldest entries."""
    kept = sorted(folder.glob("*.json"), key=lambda path: (path.stat().st_mtime, path.name))
    for path in kept[:-_KEPT]:
        path.unlink(missing_ok=True)
