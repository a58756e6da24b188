"""Explanations as text of at most 80 columns, and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from hybridspec.base.source import printable

WIDTH = 80
_MOST = 32
"""Columns that any column but the last may take."""
_SHOWN = 12
"""Other ways that people are shown of one kind."""

Doc = Mapping[str, Any]
Block = tuple[str, Sequence[str], list[tuple[str, ...]]]
"""A title, the names of columns and rows; rows of one column are lines."""


def show(out: Console, said: Iterable[Block]) -> None:
    """Print an answer for people."""
    for title, head, rows in said:
        for line in _wrapped(title, min(out.width, WIDTH), "", "  "):
            out.print(Text(printable(line), style="bold"), soft_wrap=True)
        for line in _lines(head, rows, min(out.width, WIDTH)):
            out.print(Text(printable(line)), soft_wrap=True)


def markdown(question: str, said: Iterable[Block]) -> str:
    """The same as Markdown."""
    parts = [f"# {_cell(question)}\n"]
    for title, head, rows in said:
        parts.append(f"## {_cell(title)}\n")
        if len(head) > 1:
            parts.append(
                f"| {' | '.join(head)} |\n| {' | '.join('---' for _ in head)} |\n"
                + "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in rows)
            )
        else:
            parts.append("\n\n".join(_cell(row[0]) for row in rows) + "\n")
    return "\n".join(parts)


def blocks(document: Doc) -> Iterator[Block]:
    """What is said, in order: one title with its table or its lines at a time."""
    for decision in document.get("decisions", ()):
        yield from decision_blocks(decision, document["plan"])
    if "zone" in document:
        yield from _zone_blocks(document["zone"], document["plan"])


def decision_blocks(of: Doc, plan: Doc) -> Iterator[Block]:
    """Everything about one decision."""
    sites = of["sites"]
    where = sites[0] if len(sites) == 1 else f"{sites[0]} and {len(sites) - 1} sites like it"
    chosen, second = of["chosen"], of["runnerUp"]
    lines = [
        f"chosen: {chosen['way']}",
        f"costs {chosen['cost']} over {plan['horizon']}; the whole plan {plan['cost']}, "
        + _proof(plan),
    ]
    lines.append(
        _second(second)
        if second
        else "no other way leaves the site a plan, with the variants that each class carries"
    )
    yield (f"{of['flow']} at {where} ({of['country']}, zone {of['zone']})", ("",),
           [(line,) for line in lines])  # fmt: skip
    for checklist in of["checklist"]:
        title = f"What decides where {checklist['model']} runs"
        yield title, ("", "item", "points to", "figure"), [
            ("*" if one["decides"] else "", one["item"], one["points"], one["figure"])
            for one in checklist["items"]
        ]  # fmt: skip
    yield "Bounds of the chosen way", ("rule", "left", "used", "bound", "what"), [
        (s["code"], s["left"], s["used"], s["limit"], _with(s)) for s in chosen["slack"]
    ]  # fmt: skip
    if of["binding"]:
        yield "Bounds that keep something cheaper out", ("rule", "would save", "per", "bound"), [
            (b["code"], b["saving"], b["per"], f"{b['what']} ({b['at']})" if b["at"] else b["what"])
            for b in of["binding"]
        ]  # fmt: skip
    yield from _flips("What would flip it", of["flips"])
    yield from _ended("flip it", of["flipsEndedAt"])
    yield _terms(chosen["terms"])
    if chosen["legs"]:
        yield "Latency, leg by leg", ("leg", "low", "high", "basis"), [
            (leg["name"], leg["low"], leg["high"], leg["basis"]) for leg in chosen["legs"]
        ]  # fmt: skip
    yield "Every other way", ("cost", "way"), list(_others(of["candidates"]))


def _second(second: Doc) -> str:
    if second["searched"]:
        return f"runner-up of the joint plan, +{second['extra']}: {second['way']}"
    return (f"runner-up of the joint plan, at most +{second['extra']} (the search for a cheaper "
            f"one was cut): {second['way']}")  # fmt: skip


def _flips(title: str, flips: Sequence[Doc]) -> Iterator[Block]:
    if flips:
        yield title, ("now", "then", "cost", "what happens"), [
            (f["now"], f["then"], f["costs"], _flip(f)) for f in flips
        ]  # fmt: skip


def _ended(what: str, at: str) -> Iterator[Block]:
    """That not every value was looked at."""
    if at:
        yield f"The search for what would {what} is not complete", ("",), [
            (f"it ended at {at}, after as many plans as are tried: that value and others may "
             f"{what} as well",)
        ]  # fmt: skip


def _proof(plan: Doc) -> str:
    """How near the whole plan is to the least: only what is proven is called so."""
    if plan["optimal"]:
        return "proven least"
    ended = "; the search for a cheaper one was ended early" if plan["stopped"] else ""
    return f"at most {plan['gap']} above the least{ended}"


def _terms(terms: Sequence[Doc]) -> Block:
    return "Cost terms", ("term", "amount", "inputs"), [
        (t["name"], t["amount"], t["inputs"]) for t in terms
    ]  # fmt: skip


def _zone_blocks(zone: Doc, plan: Doc) -> Iterator[Block]:
    """Where the store of a zone is, every other region, and what would move it."""
    place = f"{zone['store']} ({zone['country']})" if zone["store"] else "none: nothing needs one"
    yield f"Store of zone {zone['name']}", ("",), [
        (f"chosen: {place}, for {zone['flows']} flows at {zone['sites']} sites",),
        (f"the whole plan costs {plan['cost']} over {plan['horizon']}, {_proof(plan)}",),
    ]  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for one in zone["regions"]:
        where = f"{one['region']} ({one['country']})"
        chosen = one["region"] == zone["store"]
        rows.append(("chosen" if chosen else one["extra"] or "not allowed", where))
        rows += [("", f"  {r['code']} {r['message']}") for r in one["reasons"]]
    yield "Every region", ("all costs", "region"), rows
    yield from _flips("What would move it", zone["flips"])
    yield from _ended("move it", zone["flipsEndedAt"])
    if zone["terms"]:
        yield _terms(zone["terms"])


def _with(slack: Doc) -> str:
    where = f" ({slack['at']})" if slack["at"] else ""
    return str(slack["what"]) + (", all flows" if slack["withOthers"] else "") + where


def _flip(flip: Doc) -> str:
    then = f"becomes {flip['becomes']}" if flip["becomes"] else "nothing fits any more"
    return f"{flip['what']}: {then}" + ("; other sites have no plan" if flip["othersFail"] else "")


def _others(candidates: Sequence[Doc]) -> Iterator[tuple[str, ...]]:
    """Ways that would do, the cheapest first; then those that would not, with every reason."""
    kinds: dict[bool, list[Doc]] = {False: [], True: []}
    for one in candidates:
        kinds[bool(one["failures"])].append(one)
    for refused, ways in kinds.items():
        for one in ways[:_SHOWN]:
            yield one["extra"], one["way"]
            for failure in one["failures"]:
                yield "", f"  {failure['code']} {failure['message']}"
        if len(ways) > _SHOWN:
            word = "that break a bound" if refused else "that would do"
            yield "", f"and {len(ways) - _SHOWN} more {word}, which --format json shows"
    if not candidates:
        yield "", "there is none"


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]], width: int) -> Iterator[str]:
    """Rows below their heads; the last column takes what room is left and wraps."""
    table = [list(map(str, row)) for row in rows]
    if len(head) == 1:
        for row in table:
            yield from _wrapped(row[0], width, "  ", "    ")
        yield ""
        return
    shown = [list(head), *table]
    sizes = [min(_MOST, max(len(row[at]) for row in shown)) for at in range(len(head) - 1)]
    room = max(20, width - 2 - sum(size + 2 for size in sizes))
    for row in shown:
        cells = [_folded(row[at], size) for at, size in enumerate(sizes)]
        cells.append(_folded(row[-1], room))
        for n in range(max(map(len, cells))):
            parts = [cell[n] if n < len(cell) else "" for cell in cells]
            line = "  ".join(f"{part:<{size}}" for part, size in zip(parts, sizes, strict=False))
            yield f"  {line}  {parts[-1]}".rstrip()
    yield ""


def _folded(text: str, width: int) -> list[str]:
    indent = "  " if text.startswith("  ") else ""
    return list(_wrapped(text.strip(), width, indent, indent + ("  " if indent else ""))) or [""]


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=rest,
                         break_on_hyphens=False)  # fmt: skip


def _cell(text: object) -> str:
    """Text of the user's inside Markdown: no markup, no end of a cell."""
    plain = printable(str(text)).replace("\\", "\\\\")
    for char in "|*_`<>[]#":
        plain = plain.replace(char, f"\\{char}")
    return plain
