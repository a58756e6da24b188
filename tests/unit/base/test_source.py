"""Lines, columns and excerpts of what the user wrote."""

from __future__ import annotations

import pytest

from hybridspec.base.source import Origins, SourceFile, Span, excerpt, position, printable


def span(text: str, line: int, column: int, end: int, end_line: int | None = None) -> Span:
    file = SourceFile(shown="s.yaml", name="s.yaml", text=text)
    return Span(
        file=file, line=line, column=column, end_line=end_line or line, end_column=end
    )  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_lines_end_where_the_yaml_parser_ends_them(end: str) -> None:
    text = f"a: 1{end}b: 2{end}{end}c: 3"
    file = SourceFile(shown="s.yaml", name="s.yaml", text=text)
    assert [file.line(n) for n in range(6)] == ["", "a: 1", "b: 2", "", "c: 3", ""]
    assert position(text, text.index("3")) == (4, 4)


def test_a_caret_underlines_the_span_on_its_first_line() -> None:
    assert excerpt(span("count: -1", 1, 8, 10)) == ("count: -1", "       ^^")
    assert excerpt(span("a: [1,\n 2]", 1, 4, 4, end_line=2)) == ("a: [1,", "   ^^^")


def test_an_empty_span_still_has_a_caret() -> None:
    assert excerpt(span("a:", 1, 3, 3)) == ("a:", "  ^")


def test_a_caret_stands_under_its_character_on_a_terminal() -> None:
    assert excerpt(span("🏭: x", 1, 4, 5)) == ("🏭: x", "    ^")
    assert excerpt(span("🏭: x", 1, 1, 2)) == ("🏭: x", "^^")
    assert excerpt(span("e\u0301: x", 1, 5, 6))[1] == "   ^"
    assert excerpt(span("\ta: x", 1, 5, 6)) == ("\ta: x", "\t   ^")


def test_a_long_line_is_cut_around_its_caret() -> None:
    text = "a" * 5000 + "X" + "b" * 5000
    shown, carets = excerpt(span(text, 1, 5001, 5002))
    assert len(shown) == 160
    assert shown[carets.index("^")] == "X"
    wide, under = excerpt(span(text, 1, 5001, 9000))
    assert len(under) == len(wide)


def test_an_excerpt_cannot_steer_a_terminal() -> None:
    shown, _ = excerpt(span("a: \x1b[2J\u202e\x00", 1, 1, 2))
    assert shown == "a: \ufffd[2J\ufffd\ufffd"
    assert printable("one\ntwo\r") == "one\ufffdtwo\ufffd"


def test_an_origin_is_the_nearest_value_that_was_written() -> None:
    outer, inner, key = (span("x", n, 1, 2) for n in (1, 2, 3))
    origins = Origins({(): outer, ("a", "b"): inner}, {("a", "b"): key})
    assert origins.value("a", "b", "c", 0) is inner
    assert origins.value("a", "x") is outer
    assert origins.key("a", "b") is key
    assert origins.key("a", "b", 0) is inner
