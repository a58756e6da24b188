"""CSV text to rows: what the standard reader reads, and where in the text each cell stands."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import SourceFile, Span

MAX_COLUMNS = 200
_ENDS = re.compile("(?<=\n)|(?<=\r)(?!\n)")
_FORBIDDEN = ("[^\\t\\n\\r\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufffd"
                        "\\U00010000-\\U0010ffff]")  # fmt: skip
"""Control characters, and the line ends that neither spreadsheets nor this reader know."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells without white space around them, and its lines from the first to last."""

    cells: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file whose header has been read."""

    source: SourceFile
    lines: list[str]
    delimiter: str
    header: Row

    @property
    def whole_header(self) -> Span:
        """The line with the names of the columns."""
        first, last = self._starts(self.header), self.lines[self.header.last - 1].rstrip("\r\n")
        return _span(self.source, self.header.first, first[0] + 1, self.header.last, len(last) + 1)

    def rows(self, sink: Sink) -> Iterator[Row]:
        """Every row with as many cells as the header; the others are findings."""
        wide = len(self.header.cells)
        for row in _rows(self.source, self.lines, self.delimiter, self.header.last, sink):
            if len(row.cells) == wide:
                yield row
            elif sink.is_full:
                return
            else:
                sink.add(Diagnostic(
                    code="HS0117", span=self._odd(row, wide),
                    message=f"this row has {len(row.cells):,} cells, but there are {wide} columns",
                    help=f"write one cell for each column, with {wide - 1} `{self.delimiter}`; put "
                    "quotes around a cell that holds one itself",
                ))  # fmt: skip

    def cell(self, row: Row, index: int) -> Span:
        """Where a cell stands, without white space around it."""
        if row.first == row.last and '"' not in (line := self.lines[row.first - 1]):
            cells = line.rstrip("\r\n").split(self.delimiter)
            part = cells[index]
            start = sum(map(len, cells[:index])) + index + len(part) - len(part.lstrip()) + 1
            end = start + max(1, len(part.strip()))
            return _span(self.source, row.first, start, row.first, end)
        text, starts = "".join(self.lines[row.first - 1 : row.last]), self._starts(row)
        end = starts[index + 1] - 1 if index + 1 < len(starts) else len(text.rstrip("\r\n"))
        part = text[starts[index] : end]
        start = starts[index] + len(part) - len(part.lstrip())
        return self._between(row, text, start, start + max(1, len(part.strip())))

    def _odd(self, row: Row, wide: int) -> Span:
        """The first cell too many, or the last one of too few."""
        return self.cell(row, min(wide, len(row.cells) - 1))

    def _starts(self, row: Row) -> list[int]:
        """Offsets of the cells in the text of the row."""
        text = "".join(self.lines[row.first - 1 : row.last])
        pattern = re.compile(f'(?:"(?:[^"]|"")*"|[^"{self.delimiter}][^{self.delimiter}\r\n]*)?'
                             f"(?:{self.delimiter}|[\r\n]*$)")  # fmt: skip
        starts, at = [], 0
        while at <= len(text) and (match := pattern.match(text, at)) is not None:
            starts.append(at)
            if not match[0].endswith(self.delimiter):
                break
            at = match.end()
        return starts + [len(text) + 1] * (len(row.cells) - len(starts))

    def _between(self, row: Row, text: str, start: int, end: int) -> Span:
        places = []
        for offset in (start, end):
            before = _ENDS.split(text[:offset])
            places.append((row.first + len(before) - 1, len(before[-1]) + 1))
        (line, column), (end_line, end_column) = places
        return _span(self.source, line, column, end_line, end_column)


def read_table(source: SourceFile, sink: Sink) -> Table | None:
    """The table in a file, or None and a finding if it has no header."""
    bad = re.search(_FORBIDDEN, source.text)
    lines = [line for line in _ENDS.split(source.text) if line]
    if bad is not None:
        before = _ENDS.split(source.text[: bad.start()])
        column = len(before[-1]) + 1
        sink.add(Diagnostic(
            code="HS0119", message="a control character is not allowed in a table",
            span=_span(source, len(before), column, len(before), column + 1),
            help="remove the character, and save the file as UTF-8 with ordinary line ends",
        ))  # fmt: skip
        return None
    number = next((n for n, line in enumerate(lines) if line.strip()), None)
    if number is None:
        sink.add(Diagnostic(
            code="HS0119", message=f"{source.shown} is empty", span=_span(source, 1, 1, 1, 2),
            help="write a header such as `name,country,zone`, and one row for each site",
        ))  # fmt: skip
        return None
    delimiter = max(",;", key=lines[number].count)
    header = next(_rows(source, lines, delimiter, number, sink), None)
    if header is None:
        return None
    if len(header.cells) > MAX_COLUMNS:
        sink.add(Diagnostic(
            code="HS0116", message=f"there are more than {MAX_COLUMNS} columns",
            span=_span(source, header.first, 1, header.first, 2), help="remove columns",
        ))  # fmt: skip
        return None
    return Table(source, lines, delimiter, header)


def _rows(
    source: SourceFile, lines: list[str], delimiter: str, after: int, sink: Sink
) -> Iterator[Row]:
    """Rows below line `after`, without empty ones; where the text is no CSV, it ends."""
    reader = csv.reader(iter(lines[after:]), delimiter=delimiter, strict=True)
    first = after + 1
    try:
        for cells in reader:
            last = after + reader.line_num
            if cells:
                yield Row(tuple(map(str.strip, cells)), first, last)
            first = last + 1
    except csv.Error as fault:
        sink.add(Diagnostic(
            code="HS0119", message=f"this row cannot be read: {fault}",
            span=_span(source, first, 1, first, 1 + max(1, len(lines[first - 1].rstrip("\r\n")))),
            help='put `"` around the whole cell, write `""` for a quote inside it, and close it',
        ))  # fmt: skip


def _span(source: SourceFile, line: int, column: int, end_line: int, end_column: int) -> Span:
    return Span(file=source, line=line, column=column, end_line=end_line, end_column=end_column)
