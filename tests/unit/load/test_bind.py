"""Values to a model: each fault has the user's words, a place and a way out."""

from __future__ import annotations

import re
from typing import Annotated, Literal

import pytest
from pydantic import Field

from hybridspec.base.diagnostic import MAX_FINDINGS, Diagnostic, Sink
from hybridspec.base.source import SourceFile
from hybridspec.load.bind import bind
from hybridspec.load.yaml import parse
from hybridspec.spec.quantity import Day, Duration, Money, Name, Rate, Section, Share, Size


class Part(Section):
    """Something inside a whole."""

    weight: Annotated[int, Field(ge=1, le=9, description="How heavy it is.")]
    colour: Annotated[Literal["red", "green"], Field(description="How it looks.")] = "red"


class Whole(Section):
    """One of each kind of field."""

    parts: Annotated[dict[Name, Part], Field(max_length=3, description="What it has.")] = {}
    names: Annotated[list[Name], Field(description="What it is called.")] = []
    time: Annotated[Duration | None, Field(gt=0, description="How long.", examples=["2s"])] = None
    size: Size | None = None
    rate: Rate | None = None
    price: Money | None = None
    share: Share | None = None
    day: Day | None = None
    text: Annotated[str | None, Field(min_length=1, max_length=5)] = None


def faults(text: str) -> list[Diagnostic]:
    sink = Sink()
    document = parse(SourceFile(shown="s.yaml", name="s.yaml", text=text), sink)
    assert document is not None
    made = bind(document, Whole, sink)
    assert (made is None) == sink.has_errors
    return list(sink.findings)


def fault(text: str) -> Diagnostic:
    (found,) = faults(text)
    return found


@pytest.mark.parametrize(("text", "code", "message", "help"), [
    ("tme: 1s", "HS0201", "`tme` is not a key of the spec", "did you mean `time`?"),
    ("parts: {a: {weight: 1, color: red}}", "HS0201", "`color` is not a key of `parts.a`",
     "did you mean `colour`?"),
    ("parts: {a: {}}", "HS0202", "`parts.a` has no `weight`", "add `weight: 1` (how heavy it is)"),
    ("parts: {a: {weight: true}}", "HS0203", "`weight` needs a whole number, not `true`",
     "write it like `1` (how heavy it is)"),
    ("parts: [a]", "HS0203", "`parts` needs a mapping of names, not a list",
     "write it like `{a-name: {weight: 1}}` (what it has)"),
    ("parts: {a: }", "HS0203", "`a` is empty; it needs a mapping of keys",
     "fill it, for example `{weight: 1}` (what it has)"),
    ("names: a", "HS0203", "`names` needs a list, not `a`",
     "write it like `[a-name]` (what it is called)"),
    ("names: [{a: b}]", "HS0203", "an entry of `names` needs text, not a mapping",
     "write it like `a-name` (what it is called)"),
    ("parts: {a: {weight: 10}}", "HS0205", "`weight` is `10`, but has to be at most 9",
     "write at most 9 (how heavy it is)"),
    ("parts: {a: {weight: 0}}", "HS0205", "`weight` is `0`, but has to be at least 1",
     "write at least 1 (how heavy it is)"),
    ("time: 0s", "HS0205", "`time` is `0s`, but has to be more than 0",
     "write more than 0, for example `2s` (how long)"),
    ("text: ''", "HS0205", "`text` is empty", "write it like `a-name`"),
    ("text: abcdef", "HS0205", "`text` has more than 5 characters",
     "shorten it, or split the system into several specs"),
    ("parts: {a: {weight: 1, colour: gren}}", "HS0206", "`gren` is not a choice for `colour`",
     "did you mean `green`?"),
    ("parts: {a: {weight: 1, colour: [red]}}", "HS0206", "a list is not a choice for `colour`",
     "choose from: `red`, `green`"),
    ("time: 5", "HS0204", "`time` needs a duration with a unit, not `5`",
     "write it like 40ms, 12h or P30D (how long)"),
    ("time: 0.5us", "HS0204", "`time` needs a duration in whole units, not `0.5us`",
     "write it like 40ms, 12h or P30D (how long)"),
    ("time: P9999Y", "HS0204", "`time` needs a duration of at most 1000 years, not `P9999Y`",
     "write it like 40ms, 12h or P30D (how long)"),
    ("size: [1]", "HS0204", "`size` needs a size with a unit, not a list",
     "write it like 4KiB or 2MB"),
    ("size: 999999999999TB", "HS0204", "`size` needs a size within range, not `999999999999TB`",
     "write it like 4KiB or 2MB"),
    ("rate: 5 a day", "HS0204", "`rate` needs a rate, not `5 a day`", "write it like 24/s or 6/h"),
    ("price: 5 euros", "HS0204",
     "`price` needs an amount of money with its currency, not `5 euros`", "write it like 0.09 USD"),
    ("price: 5 EUR", "HS0411", "`price` is in EUR, and the spec states no rate of EUR",
     "add `EUR` under `metadata.rates`, with what one unit of it is worth in USD on the day of "
     "`as_of`; or write the amount in USD"),
    ("share: most", "HS0204", "`share` needs a share, not `most`", "write it like 0.95 or 95%"),
    ("share: 1.01", "HS0205", "`share` is `1.01`, but a share lies between 0 and 1",
     "write it like `0.95` or `95%`"),
    ("share: -5%", "HS0205", "`share` is `-5%`, but a share lies between 0 and 1",
     "write it like `0.95` or `95%`"),
    ("day: 86400", "HS0203", "`day` needs a date, not `86400`", "write it like `2026-11-01`"),
    ("day: '86400'", "HS0203", "`day` needs a date, not `86400`", "write it like `2026-11-01`"),
    ("day: 2026-02-30", "HS0203", "`day` needs a date, not `2026-02-30`",
     "write it like `2026-11-01`"),
    ("day: 2026-11-01T00:00:00Z", "HS0203", "`day` needs a date, not `2026-11-01T00:00:00Z`",
     "write it like `2026-11-01`"),
    ("- a", "HS0203", "the spec needs a mapping of keys, not a list", "write the keys "),
    ("42", "HS0203", "the spec needs a mapping of keys, not `42`", "write the keys "),
])  # fmt: skip
def test_each_kind_of_fault_has_its_words(text: str, code: str, message: str, help: str) -> None:
    found = fault(text)
    assert (found.code, found.message, found.help) == (code, message, help)


