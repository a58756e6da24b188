"""Text as keys and values by place, however unfinished it is: a reader that never gives up.

`load/yaml.py` judges a file; this one only guesses, from indentation and brackets, what a person
means who is still typing. It reads the part of YAML that specs are written in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from hybridspec.base.source import Path

Kind = Literal["empty", "text", "map", "list"]

_DEPTH = 64
_KEY = re.compile(
    r"""("[^"\n]{0,200}"|'[^'\n]{0,200}'|[^\s#{}\[\],"'&*|>%@`][^\n{}\[\],"'#:]{0,200}?)"""
    r"""[ \t]{0,20}:(?=[ \t\r]|$)""",
    re.MULTILINE,
)
_FLOW_KEY = re.compile(r"""("[^"\n]*"|'[^'\n]*'|[^\s#{}\[\],:"']+)[ \t]*(:(?=[ \t\r\n,}\]]|$))?""")
_PLAIN_END = re.compile(r"[ \t]+#|[ \t\r]*$", re.MULTILINE)
_FLOW_END = re.compile(r"[,\]}\n]|[ \t]#")


@dataclass(slots=True)
class Node:
    """A value; `start` and `end` are offsets. Collections hold entries in the order written."""

    kind: Kind = "empty"
    start: int = 0
    end: int = 0
    text: str = ""
    flow: bool = False
    entries: list[Entry] = field(default_factory=list)

    def get(self, part: str | int) -> Node | None:
        """The value under a key or an index."""
        return next((e.node for e in self.entries if e.key == part), None)

    def at(self, *path: str | int) -> Node | None:
        """The value at `path` below this one."""
        node: Node | None = self
        for part in path:
            node = None if node is None else node.get(part)
        return node

    def names(self) -> list[str]:
        """The keys of a mapping that are complete."""
        return [str(e.key) for e in self.entries if self.kind == "map" and not e.bare]


@dataclass(slots=True)
class Entry:
    """A key, or an index, with its place and value; `bare` while the colon is missing."""

    key: str | int
    start: int
    end: int
    node: Node
    bare: bool = False


@lru_cache(maxsize=16)
def outline(text: str) -> Node:
    """The root of whatever `text` holds."""
    reader = _Reader(text)
    reader.read()
    return reader.root


def walk(node: Node, path: Path = ()) -> Iterator[tuple[Path, Entry]]:
    """Every entry below `node` with its path, parents first."""
    waiting = [(path, node)]
    while waiting:
        above, current = waiting.pop()
        for entry in current.entries:
            here = (*above, entry.key)
            yield here, entry
            waiting.append((here, entry.node))


