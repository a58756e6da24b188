"""JSON Schemas of what users and devices read: made from the models, committed in `schemas/`.

The spec's schema is written for editors: each key says what it is, in which unit, with an example
and its default with the reason; names of the catalogue are listed, and a variable such as
`${uplink}` may stand for any value. Run `python -m hybridspec.schemas FOLDER` to write them, with
`--check` to compare only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from hybridspec.base.country import BLOC_NAMES, COUNTRIES
from hybridspec.base.units import format_bytes, write_duration
from hybridspec.bundle.manifest import ReleaseManifest
from hybridspec.ir.placement import Placement
from hybridspec.load.catalog import load_catalogs
from hybridspec.resolve import defaults
from hybridspec.spec import quantity
from hybridspec.spec.catalog import Catalog
from hybridspec.spec.document import Spec
from hybridspec.spec.facts import FactsPack

SCHEMAS: dict[str, type[Any]] = {
    "catalog": Catalog,
    "facts": FactsPack,
    "hybridspec": Spec,
    "placement": Placement,
    "release": ReleaseManifest,
}

Schema = dict[str, Any]
Where = tuple[str, ...]

CHOICES: dict[Where, str] = {
    ("clouds", "*", "provider"): "provider",
    ("clouds", "*", "regions", "*"): "region",
    ("data", "*", "subjects", "*"): "country or bloc",
    ("devices", "*", "board"): "board",
    ("devices", "*", "hardware", "like"): "board",
    ("metadata", "controller", "country"): "country",
    ("models", "*", "training", "region"): "region",
    ("observability", "sinks", "*", "country"): "country",
    ("policies", "*", "forbid", "boards", "*"): "board",
    ("policies", "*", "forbid", "countries", "*"): "country or bloc",
    ("policies", "*", "forbid", "operators", "*"): "country or bloc",
    ("policies", "*", "forbid", "partitions", "*"): "partition",
    ("site_tables", "*", "country"): "country",
    ("sites", "*", "country"): "country",
    ("waivers", "*", "countries", "*"): "country or bloc",
    ("zones", "*", "countries", "*"): "country or bloc",
    ("zones", "*", "facets", "*", "*"): "country or bloc",
    ("zones", "*", "transfers", "*", "to"): "country or bloc",
}
"""Values that the catalogue, or the map of the world, knows; `*` is any name or position."""

VARIABLE = r"\$\{[A-Za-z_][A-Za-z0-9_-]*\}"
_OPEN = {
    "board": r"^[a-z][a-z0-9.-]*$",
    "partition": r"^[a-z][a-z0-9-]*$",
    "provider": r"^[a-z][a-z0-9-]*$",
    "region": r"^[a-z][a-z0-9-]*$",
    "country or bloc": r"^[a-z]+\([A-Z]+\)$",
}
"""What else may be written: rows that the spec itself adds, and groups such as `adequate(EU)`."""


def schema(name: str) -> Schema:
    """One schema as draft-07, which editors understand."""
    made = TypeAdapter(SCHEMAS[name]).json_schema(by_alias=True)
    text = json.dumps(made, ensure_ascii=False).replace("#/$defs/", "#/definitions/")
    body = json.loads(text)
    if "$defs" in body:
        body["definitions"] = body.pop("$defs")
    if name == "hybridspec":
        _explain(body)
        _open_required(body)
    return {"$schema": "http://json-schema.org/draft-07/schema#", **body}


def _open_required(body: Schema) -> None:
    """What is required may lie in an included file, and sites may come from a table."""
    required = body.pop("required")
    without = [key for key in required if key != "sites"]
    body["anyOf"] = [
        {"required": ["include"]}, {"required": required}, {"required": [*without, "site_tables"]}
    ]  # fmt: skip


def text(name: str) -> str:
    """The committed form of a schema."""
    return json.dumps(schema(name), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@cache
def _catalogs() -> Mapping[str, Catalog]:
    return load_catalogs()[0]


@cache
def choices() -> Mapping[str, tuple[str, ...]]:
    """Every name that a kind of `CHOICES` may have."""
    catalogs = _catalogs()
    clouds = {name: row for name, row in catalogs.items() if row.operator is not None}
    return {
        "board": tuple(sorted({b for row in catalogs.values() for b in row.boards})),
        "partition": tuple(
            sorted({r.partition for c in clouds.values() for r in c.regions.values()})
        ),
        "provider": tuple(sorted(clouds)),
        "region": tuple(sorted({r for row in clouds.values() for r in row.regions})),
        "country": tuple(sorted(COUNTRIES)),
        "country or bloc": (*sorted(BLOC_NAMES), *sorted(COUNTRIES)),
    }


_COMBINED = ("allOf", "anyOf", "oneOf")
_SHAPE = {"properties", "patternProperties", "items"}


def expand(root: Schema, part: Schema) -> Iterator[Schema]:
    """The alternatives that a part of a schema stands for, without references."""
    if "$ref" in part:
        yield from expand(root, root["definitions"][part["$ref"].rpartition("/")[2]])
        return
    inner = [s for key in _COMBINED for s in part.get(key, [])]
    outer = {key: value for key, value in part.items() if key not in _COMBINED}
    for alternative in inner:
        for plain in expand(root, alternative):
            yield {**outer, **plain} if outer.keys() & _SHAPE else plain
    if not inner:
        yield part


def below(part: Schema, key: str | int) -> Iterator[Schema]:
    """What an alternative says of a key, or of an item of a list; `*` is any name."""
    if isinstance(key, str) and key in part.get("properties", {}):
        yield part["properties"][key]
        return
    if key == "*":
        yield from part.get("properties", {}).values()
    yield from part.get("patternProperties", {}).values()
    for name in ("additionalProperties", "items"):
        if isinstance(part.get(name), dict):
            yield part[name]


def locate(root: Schema, where: tuple[str | int, ...]) -> list[Schema]:
    """Every part of the schema that describes the value at a path."""
    found = [root]
    for key in where:
        found = [child for part in found for alternative in expand(root, part)
                 for child in below(alternative, key)]  # fmt: skip
    return found


def _explain(root: Schema) -> None:
    """Make the schema of the spec good to read and to choose from."""
    for where, kind in CHOICES.items():
        for part in locate(root, where):
            for plain in expand(root, part):
                _choose(plain, kind)
    sections = [root, *root.get("definitions", {}).values()]
    for section in sections:
        for key, part in section.get("properties", {}).items():
            section["properties"][key] = _property(part, key)
    for default in defaults.ALL:
        for part in locate(root, tuple(default.key.split("."))):
            part["description"] = part.get("description", "").partition(" Default: ")[0]
            _say(part, f"Default: {default.shown}, {default.reason}.")
    root["definitions"]["VariableReference"] = {
        "type": "string", "pattern": VARIABLE,
        "description": "A declared variable, such as `${uplink}`.",
    }  # fmt: skip


def _choose(part: Schema, kind: str) -> None:
    if part.get("type") != "string" or "enum" in part or "const" in part:
        return
    listed: Schema = {"type": "string", "enum": list(choices()[kind])}
    words = _enum_words(kind)
    if words:
        listed["enumDescriptions"] = [words[name] for name in listed["enum"]]
    del part["type"]
    part.pop("pattern", None)
    part["anyOf"] = [listed]
    if kind in _OPEN:
        part["anyOf"].append({"type": "string", "pattern": _OPEN[kind]})


@cache
def _enum_words(kind: str) -> dict[str, str]:
    catalogs = _catalogs()
    if kind == "board":
        return {n: row.title for c in catalogs.values() for n, row in c.boards.items()}
    if kind == "region":
        return {name: f"{row.place}, {row.country} ({target})" for target, c in catalogs.items()
                for name, row in c.regions.items()}  # fmt: skip
    return {}


def _property(part: Schema, key: str) -> Schema:
    """A key's schema: no empty value, a variable for any scalar, and the words of the hover."""
    part = _without_null(part)
    for foreign in ("title", "gt", "ge"):  # pydantic's own, which no editor shows or knows
        part.pop(foreign, None)
    words = part.pop("description", "")
    unit, example = _unit(part), next(iter(part.get("examples", [])), None)
    if example is None and unit:
        example = next(iter(_units()[unit].get("examples", [])), None)
    default, absent = part.pop("default", None), part.pop("x-default", "")
    shown = None if default in (None, [], {}) else _default(default, unit)
    if shown is not None and not unit and not isinstance(default, dict):
        part["default"] = default
    if "patternProperties" in part:
        part.setdefault("additionalProperties", False)
    if "$ref" in part:
        part = {"allOf": [{"$ref": part.pop("$ref")}], **part}
    if key not in ("apiVersion", "$schema", "type", "kind"):
        part = _variable(part)
    part["description"] = words
    _say(part, f"Written as {unit}." if unit else "")
    _say(part, f"Example: `{_flow(example)}`." if example is not None else "")
    if absent:
        _say(part, f"Default: {absent}.")
    else:
        _say(part, f"Default: `{shown}`." if shown is not None else "")
    return part


