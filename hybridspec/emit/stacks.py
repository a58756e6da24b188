"""Calls targets and gathers what they emit into file trees."""

from __future__ import annotations

from hybridspec.emit.render import render
from hybridspec.ir.plan import CloudSlice, EdgeSlice
from hybridspec.ir.tree import FileTree
from hybridspec.target.api import Emitted, Payload, Target, Unsupported


def emit_cloud(target: Target, part: CloudSlice) -> tuple[FileTree, tuple[Unsupported, ...]]:
    """The Pulumi project of one cloud with its policy pack, and what could not be expressed."""
    if target.emit_cloud is None:
        raise ValueError(f"{target.name} is not a cloud")
    pack = target.policies(part) if target.policies is not None else ()
    return _gather(target, (*target.emit_cloud(part), *pack))


def emit_edge(target: Target, part: EdgeSlice) -> tuple[FileTree, tuple[Unsupported, ...]]:
    """The runtime payload of one device class, and what the target could not express."""
    if target.emit_edge is None:
        raise ValueError(f"{target.name} is not an edge platform")
    return _gather(target, target.emit_edge(part))


def _gather(target: Target, emitted: Emitted) -> tuple[FileTree, tuple[Unsupported, ...]]:
    files = {p.path: render(target, p) for p in emitted if isinstance(p, Payload)}
    return FileTree(files), tuple(p for p in emitted if isinstance(p, Unsupported))
