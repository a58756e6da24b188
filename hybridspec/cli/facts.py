"""`hybridspec facts`: the dated facts about law, shown with their sources, and what changes."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.flags import Format, FormatFlag

if TYPE_CHECKING:
    from hybridspec.ir.law import LawFacts
    from hybridspec.law.table import Change, Row

app = typer.Typer(
    help="What the compiler knows of law: blocs, adequacy, regimes, mechanisms, with sources.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_YEAR = timedelta(days=365)


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(help="Id of a row, a regime such as gdpr, or a country; default: all.")
    ] = "",
    as_of: Annotated[
        str, typer.Option("--as-of", help="Day to judge by; default: the pack's own.")
    ] = "",
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Show rows of the facts pack and whether they hold on a day."""
    from hybridspec.law.table import about, rows
    from hybridspec.load.facts import shipped_facts

    law = shipped_facts()
    day = _day(as_of) if as_of else law.checked_on
    every = rows(law)
    found = about(every, name) if name else every
    if not found and not _country(name):
        _unknown(name, every)
    if format is Format.JSON:
        output.document({**_pack(law), "asOf": day.isoformat(),
                         "rows": [row.document(day) for row in found]})  # fmt: skip
    else:
        _print(law, found, day, whole=bool(name) and len(found) == 1)
    if not found:
        output.say(f"no row is about {name}: personal data of people there is a gap")


@app.command()
def diff(
    pack: Annotated[
        Path | None, typer.Argument(help="Pack (a file, or a folder of them) to compare with.")
    ] = None,
    start: Annotated[
        str, typer.Option("--from", help="First day; default: the day of the pack.")
    ] = "",
    end: Annotated[str, typer.Option("--to", help="Second day; default: a year later.")] = "",
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Show what changes between two days, or between a pack and the shipped one."""
    from hybridspec.base.errors import UsageError
    from hybridspec.law.table import changes, differences
    from hybridspec.load.facts import read_facts, shipped_facts

    law = shipped_facts()
    if pack is not None and (start or end):
        raise UsageError("two packs are compared on all days", help="leave out `--from` and `--to`")
    first = _day(start) if start else law.checked_on
    last = _day(end) if end else min(first, date.max - _YEAR) + _YEAR
    found = tuple(differences(read_facts(pack), law) if pack else changes(law, first, last))
    between = {} if pack else {"from": first.isoformat(), "to": last.isoformat()}
    if format is Format.JSON:
        output.document({**_pack(law), **between, "changes": [_change(one) for one in found]})
    else:
        where = f"{pack} → shipped {law.version}" if pack else f"{first} → {last}"
        _print_changes(found, where)
    if not found:
        output.say("nothing changes")


def _print_changes(found: tuple[Change, ...], where: str) -> None:
    from hybridspec.report import terminal

    lines = [
        (one.row.fact.id, f"{one.old} → {one.new}", "; ".join(
            f"{key}: {old or 'nothing'} → {new or 'nothing'}" for key, old, new in one.fields
        ) or _span(one.row), one.row.fact.title)
        for one in found
    ]  # fmt: skip
    if lines:
        terminal.table(terminal.console(), f"{where}: {len(lines)} changes",
                       ["id", "change", "what", "title"], lines)  # fmt: skip


def _day(text: str) -> date:
    from hybridspec.base.errors import UsageError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"`{text[:40]}` is not a day", help="write it as 2026-11-27") from None


def _country(name: str) -> bool:
    from hybridspec.base.country import COUNTRIES

    return name in COUNTRIES


def _unknown(name: str, known: tuple[Row, ...]) -> None:
    from hybridspec.base.closest import closest
    from hybridspec.base.country_names import country_code
    from hybridspec.base.errors import UsageError

    match = closest(name, [part for row in known for part in (row.fact.id, row.regime) if part])
    meant = match or next(iter(country_code(name, blocs=True) or ()), None)
    raise UsageError(
        f"the facts have no `{name[:60]}`",
        help=f"did you mean `{meant}`?" if meant else "`hybridspec facts show` shows every row",
    )


def _print(law: LawFacts, found: tuple[Row, ...], day: date, *, whole: bool) -> None:
    from hybridspec.law.facts import on_day
    from hybridspec.report import terminal

    console = terminal.console()
    if whole:
        (row,) = found
        fields = {key: value for key, value in row.fields.items() if key != "says"}
        fields["compared"] = (
            "yes" if row.fact.compared else "not in full; `source` says what is open"
        )
        lines = [*fields.items(), ("state", f"{row.state(day)} on {day}"), *row.says]
        terminal.table(console, f"{row.fact.id} ({row.kind})", ["key", "value"],
                       [(key, value or "none") for key, value in lines])  # fmt: skip
        return
    cells = [(row.fact.id, row.kind, row.state(day), _span(row), _checked(row), row.fact.title)
             for row in found]  # fmt: skip
    terminal.table(console, f"Facts {law.version}, as of {day}: {len(cells)}",
                   ["id", "kind", "state", "days", "checked", "title"], cells)  # fmt: skip
    output.say("`hybridspec facts show ID` shows what a row says, and its source")
    if open_rows := sum(not row.fact.compared for row in found):
        output.say(
            f"{open_rows} of {len(found)} rows were not compared with a source in full; "
            "their `source` says what is open"
        )
    covered = ", ".join(sorted(on_day(law, day).covered))
    output.say(f"rules on personal data are known for {covered}; anywhere else is a gap")


def _checked(row: Row) -> str:
    return str(row.fact.checked_on) if row.fact.compared else "not compared"


def _span(row: Row) -> str:
    return f"{row.fact.since} to {row.fact.until or 'open'}"


def _pack(law: LawFacts) -> dict[str, Any]:
    return {"schemaVersion": "hybridspec.dev/fact-rows/v1", "version": law.version,
            "digest": law.digest, "checkedOn": law.checked_on.isoformat()}  # fmt: skip


def _change(one: Change) -> dict[str, Any]:
    return {"id": one.row.fact.id, "kind": one.row.kind, "title": one.row.fact.title,
            "old": one.old, "new": one.new,
            "fields": [{"key": key, "old": old, "new": new}
                       for key, old, new in one.fields]}  # fmt: skip
