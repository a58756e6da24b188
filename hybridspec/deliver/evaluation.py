"""What an emitted program would create, as data, and how the clouds answer it offline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hybridspec.base.errors import ResourceFailed
from hybridspec.ir.tree import digest_of
from hybridspec.target.api import Sdk
from hybridspec.target.registry import targets

_PUT_THERE = frozenset({"__pycache__", ".venv"})
"""What Python and `pulumi install` make in a project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One registered resource; secrets are masked.

    `provider` is the region of its provider, and `owner` that provider's name, which is the label
    of a zone. `regions` are where it lies: nowhere known if empty. `outputs` are what the cloud
    would answer beside the inputs, in words, `id` included. `origin` is the line of the spec that
    asked for it, as the program says it: `file:line`, or empty. `replaces` are the inputs by which
    it is made anew if they change, `ignored` those of which the engine keeps the first value.
    """

    urn: str
    type: str
    name: str
    parent: str
    provider: str
    regions: tuple[str, ...]
    inputs: Mapping[str, Any]
    dependencies: tuple[str, ...]
    protect: bool
    custom: bool
    owner: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    replaces: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Every resource of a program, by URN, and what it exports."""

    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any]


class EvaluationFailed(ResourceFailed):
    """The emitted program did not run, or asked for something impossible."""


def sdks() -> dict[str, Sdk]:
    """How each cloud answers, by what begins the types of its resources."""
    return {t.sdk.provider: t.sdk for t in targets().values() if t.sdk is not None}


def provides(kind: str) -> bool:
    """Whether a type is that of a provider."""
    return kind.startswith("pulumi:providers:")


def contents(folder: Path) -> list[tuple[str, str]]:
    """Every file of a project with its digest, in order; what tools put there does not count."""
    found = ((path, path.relative_to(folder)) for path in sorted(folder.rglob("*")))
    return [
        (inner.as_posix(), digest_of(path))
        for path, inner in found
        if not _PUT_THERE.intersection(inner.parts) and path.is_file()
    ]
