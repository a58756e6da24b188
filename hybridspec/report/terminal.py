"""Plans and fleets for a terminal, with rich; the user's text is never markup."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hybridspec.base.source import printable
from hybridspec.report import capacity, explain_short
from hybridspec.report.width import columns

_ROOM = 24
"""Columns in which a long path can still be read, broken into parts."""


def console(*, stderr: bool = False) -> Console:
    """A console that respects NO_COLOR, COLUMNS and pipes, in which it has 120 columns."""
    made = Console(stderr=stderr, highlight=False)
    if made.is_terminal:
        return made
    return Console(stderr=stderr, highlight=False, width=columns(os.environ) or 120)


def table(out: Console, title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print one table; where no word of a cell would fit, one block of lines for each row."""
    cells = [tuple(_text(cell) for cell in row) for row in rows]
    out.print(_text(title, "italic"))
    if not cells:
        return
    columns = [(name, *(row[at].plain for row in cells)) for at, name in enumerate(head)]
    least = [max(map(_longest_word, column)) for column in columns]
    frame = 3 * len(head) + 1
    spare = out.width - sum(least)
    if len(head) == 2:
        widths: list[int | None] = [least[0], None]  # the second column takes words of any length
    elif spare >= len(head) - 1:
        widths = [*_widths(columns, least, spare - (frame if spare >= frame else len(head) - 1))]
    elif out.width - sum(least[:-1]) - len(head) >= _ROOM:
        widths = [*least[:-1], None]  # so does the last one, where it has room for a path in parts
    else:
        _blocks(out, head, cells)
        return
    made = Table(header_style="bold") if spare >= frame or len(head) == 2 else Table(
        header_style="bold", box=None, padding=(0, 1, 0, 0), pad_edge=False)  # fmt: skip
    for name, width in zip(head, widths, strict=True):
        made.add_column(name, overflow="fold", width=width)
    for row in cells:
        made.add_row(*row)
    out.print(made)


def _widths(columns: Sequence[Sequence[str]], least: Sequence[int], spare: int) -> list[int]:
    """Room beyond the longest words for the columns that need least more of it first."""
    widths = list(least)
    full = [max(cell_len(line) for cell in column for line in cell.splitlines() or [""])
            for column in columns]  # fmt: skip
    for at in sorted(range(len(widths)), key=lambda at: full[at] - least[at]):
        more = min(spare, full[at] - least[at])
        widths[at] += more
        spare -= more
    return widths


def _longest_word(text: str) -> int:
    """The columns that the longest word takes."""
    return max((cell_len(word) for word in text.split()), default=1)


def _blocks(out: Console, head: Sequence[str], cells: Iterable[Sequence[Text]]) -> None:
    """Rows below each other, for a terminal that is too narrow for columns."""
    width = max(len(name) for name in head)
    for row in cells:
        for at, (name, cell) in enumerate(zip(head, row, strict=True)):
            for line, text in enumerate(cell.plain.splitlines()):
                label = _text(f"{name if line == 0 else '':<{width}}", "bold")
                out.print(_text("  " if at else ""), label, _text(f"  {text}".rstrip()), sep="")


def _text(value: object, style: str = "") -> Text:
    """Text that is neither markup nor a control sequence."""
    return Text(printable(str(value), keep="\n"), style=style)


def plan(out: Console, report: Mapping[str, Any]) -> None:
    """The decisions of a plan, one row each, and its cost with the proof."""
    rows = [
        (p["flow"], f"{p['site']} ({p['country']})",
         "\n".join(f"{h['stage']}: {h['host']}" for h in p["hosts"]),
         ", ".join(f"{m} {v}" for m, v in sorted(p["variants"].items())),
         p["latency"]["range"] if p["latency"] else "",
         p["cost"], f"+{p['runnerUp']['extra']}" if p["runnerUp"] else "none")
        for p in report["placements"]
    ]  # fmt: skip
    table(out, "Placement",
          ["flow", "site", "stages", "models", "latency", "cost", "runner-up"], rows)  # fmt: skip
    devices, quotas = capacity.rows(report)
    if devices:
        table(out, "Devices to buy", capacity.DEVICES, devices)
    if quotas:
        table(out, "Quotas", capacity.QUOTAS, quotas)
    cost, counts = report["cost"], report["verdict"]["residency"]
    table(out, "Costs", ["part", "what it is", "cost"],
          [(p["part"], p["what"], p["amount"]) for p in cost["parts"]])  # fmt: skip
    word = "optimal" if cost["optimal"] else f"gap {cost['gap']}"
    out.print(_text(f"Cost {cost['total']} over {cost['horizon']}, {word}: {cost['proof']}."))
    out.print(_text(
        f"Residency: {counts['satisfied']} facets satisfied, {counts['conditional']} on "
        f"conditions, {counts['violated']} violated, {counts['gap']} gaps, "
        f"{counts['waived']} waived."
    ))  # fmt: skip


