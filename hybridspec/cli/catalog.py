"""`hybridspec catalog`: the rows of every target's catalogue, listed, shown whole and searched."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.flags import Format, FormatFlag

if TYPE_CHECKING:
    from hybridspec.spec.catalog import BoardRow, RegionRow

SpecFlag = Annotated[
    Path | None,
    typer.Option("--spec", help="Spec whose own rows and figures are shown in the catalogue."),
]

app = typer.Typer(
    help="What the compiler knows: boards, regions, prices, implicit flows, with their sources.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_SHORT = 2
"""Letters of a country's code, which nobody looks for inside other words."""


class Kind(StrEnum):
    """The tables of a catalogue."""

    BOARDS = "boards"
    REGIONS = "regions"
    INSTANCES = "instances"
    EGRESS = "egress"
    PARTITIONS = "partitions"
    LOCATIONS = "locations"
    IMPLICIT = "implicit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a target's catalogue, as its file says it."""

    kind: Kind
    target: str
    name: str
    as_of: str
    fields: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The name with what tells it from its namesakes."""
        return self.name if self.kind is Kind.BOARDS else f"{self.target}/{self.name}"

    @property
    def document(self) -> dict[str, Any]:
        """The row for machines."""
        return {"kind": str(self.kind), "target": self.target, "name": self.name,
                "asOf": self.as_of, "row": dict(self.fields)}  # fmt: skip

    def holds(self, words: Sequence[str]) -> bool:
        """Whether every word stands in a name or value of the row; short ones, as whole words."""
        text = " ".join([self.kind, self.label, *(value for _, value in self.flat())]).casefold()
        whole = set(re.findall(r"[a-z0-9]+", text))
        return all(word in whole if len(word) <= _SHORT else word in text for word in words)

    def flat(self) -> Iterator[tuple[str, str]]:
        """Each value with its path of keys."""
        return _flat("", self.fields)


@app.command("list")
def list_rows(
    kind: Annotated[
        Kind | None, typer.Argument(help="boards, regions, implicit, and so on; default: all.")
    ] = None,
    spec: SpecFlag = None,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """List the rows of every installed target."""
    _print([row for row in rows(spec) if kind in (None, row.kind)], format)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Board, region, location, implicit flow, and so on.")],
    spec: SpecFlag = None,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Show a row whole, with its source; a name of several targets shows them all."""
    known = rows(spec)
    found = [row for row in known if name in (row.name, row.label)]
    if not found:
        _unknown(name, known)
    if format is Format.JSON:
        output.document(_document(found))
        return
    from hybridspec.report import terminal

    console = terminal.console()
    for row in found:
        lines = [("checked", row.as_of), *row.flat(), *_reached(row)]
        terminal.table(console, f"{row.label} ({row.kind} of {row.target})", ["key", "value"],
                       lines)  # fmt: skip


@app.command()
def search(
    text: Annotated[list[str], typer.Argument(help="Words that a row has to hold, all of them.")],
    spec: SpecFlag = None,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Find the rows that hold every word, wherever it stands."""
    words = " ".join(text).casefold().split()
    found = [row for row in rows(spec) if row.holds(words)]
    _print(found, format)
    if not found:
        output.say("no row holds all of these words; `hybridspec catalog list` shows every row")


def rows(spec: Path | None = None) -> list[Row]:
    """Every row by kind, target and name as the file orders them; with those of a spec."""
    from hybridspec.load.catalog import written_catalogs

    catalogs = written_catalogs()
    if spec is not None:
        _add_own(catalogs, spec)
    return [
        Row(kind=kind, target=target, name=name,
            as_of=str(fields.get("as_of", catalog["as_of"])), fields=fields)
        for kind in Kind
        for target, catalog in catalogs.items()
        for name, fields in catalog.get(kind, {}).items()
    ]  # fmt: skip


def _add_own(catalogs: dict[str, dict[str, Any]], path: Path) -> None:
    """Lay a spec's rows over the shipped ones, as they are written in both."""
    from hybridspec.base.diagnostic import Sink
    from hybridspec.load.load import load

    sink = Sink()
    loaded = load(path, output.cache_folder(), sink, environment=os.environ)
    sink.stop_if_errors()
    if loaded is None:
        raise AssertionError("load returned neither a spec nor a finding")
    document: Any = loaded.document.value
    own = document.get("catalog") or {}
    for target, catalog in loaded.catalogs.items():
        _lay(catalogs[target].setdefault("boards", {}), own.get("boards"), catalog.boards)
        regions = (own.get("regions") or {}).get(target)
        _lay(catalogs[target].setdefault("regions", {}), regions, catalog.regions)


def _lay(shipped: dict[str, Any], own: Any, known: Mapping[str, BoardRow | RegionRow]) -> None:
    for name in sorted(set(own or {}) & set(known)):
        row = known[name]
        shipped[name] = {**_merged(shipped.get(name, {}), own[name]),
                         "as_of": str(row.as_of), "source": row.source}  # fmt: skip


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {**old, **{
        key: _merged(old.get(key, {}), value) if isinstance(value, Mapping) else value
        for key, value in new.items()
    }}  # fmt: skip


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if path == "latency":
        for row in value:
            name = f"{row['runtime']} {row['precision']}, {row['threads']} thread"
            rest = {key: row[key] for key in row if key not in ("runtime", "precision", "threads")}
            yield name, ", ".join(f"{key} {figure}" for key, figure in rest.items())
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}" if path else key, inner)
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for number, item in enumerate(value, start=1):
            yield from _flat(f"{path}[{number}]", item)
    else:
        yield path, ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _reached(row: Row) -> list[tuple[str, str]]:
    """What follows from a region or location: its countries, and what comes with its services."""
    if row.kind not in (Kind.REGIONS, Kind.LOCATIONS):
        return []
    from hybridspec.load.catalog import load_catalogs
    from hybridspec.resolve.implicit import countries_of, of_region

    catalog = load_catalogs({row.target})[0][row.target]
    if row.kind is Kind.LOCATIONS:
        found = ", ".join(countries_of(row.name, catalog)) or "unknown"
        return [("may be in", found)]
    if row.name not in catalog.regions:
        return []
    return [
        (
            f"implicit {flow.facet}",
            f"{flow.id}: {', '.join(flow.countries) or 'unknown'}"
            + (f" (kept from happening by {flow.avoided_by})" if flow.avoided_by else ""),
        )
        for flow in of_region(row.target, row.name, catalog)
    ]


