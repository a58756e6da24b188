"""Variables: what is filled in, as what, and what stays as it is written."""

from __future__ import annotations

import pytest

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import SourceFile
from hybridspec.load.variables import Filled, fill
from hybridspec.load.yaml import Plain, parse

DECLARED = "variables: {n: {env: N, default: 3}, t: {default: text}, b: {default: true}}\n"


def filled(text: str, **environment: str) -> tuple[Filled, Sink]:
    sink = Sink()
    made = parse(SourceFile(shown="s.yaml", name="s.yaml", text=DECLARED + text), sink)
    assert made is not None
    return fill(made, environment, sink), sink


@pytest.mark.parametrize(("written", "value"), [
    ("${n}", 3), ('"${n}"', "3"), ("'${n}'", "3"), ("${n}0", "30"), ("a${t}${n}", "atext3"),
    ("$${n}", "${n}"), ("$$${n}", "$${n}"), ("${b}", True), ("${t}", "text"), ("$n", "$n"),
])  # fmt: skip
def test_a_value_is_filled_in(written: str, value: Plain) -> None:
    made, sink = filled(f"a: {written}\n")
    assert sink.findings == ()
    assert isinstance(made.document.value, dict)
    assert made.document.value["a"] == value


def test_the_environment_wins_and_is_remembered() -> None:
    made, _ = filled("a: ${n}\n", N="7", OTHER="never asked for")
    assert isinstance(made.document.value, dict)
    assert made.document.value["a"] == 7
    assert made.taken == (("N", "7"),)
    assert filled("a: ${n}\n")[0].taken == (("N", None),)


@pytest.mark.parametrize("text", ["${t}", "a: b", "[1, 2]", "!!python/object:os.system", "*x", "|"])
def test_what_the_environment_says_is_never_yaml(text: str) -> None:
    made, sink = filled("a: ${n}\n", N=text)
    assert sink.findings == ()
    assert isinstance(made.document.value, dict)
    assert made.document.value["a"] == text


@pytest.mark.parametrize("text", ["x" * 1001, "a\nb", "\x1b[2J", "\udc80"])
def test_what_cannot_be_a_value_is_said_where_it_is_declared(text: str) -> None:
    _, sink = filled("a: ${n}\n", N=text)
    (finding,) = sink.findings
    assert finding.code == "HS0114"
    assert text not in finding.message
    assert finding.span is not None
    assert finding.span.line == 1


def test_keys_and_aliases() -> None:
    made, sink = filled('"${n}": &x ["${n}", {k: "${t}"}]\nb: *x\n')
    assert sink.findings == ()
    assert isinstance(made.document.value, dict)
    assert made.document.value["${n}"] == made.document.value["b"] == ["3", {"k": "text"}]


def test_expansion_is_bounded() -> None:
    _, sink = filled("a:\n" + "  - ${n}" + "${n}" * 5000 + "\n", N="x" * 1000)
    assert [finding.code for finding in sink.findings] == ["HS0105"]
