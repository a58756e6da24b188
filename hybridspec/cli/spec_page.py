"""The page of all keys of the spec language, made from the models.

Run `python -m hybridspec.cli.spec_page FILE` to write it, with `--check` to compare only.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from hybridspec.cli.category_page import categories
from hybridspec.cli.generated_page import write_or_check
from hybridspec.spec import quantity
from hybridspec.spec.document import Spec

_HEAD = """\
# The spec language

Generated from the models; an editor shows the same at every key. A key without a default is
needed, and none may be empty. Names are lower-case letters, digits and hyphens, begin with a
letter, and have at most 40 characters. `*` in a heading is a name of your own, or a place in a
list.

| kind of value | written as |
| --- | --- |
"""
_KINDS: dict[str, tuple[Any, str]] = {
    "duration": (quantity.Duration, "`40ms`, `12h`, or a period such as `P30D` and `PT6H`; units "
                 "`us`, `ms`, `s`, `min`, `h`, `d`"),
    "size": (quantity.Size, "`4KiB`, `2MB`; bytes, decimal or binary, up to `TB` and `TiB`"),
    "bandwidth": (quantity.Bandwidth, "`20Mbit/s`; `bit/s`, `kbit/s`, `Mbit/s`, `Gbit/s`"),
    "power": (quantity.Power, "`12W`; `mW`, `W`, `kW`"),
    "rate": (quantity.Rate, "`24/s`, `6/h`; per `s`, `min`, `h` or `d`"),
    "money": (quantity.Money, "`0.09 USD`"),
    "secret": (quantity.SecretRef, "`secret://env/NAME`, `secret://vault/path` or "
               "`secret://aws-sm/path`; never the secret itself"),
}  # fmt: skip
_SHARE = "`0.95` or `95%`; between 0 and 1"

Schema = dict[str, Any]


def page() -> str:
    """The whole page as Markdown."""
    root = TypeAdapter(Spec).json_schema(by_alias=True)
    sections = _sections(root)
    titles = {name: path for name, path, _ in sections}
    kinds = [(kind, how) for kind, (_, how) in _KINDS.items()] + [("share", _SHARE)]
    head = _HEAD + "\n".join(f"| {kind} | {how} |" for kind, how in kinds)
    parts = [head, *(_section(*section, titles) for section in sections), categories()]
    return "\n\n".join(parts) + "\n"


def _sections(root: Schema) -> list[tuple[str, str, Schema]]:
    """Every section once, with the first path that leads to it, outer ones first."""
    found: dict[str, tuple[str, str, Schema]] = {"": ("", "The root", root)}
    queue = [("", root)]
    while queue:
        path, section = queue.pop(0)
        for key, part in section.get("properties", {}).items():
            for name, suffix in _references(part):
                if name not in found:
                    below = f"{path}.{key}{suffix}".lstrip(".")
                    found[name] = (name, below, root["$defs"][name])
                    queue.append((below, root["$defs"][name]))
    return list(found.values())


def _references(part: Schema, suffix: str = "") -> list[tuple[str, str]]:
    """Sections that a key holds, with `.*` for each collection around them."""
    found = []
    if "$ref" in part:
        found.append((part["$ref"].rpartition("/")[2], suffix))
    for key in ("anyOf", "oneOf", "allOf"):
        found += [one for inner in part.get(key, []) for one in _references(inner, suffix)]
    for inner in _inside(part):
        found += _references(inner, f"{suffix}.*")
    return found


def _inside(part: Schema) -> list[Schema]:
    inner = [part[k] for k in ("items", "additionalProperties") if isinstance(part.get(k), dict)]
    return [*inner, *part.get("patternProperties", {}).values()]


def _section(name: str, path: str, body: Schema, titles: dict[str, str]) -> str:
    title = f"`{path}`" if name else "The whole spec"
    rows = [_row(key, part, titles) for key, part in body.get("properties", {}).items()]
    head = "| key | kind | what it says | example | if left out |\n| --- | --- | --- | --- | --- |"
    return f"## {title}\n\n{body.get('description', '')}\n\n{head}\n" + "\n".join(rows)


def _row(key: str, part: Schema, titles: dict[str, str]) -> str:
    example = next(iter(part.get("examples", [])), None)
    shown = "" if example is None else f"`{_flow(example)}`"
    needed = "default" not in part and "x-default" not in part
    absent = "**needed**" if needed else part.get("x-default", "")
    cells = (f"`{key}`", _kind(part, titles), part.get("description", ""), shown, absent)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _kind(part: Schema, titles: dict[str, str]) -> str:
    options = [s for key in ("anyOf", "oneOf", "allOf") for s in part.get(key, [])]
    if unit := _unit(part, options):
        return unit
    if options:
        return " or ".join(dict.fromkeys(
            _kind(option, titles) for option in options if option.get("type") != "null"
        ))  # fmt: skip
    if "$ref" in part:
        path = titles[part["$ref"].rpartition("/")[2]]
        anchor = "".join(c for c in path.lower() if c.isalnum() or c in "-_")
        return f"[section](#{anchor})"
    if "const" in part or "enum" in part:
        return " or ".join(f"`{value}`" for value in part.get("enum", [part.get("const")]))
    if part.get("type") == "array":
        return f"list of {_kind(part['items'], titles)}"
    if part.get("type") == "object":
        inner = _inside(part)
        return f"by name: {_kind(inner[0], titles)}" if inner else "mapping"
    return _plain(part)


def _plain(part: Schema) -> str:
    if part.get("format") == "date":
        return "day"
    if part.get("pattern") == quantity.NAME_PATTERN:
        return "name"
    least, most = part.get("minimum"), part.get("maximum")
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "yes/no"}
    word = words.get(str(part.get("type")), "value")
    return f"{word}, {least} to {most}" if least is not None and most is not None else word


def _unit(part: Schema, options: list[Schema]) -> str:
    """The quantity that a value is, known by its pattern."""
    patterns = {str(one.get("pattern")) for one in (part, *options)}
    for kind, (written, _) in _KINDS.items():
        if TypeAdapter(written).json_schema()["pattern"] in patterns:
            extra = [one for one in options if "$ref" in one]
            return f"{kind}, or a mapping" if extra else kind
    share = TypeAdapter(quantity.Share).json_schema()["anyOf"][1]["pattern"]
    return "share" if share in patterns else ""


def _flow(value: Any) -> str:
    """A value as YAML in one line."""
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(inner)}" for key, inner in value.items()) + "}"
    text = value if isinstance(value, str) else json.dumps(value)
    return f'"{text}"' if isinstance(value, str) and (": " in text or text.isdigit()) else text


def main() -> None:
    """Write the page, or check that it is fresh."""
    write_or_check(Path(sys.argv[1]), page())


if __name__ == "__main__":
    main()