def _say(part: Schema, sentence: str) -> None:
    words = part.get("description", "").rstrip()
    if sentence and sentence not in words:
        end = "" if not words or words.endswith((".", "`")) else "."
        part["description"] = f"{words}{end} {sentence}".strip()


def _without_null(part: Schema) -> Schema:
    left = [s for s in part.get("anyOf", []) if s.get("type") != "null"]
    if len(left) == len(part.get("anyOf", [])):
        return dict(part)
    outer = {k: v for k, v in part.items() if k != "anyOf"}
    return {**left[0], **outer} if len(left) == 1 else {**outer, "anyOf": left}


_SCALAR = ("type", "enum", "enumDescriptions", "const", "pattern", "format", "minimum", "maximum",
           "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength")  # fmt: skip


def _variable(part: Schema) -> Schema:
    """The same schema, where a scalar with rules may also be a variable."""
    reference = {"$ref": "#/definitions/VariableReference"}
    if isinstance(part.get("items"), dict):
        part["items"] = _variable(dict(part["items"]))
    if part.get("type") in ("array", "object", None):
        if "anyOf" in part and all(s.get("type") in _PLAIN for s in part["anyOf"]):
            part["anyOf"] = [*part["anyOf"], reference]
        return part
    rules = {key: part.pop(key) for key in _SCALAR if key in part}
    if rules.keys() <= {"type", "minLength", "maxLength"} and rules["type"] == "string":
        return {**rules, **part}
    return {"anyOf": [rules, reference], **part}


