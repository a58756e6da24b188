"""Where the values of sites from tables were written, worked out when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hybridspec.base.source import Origins, Path, Span
from hybridspec.load.csv_rows import Row, Table


@dataclass(frozen=True, slots=True)
class Born:
    """The row that a site comes from; `name` is its table's in the spec."""

    table: Table
    row: Row
    columns: tuple[Path, ...]
    name: str

    @property
    def name_cell(self) -> Span:
        """Where the site is named."""
        return self.table.cell(self.row, self.columns.index(("name",)))


class SiteSpans(Mapping[Path, Span]):
    """The spans of a document, and those of the sites that its tables add.

    A cell is the place of a value and its column's name the place of a key; what a table shares
    stands in the document.
    """

    __slots__ = ("_base", "_born", "_keys")

    def __init__(self, base: Origins, born: Mapping[str, Born], *, keys: bool) -> None:
        self._base, self._born, self._keys = base, born, keys

    def __getitem__(self, path: Path) -> Span:
        found = self._find(path)
        if found is None:
            raise KeyError(path)
        return found

    def get(self, path: Path, default: Any = None) -> Any:
        """The span at `path`, or `default`."""
        return self._find(path) or default

    def __contains__(self, path: object) -> bool:
        return isinstance(path, tuple) and self._find(path) is not None

    def _find(self, path: Path) -> Span | None:
        written = self._base.keys if self._keys else self._base.values
        born = self._born.get(str(path[1])) if len(path) > 1 and path[0] == "sites" else None
        if born is None:
            return written.get(path)
        if len(path) == 2:
            return born.name_cell
        column = path[2:]
        cell = column if column in born.columns else column[:2]  # a range stands in one cell
        index = born.columns.index(cell) if cell in born.columns else -1
        if index >= 0 and born.row.cells[index]:
            return born.table.cell(born.table.header if self._keys else born.row, index)
        return written.get(("site_tables", born.name, *column))

    def __iter__(self) -> Iterator[Path]:
        yield from self._base.keys if self._keys else self._base.values
        yield from (("sites", name) for name in self._born)

    def __len__(self) -> int:
        return len(self._base.keys if self._keys else self._base.values) + len(self._born)
