"""Edits keep the layout around them, in lines and in brackets."""

from __future__ import annotations

import pytest

from hybridspec.base.diagnostic import Sink
from hybridspec.base.edit import Edits, add_item, add_key, apply, plain, put, rename, without
from hybridspec.base.source import Origins, Path, SourceFile
from hybridspec.load.yaml import parse

TEXT = """\
# head
a: {b: 1, c: [1, 2], d: {}}  # why
e:
  - f: 1
    g: "ü"
  - h
z:
  y: 2  # two
  w:
"""


def origins(text: str = TEXT) -> Origins:
    document = parse(SourceFile(shown="s", name="s", text=text), Sink())
    assert document is not None
    return document.origins


def changed(*edits: Edits, text: str = TEXT) -> list[str]:
    """The lines that are new."""
    old, (new, _) = text.splitlines(), apply(text, edits)
    assert parse(SourceFile(shown="s", name="s", text=new), Sink()) is not None
    return [line for line in new.splitlines() if line not in old]


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ((), ["k: 5%"]),
        (("a",), ["a: {k: 5%, b: 1, c: [1, 2], d: {}}  # why"]),
        (("a", "d"), ["a: {b: 1, c: [1, 2], d: {k: 5%}}  # why"]),
        (("e", 0), ["  - k: 5%", "    f: 1"]),
        (("z",), ["  k: 5%"]),
        (("z", "nothing"), []),
    ],
)
def test_a_key_is_added_in_the_layout_of_its_mapping(path: Path, lines: list[str]) -> None:
    assert changed(add_key(origins(), path, "k", "5%")) == lines


def test_items_are_added_in_brackets_and_in_lines() -> None:
    assert changed(add_item(origins(), ("a", "c"), 3)) == ["a: {b: 1, c: [1, 2, 3], d: {}}  # why"]
    assert changed(add_item(origins(), ("e",), "x")) == ["  - x"]


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        (("a",), "a: {b: 1, c: [1, 2], d: {}}  # why\n"),
        (("a", "b"), "b: 1, "),
        (("a", "c"), "c: [1, 2], "),
        (("a", "d"), ", d: {}"),
        (("a", "c", 1), ", 2"),
        (("z", "y"), "  y: 2  # two\n"),
        (("z", "w"), "  w:\n"),
        (("e", 0, "f"), ""),
    ],
)
def test_an_entry_is_removed_with_its_comma_or_its_lines(path: Path, gone: str) -> None:
    known = origins()
    edits = without(known.key(*path), known.whole(*path), known.value(*path[:-1]))
    new, made = apply(TEXT, [edits])
    assert made == bool(gone)
    assert new == (TEXT.replace(gone, "", 1) if gone else TEXT)


def test_values_and_keys_are_replaced() -> None:
    known = origins()
    assert changed(put(known.whole("a", "c"), "x y"), rename(known.key("z", "w"), "v")) == [
        'a: {b: 1, c: "x y", d: {}}  # why', "  v:"
    ]  # fmt: skip
    assert changed(put(known.whole("z", "w"), 1)) == ["  w: 1"]


def test_of_two_edits_at_one_place_the_first_is_made() -> None:
    span = origins().whole("a", "b")
    assert apply(TEXT, [put(span, 2), put(span, 3), ()])[1] == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [("40ms", "40ms"), ("5", '"5"'), ("no", "no"), ("true", '"true"'), ("0.24 USD", "0.24 USD"),
     ("2026-11-01", "2026-11-01"), ("a: b", '"a: b"'), ("{", '"{"'), ("", '""'), ("-x", '"-x"'),
     ("1e9", '"1e9"'), ("P30D", "P30D"), (True, "true"), (0.5, "0.5"), ("a@b.c", "a@b.c")],
)  # fmt: skip
def test_text_that_would_mean_something_else_is_quoted(value: object, text: str) -> None:
    assert plain(value) == text
    document = parse(SourceFile(shown="s", name="s", text=f"[{text}]"), Sink())
    assert document is not None
    assert document.value == [value]


@pytest.mark.parametrize(
    ("text", "fixed", "certain"),
    [("a: 1\nb: 2\na: 1\n", "a: 1\nb: 2\n", True), ("a: 1\na: 2\n", "a: 1\n", False),
     ("q: {a: 1, a: 1}\n", "q: {a: 1}\n", True)],
)  # fmt: skip
def test_a_key_that_is_written_twice_can_go(text: str, fixed: str, *, certain: bool) -> None:
    sink = Sink()
    parse(SourceFile(shown="s", name="s", text=text), sink)
    (finding,) = sink.findings
    assert (finding.code, finding.certain) == ("HS0104", certain)
    assert apply(text, [finding.fixes])[0] == fixed
