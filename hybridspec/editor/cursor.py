"""Where a cursor stands: the path in the spec, whether a key or a value, and what to replace."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hybridspec.base.source import Path
from hybridspec.editor.outline import Entry, Node, outline, walk

_MARK = "\ue000"
_WORD = re.compile(r"""[^\s,{}\[\]:"'#]""")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place to write at.

    `path` leads to the collection that is written into (for a key) or to the value itself;
    `beside` is what the same collection holds already, without the word under the cursor;
    `start` and `end` are the offsets of that word, `lead` a space that is still missing.
    """

    path: Path
    is_key: bool
    flow: bool
    has_colon: bool
    beside: Node
    root: Node
    start: int
    end: int
    lead: str


def cursor(text: str, offset: int) -> Cursor | None:
    """What could be written at `offset`; None inside comments and block text."""
    line = text[text.rfind("\n", 0, offset) + 1 : offset]
    if line.lstrip().startswith("#") or " #" in line:
        return None
    start = end = offset
    while start > 0 and _WORD.match(text[start - 1]):
        start -= 1
    while end < len(text) and _WORD.match(text[end]):
        end += 1
    lead = " " if start > 0 and text[start - 1] == ":" else ""
    root = outline(f"{text[:start]}{lead}{_MARK}{text[end:]}")
    if root.kind == "empty":
        return None
    for path, entry in walk(root):
        here = _here(root, path, entry, start, end, lead)
        if here is not None:
            return here
    return None


def _here(
    root: Node, path: Path, entry: Entry, start: int, end: int, lead: str
) -> Cursor | None:  # fmt: skip
    owner = root.at(*path[:-1])
    if owner is None:
        return None
    if entry.key == _MARK:
        return Cursor(path[:-1], True, owner.flow, not entry.bare, owner, root, start, end, lead)
    if entry.node.kind == "text" and entry.node.text == _MARK:
        return Cursor(path, False, owner.flow, True, owner, root, start, end, lead)
    return None


@dataclass(frozen=True, slots=True)
class Found:
    """What is written at a place: a key, or a value, with its path and its offsets."""

    path: Path
    is_key: bool
    text: str
    start: int
    end: int


def found(text: str, offset: int) -> Found | None:
    """The key or the plain value that covers `offset`."""
    for path, entry in walk(outline(text)):
        if isinstance(entry.key, str) and entry.start <= offset <= entry.end:
            return Found(path, True, entry.key, entry.start, entry.end)
        node = entry.node
        if node.kind == "text" and node.start <= offset <= node.end:
            return Found(path, False, node.text, node.start, node.end)
    return None
