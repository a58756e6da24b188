"""A preview for people: what is at stake first, then every resource that changes, by cloud."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from hybridspec.base.source import printable
from hybridspec.report.markdown import cell

_MARKS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
_STYLES = {"create": "green", "update": "yellow", "replace": "magenta", "delete": "red"}
_SHOWN = 72
"""Letters of a value that are printed; the JSON form has it whole."""
_MOST = 60_000
"""Letters of a comment that a forge surely takes: GitHub's limit is 65,536."""
_LIMITS = (
    "A replacement is what the provider cannot do in place; what it changes in other resources, "
    "and what differs in the cloud itself, only the engine's own preview shows."
)


def human(out: Console, preview: Mapping[str, Any]) -> None:
    """Print it; the user's text is never markup."""

    def line(text: str, style: str = "") -> None:
        out.print(Text(printable(text), style), soft_wrap=True)

    line(f"Preview ({preview['layer']})", "italic")
    line(f"Stack `{preview['stack']}` against {preview['against']}")
    changed = [c for c in preview["changes"] if c["op"] != "same"]
    if stake := [c for c in changed if c["stake"]]:
        line("")
        line("Data or keys are at stake:", "bold red")
        for change in stake:
            line(f"  {_at_stake(change)}", "bold red")
    for cloud, group in groupby(changed, key=lambda c: c["cloud"]):
        line("")
        line(cloud, "bold")
        for change in group:
            where = f"  {change['origin']}" if change["origin"] else ""
            line(f"  {_MARKS[change['op']]} {change['op']:<7} {change['type']}  {change['name']}"
                 f"{where}", _STYLES[change["op"]])  # fmt: skip
            for text in map(_property, change["properties"]):
                line(f"      {text}")
    if changed:
        line("")
    line(_counts(preview))
    if any(c["op"] == "replace" for c in changed):
        line(_LIMITS)


def markdown(preview: Mapping[str, Any]) -> str:
    """For a comment on a pull request: a summary, and below it what changes, cut to fit."""
    changed = [c for c in preview["changes"] if c["op"] != "same"]
    title = f"<!-- hybridspec preview {cell(preview['name'])} {cell(preview['stack'])} -->"
    head = [
        title.replace("\\", ""),
        f"### Preview of `{preview['name']}`, stack `{preview['stack']}`", "",
        f"**{_counts(preview)}** against {cell(preview['against'])}.",
        f"Layer: {cell(preview['layer'])}.", "",
    ]  # fmt: skip
    if stake := [c for c in changed if c["stake"]]:
        head += ["**Data or keys are at stake:**", "",
                 *(f"- {cell(_at_stake(change))}" for change in stake), ""]  # fmt: skip
    body: list[str] = []
    room = _MOST - sum(len(text) + 1 for text in head)
    for count, change in enumerate(changed):
        block = list(_block(change))
        room -= sum(len(text) + 1 for text in block)
        if room < 0:
            body += ["", f"{len(changed) - count} more resources change; run `hybridspec preview`."]
            break
        body += block
    if changed:
        head += ["<details><summary>Resources</summary>", ""]
        body += ["", "</details>"]
    return "\n".join([*head, *body]).rstrip() + "\n"


def _block(change: Mapping[str, Any]) -> Iterator[str]:
    where = f" ({cell(change['origin'])})" if change["origin"] else ""
    yield (f"- **{change['op']}** {cell(change['cloud'])} {cell(change['type'])} "
           f"{cell(change['name'])}{where}")  # fmt: skip
    for changed in change["properties"]:
        yield f"  - {cell(_property(changed))}"


def _at_stake(change: Mapping[str, Any]) -> str:
    what = f"{change['type']} `{change['name']}` of {change['cloud']}"
    if change["op"] == "update":
        return f"{what} loses its protection from deletion"
    ends = "is deleted" if change["op"] == "delete" else "is replaced, and what it holds is lost"
    guard = "; it is protected, so the engine refuses until that is lifted"
    return f"{what} {ends}{guard if change['protected'] else ''}"


def _property(changed: Mapping[str, Any]) -> str:
    anew = " (made anew)" if changed["replaces"] else ""
    before, after = _value(changed["before"]), _value(changed["after"])
    if changed["before"] is None:
        return f"{changed['path']}: added {after}{anew}"
    if changed["after"] is None:
        return f"{changed['path']}: removed, was {before}{anew}"
    return f"{changed['path']}: {before} -> {after}{anew}"


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _counts(preview: Mapping[str, Any]) -> str:
    counts: Mapping[str, int] = preview["summary"]
    shown: Sequence[str] = [f"{count} {op}" for op, count in counts.items() if count]
    return ", ".join(shown) or "no resources"
