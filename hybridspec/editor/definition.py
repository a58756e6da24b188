"""Go to definition, and the symbols of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as File

from hybridspec.editor.cursor import Found, found
from hybridspec.editor.outline import Entry, Node, outline
from hybridspec.editor.scope import FILES, REFERENCES, SECTIONS, Scope, kind_of
from hybridspec.load.file import inside

_VARIABLE = re.compile(r"\$\{([^}\n]{1,100})\}")
_DEPTH = 5


@dataclass(frozen=True, slots=True)
class Target:
    """Where a name is defined: a file, and offsets in it."""

    file: File
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """A key with what lies below it."""

    name: str
    detail: str
    key: tuple[int, int]
    whole: tuple[int, int]
    depth: int
    inner: tuple[Symbol, ...]


def definitions(text: str, offset: int, scope: Scope) -> list[Target]:
    """Where the name under the cursor is defined."""
    here = found(text, offset)
    if here is None:
        return []
    for match in _VARIABLE.finditer(text, here.start, here.end):
        if match.start() <= offset <= match.end():
            return _named(("variables",), match[1], scope)
    if not here.is_key and kind_of(here.path, FILES) is not None:
        path = inside(scope.root.parent, here.text)
        return [Target(path, 0, 0)] if isinstance(path, File) and path.is_file() else []
    where = here.path[:-1] if here.is_key else here.path
    kind = kind_of(where, REFERENCES)
    return [] if kind is None else _of_kind(kind, here, scope)


def _of_kind(kind: str, here: Found, scope: Scope) -> list[Target]:
    if kind in ("stage", "input"):
        stages = _named(("flows", str(here.path[1]), "stages"), here.text, scope)
        return stages or _named(("data",), here.text, scope)
    if kind in SECTIONS:
        return _named((SECTIONS[kind],), here.text, scope)
    if kind == "board":
        return _named(("catalog", "boards"), here.text, scope)
    return []


def _named(where: tuple[str, ...], name: str, scope: Scope) -> list[Target]:
    return [Target(file, entry.start, entry.end)
            for file, entry in scope.entries(*where) if entry.key == name]  # fmt: skip


def symbols(text: str) -> tuple[Symbol, ...]:
    """The keys of a file as a tree."""
    return tuple(_symbols(outline(text), 0))


def _symbols(node: Node, depth: int) -> Iterator[Symbol]:
    for entry in node.entries if depth < _DEPTH else []:
        if entry.bare or not (isinstance(entry.key, int) or entry.key):
            continue
        inner = tuple(_symbols(entry.node, depth + 1))
        end = max(entry.end, entry.node.end, *(symbol.whole[1] for symbol in inner), 0)
        name = _item_name(entry) if isinstance(entry.key, int) else entry.key
        yield Symbol(name, entry.node.text[:60].split("\n")[0], (entry.start, entry.end),
                     (entry.start, end), depth, inner)  # fmt: skip


def _item_name(entry: Entry) -> str:
    """An item by its own name where it has one."""
    named = entry.node.get("name")
    return (named.text if named is not None else entry.node.text) or str(entry.key)
