"""The engine's half of `preview`: what Pulumi would do, or why it was not asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hybridspec.base.errors import HybridspecError
from hybridspec.compiler import Build, Options
from hybridspec.deliver.stack import Stack


def look(build: Build, spec: Path, options: Options, layer: str) -> dict[str, Any]:
    """The engine's preview of a named stack, as a document.

    Raises:
        HybridspecError: `layer` is `engine`, and the engine cannot look.
    """
    if layer == "offline":
        return _not_asked("--layer offline")
    from hybridspec.cli.clouds import preview

    options.progress("asking the engine")
    try:
        steps = preview(build, Stack(spec=spec, name=options.stack))
    except HybridspecError as fault:
        if layer == "engine":
            raise
        return _not_asked(fault.message)
    return {
        "ran": True,
        "layer": "the engine, with the clouds' own providers and the stack's state",
        "changes": [
            {"op": step.op, "cloud": cloud, "type": step.type, "name": step.name, "urn": step.urn}
            for cloud, step in steps
        ],
    }


def _not_asked(why: str) -> dict[str, Any]:
    return {"ran": False, "layer": f"the engine was not asked: {why}", "changes": []}