def test_a_name_comes_with_one_that_would_do() -> None:
    written = {"Werk Süd": "werk-sud", "7th": "th", "a_b": "a-b", "x" * 41: "x" * 40, "-a-": "a"}
    for wrong, right in written.items():
        found = fault(f"parts: {{'{wrong}': {{weight: 1}}}}")
        assert found.code == "HS0207"
        assert found.help.endswith(f"such as `{right}`")
    assert "such as" not in fault("names: ['🏭']").help


def test_an_absent_key_is_not_said_where_its_misspelling_is() -> None:
    here, there = faults("parts:\n  a: {wieght: 1}\n  b: {}\n")
    assert (here.code, here.span and here.span.line) == ("HS0201", 2)
    assert (there.code, there.span and there.span.line) == ("HS0202", 3)


def test_a_fault_stands_where_it_was_written() -> None:
    found = fault("parts:\n  a:\n    weight: ten\n")
    assert found.span is not None
    assert (found.span.line, found.span.column, found.span.end_column) == (3, 13, 16)
    assert fault("parts:\n  A: {weight: 1}\n").span.line == 2  # type: ignore[union-attr]


def test_a_key_that_looks_like_pydantics_own_is_a_key() -> None:
    found = fault("'[key]': 1")
    assert (found.code, found.message) == ("HS0201", "`[key]` is not a key of the spec")
    wrong, name = faults("parts: {'[key]': {}}")
    assert {wrong.code, name.code} == {"HS0202", "HS0207"}
    assert "`parts.[key]` has no `weight`" in (wrong.message, name.message)


@pytest.mark.parametrize("text", ["1e999999999", "'1e999999999'", "1e-999999999", "9e99%"])
def test_a_short_text_never_becomes_a_number_of_a_billion_digits(text: str) -> None:
    assert fault(f"share: {text}").code == "HS0204"


@pytest.mark.parametrize("text", ["0", "1", "0.5", "1e-3", "50%", "0.5%", "'0.5'", " 5% ", "1.0"])
def test_shares_may_be_written_in_several_ways(text: str) -> None:
    assert faults(f"share: {text}") == []


def test_no_message_repeats_a_huge_value() -> None:
    long = "x" * 1_000_000
    for text in (f"text: {long}", f"{long[:900]}: 1", f"names: [{long}]", f"size: {long}"):
        found = fault(text)
        assert len(found.message) + len(found.help) < 500
    many = f"[&a {long}{', *a' * 5000}]"
    assert fault(f"size: {many}").message == "`size` needs a size with a unit, not a list"
    assert len(fault(f"parts: {{a: {{weight: 1, colour: {many}}}}}").help) < 500


def test_of_many_faults_the_first_are_said_and_all_are_counted() -> None:
    found = faults("".join(f"k{n}: 1\n" for n in range(MAX_FINDINGS + 300)))
    assert len(found) == MAX_FINDINGS + 1
    assert found[-1].message == "300 more findings are not shown"


def test_no_word_of_python_reaches_the_user() -> None:
    for text in ("text: {a: 1}", "text: [a]", "text: true", "size: true", "names: {}", "day: []"):
        assert not re.search(r"None|True|False|\{|\[|dict|str\b|int\b", fault(text).message)
