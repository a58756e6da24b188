"""Versions of the spec language: older ones are brought up to the current, newer ones refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeVar

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Origins, Path
from hybridspec.load.yaml import Document, Plain
from hybridspec.spec.document import API_VERSION

Place = TypeVar("Place")
Upgrade = Callable[[Document], Document]

UPGRADES: Mapping[str, tuple[str, Upgrade]] = MappingProxyType({})
"""By version: the next one, and what makes a document of it. `v1` is the first, so it is empty."""

_VERSION = re.compile(r"hybridspec\.dev/v([1-9][0-9]{0,3})(?:(alpha|beta)([1-9][0-9]{0,3}))?")
_RANK = {"alpha": 0, "beta": 1, None: 2}


def current(
    document: Document, sink: Sink, upgrades: Mapping[str, tuple[str, Upgrade]] = UPGRADES
) -> Document | None:
    """The document in the current version; None and a finding if only a newer release reads it.

    A file that states no version, as included files may, is taken to be current. What no upgrade
    knows is left as it is, and refused with the other values of the spec.
    """
    value = document.value
    for _ in range(len(upgrades) + 1):
        written = value.get("apiVersion") if isinstance(value, dict) else None
        if not isinstance(written, str) or written not in upgrades:
            break
        following, upgrade = upgrades[written]
        document = upgrade(document)
        value = document.value
        if isinstance(value, dict):
            value["apiVersion"] = following
    if isinstance(written, str) and _newer(written):
        sink.add(Diagnostic(
            code="HS0208", message=f"this release cannot read apiVersion `{written}`",
            span=document.origins.value("apiVersion"),
            help=f"install a newer hybridspec, or write `apiVersion: {API_VERSION}`",
        ))  # fmt: skip
        return None
    return document


def _newer(version: str) -> bool:
    found, ours = _rank(version), _rank(API_VERSION)
    return found is not None and ours is not None and found > ours


def _rank(version: str) -> tuple[int, int, int] | None:
    match = _VERSION.fullmatch(version)
    return match and (int(match[1]), _RANK[match[2]], int(match[3] or 0))


def renamed(document: Document, path: Path, name: str) -> Document:
    """The document with the key at `path` called `name`; what it holds keeps its place."""
    target = (*path[:-1], name)
    value = _renamed(document.value, path, name)

    def moved(spans: Mapping[Path, Place]) -> dict[Path, Place]:
        size = len(path)
        return {(*target, *p[size:]) if p[:size] == path else p: s for p, s in spans.items()}

    old = document.origins
    origins = Origins(moved(old.values), moved(old.keys), moved(old.ends))
    return Document(value, origins, document.nodes, document.templated)


def _renamed(value: Plain, path: Path, name: str) -> Plain:
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        return {name if key == path[0] else key: item for key, item in value.items()}
    return {
        k: _renamed(item, path[1:], name) if k == path[0] else item for k, item in value.items()
    }
