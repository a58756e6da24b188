"""Places as editors count them, lines and columns from 0, and the offsets that we count."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from hybridspec.base.source import SourceFile, Span

Place = tuple[int, int]
Range = tuple[Place, Place]

_BREAK = re.compile("\r\n|[\r\n]")
_YAML_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""YAML ends lines at more characters than the protocol does (and `base/source.py` with it)."""

_WIDTH: dict[str, Callable[[str], int]] = {
    "utf-8": lambda char: len(char.encode("utf-8", "surrogatepass")),
    "utf-16": lambda char: 2 if char > "\uffff" else 1,
    "utf-32": len,
}


@lru_cache(maxsize=16)
def _starts(text: str, pattern: re.Pattern[str]) -> list[int]:
    return [0, *(match.end() for match in pattern.finditer(text))]


@dataclass(frozen=True, slots=True)
class Ruler:
    """Counts columns in the code units that client and server agreed on; by default UTF-16."""

    encoding: str = "utf-16"

    def place(self, text: str, offset: int) -> Place:
        """Where the character at `offset` stands."""
        offset = min(offset, len(text))
        starts = _starts(text, _BREAK)
        line = bisect_right(starts, offset) - 1
        width = _WIDTH[self.encoding]
        return line, sum(map(width, text[starts[line] : offset]))

    def offset(self, text: str, line: int, column: int) -> int:
        """The offset of a place; beyond the end of its line or of the text, that end."""
        starts = _starts(text, _BREAK)
        if line >= len(starts):
            return len(text)
        start = starts[line]
        end = starts[line + 1] if line + 1 < len(starts) else len(text)
        content, width, left = text[start:end].rstrip("\r\n"), _WIDTH[self.encoding], column
        for index, char in enumerate(content):
            if left <= 0:
                return start + index
            left -= width(char)
        return start + len(content)

    def range(self, text: str, start: int, end: int) -> Range:
        """Two offsets as places."""
        return self.place(text, start), self.place(text, end)

    def span(self, span: Span, *, exact: bool = False) -> Range:
        """A finding's span as places; without the white space at its end unless `exact`."""
        start, end = span_offsets(span)
        if not exact:
            end = start + len(span.file.text[start:end].rstrip())
        return self.range(span.file.text, start, end)


def span_offsets(span: Span) -> tuple[int, int]:
    """A span as offsets into its file's text."""
    start = _offset(span.file, span.line, span.column)
    return start, max(start, _offset(span.file, span.end_line, span.end_column))


def _offset(file: SourceFile, line: int, column: int) -> int:
    starts = _starts(file.text, _YAML_BREAK)
    if line > len(starts):
        return len(file.text)
    return min(starts[line - 1] + column - 1, len(file.text))
