"""The Markdown report: the user's text cannot leave its cell nor become markup."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from unit.report.hostile import MARKUP, WORD, spoilt

from hybridspec.report.markdown import cell, markdown, table

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def inside(tokens: list[Token]) -> list[Token]:
    """All tokens, block and inline, in order."""
    return [t for token in tokens for t in (token, *(inside(token.children or [])))]


def shape(text: str) -> list[str]:
    """What the parser sees, without the text."""
    return [t.type for t in inside(PARSER.parse(text)) if t.type != "text"]


def test_the_report_parses_into_its_sections(report: dict[str, Any]) -> None:
    tokens = PARSER.parse(markdown(report))
    titles = [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]
    assert titles[0] == f"Placement report: {report['name']}"
    assert titles[1:] == [
        "Placement", "Rejected placements and why", "What decided where models run",
        "Compliance zones", "Where everything lies",
        "Conditions", "Enforcement", "Cost", "Other regions", "Models", "Candidates", "Keys",
        "Bundles and stacks", "Rollout", "Warnings", "Policies",
        "Facts the plan rests on", "Values nobody wrote", "Not assessed",
    ]  # fmt: skip
    kinds = {t.type for t in inside(tokens)}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "code_inline", "fence"}


@pytest.mark.parametrize("text", MARKUP)
def test_hostile_text_is_text(text: str, report: dict[str, Any]) -> None:
    plain, made = markdown(spoilt(report, WORD)), markdown(spoilt(report, text))
    assert shape(made) == shape(plain)
    assert len(made.splitlines()) == len(plain.splitlines())
    assert made.isascii() or all(c.isprintable() or c == "\n" for c in made)


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(MARKUP), max_size=2).map("".join)))
@settings(max_examples=300, deadline=None)
def test_a_cell_holds_what_it_was_given(text: str) -> None:
    made = table(["a", "b"], [[text, "end"], ["x", "y"]])
    shown = PARSER.parse(made)
    assert shape(made) == shape(table(["a", "b"], [[WORD, "end"], ["x", "y"]])) or not cell(text)
    cells = [t for t in shown if t.type == "inline"]
    assert len(cells) == 6
    content = "".join(c.content for c in cells[2].children or [])
    words = " ".join(text.split())
    assert content == "".join(c if c.isprintable() else "\ufffd" for c in words)


def test_an_empty_table_says_none() -> None:
    assert table(["a"], []) == "none\n"
