"""What the language allows at a path: keys, choices, examples and words, read off the schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from hybridspec.base.source import Path
from hybridspec.editor.outline import Node
from hybridspec.schemas import Schema, below, expand, schema


@dataclass(frozen=True, slots=True)
class Key:
    """A key that a section may have."""

    name: str
    words: str
    required: bool
    part: Schema


@cache
def spec_schema() -> Schema:
    """The schema of a spec, made once."""
    return schema("hybridspec")


def parts(path: Path, root: Node | None = None) -> list[Schema]:
    """The alternatives for the value at `path`, as far as what is written tells them apart."""
    found = list(_narrow(spec_schema(), root))
    node = root
    for part in path:
        node = None if node is None else node.get(part)
        found = [
            alternative
            for above in found
            for child in below(above, part)
            for alternative in _narrow(child, node)
        ]
    return found


def alternatives(part: Schema) -> list[Schema]:
    """The ways to write a part, without references and without the use of a variable."""
    language = spec_schema()
    variable = language["definitions"]["VariableReference"]
    return [plain for plain in expand(language, part) if plain is not variable]


def _narrow(part: Schema, node: Node | None) -> Iterator[Schema]:
    """Alternatives; of a tagged union the one whose tag is written."""
    every = alternatives(part)
    for alternative in every:
        tags = {
            key: known.get("const")
            for key, known in alternative.get("properties", {}).items()
            if "const" in known
        }
        written = {} if node is None else {k: n.text for k in tags if (n := node.get(k))}
        if len(every) == 1 or all(tags[key] == value for key, value in written.items()):
            yield alternative


def keys(path: Path, root: Node | None = None) -> list[Key]:
    """The keys of the section at `path`, needed ones first, then in the language's order."""
    found: dict[str, Key] = {}
    every = parts(path, root)
    for part in every:
        for name, inner in part.get("properties", {}).items():
            # Of several ways to write a section, the usual ones say what it needs.
            needed = 2 * sum(name in p.get("required", []) for p in every) > len(every)
            if name != "$schema":
                found.setdefault(name, Key(name, inner.get("description", ""), needed, inner))
    return sorted(found.values(), key=lambda key: not key.required)


def names_things(path: Path, root: Node | None = None) -> Schema | None:
    """What a name stands for, where the value at `path` maps names of the user's to things."""
    for part in parts(path, root):
        for inner in part.get("patternProperties", {}).values():
            return dict(inner)
        if isinstance(part.get("additionalProperties"), dict):
            return dict(part["additionalProperties"])
    return None


def words(path: Path, root: Node | None = None) -> str:
    """What the language says about the key or the value at `path`."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if not path:
        return str(spec_schema().get("description", ""))
    said: list[str] = []
    for part in parts(path[:-1], root):
        for inner in below(part, path[-1]):
            text = inner.get("description", "")
            if not text:
                text = next((s["description"] for s in expand(spec_schema(), inner)
                             if s.get("description")), "")  # fmt: skip
            if text and text not in said:
                said.append(text)
    return "\n\n".join(said)


def choices(path: Path, root: Node | None = None) -> list[Any]:
    """The values that the language itself lists, without those of the catalogue."""
    found: list[Any] = []
    for part in parts(path, root):
        found += [part["const"]] if "const" in part else []
        found += part.get("enum", [])
        if part.get("type") == "boolean":
            found += ["true", "false"]
    return list(dict.fromkeys(found))


def examples(path: Path, root: Node | None = None) -> list[Any]:
    """Values that show how the value at `path` is written."""
    found: list[Any] = []
    for above in parts(path[:-1], root) if path else []:
        for inner in below(above, path[-1]):
            for part in (inner, *expand(spec_schema(), inner)):
                found += [e for e in part.get("examples", []) if e not in found]
    return found
