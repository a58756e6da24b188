"""A second reader of the legal facts: rows of the packs as plain tables, by day.

It shares nothing with `load`: scalars stay text, and a bloc is spelt out where it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

import hybridspec.law

Row = Mapping[str, Any]
FOLDER = Path(hybridspec.law.__file__).parent


@dataclass(frozen=True)
class FactTable:
    """The rows of all files of the pack, as they were written."""

    documents: tuple[Row, ...]

    @classmethod
    def read(cls, paths: Iterable[Path] = ()) -> FactTable:
        """The shipped pack, or the files at `paths`."""
        files = sorted(paths or FOLDER.glob("*.yaml"))
        texts = [file.read_text(encoding="utf-8") for file in files]
        return cls(tuple(yaml.load(text, Loader=yaml.BaseLoader) for text in texts))

    def rows(self, section: str) -> list[Row]:
        """A section's rows of every file."""
        return [row for document in self.documents for row in document.get(section, ())]

    @cached_property
    def blocs(self) -> dict[str, Row]:
        """Every bloc by its name."""
        return {
            name: row
            for document in self.documents
            for name, row in document.get("blocs", {}).items()
        }

    @cached_property
    def _spelt(self) -> dict[str, frozenset[str]]:
        return {}

    def countries(self, codes: Iterable[str]) -> frozenset[str]:
        """What a list of countries and blocs stands for."""
        found: set[str] = set()
        for code in codes:
            if code not in self.blocs:
                found.add(code)
                continue
            if code not in self._spelt:
                row = self.blocs[code]
                listed = [*row["members"], *row.get("territories", ())]
                self._spelt[code] = self.countries(listed)
            found |= self._spelt[code]
        return frozenset(found)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every regime that has a row, in force or not."""
        return frozenset(str(row["name"]) for row in self.rows("regimes"))

    def covered(self, on: date) -> frozenset[str]:
        """Countries whose rules for personal data some regime is on a day."""
        held = [row for row in self.rows("regimes") if in_force(row, on)]
        return self.countries(code for row in held for code in row.get("covers", ()))

    def regime(self, name: str, on: date) -> Row | None:
        """How a regime reads on a day; one that a spec names before it binds, as it will read."""
        rows = [row for row in self.rows("regimes") if row["name"] == name]
        rows.sort(key=lambda row: str(row["since"]))
        held = [row for row in rows if in_force(row, on)]
        coming = [row for row in rows if date.fromisoformat(row["since"]) > on]
        return held[-1] if held else coming[0] if coming else rows[-1] if rows else None

    def adequate(self, regime: str, country: str, on: date) -> list[Row]:
        """Decisions about a country that hold on a day."""
        return [
            row for row in self.rows("adequacy")
            if row["regime"] == regime and in_force(row, on)
            and country in self.countries(row["countries"])
        ]  # fmt: skip


def in_force(row: Row, on: date) -> bool:
    """Whether a row is law on a day; a draft never is."""
    since = date.fromisoformat(row["since"])
    until = date.fromisoformat(row["until"]) if row.get("until") else date.max
    return row.get("status", "in-force") != "draft" and since <= on <= until


def contested(row: Row) -> bool:
    """Whether a row is under attack in court."""
    return bool(row.get("status") == "contested")


def under(category: str, paths: Iterable[str]) -> bool:
    """Whether a category is one of `paths` or lies below one."""
    return any(category == path or category.startswith(f"{path}.") for path in paths)
