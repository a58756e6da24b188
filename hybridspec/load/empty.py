"""Optional keys that a document leaves empty: nobody can tell a wish from a line not finished."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import get_args

from pydantic import BaseModel

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.base.edit import plain, without
from hybridspec.base.source import Path
from hybridspec.load import shape
from hybridspec.load.suggest import example
from hybridspec.load.yaml import Document, Plain


def empty_keys(
    document: Document, root: type[BaseModel], told: Collection[Path]
) -> Iterator[Diagnostic]:
    """A finding for each optional key without a value, but for those at paths already told of."""
    for path in _nothings(document.value):
        place = shape.place_of(root, path, document.value)
        if path in told or not place.is_field or place.info is None or place.info.is_required():
            continue
        if type(None) not in get_args(place.info.annotation):
            continue  # which the models refuse themselves
        origins, shown = document.origins, plain(example(place.info, place.kind))
        fixes = without(origins.key(*path), origins.whole(*path), origins.value(*path[:-1]))
        yield Diagnostic(
            code="HS0203", message=f"`{path[-1]}` is empty", span=origins.key(*path), fixes=fixes,
            help=f"fill it, for example `{shown}`, or leave the key out",
        )  # fmt: skip


def _nothings(value: Plain) -> Iterator[Path]:
    """The path of everything that is null."""
    left: list[tuple[Path, Plain]] = [((), value)]
    while left:
        path, here = left.pop()
        inside = here.items() if isinstance(here, dict) else (
            enumerate(here) if isinstance(here, list) else ())  # fmt: skip
        for key, one in inside:
            if one is None:
                yield (*path, key)
            elif isinstance(one, dict | list):
                left.append(((*path, key), one))
