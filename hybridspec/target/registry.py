"""Entry points to targets: a sorted mapping, built-ins and strangers by the same door."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files

from hybridspec.target.api import Target

GROUP = "hybridspec.targets"


@cache
def _loaded() -> dict[str, Target]:
    targets: dict[str, Target] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        target = entry.load()
        if not isinstance(target, Target) or target.name != entry.name:
            raise TypeError(f"entry point {entry.name} of {GROUP} is not a Target of that name")
        targets[entry.name] = target
    return targets


def targets() -> dict[str, Target]:
    """Every installed cloud and platform by name, in order; a copy, so callers cannot change it."""
    return {name: target for name, target in _loaded().items() if target.kind != "form"}


def forms() -> dict[str, Target]:
    """Every installed form of releases by name, in order."""
    return {name: target for name, target in _loaded().items() if target.emit_form is not None}


def catalog_text(target: Target) -> str:
    """The text of the target's `catalog.yaml`."""
    return files(target.package).joinpath("catalog.yaml").read_text(encoding="utf-8")


def latency_text(target: Target) -> str:
    """The text of the target's `latency.csv`, which it may leave out."""
    file = files(target.package).joinpath("latency.csv")
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def template_text(target: Target, name: str) -> str:
    """The text of one of the target's templates."""
    return files(target.package).joinpath("templates", name).read_text(encoding="utf-8")
