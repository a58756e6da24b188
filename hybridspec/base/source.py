"""Source text and the spans that point into it."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line for the YAML parser, so that its line numbers find their text here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file the user wrote.

    `shown` is the path as the user gave it (diagnostics); `name` is relative to the spec's
    folder and safe to print in deterministic output; `text` is the decoded content; `digest`
    the SHA-256 of the file's bytes.
    """

    shown: str
    name: str
    text: str = field(repr=False, compare=False)
    digest: str = ""

    def line(self, number: int) -> str:
        """Return line `number` (1-based) without its end, or an empty string past the end."""
        lines = _lines(self.text)
        return lines[number - 1] if 0 < number <= len(lines) else ""


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    """All lines, split once: a file may have as many findings as lines."""
    return _BREAK.split(text)


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column, both 1-based, of the character at `offset`.

    >>> position("a: 1\\nb: 2", 8)
    (2, 4)
    """
    starts = _starts(text)
    line = bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


class Span(NamedTuple):
    """A range in a source file; lines and columns are 1-based, the end is exclusive.

    A tuple, since a large spec has a hundred thousand of them.
    """

    file: SourceFile
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def shown(self) -> str:
        """`path:line:column` as an editor or a CI annotation expects it."""
        return f"{self.file.shown}:{self.line}:{self.column}"

    @property
    def ref(self) -> str:
        """`file:line` relative to the spec's folder, for deterministic output."""
        return f"{self.file.name}:{self.line}"


def blanked(file: SourceFile, spans: Iterable[Span]) -> SourceFile:
    """The file with the text of `spans` replaced by asterisks, line for line.

    >>> file = SourceFile(shown="s.yaml", name="s.yaml", text="token: hunter2")
    >>> span = Span(file=file, line=1, column=8, end_line=1, end_column=15)
    >>> blanked(file, [span]).text
    'token: *******'
    """
    lines = _BREAK.split(file.text)
    for span in spans:
        for number in range(span.line, span.end_line + 1):
            text = lines[number - 1] if number <= len(lines) else ""
            start = span.column - 1 if number == span.line else 0
            end = span.end_column - 1 if number == span.end_line else len(text)
            middle = "".join("*" if char.strip() else char for char in text[start:end])
            lines[number - 1 : number] = [text[:start] + middle + text[end:]]
    return replace(file, text="\n".join(lines))


_SECRET = re.compile(
    r"""((?:token|api_?key|password)["']?[ ]{0,9}:[ ]{1,9})(?!["']?secret://)([^,}]+)""", re.I
)
"""What stands where secrets do, in a line of a file that may be too broken to be understood."""


@lru_cache(maxsize=4)
def _starred(line: str) -> str:
    """A line without its secrets; a huge one holds many faults and is searched once."""
    return _SECRET.sub(_stars, line)


def _stars(match: re.Match[str]) -> str:
    return match[1] + "".join("*" if char.strip() else char for char in match[2])


def excerpt(span: Span) -> tuple[str, str]:
    """Return the span's first line and a caret line that underlines the span on it.

    >>> file = SourceFile(shown="s.yaml", name="s.yaml", text="count: -1")
    >>> span = Span(file=file, line=1, column=8, end_line=1, end_column=10)
    >>> print("|".join(excerpt(span)))
    count: -1|       ^^
    """
    text = _starred(span.file.line(span.line))
    end = span.end_column if span.end_line == span.line else len(text) + 1
    start = span.column - 1
    width = max(1, min(end - span.column, len(text) - start))
    shown, offset = _window(text, start)
    before, under = shown[: start - offset], shown[start - offset : start - offset + width]
    indent = "".join("\t" if char == "\t" else " " * _columns(char) for char in before)
    return shown, indent + "^" * max(1, sum(map(_columns, under)))


def _window(text: str, start: int, limit: int = 160) -> tuple[str, int]:
    """Cut a very long line around `start`, so that a hostile one cannot flood a terminal."""
    offset = 0 if start < limit // 2 else start - limit // 2
    return printable(text[offset : offset + limit], keep="\t"), offset


def _columns(char: str) -> int:
    """Columns that a terminal gives to a character."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


_HIDDEN = re.compile(r"[^\x20-\x7e\n]+")
"""What may hold characters that do not show."""


def printable(text: str, *, keep: str = "") -> str:
    """`text` with every control character replaced, so that it cannot steer a terminal.

    >>> printable("a\\x1b[2Jb") == "a\\ufffd[2Jb"
    True
    """
    return "".join(char if char.isprintable() or char in keep else "\ufffd" for char in text)


def visible_json(text: str) -> str:
    """A JSON document with every character escaped that does not show what it is.

    >>> print(visible_json('{"a": "b\u202e c"}'))
    {"a": "b\\u202e c"}
    """
    return _HIDDEN.sub(lambda found: "".join(map(_escaped, found[0])), text)


def _escaped(char: str) -> str:
    if char.isprintable():
        return char
    code = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))


def offset(text: str, line: int, column: int) -> int:
    """The inverse of `position`: how many characters stand before a line and column.

    >>> offset("a: 1\\nb: 2", 2, 4)
    8
    """
    starts = _starts(text)
    return min(starts[line - 1] + column - 1, len(text)) if line <= len(starts) else len(text)


@lru_cache(maxsize=4)
def _starts(text: str) -> list[int]:
    """Where each line begins."""
    return [0, *(found.end() for found in _BREAK.finditer(text))]


Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Origins:
    """Where each value of a document was written, by its path of keys and indexes."""

    values: Mapping[Path, Span]
    keys: Mapping[Path, Span]
    ends: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    """Where lists and mappings end, by line and column; their Span covers only the beginning."""

    def value(self, *path: str | int) -> Span:
        """Span of the value at `path`, or of the nearest enclosing one that was written."""
        return self._nearest(self.values, path)

    def key(self, *path: str | int) -> Span:
        """Span of the key at `path`; the value's where it has none (a list item)."""
        return self.keys.get(path) or self.value(*path)

    def whole(self, *path: str | int) -> Span:
        """Span of the value at `path` from its first to its last character."""
        span = self.value(*path)
        if path not in self.values or path not in self.ends:
            return span
        line, column = self.ends[path]
        return span._replace(end_line=line, end_column=column)

    def place(self, dotted: str) -> Span | None:
        """The place of a path such as `zones.eu.facets.0`, if it was written."""
        path = tuple(int(p) if p.isdecimal() else p for p in dotted[:400].split("."))
        return self.key(*path) if path in self.values else None

    def extents(self, paths: Iterable[Path]) -> dict[Path, Span]:
        """From the key of each path that was written to the end of all that lies below it."""
        found = {path: self.key(*path) for path in paths if path in self.values}
        for path, span in self.values.items():
            for length in range(1, len(path) + 1):
                whole = found.get(path[:length])
                if whole is None or whole.file != span.file:
                    continue
                if (span.end_line, span.end_column) > (whole.end_line, whole.end_column):
                    found[path[:length]] = whole._replace(
                        end_line=span.end_line, end_column=span.end_column
                    )
        return found

    @staticmethod
    def _nearest(spans: Mapping[Path, Span], path: Path) -> Span:
        while (found := spans.get(path)) is None:
            if not path:
                raise KeyError("the document itself has no place")
            path = path[:-1]
        return found
