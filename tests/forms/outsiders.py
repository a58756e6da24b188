"""What outsiders say of a document: vendors' schemas, a service model, and a reader of CBOR."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import ROOT

SCHEMAS = Path(os.environ.get("HYBRIDSPEC_VENDOR_SCHEMAS", ROOT.parent / "shared/vendor-schemas"))


def schema_faults(name: str, value: object) -> list[str]:
    """What a vendor's JSON Schema finds wrong; the test is skipped where the schema is not."""
    from jsonschema.validators import validator_for
    from referencing import Registry, Resource

    if not (SCHEMAS / name).is_file():
        pytest.skip(f"NOT CHECKED: {name} is not there; HYBRIDSPEC_VENDOR_SCHEMAS names the folder")
    prefix = name.split("-")[0]
    found = [json.loads(path.read_bytes()) for path in SCHEMAS.glob(f"{prefix}-*.json")]
    registry: Any = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in found if "$id" in schema
    )
    schema = json.loads((SCHEMAS / name).read_bytes())
    kind = validator_for(schema)
    kind.check_schema(schema)
    judge = kind(schema, registry=registry, format_checker=kind.FORMAT_CHECKER)
    return [error.message for error in judge.iter_errors(value)]


@cache
def _service() -> Any:
    import botocore.session

    return botocore.session.get_session().get_service_model("iot")


def create_job_faults(value: dict[str, Any]) -> list[str]:
    """What the service model of AWS IoT finds wrong with parameters of CreateJob.

    Its own validator looks at types, required and unknown members and minima; the rest of what the
    model says (maxima, enumerations and patterns) is read from it here.
    """
    from botocore.validate import ParamValidator

    shape = _service().operation_model("CreateJob").input_shape
    report = ParamValidator().validate(value, shape)
    return [*filter(None, [report.generate_report()]), *_limits(value, shape, "")]


def _limits(value: Any, shape: Any, where: str) -> list[str]:
    found = []
    if shape.type_name == "structure":
        for name, inner in value.items():
            if name in shape.members:
                found += _limits(inner, shape.members[name], f"{where}.{name}")
        return found
    if shape.type_name == "list":
        found += [f for item in value for f in _limits(item, shape.member, f"{where}[]")]
    size = value if shape.type_name in ("integer", "long", "double") else len(value)
    most = shape.metadata.get("max")
    if most is not None and size > most:
        found.append(f"{where}: {size} is above {most}")
    if getattr(shape, "enum", None) and value not in shape.enum:
        found.append(f"{where}: {value} is none of {shape.enum}")
    pattern = shape.metadata.get("pattern", "")
    if pattern and "\\p{" not in pattern and not re.fullmatch(pattern, value):
        found.append(f"{where}: {value} does not match {pattern}")
    return found


class Tagged(NamedTuple):
    """A tagged item of CBOR."""

    tag: int
    value: Any


def read_cbor(data: bytes) -> Any:
    """Decode one item (RFC 8949) and refuse what is not its deterministic form, or more than it."""
    value, end = _item(data, 0)
    if end != len(data):
        raise ValueError("bytes after the item")
    return value


def _item(data: bytes, at: int) -> tuple[Any, int]:
    kind = data[at] >> 5
    if kind == 7:
        return {0xF4: False, 0xF5: True, 0xF6: None}[data[at]], at + 1
    number, at = _number(data, at)
    if kind in (0, 1):
        return (number if kind == 0 else -1 - number), at
    if kind in (2, 3):
        piece = data[at : at + number]
        if len(piece) != number:
            raise ValueError("cut off")
        return (piece if kind == 2 else piece.decode()), at + number
    items = []
    for _ in range({4: number, 5: 2 * number, 6: 1}[kind]):
        value, at = _item(data, at)
        items.append(value)
    if kind == 6:
        return Tagged(number, items[0]), at
    return (items if kind == 4 else _mapping(items)), at


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The number in an item's head, in its shortest form."""
    low = data[at] & 31
    if low < 24:
        return low, at + 1
    if low > 27:
        raise ValueError("an item without a length")
    width = 1 << (low - 24)
    number = int.from_bytes(data[at + 1 : at + 1 + width])
    if number < (24 if width == 1 else 1 << (4 * width)):
        raise ValueError("a number that is longer than it has to be")
    return number, at + 1 + width


def _mapping(items: list[Any]) -> dict[Any, Any]:
    keys = items[::2]
    if keys != sorted(set(keys)):
        raise ValueError("keys out of order, or twice")
    return dict(zip(keys, items[1::2], strict=True))
