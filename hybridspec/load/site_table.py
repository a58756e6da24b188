"""Sites from CSV files: one row a site, each value with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from hybridspec.base.closest import closest
from hybridspec.base.diagnostic import Diagnostic, Label, Sink
from hybridspec.base.source import Origins, Path, SourceFile, Span
from hybridspec.base.units import format_bytes
from hybridspec.load import file
from hybridspec.load.csv_rows import Row, Table, read_table
from hybridspec.load.table_spans import Born, SiteSpans
from hybridspec.load.yaml import Document, Plain, resolve_scalar
from hybridspec.spec.site import Site

MAX_SITES = 20_000
_NAME = "name"
_RANGE = re.compile(r"([0-9]{1,9})\.\.([0-9]{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tabled:
    """A document with the sites of its tables, and the files they came from."""

    document: Document
    files: tuple[tuple[FilePath, SourceFile], ...] = ()


def add_sites(document: Document, folder: FilePath, sink: Sink) -> Tabled:
    """Put the sites of every table beside those of the document; faults go to `sink`."""
    value = document.value
    tables = value.get("site_tables") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(tables, dict):
        return Tabled(document=document)
    written = value.get("sites")
    if written is not None and not isinstance(written, dict):
        return Tabled(document=document)
    reader = _Reader(document, folder, sink, dict(written or {}))
    for name, table in tables.items():
        if isinstance(table, dict) and isinstance(table.get("file"), str):
            reader.read(name, table)
    sites = reader.sites
    if not sites and sink.has_errors:  # so that nobody says there are none
        sites = {"unreadable": Site.model_construct()}  # type: ignore[dict-item]
    spans = document.origins
    origins = Origins(
        SiteSpans(spans, reader.born, keys=False),
        SiteSpans(spans, reader.born, keys=True),
        spans.ends,
    )
    return Tabled(
        document=replace(document, value={**value, "sites": sites}, origins=origins),
        files=tuple(reader.files.values()),
    )


@dataclass(slots=True)
class _Reader:
    document: Document
    folder: FilePath
    sink: Sink
    sites: dict[str, Plain]
    born: dict[str, Born] = field(default_factory=dict)
    files: dict[FilePath, tuple[FilePath, SourceFile]] = field(default_factory=dict)
    _size: int = 0
    _rows: int = 0

    def read(self, name: str, written: dict[str, Plain]) -> None:
        """Add the sites of one table."""
        source = self._source(name, str(written["file"]))
        table = None if source is None else read_table(source, self.sink)
        if table is None:
            return
        shared: dict[str, Plain] = {
            key: item for key, item in written.items() if key != "file" and item is not None
        }
        columns = _columns(table, shared, ("site_tables", name), self.sink)
        if columns is None:
            return
        made: dict[tuple[str, ...], Plain] = {}
        at = columns.index((_NAME,))
        before = self._rows
        for row in table.rows(self.sink):
            self._rows += 1
            site = row.cells[at]
            if len(self.sites) == MAX_SITES or self._rows > 2 * MAX_SITES:
                self._say("HS0205", f"this is one more than {MAX_SITES:,} sites",
                          table.cell(row, at), "split the system into several specs")  # fmt: skip
                return
            if not self._is_new(site, at, name, table, row):
                continue
            alike = (*row.cells[:at], *row.cells[at + 1 :])
            if alike not in made:
                made[alike] = _site(shared, columns, row.cells)
            self.sites[site] = made[alike]
            self.born[site] = Born(table, row, columns, name)
        if self._rows == before and not self.sink.has_errors:
            self._say("HS0119", f"{source.shown if source else ''} names no site",
                      table.whole_header, "write one row for each site below the names of the "
                      "columns")  # fmt: skip

    def _source(self, name: str, path: str) -> SourceFile | None:
        """The file of a table, within the folder and the limit of all tables."""
        span = self.document.origins.value("site_tables", name, "file")
        inside = file.inside(self.folder, path)
        if isinstance(inside, str):
            self._say("HS0119", f"`{path[:60]}` cannot be read: {inside}", span,
                      "name a file in the folder of the spec or below, relative to it")  # fmt: skip
            return None
        source = file.read_source(self.folder / path)
        if isinstance(source, Diagnostic):
            if source.span is not None:
                self.sink.add(source)
            else:
                why = source.message.rpartition(": ")[2]
                self._say("HS0119", f"`{path[:60]}` cannot be read: {why}", span,
                          "check the name; it is relative to the folder of the spec")  # fmt: skip
            return None
        self._size += len(source.text)
        if self._size > file.MAX_SPEC:
            self._say("HS0119", f"with `{path[:60]}`, the tables are larger than "
                      f"{format_bytes(file.MAX_SPEC)}", span,
                      "remove columns, or split the system into several specs")  # fmt: skip
            return None
        source = replace(source, name=FilePath(path).as_posix())
        self.files[inside] = (self.folder / path, source)
        return source

    def _is_new(self, site: str, at: int, name: str, table: Table, row: Row) -> bool:
        """Whether a row names a site, and one that no other row or section has."""
        if not site:
            self._say("HS0117", "this row names no site", table.cell(row, at),
                      "fill its `name`, or delete the row")  # fmt: skip
            return False
        if site not in self.sites:
            return True
        if self.sink.is_full:
            self.sink.omit(1)
            return False
        first = self.born[site].name_cell if site in self.born else \
            self.document.origins.key("sites", site)  # fmt: skip
        self.sink.add(Diagnostic(
            code="HS0118", message=f"there is a site `{site[:60]}` already",
            span=table.cell(row, at), help="rename one of the two, or delete this row",
            notes=(Label(span=first, message="it is first written here"),),
        ))  # fmt: skip
        return False

    def _say(self, code: str, message: str, span: Span, help: str) -> None:
        if self.sink.is_full:
            self.sink.omit(1)
            return
        self.sink.add(Diagnostic(code=code, message=message, span=span, help=help))


def _site(shared: dict[str, Plain], columns: tuple[Path, ...], cells: tuple[str, ...]) -> Plain:
    """What a row says, over what its table shares; a count of 0 takes devices away."""
    site = dict(shared)
    for column, text in zip(columns, cells, strict=True):
        head = str(column[0])
        if not text or head == _NAME:
            continue
        value = _value(head, text)
        if len(column) == 1:
            site[head] = value
            continue
        group = site.get(head)
        site[head] = group = dict(group) if isinstance(group, dict) else {}
        if value == 0 and head in _GROUPS:
            group.pop(str(column[1]), None)
        else:
            group[str(column[1])] = value
    return site


def _value(head: str, text: str) -> Plain:
    """What a cell says: a range of devices is written `1..4`."""
    ends = _RANGE.fullmatch(text) if head == "devices" else None
    if ends is None:
        return resolve_scalar(text)
    return {"least": resolve_scalar(ends[1]), "most": resolve_scalar(ends[2])}


def _columns(
    table: Table, shared: Mapping[str, Plain], path: Path, sink: Sink
) -> tuple[Path, ...] | None:
    """What each column holds, or None and findings at the header."""
    known = [_NAME, *_KNOWN]
    found: list[Path] = []
    good = True

    def refuse(span: Span, message: str, help: str, *notes: Label) -> None:
        nonlocal good
        good = False
        sink.add(Diagnostic(code="HS0116", message=message, span=span, help=help, notes=notes))

    for index, text in enumerate(table.header.cells):
        head, _, rest = text.partition(".")
        column: Path = (head, rest) if rest else (head,)
        span = table.cell(table.header, index)
        if text not in known and not (rest and head in _GROUPS):
            meant = closest(text, [*known, *(f"{group}." for group in _GROUPS)])
            listed = ", ".join(f"`{name}`" for name in [*known, *(f"{g}.NAME" for g in _GROUPS)])
            refuse(span, f"`{text[:60]}` is not a column of sites" if text
                   else "a column has no name",
                   f"did you mean `{meant}`?" if meant else f"choose from: {listed}")  # fmt: skip
        elif column in found:
            first = table.cell(table.header, found.index(column))
            refuse(span, f"the column `{text[:60]}` is there twice", "delete or rename one of them",
                   Label(span=first, message="it is first here"))  # fmt: skip
        found.append(column)
    if good:
        there = {column[0] for column in found} | set(shared)
        for need in (_NAME, *_NEEDED):
            if need not in there:
                where = ".".join(map(str, path))
                also = "" if need == _NAME else f", or `{need}:` for all of them to `{where}`"
                sample = f"{need}.NAME" if need in _GROUPS else need
                refuse(table.whole_header, f"there is no column `{sample}`",
                       f"add a column `{sample}`{also}")  # fmt: skip
    return tuple(found) if good else None


def _flat(model: type[BaseModel]) -> tuple[list[str], list[str]]:
    """Names of columns that hold one value each, and keys under which any name may follow."""
    columns: list[str] = []
    groups: list[str] = []
    for name, info in model.model_fields.items():
        kind = _bare(info.annotation)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            columns += [f"{name}.{inner}" for inner in _flat(kind)[0]]
        elif get_origin(kind) is dict:
            groups.append(name)
        elif get_origin(kind) is not list:
            columns.append(name)
    return columns, groups


def _bare(annotation: Any) -> Any:
    """The annotation without `None` and `Annotated`."""
    if hasattr(annotation, "__metadata__"):
        return _bare(get_args(annotation)[0])
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if type(None) in get_args(annotation):
        return _bare(parts[0])
    return annotation


_KNOWN, _GROUPS = _flat(Site)
_NEEDED = [name for name, info in Site.model_fields.items() if info.is_required()]
