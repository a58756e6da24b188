"""What a stack was, or would be, as plain data: what `up` records and `preview` compares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from hybridspec.base.errors import UsageError
from hybridspec.deliver.durable import write_durably
from hybridspec.deliver.evaluation import Evaluation, Resource, sdks

Snapshot: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Cloud to URN to a resource; components and the stack itself are none."""

_SCHEMA = "hybridspec.dev/resources/v1"
_FIELDS = {"type": str, "name": str, "region": str, "origin": str, "protect": bool, "keeps": bool,
           "replaces": list, "inputs": dict}  # fmt: skip


def snapshot(evaluations: Mapping[str, Evaluation]) -> Snapshot:
    """The resources of every cloud's program; secrets are masked already."""
    kept = {kind for sdk in sdks().values() for kind in sdk.keeps}
    return {
        cloud: {r.urn: _recorded(r, r.type in kept) for r in evaluation.resources if r.custom}
        for cloud, evaluation in sorted(evaluations.items())
    }


def _recorded(resource: Resource, keeps: bool) -> Mapping[str, Any]:
    """One resource without the inputs that the engine would not change."""
    return {
        "type": resource.type,
        "name": resource.name,
        "region": resource.provider,
        "origin": resource.origin,
        "protect": resource.protect,
        "keeps": keeps,
        "replaces": list(resource.replaces),
        "inputs": {k: v for k, v in resource.inputs.items() if k not in resource.ignored},
    }


def whole(found: Any) -> Snapshot:
    """What was recorded, without resources of another shape: of those nothing is known."""
    clouds = found if isinstance(found, dict) else {}
    return {
        cloud: {urn: r for urn, r in resources.items() if _is_whole(r)}
        for cloud, resources in clouds.items()
        if isinstance(resources, dict)
    }


def _is_whole(resource: Any) -> bool:
    return isinstance(resource, dict) and all(
        isinstance(resource.get(key), kind) for key, kind in _FIELDS.items()
    )


def write(path: Path, name: str, resources: Snapshot) -> None:
    """Record resources in a file that can be committed: the same resources, the same bytes."""
    document = {"schema": _SCHEMA, "name": name, "resources": resources}
    write_durably(path, (json.dumps(document, indent=1, sort_keys=True) + "\n").encode())


def read(path: Path) -> Snapshot:
    """What `write` recorded.

    Raises:
        UsageError: the file holds something else.
    """
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        found = None
    listed = found.get("resources") if isinstance(found, dict) else None
    known = whole(listed)
    if (
        not isinstance(listed, dict)
        or found["schema"] != _SCHEMA
        or {cloud: len(known[cloud]) for cloud in known} != {c: len(r) for c, r in listed.items()}
    ):
        raise UsageError(
            f"{path} holds no resources that `preview --record` wrote",
            help="record them anew: `hybridspec preview --record FILE`",
        )
    return known
