"""Which figure of a spec is furthest beyond what is usual, where costs cannot be added up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel

from hybridspec.base.source import Origins, Path, Span
from hybridspec.base.units import YEAR
from hybridspec.spec import quantity
from hybridspec.spec.document import Spec

_USUAL: tuple[tuple[Any, Fraction], ...] = (
    (quantity.Money, Fraction(100_000_000)),
    (quantity.Exchange, Fraction(1, 100)),
    (quantity.Rate, Fraction(1000)),
    (quantity.Size, Fraction(10**8)),
    (quantity.Duration, Fraction(5 * YEAR)),
    (quantity.Power, Fraction(100_000)),
    (quantity.Count, Fraction(1000)),
)
"""What is large, but nothing to wonder at, by the type of a field."""
_LEAST = 1000
"""How many times that a figure has to be."""


def steepest(spec: Spec, origins: Origins) -> tuple[str, Span] | None:
    """Key and place of the figure that is most times what is usual; None if none is by far."""
    found = max(_figures(spec, ()), key=lambda one: one[0], default=None)
    if found is None or found[0] < _LEAST:
        return None
    key = next(str(part) for part in reversed(found[1]) if isinstance(part, str))
    return key, origins.value(*found[1])


def _figures(value: Any, path: Path, usual: Fraction | None = None) -> Iterator[tuple[Any, Path]]:
    """How many times what is usual each figure is, and where it stands."""
    if isinstance(value, BaseModel):
        for name, key, inner in _fields(type(value)):
            yield from _figures(getattr(value, name), (*path, key), inner)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _figures(one, (*path, str(key)), usual)
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from _figures(one, (*path, index), usual)
    elif isinstance(value, int | Fraction) and not isinstance(value, bool) and usual is not None:
        yield Fraction(value) / usual, path


@lru_cache(maxsize=512)
def _fields(section: type[BaseModel]) -> tuple[tuple[str, str, Fraction | None], ...]:
    """Name and key of each field of a section, and what is usual in it."""
    return tuple(
        (name, info.alias or name, _usual(info.annotation, tuple(info.metadata)))
        for name, info in section.model_fields.items()
    )


def _usual(annotation: Any, metadata: tuple[Any, ...]) -> Fraction | None:
    """What is usual in a field of this type, or in what it holds."""
    for kind, usual in _USUAL:
        mark = get_args(kind)[1]
        if any(mark is one for one in metadata):
            return usual
    parts = get_args(annotation)
    inner = (_usual(part, parts[1:]) for part in parts)
    return next((usual for usual in inner if usual is not None), None)
