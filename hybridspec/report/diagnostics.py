"""Findings as text: for a terminal, one a line, as JSON, and as CI annotations."""

from __future__ import annotations

import io
import json
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from hybridspec import __version__
from hybridspec.base.codes import CODES
from hybridspec.base.diagnostic import Diagnostic, Edit, Label
from hybridspec.base.source import Span, excerpt, printable, visible_json
from hybridspec.report.sarif import sarif, waiver_data

FORMATS = ("human", "concise", "json", "sarif", "github")
SCHEMA = "hybridspec.dev/findings/v1"


def render(
    findings: Sequence[Diagnostic], format: str, *, colour: bool = False,
    pages: Mapping[str, str] | None = None, width: int = 0,
) -> str:  # fmt: skip
    """All findings in one of `FORMATS`; ends with a new line unless empty.

    `pages` explain the codes, for the format that carries explanations. For people, lines are
    broken at `width`, unless it is 0.
    """
    if format == "sarif":
        log = sarif(findings, pages or {}, __version__)
        return _document(log)
    if format == "json":
        return _document(as_data(findings))
    forms: dict[str, Callable[[Diagnostic], str]] = {
        "human": partial(_human, width=width), "concise": _concise, "github": _github
    }  # fmt: skip
    one = forms[format]
    text = "\n".join(one(finding) for finding in findings)
    if format == "human" and text:
        text = _coloured(text) if colour else text
    return text + "\n" if text else ""


def _document(value: Any) -> str:
    return visible_json(json.dumps(value, indent=2, ensure_ascii=False)) + "\n"


def as_data(findings: Sequence[Diagnostic]) -> dict[str, Any]:
    """The JSON document of a list of findings."""
    return {"schemaVersion": SCHEMA, "findings": [_data(finding) for finding in findings]}


def _human(finding: Diagnostic, *, width: int) -> str:
    lines = _broken(_head(finding), width)
    if finding.span is not None:
        lines += _excerpt(finding.span)
    for note in finding.notes:
        lines += _broken(printable(f"  note: {note.span.shown}: {note.message}"), width)
    for line in (printable(f"  help: {finding.help}"), *_repair(finding)):
        lines += _broken(line, width)
    return "\n".join(lines) + "\n"


def _broken(line: str, width: int) -> list[str]:
    """A line in as many as it takes; paths and names stay whole."""
    if not width or len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(line.strip(), max(40, width), initial_indent=indent,
                         subsequent_indent=f"{indent}    ", break_long_words=False,
                         break_on_hyphens=False)  # fmt: skip


def _repair(finding: Diagnostic) -> list[str]:
    """What a machine would write, where the help does not say it in the same words."""
    if not finding.fixes:
        return []
    flag = "--fix" if finding.certain else "--fix-all"
    if len(finding.fixes) > 1:
        return [f"  fix: {len(finding.fixes)} changes, see `validate --diff {flag}`"]
    text = " ".join(finding.fixes[0].text.split())
    if not text or len(text) > 100 or text.strip(", ") in finding.help:
        return []
    return [printable(f"  fix: write `{text}` (`validate {flag}`)")]


def _head(finding: Diagnostic) -> str:
    where = f"{finding.span.shown}: " if finding.span is not None else ""
    return printable(f"{where}{finding.severity}[{finding.code}]: {finding.message}")


def _excerpt(span: Span) -> list[str]:
    text, carets = excerpt(span)
    if not text.strip():
        return []
    number = str(span.line)
    return [f"  {number} | {text}", f"  {' ' * len(number)} | {carets}"]


def _concise(finding: Diagnostic) -> str:
    return f"{_head(finding)} (help: {printable(finding.help)})"


def _github(finding: Diagnostic) -> str:
    """A GitHub Actions workflow command.

    Format: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    place = ""
    if finding.span is not None:
        span = finding.span
        place = f"file={_property(span.file.shown)},line={span.line},col={span.column},"
    level = {"error": "error", "warning": "warning", "note": "notice"}[finding.severity]
    title = f"title={_property(f'{finding.code} {CODES[finding.code].title}')}"
    message = f"{printable(finding.message)}\nhelp: {printable(finding.help)}"
    return f"::{level} {place}{title}::{_escape(message)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")


def _data(finding: Diagnostic) -> dict[str, Any]:
    return {
        "code": finding.code,
        "offence": CODES[finding.code].offence,
        "severity": str(finding.severity),
        "message": finding.message,
        "help": finding.help,
        "location": _location(finding.span),
        "notes": [_note(note) for note in finding.notes],
        "fixes": [_edit(edit) for edit in finding.fixes],
        "certain": finding.certain,
        **({"rule": finding.about.rule} if finding.about.rule else {}),
        **({"waived": waiver_data(finding.waived)} if finding.waived else {}),
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {"text": edit.text, "location": _location(edit.span)}


def _note(note: Label) -> dict[str, Any]:
    return {"message": note.message, "location": _location(note.span)}


def _location(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    return {
        "path": span.file.shown,
        "line": span.line,
        "column": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _coloured(text: str) -> str:
    """The same text with ANSI colours; what the user wrote is never read as markup."""
    from rich.console import Console
    from rich.text import Text

    styled = Text(text)
    styled.highlight_regex(r"error\[HS\d{4}\]", "bold red")
    styled.highlight_regex(r"warning\[HS\d{4}\]", "bold yellow")
    styled.highlight_regex(r"(?m)^  help:", "bold green")
    styled.highlight_regex(r"(?m)^  fix:", "bold green")
    styled.highlight_regex(r"(?m)^  note:", "bold cyan")
    styled.highlight_regex(r"(?m)\| +\^+$", "bold red")
    buffer = io.StringIO()
    console = Console(file=buffer, force_terminal=True, width=10_000, soft_wrap=True)
    console.print(styled, end="")
    return buffer.getvalue()