def explain(out: Console, placement: Mapping[str, Any]) -> None:
    """One decision, or those alike at several sites: what was chosen, and every other way."""
    _line(out, explain_short.title(placement), style="bold")
    for line, style in explain_short.lines(placement):
        _line(out, line, style=style)


def _line(out: Console, text: str, style: str = "") -> None:
    """A line; what is too long goes on below and further in, broken at spaces, else at commas."""
    said = printable(text)
    lead = " " * (len(said) - len(said.lstrip()))
    further, line = f"{lead}    ", lead
    for word in re.findall(r"\S+\s*", said):
        whole = cell_len(further + word.rstrip()) <= out.width
        for part in [word] if whole else re.findall(r"[^,]*,\s*|[^,]+", word):
            if line.strip() and cell_len(line + part.rstrip()) > out.width:
                out.print(_text(line.rstrip(), style), soft_wrap=True)
                line = further
            line += part
    out.print(_text(line.rstrip(), style), soft_wrap=True)


def fleet(out: Console, devices: Sequence[Mapping[str, Any]]) -> None:
    """The agents as they stand."""
    rows = [
        (
            d["name"],
            d["deviceClass"],
            d["state"],
            d["release"] or "",
            d["releaseCounter"] or "",
            d["p95"],
            "yes" if d["alive"] else "no",
            d["reason"],
        )
        for d in devices
    ]
    table(out, "Fleet",
          ["device", "class", "state", "release", "counter", "p95 ms", "alive", "reason"],
          rows)  # fmt: skip


def channel(out: Console, *, alive: bool) -> None:
    """A word about the channel, where there is something to say."""
    if not alive:
        out.print(_text("the channel is not served: devices run on, and none can be updated"))


def steps(out: Console, rows: Sequence[Mapping[str, Any]], layer: str) -> None:
    """What the engine would do, resource by resource, and how often each."""
    table(out, f"Engine ({layer})", ["op", "cloud", "type", "name"],
          [(r["op"], r["cloud"], r["type"], r["name"])
           for r in rows if r["op"] != "same"])  # fmt: skip
    counts = {op: sum(r["op"] == op for r in rows) for op in sorted({r["op"] for r in rows})}
    out.print(_text(", ".join(f"{count} {op}" for op, count in counts.items()) or "nothing"))


def deployment(out: Console, document: Mapping[str, Any]) -> None:
    """What a stack has on its clouds, and what its projects hand out."""
    rows = [
        (row["cloud"], "yes" if row["complete"] else "no", row["resources"], row["protected"],
         len(row["pending"]), row["planDigest"][:12])
        for row in document["clouds"]
    ]  # fmt: skip
    table(out, f"Stack {document['stack']} (state in {document['backend']})",
          ["cloud", "complete", "resources", "protected", "cut off", "plan"], rows)  # fmt: skip
    values = [
        (row["cloud"], output["zone"], output["name"],
         "(secret)" if output["secret"] else str(output["value"]))
        for row in document["clouds"]
        for output in row["outputs"]
    ]  # fmt: skip
    table(out, "Outputs", ["cloud", "zone", "name", "value"], values)
    brought = [
        (row["cloud"], zone, repository, version)
        for row in document["clouds"]
        for zone, versions in row["published"].items()
        for repository, version in versions.items()
    ]
    table(out, "Channel in the stores", ["cloud", "zone", "repository", "version"], brought)
