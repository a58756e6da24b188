"""Findings as text: nothing that the user wrote steers a terminal or forges an annotation."""

from __future__ import annotations

import json

import pytest

from hybridspec.base.diagnostic import Diagnostic, Label, Severity
from hybridspec.base.source import SourceFile, Span
from hybridspec.report.diagnostics import FORMATS, render

FILE = SourceFile(shown="a b,c/s.yaml", name="s.yaml", text="zone: ue\n\nzones: {}\n")


def place(line: int, column: int, end: int) -> Span:
    return Span(file=FILE, line=line, column=column, end_line=line, end_column=end)


FOUND = Diagnostic(
    code="HS0220", message="there is no zone `ue`", span=place(1, 7, 9), help="did you mean `eu`?",
    notes=(Label(span=place(3, 1, 6), message="zones are defined here"),),
)  # fmt: skip
NOWHERE = Diagnostic(
    code="HS0101", message="s.yaml: there is no such file", span=None, help="check the path",
    severity=Severity.WARNING,
)  # fmt: skip
HOSTILE = Diagnostic(
    code="HS0220", message="`\x1b[2J\n::error::forged\x07\u202e` 100%", span=place(1, 7, 9),
    help="a\r\nb\x1b]0;title\x07",
)  # fmt: skip


def test_people_see_place_excerpt_notes_and_help() -> None:
    assert render([FOUND], "human").splitlines() == [
        "a b,c/s.yaml:1:7: error[HS0220]: there is no zone `ue`",
        "  1 | zone: ue",
        "    |       ^^",
        "  note: a b,c/s.yaml:3:1: zones are defined here",
        "  help: did you mean `eu`?",
        "",
    ]


def test_a_finding_without_a_place_has_no_excerpt() -> None:
    assert render([NOWHERE], "human").splitlines() == [
        "warning[HS0101]: s.yaml: there is no such file",
        "  help: check the path",
        "",
    ]


def test_lines_are_broken_at_a_width_but_names_are_not() -> None:
    long = Diagnostic(code="HS0101", message="word " * 30 + "x" * 90, span=None, help="do " * 40)
    lines = render([long], "human", width=60).splitlines()
    assert len(lines) > 4
    assert all(len(line) <= 60 or "x" * 90 in line for line in lines)
    assert render([long], "human", width=0).count("\n") == 3
    assert " ".join(lines).split() == render([long], "human").split()


def test_concise_is_one_line_a_finding() -> None:
    assert render([NOWHERE, FOUND, HOSTILE], "concise").count("\n") == 3


def test_github_escapes_what_its_commands_reserve() -> None:
    text = render([FOUND], "github")
    assert text == (
        "::error file=a b%2Cc/s.yaml,line=1,col=7,title=HS0220 a name that nothing defines::"
        "there is no zone `ue`%0Ahelp: did you mean `eu`?\n"
    )
    assert render([HOSTILE], "github").count("::error") == 2
    assert render([HOSTILE], "github").count("\n") == 1
    assert "100%25" in render([HOSTILE], "github")
    assert render([NOWHERE], "github").startswith("::warning title=HS0101")


@pytest.mark.parametrize("format", FORMATS)
def test_no_format_passes_a_control_character_on(format: str) -> None:
    text = render([HOSTILE], format)
    assert not {c for c in text if not c.isprintable()} - {
        "\n",
        "\u202e" * (format in ("json", "sarif")),
    }


def test_json_holds_everything() -> None:
    document = json.loads(render([FOUND, NOWHERE], "json"))
    assert document["schemaVersion"] == "hybridspec.dev/findings/v1"
    found, nowhere = document["findings"]
    assert found["location"] == {
        "path": "a b,c/s.yaml", "line": 1, "column": 7, "endLine": 1, "endColumn": 9
    }  # fmt: skip
    assert found["offence"] == "unknown-reference"
    assert found["notes"][0]["location"]["line"] == 3
    assert nowhere["location"] is None
    assert nowhere["severity"] == "warning"


def test_colour_changes_no_character() -> None:
    import re

    coloured = render([FOUND, HOSTILE], "human", colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render([FOUND, HOSTILE], "human")


@pytest.mark.parametrize("format", ["human", "concise", "github"])
def test_no_findings_are_no_text(format: str) -> None:
    assert render([], format) == ""