_PLAIN = ("string", "number", "integer", "boolean")


@cache
def _units() -> dict[str, Schema]:
    """The quantities of the language, by how they are called."""
    kinds: tuple[Any, ...] = (
        quantity.Duration, quantity.Size, quantity.Bandwidth, quantity.Power, quantity.Rate,
        quantity.Money, quantity.Share,
    )  # fmt: skip
    found = [TypeAdapter(kind).json_schema() for kind in kinds]
    return {made["description"]: made for made in found}


def _unit(part: Schema) -> str:
    """What a quantity is called, known by its pattern."""
    patterns = {str(s.get("pattern")) for s in (part, *part.get("anyOf", []))}
    for unit, made in _units().items():
        known = {str(s["pattern"]) for s in (made, *made.get("anyOf", [])) if "pattern" in s}
        if known & patterns:
            return unit
    return ""


def _default(value: Any, unit: str) -> str:
    written: dict[str, Callable[[int], str]] = {
        "a duration": write_duration, "a size": format_bytes,
    }  # fmt: skip
    if unit in written and isinstance(value, int):
        return written[unit](value)
    return _flow(value)


def _flow(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(v)}" for key, v in value.items()
                               if v is not None) + "}"  # fmt: skip
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def main() -> None:
    """Write every schema into the folder named first, or check that it is fresh."""
    folder, check = Path(sys.argv[1]), "--check" in sys.argv[2:]
    stale = []
    for name in SCHEMAS:
        path = folder / f"{name}.schema.json"
        fresh = text(name)
        if path.exists() and path.read_text(encoding="utf-8") == fresh:
            continue
        stale.append(path.name)
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(fresh, encoding="utf-8")
    if check and stale:
        raise SystemExit(f"stale: {', '.join(stale)}; run `make schemas`")


if __name__ == "__main__":
    main()