@dataclass(slots=True)
class _Reader:
    """One pass over the lines; `stack` holds the open block collections with their columns."""

    text: str
    root: Node = field(default_factory=Node)
    stack: list[tuple[int, Node]] = field(default_factory=list)

    def read(self) -> None:
        position = 0
        while position < len(self.text):
            stop = self._line_end(position)
            line = self.text[position:stop]
            start = position + len(line) - len(line.lstrip(" \t"))
            if line.strip() and not line.lstrip().startswith(("#", "---", "...", "%")):
                stop = self._content(start, start - position, stop)
            position = self._line_end(stop) + 1

    def _line_end(self, position: int) -> int:
        found = self.text.find("\n", position)
        return len(self.text) if found < 0 else found

    def _content(self, start: int, column: int, stop: int) -> int:
        """Read what begins at `start`; returns how far that went, maybe into later lines."""
        text = self.text
        if text[start] == "#":
            return stop
        if text[start] == "-" and (start + 1 >= stop or text[start + 1] in " \t\r"):
            return self._item(start, column, stop)
        key = _KEY.match(text, start, stop)
        if key is not None:
            owner = self._open(column, "map", start)
            entry = Entry(_unquoted(key[1]), start, start + len(key[1]), Node())
            owner.entries.append(entry)
            return self._value(entry.node, key.end(), column, stop)
        if text[start] in "{[":
            node = self._pending(column)
            return self._flow(node, start, column, 0) if node is not None else stop
        end = self._plain_end(start, stop)
        owner = self._open(column, "map", start)
        owner.entries.append(Entry(text[start:end], start, end, Node("empty", end, end), bare=True))
        return stop

    def _item(self, start: int, column: int, stop: int) -> int:
        owner = self._open(column, "list", start)
        entry = Entry(len(owner.entries), start, start + 1, Node("empty", start + 1, start + 1))
        owner.entries.append(entry)
        rest = start + 1
        while rest < stop and self.text[rest] in " \t\r":
            rest += 1
        if rest >= stop:
            return stop
        if _KEY.match(self.text, rest, stop):
            return self._content(rest, column + rest - start, stop)
        return self._value(entry.node, rest, column, stop)

    def _open(self, column: int, kind: Kind, start: int) -> Node:
        """The collection that content at `column` belongs to; a new one where none is open."""
        while self.stack and self.stack[-1][0] > column:
            self.stack.pop()
        if self.stack and self.stack[-1][0] == column:
            top = self.stack[-1][1]
            if top.kind == kind:
                return top
            if top.kind == "list":
                self.stack.pop()
                return self._open(column, kind, start)
        node = self._last()
        if node.kind != "empty" and node.kind != kind:
            node = Node()  # content that fits nowhere, such as a second line of plain text
        node.kind, node.flow = kind, False
        node.start = node.start or start
        self.stack.append((column, node))
        return node

    def _last(self) -> Node:
        if not self.stack:
            return self.root
        entries = self.stack[-1][1].entries
        return entries[-1].node if entries else Node()

    def _pending(self, column: int) -> Node | None:
        while self.stack and self.stack[-1][0] >= column:
            self.stack.pop()
        node = self._last()
        return node if node.kind == "empty" else None

    def _plain_end(self, start: int, stop: int) -> int:
        found = _PLAIN_END.search(self.text, start, stop)
        return found.start() if found is not None else stop

    def _value(self, node: Node, position: int, column: int, stop: int) -> int:
        text = self.text
        while position < stop and text[position] in " \t\r":
            position += 1
        node.start = node.end = position
        if position >= stop or text[position] == "#":
            node.start = node.end = min(position, stop)
            return stop
        if text[position] in "{[":
            return self._flow(node, position, column, 0)
        if text[position] in "|>":
            node.kind, node.end = "text", stop
            return self._block_text(node, column, stop)
        if text[position] in "\"'":
            return self._quoted(node, position)
        node.kind, node.end = "text", self._plain_end(position, stop)
        node.text = text[position : node.end]
        return stop

    def _quoted(self, node: Node, position: int) -> int:
        """Text in quotes; where they are not closed on the line, the line is all there is."""
        mark, stop = self.text[position], self._line_end(position)
        end = self.text.find(mark, position + 1, stop)
        node.kind, node.start = "text", position
        node.end = stop if end < 0 else end + 1
        node.text = self.text[position + 1 : stop if end < 0 else end]
        return node.end

    def _block_text(self, node: Node, column: int, stop: int) -> int:
        first = stop + 1
        while stop < len(self.text):
            following = self._line_end(stop + 1)
            line = self.text[stop + 1 : following]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= column:
                break
            stop = following
        node.text, node.end = self.text[first:stop], stop
        return stop

    def _flow(self, node: Node, position: int, column: int, depth: int) -> int:
        """A collection in brackets; an unclosed one ends where the indentation says so."""
        mapping = self.text[position] == "{"
        node.kind, node.flow = ("map" if mapping else "list"), True
        node.start, position = position, position + 1
        while (position := self._skip(position, column)) >= 0:
            char = self.text[position]
            if char in "}]":
                node.end = position + 1
                return node.end
            if char == ",":
                position += 1
            elif mapping:
                position = self._flow_entry(node, position, column, depth)
            else:
                inner = Node()
                node.entries.append(Entry(len(node.entries), position, position, inner))
                position = self._flow_value(inner, position, column, depth)
        node.end = -position - 1
        return node.end

    def _flow_entry(self, node: Node, position: int, column: int, depth: int) -> int:
        key = _FLOW_KEY.match(self.text, position)
        if key is None:
            return self._flow_value(Node(), position, column, depth)
        entry = Entry(_unquoted(key[1]), position, position + len(key[1]), Node(), bare=not key[2])
        node.entries.append(entry)
        entry.node.start = entry.node.end = position = key.end()
        if entry.bare:
            return position
        while position < len(self.text) and self.text[position] in " \t":
            position += 1
        if position >= len(self.text) or self.text[position] in ",}]\r\n#":
            entry.node.start = entry.node.end = position
            return position
        return self._flow_value(entry.node, position, column, depth)

    def _flow_value(self, node: Node, position: int, column: int, depth: int) -> int:
        char = self.text[position]
        if char in "{[":
            if depth >= _DEPTH:
                return self._line_end(position)
            return self._flow(node, position, column, depth + 1)
        if char in "\"'":
            return self._quoted(node, position)
        found = _FLOW_END.search(self.text, position)
        end = len(self.text) if found is None else found.start()
        node.kind, node.start = "text", position
        node.text = self.text[position:end].rstrip()
        node.end = position + len(node.text)
        return max(end, position + 1)

    def _skip(self, position: int, column: int) -> int:
        """The next thing inside brackets; -1 - the end where they were left open."""
        text = self.text
        while position < len(text):
            if text[position] in " \t\r":
                position += 1
            elif text[position] == "#":
                position = self._line_end(position)
            elif text[position] == "\n":
                stop = self._line_end(position + 1)
                line = text[position + 1 : stop]
                body = line.strip()
                if body and body[0] not in "}]#" and len(line) - len(line.lstrip()) <= column:
                    return -1 - position
                position += 1
            else:
                return position
        return -1 - position


def _unquoted(key: str) -> str:
    return key[1:-1] if key[:1] in "\"'" and len(key) > 1 else key.strip()
