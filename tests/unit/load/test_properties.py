"""Whatever text comes in, out come a value or findings with a place, and never an exception."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import SourceFile, excerpt
from hybridspec.load.bind import bind
from hybridspec.load.yaml import Document, parse
from hybridspec.spec.document import Spec

bounded = settings(max_examples=150, deadline=None)

KEYS = sorted(
    {"$schema", "apiVersion", "[key]", *Spec.model_fields}
    | set("countries regimes board uplink country zone provider regions category size rate".split())
    | set("source floor evaluation training stages inputs sink latency cohorts percent".split())
)
WORDS = "hybridspec.dev/v1 2026-11-01 EU NO P3D 64B 1/s 0.9 alert a-name".split()
WILD = "{}[]:,-?&*!|>'\"%@`#~= \n\t\r\\\x00\x85\u2028\ufeffab01.é🏭"

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(WORDS)
)  # fmt: skip
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=25,
)


def read(text: str) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    sink = Sink()
    document = parse(SourceFile(shown="s.yaml", name="s.yaml", text=text), sink)
    if document is not None and not sink.has_errors:
        bind(document, Spec, sink)
    return document, sink.findings


def check(text: str) -> Document | None:
    """Every finding stands on a line of the text, and can be shown."""
    document, found = read(text)
    for finding in found:
        assert finding.span is not None
        assert finding.help
        line = finding.span.file.line(finding.span.line)
        assert 1 <= finding.span.column <= len(line) + 1
        shown, carets = excerpt(finding.span)
        assert shown.isprintable() or "\t" in shown
        assert carets.endswith("^")
    return document


@bounded
@given(st.text(alphabet=WILD, max_size=60) | st.text(max_size=60))
@example("\ufeff")
@example("a: |\n \t\n")
def test_any_text_is_a_value_or_findings(text: str) -> None:
    check(text)


@bounded
@given(trees, st.booleans())
def test_any_tree_is_a_spec_or_findings(tree: Any, flow: bool) -> None:
    check(yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True, sort_keys=False))


@bounded
@given(st.dictionaries(st.sampled_from(KEYS), trees, max_size=8))
def test_any_sections_are_a_spec_or_findings(sections: dict[str, Any]) -> None:
    check(yaml.safe_dump(sections, allow_unicode=True, sort_keys=False))


# YAML folds its own line ends, and knows neither pairs of surrogates nor unassigned characters.
words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zl", "Zp"]), max_size=12)
json_trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**29), 10**29) | words
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=6),
    max_leaves=25,
)  # fmt: skip


@bounded
@given(json_trees, st.sampled_from([None, 1]))
def test_json_means_what_it_means_in_json(tree: Any, indent: int | None) -> None:
    document = check(json.dumps(tree, indent=indent, ensure_ascii=False))
    assert (None if document is None else document.value) == tree
