"""What a name may refer to: the files of a spec read together, and the catalogue behind them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as File

from hybridspec.base.source import Path
from hybridspec.editor.outline import Entry, Node, outline
from hybridspec.load.catalog import load_catalogs
from hybridspec.load.file import MAX_SPEC, inside, read_bounded
from hybridspec.schemas import CHOICES
from hybridspec.spec.catalog import BoardRow, Catalog, RegionRow

REFERENCES: dict[Path, str] = {
    **dict[Path, str](CHOICES.items()),
    ("data", "*", "born", "*"): "site",
    ("devices", "*", "platform"): "platform",
    ("flows", "*", "data"): "data",
    ("flows", "*", "latency", "to"): "stage",
    ("flows", "*", "sites", "*"): "site",
    ("flows", "*", "stages", "*", "feedback", "*"): "stage",
    ("flows", "*", "stages", "*", "inputs", "*"): "input",
    ("flows", "*", "stages", "*", "model"): "model",
    ("models", "*", "lineage", "*"): "data",
    ("models", "*", "measured", "*", "device"): "device",
    ("models", "*", "training", "cloud"): "cloud",
    ("models", "*", "training", "data", "*"): "data",
    ("models", "*", "training", "federated", "sites", "*"): "site",
    ("observability", "sinks", "*", "zone"): "zone",
    ("policies", "*", "applies_to", "zones", "*"): "zone",
    ("plugins", "*", "name"): "plugin",
    ("policies", "*", "forbid", "regions", "*"): "cloud/region",
    ("site_tables", "*", "devices"): "device",
    ("site_tables", "*", "zone"): "zone",
    ("sites", "*", "devices"): "device",
    ("sites", "*", "zone"): "zone",
    ("stacks", "*", "clouds", "*"): "cloud",
    ("waivers", "*", "rule"): "rule",
}
"""Values, and keys of mappings, that name something; `*` is any name or position."""

FILES: dict[Path, str] = {
    ("clouds", "*", "agreements", "*", "document"): ".md",
    ("devices", "*", "measurements", "*"): ".json",
    ("include", "*"): ".yaml",
    ("models", "*", "calibration"): ".npz",
    ("models", "*", "evaluation"): ".npz",
    ("models", "*", "source"): ".onnx",
    ("site_tables", "*", "file"): ".csv",
    ("zones", "*", "evidence", "*", "document"): ".md",
    ("zones", "*", "transfers", "*", "evidence"): ".md",
}
"""Values that name a file in the spec's folder."""

SECTIONS = {"cloud": "clouds", "data": "data", "device": "devices", "model": "models",
            "site": "sites", "zone": "zones"}  # fmt: skip


_TABLE = 1 << 16


def kind_of(path: Path, table: Mapping[Path, str]) -> str | None:
    """What a table says of a path."""
    for where, kind in table.items():
        if len(where) == len(path) and all(w in ("*", p) for w, p in zip(where, path, strict=True)):
            return kind
    return None


@dataclass(frozen=True, slots=True)
class Scope:
    """The files of one spec, the root first; texts are what the editor holds, or the disk."""

    root: File
    texts: Mapping[File, str]
    tables: tuple[File, ...] = ()
    sites: tuple[str, ...] = ()

    def outlines(self) -> Iterator[tuple[File, Node]]:
        """Each file with its outline."""
        for path, text in self.texts.items():
            yield path, outline(text)

    def entries(self, *path: str) -> Iterator[tuple[File, Entry]]:
        """Everything named below `path`, in any file."""
        for file, tree in self.outlines():
            node = tree.at(*path)
            if node is not None and node.kind == "map":
                yield from ((file, entry) for entry in node.entries if not entry.bare)

    def names(self, *path: str) -> list[str]:
        """The names below `path`, each once."""
        return list(dict.fromkeys(str(entry.key) for _, entry in self.entries(*path)))

    def node(self, *path: str | int) -> Node | None:
        """The value at `path` in the first file that has it."""
        return next((n for _, tree in self.outlines() if (n := tree.at(*path))), None)

    def texts_at(self, *path: str) -> list[str]:
        """The plain values in the list at `path`, or the one value there."""
        node = self.node(*path)
        if node is None:
            return []
        if node.kind == "list":
            return [e.node.text for e in node.entries if e.node.text]
        return [node.text] if node.text else []


def scope(root: File, held: Mapping[File, str]) -> Scope:
    """Read a spec's files: the root, what it includes, the names in its tables of sites."""
    texts: dict[File, str] = {}
    waiting = [root]
    while waiting and len(texts) < 64:
        path = waiting.pop(0)
        text = None if path in texts else _text(path, held)
        if text is None:
            continue
        texts[path] = text
        included = outline(text).get("include")
        for entry in [] if included is None else included.entries:
            other = inside(root.parent, entry.node.text)
            if isinstance(other, File):
                waiting.append(other)
    made = Scope(root, texts)
    named = [name for t in made.names("site_tables")
             for name in made.texts_at("site_tables", t, "file")]  # fmt: skip
    tables = [table for n in named if isinstance(table := inside(root.parent, n), File)]
    sites = [name for table in tables for name in _site_names(_text(table, held) or "")]
    return Scope(root, texts, tuple(tables), tuple(sites))


def _text(path: File, held: Mapping[File, str]) -> str | None:
    if path in held:
        return held[path]
    data = read_bounded(path, MAX_SPEC)
    return None if isinstance(data, str) else data.decode("utf-8", "replace")


def _site_names(table: str) -> list[str]:
    """The sites that a CSV file lists, at most a screenful of choices."""
    rows = csv.DictReader(io.StringIO(table[:_TABLE], newline=""))
    try:
        return [row["name"] for _, row in zip(range(200), rows, strict=False) if row.get("name")]
    except csv.Error:
        return []


@cache
def catalogs() -> Mapping[str, Catalog]:
    """Every installed target's facts."""
    return load_catalogs()[0]


def boards() -> dict[str, BoardRow]:
    """Every board, those that a plan can use first."""
    found = {name: row for catalog in catalogs().values() for name, row in catalog.boards.items()}
    return dict(sorted(found.items(), key=lambda item: (not usable(item[1]), item[0])))


def usable(row: BoardRow) -> bool:
    """Whether enough is known about a board to place work on it."""
    return bool(row.latency) and None not in (row.price, row.idle_power, row.load_power)


def regions(provider: str | None = None) -> dict[str, list[tuple[str, RegionRow]]]:
    """Regions by name, each with the providers that call one of theirs so."""
    found: dict[str, list[tuple[str, RegionRow]]] = {}
    for name, catalog in catalogs().items():
        if catalog.operator is not None and provider in (None, name):
            for region, row in catalog.regions.items():
                found.setdefault(region, []).append((name, row))
    return found
