"""YAML text to values with places: the core schema, the limits, and every refusal's place."""

from __future__ import annotations

import math

import pytest

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import SourceFile
from hybridspec.load.yaml import MAX_DEPTH, MAX_NODES, Document, Plain, parse


def read(text: str) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """The document, and what was found."""
    sink = Sink()
    document = parse(SourceFile(shown="s.yaml", name="s.yaml", text=text), sink)
    return document, sink.findings


def value(text: str) -> Plain:
    """The value of a text without faults."""
    document, found = read(text)
    assert found == ()
    return document.value if document else None


def fault(text: str) -> tuple[str, int, int, str]:
    """Code, line, column and message of the one fault."""
    (found,) = read(text)[1]
    assert found.span is not None
    return found.code, found.span.line, found.span.column, found.message


@pytest.mark.parametrize(("text", "meant"), [
    ("NO", "NO"), ("no", "no"), ("on", "on"), ("yes", "yes"), ("y", "y"),
    ("true", True), ("True", True), ("FALSE", False), ("tRue", "tRue"),
    ("~", None), ("null", None), ("Null", None), ("", None),
    ("12", 12), ("-12", -12), ("+12", 12), ("012", 12), ("0o14", 12), ("0xC", 12),
    ("1_000", "1_000"), ("0b1", "0b1"), ("12:30", "12:30"), ("2026-11-01", "2026-11-01"),
    ("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("1e3", 1000.0), ("-1.5E-3", -0.0015),
    ("1e999", "1e999"), ("-1e999", "-1e999"), (".inf", ".inf"), ("-.INF", "-.INF"),
    (".nan", ".nan"), ("9" * 30, int("9" * 30)), ("9" * 10_000, "9" * 10_000),
    ('"12"', "12"), ("'true'", "true"), ('""', ""), ("1e99999", "1e99999"),
])  # fmt: skip
def test_plain_scalars_follow_the_core_schema(text: str, meant: Plain) -> None:
    document = read(f"a: {text}\n")[0]
    assert document is not None
    found = document.value["a"]  # type: ignore[index, call-overload]
    assert found == meant
    assert type(found) is type(meant)
    assert not (isinstance(found, float) and not math.isfinite(found))


def test_keys_are_text_whatever_they_look_like() -> None:
    assert value("1: a\ntrue: b\n~: c\n1.5: d\n'': e\n") == {
        "1": "a", "true": "b", "~": "c", "1.5": "d", "": "e"
    }  # fmt: skip


def test_json_is_yaml() -> None:
    assert value('{"a": [1, {"b": null}], "c": "\\u00e9"}') == {"a": [1, {"b": None}], "c": "é"}


def test_each_value_and_key_knows_its_place() -> None:
    document = read("a:\n  - x: 1\n  - {y: [2, 3]}\n")[0]
    assert document is not None
    places = {path: (s.line, s.column) for path, s in document.origins.values.items()}
    assert places[("a", 0, "x")] == (2, 8)
    assert places[("a", 1, "y", 1)] == (3, 13)
    assert document.origins.key("a", 1, "y").column == 6


def test_an_alias_is_the_place_of_all_that_it_stands_for() -> None:
    document, found = read("a: &a {x: 1}\nb: *a\n")
    assert found == ()
    assert document is not None
    assert document.value == {"a": {"x": 1}, "b": {"x": 1}}
    assert document.origins.value("b", "x").line == 2


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n# comments\n", "---\n", "~\n", "null"])
def test_a_text_without_a_value_is_no_document(text: str) -> None:
    assert read(text) == (None, ())


def test_a_key_written_twice_is_said_at_the_second_and_reading_goes_on() -> None:
    (twice, again), text = read("a: 1\nb: 2\na: {c: [3]}\nb: 4\n")[1], ""
    assert (twice.code, twice.span and twice.span.line) == ("HS0104", 3)
    assert twice.notes[0].span.line == 1
    assert (again.code, again.span and again.span.line, text) == ("HS0104", 4, "")


@pytest.mark.parametrize(("text", "place"), [
    ("a:\n\tb: 1\n", ("HS0103", 2, 1, "a tab is used for indentation")),
    ("a: 1\n  \tb: 1\n", ("HS0103", 2, 3, "a tab is used for indentation")),
    ("a: b: c\n", ("HS0103", 1, 5, "mapping values are not allowed in this context")),
    ("a: [b, c\n", ("HS0103", 1, 4, "did not find expected ',' or ']' while parsing a flow "
                                    "sequence")),
    ("a: 'b\n\n\n", ("HS0103", 1, 4, "found unexpected end of stream while scanning a quoted "
                                     "scalar")),
    ("a: *b\n", ("HS0103", 1, 4, "the anchor `b` is not complete before this line")),
    ("a: &a [*a]\n", ("HS0103", 1, 8, "the anchor `a` is not complete before this line")),
    ("a: 1\n---\nb: 2\n", ("HS0107", 2, 1, "a second YAML document starts here")),
    ("a: !!int 1\n", ("HS0107", 1, 4, "tag `tag:yaml.org,2002:int` is not allowed")),
    ("!x a: 1\n", ("HS0107", 1, 1, "tag `!x` is not allowed")),
    ('a: ! "1"\n', ("HS0107", 1, 4, "tag `!` is not allowed")),
    ("a: &b {}\n<<: *b\n", ("HS0107", 2, 1, "merge keys (`<<`) are not part of YAML 1.2")),
    ("? {a: 1}\n: 2\n", ("HS0107", 1, 3, "a key has to be plain text")),
    ("a: &k b\n*k : 2\n", ("HS0107", 2, 1, "a key has to be plain text")),
    ("a: 'é🏭\x01'\n", ("HS0103", 1, 7, "a control character is not allowed in YAML")),
    ("a: 1\nb: \x00\n", ("HS0103", 2, 4, "a control character is not allowed in YAML")),
    ("a: 1\r\rb: *c\r", ("HS0103", 3, 4, "the anchor `c` is not complete before this line")),
])  # fmt: skip
def test_a_refusal_has_a_place_on_a_line_that_exists(
    text: str, place: tuple[str, int, int, str]
) -> None:
    assert fault(text) == place
    (found,) = read(text)[1]
    assert found.span is not None
    assert found.span.file.line(found.span.line).strip()
    assert found.help


@pytest.mark.parametrize("text", [
    "[" * (MAX_DEPTH + 2), "{a: " * 100_000, "- " * 100_000,
    "\n".join("  " * level + "a:" for level in range(200)), "[" + "a," * (MAX_NODES + 1) + "]",
    "a0: &a0 [x]\n" + "".join(
        f"a{n}: &a{n} [{f'*a{n - 1}, ' * 10}]\n" for n in range(1, 12)
    ),
    "a: &a [" + "x," * (MAX_NODES // 2) + "]\nb: [*a, *a]\n",
])  # fmt: skip
def test_expansion_has_a_limit(text: str) -> None:
    assert fault(text)[0] == "HS0105"


def test_what_is_just_below_the_limit_is_read() -> None:
    assert value("[" + "a," * (MAX_NODES - 1) + "]") == ["a"] * (MAX_NODES - 1)
    deep = value("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    for _ in range(MAX_DEPTH - 1):
        assert isinstance(deep, list)
        (deep,) = deep
    assert deep == []


def test_a_hostile_name_does_not_flood_the_message() -> None:
    for text in (f"a: *{'x' * 100_000}\n", f"a: !{'x' * 100_000} b\n"):
        message = fault(text)[3]
        assert len(message) < 200