def _unknown(name: str, known: Sequence[Row]) -> None:
    from hybridspec.base.closest import closest
    from hybridspec.base.errors import UsageError

    names = [part for row in known for part in (row.name, row.label)]
    match = closest(name, names)
    raise UsageError(
        f"the catalogue has no `{name[:60]}`",
        help=f"did you mean `{match}`?" if match else "`hybridspec catalog list` shows every row",
    )


def _document(found: Sequence[Row]) -> dict[str, Any]:
    return {"schemaVersion": "hybridspec.dev/rows/v1", "rows": [row.document for row in found]}


def _print(found: Sequence[Row], format: Format) -> None:
    if format is Format.JSON:
        output.document(_document(found))
        return
    from hybridspec.report import terminal

    console = terminal.console()
    for kind, (head, cells) in _TABLES.items():
        lines = [(row.name, *cells(row)) for row in found if row.kind is kind]
        if lines:
            terminal.table(console, f"{kind.capitalize()}: {len(lines)}", ["name", *head], lines)


def _board(row: Row) -> tuple[str, ...]:
    fields = row.fields
    accelerators = (
        item["name"] + (f", {item['tops']} TOPS" if "tops" in item else "")
        for item in fields.get("accelerators", [])
    )
    power = " to ".join(fields[key] for key in ("idle_power", "load_power") if key in fields)
    models = "no figures" if "latency" not in fields else "yes"
    return (fields["architecture"], fields["memory"], "; ".join(accelerators),
            power or "unknown", fields.get("price", "unknown"), models)  # fmt: skip


def _region(row: Row) -> tuple[str, ...]:
    fields = row.fields
    linked = [f"{word} {fields[key]}" for word, key in (("of", "parent"), ("pair", "pair"))
              if key in fields]  # fmt: skip
    sovereign = fields.get("sovereign", "commercial")
    partition = fields["partition"] + ("" if sovereign == "commercial" else f" ({sovereign})")
    return (row.target, fields["country"], fields["place"], partition, ", ".join(linked),
            _usable(row))  # fmt: skip


def _usable(row: Row) -> str:
    from hybridspec.target.registry import targets

    if "prices" not in row.fields:
        return "no: prices unknown"
    lacking = [need for need in targets()[row.target].needs if need not in row.fields["services"]]
    return f"no: without {', '.join(lacking)}" if lacking else "yes"


def _instance(row: Row) -> tuple[str, ...]:
    fields = row.fields
    hours = sorted(fields["hour"].values(), key=lambda text: float(text.split()[0]))
    span = hours[0] if hours[0] == hours[-1] else f"{hours[0]} to {hours[-1]}"
    return (row.target, ", ".join(fields["purpose"]), str(fields["vcpu"]), fields["memory"],
            fields.get("accelerator", ""), span, str(len(hours)))  # fmt: skip


def _egress(row: Row) -> tuple[str, ...]:
    fields = row.fields
    prices = (fields[key] for key in ("internet", "other_region", "other_class", "zone"))
    return (row.target, str(len(fields["regions"])), *prices)


def _partition(row: Row) -> tuple[str, ...]:
    return (row.target, ", ".join(row.fields["key_protection"]) or "unknown",
            row.fields["unpaired"])  # fmt: skip


def _location(row: Row) -> tuple[str, ...]:
    return (row.target, row.fields["partition"], row.fields["place"])


def _implicit(row: Row) -> tuple[str, ...]:
    fields = row.fields
    return (row.target, fields["service"], fields["facet"], ", ".join(fields["where"]),
            fields.get("avoided_by", ""))  # fmt: skip


_TABLES = {
    Kind.BOARDS: (
        ["arch", "RAM", "accelerators", "power", "price", "models"],
        _board,
    ),
    Kind.REGIONS: (["cloud", "country", "place", "partition", "linked to", "usable"], _region),
    Kind.INSTANCES: (
        ["cloud", "for", "vCPU", "RAM", "accelerator", "hour", "regions"],
        _instance,
    ),
    Kind.EGRESS: (
        ["cloud", "regions", "internet/GB", "other region", "other class", "other zone"],
        _egress,
    ),
    Kind.PARTITIONS: (["cloud", "keys in", "where no pair is named"], _partition),
    Kind.LOCATIONS: (["cloud", "partition", "place"], _location),
    Kind.IMPLICIT: (["of", "service", "facet", "reaches", "avoided by"], _implicit),
}
