"""What the models themselves give as an example of a field or a type."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any, get_origin

from pydantic import WithJsonSchema
from pydantic.fields import FieldInfo

from hybridspec.load import shape


def example(info: FieldInfo | None, kind: Any) -> Any:
    """A value that the models themselves give for a field, or for what its type holds."""
    if info is None:
        return "a-name"
    inside = shape.bare(kind) != shape.bare(info.annotation)
    if info.examples:
        given = info.examples[0]
        if not inside:
            return given
        if isinstance(given, list) and given:
            return given[0]
    if not inside and (written := _schema_example(info.metadata)) is not None:
        return written
    listed = shape.choices(kind)
    if listed and get_origin(shape.bare(kind)) is not list:
        return listed[0]
    return typical(kind)


def typical(kind: Any) -> Any:
    """A value of a type."""
    inner = shape.bare(kind)
    if len(forms := shape.members(inner)) > 1:
        return typical(forms[0])
    if shape.is_section(inner):
        return {key: example(info, info.annotation) for key, info in shape.required(inner)}
    if get_origin(inner) is dict:
        return {"a-name": typical(shape.item(inner))}
    if get_origin(inner) is list:
        return [typical(shape.item(inner))]
    written = _schema_example(getattr(kind, "__metadata__", ()))
    if written is not None:
        return written
    if listed := shape.choices(inner):
        return listed[0]
    plain: dict[Any, Any] = {int: 1, str: "a-name", Fraction: "5%", bool: True, date: "2026-11-01"}
    return plain.get(inner, 0.5 if inner is float else "2026-11-01")


def _schema_example(metadata: Any) -> Any:
    for condition in metadata:
        if isinstance(condition, WithJsonSchema):
            examples = (condition.json_schema or {}).get("examples")
            return examples[0] if examples else None
    return None
