"""Looking things up in what an emitted program would create."""

from __future__ import annotations

from hybridspec.deliver.evaluate import Evaluation, Resource


def of(found: Evaluation, kind: str) -> list[Resource]:
    """All resources of a type."""
    return [r for r in found.resources if r.type == kind]


def one(found: Evaluation, kind: str, name: str = "") -> Resource:
    """The only resource of a type, or the only one whose name begins so."""
    (resource,) = (r for r in of(found, kind) if r.name.startswith(name))
    return resource
