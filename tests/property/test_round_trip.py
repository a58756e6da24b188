"""A spec that is loaded, dumped and loaded again is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import SourceFile
from hybridspec.load.dump import dump
from hybridspec.load.load import load
from hybridspec.load.variables import fill
from hybridspec.load.yaml import Plain, parse

SPECS = sorted(path.parent for path in EXAMPLES.glob("*/hybridspec.yaml"))

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=16) | st.sampled_from(
    ["${a}", "$${", "null", "NO", "0x10", "1e3", "- a", "a: b", "a #b", "@a", "...", " a ", "~"]
)
scalars = (
    st.none() | st.booleans() | st.integers(-(10**29), 10**29) | texts
    | st.floats(allow_nan=False, allow_infinity=False)
)  # fmt: skip
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)
sections = ["apiVersion", "zones", "sites", "data", "flows"]


def read(text: str) -> Plain:
    sink = Sink()
    made = parse(SourceFile(shown="s.yaml", name="s.yaml", text=text), sink)
    assert sink.findings == ()
    return None if made is None else fill(made, {}, sink).document.value


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(sections), trees, max_size=4))
def test_any_document_reads_back_as_itself(tree: dict[str, Any]) -> None:
    tree.pop("apiVersion", None)
    text = dump(tree)
    assert read(text) == tree
    assert dump(read(text)) == text
    mixed = dict(sorted(tree.items(), reverse=True))
    assert dump(mixed) == text


@pytest.mark.parametrize("folder", SPECS, ids=lambda path: path.name)
def test_an_example_reads_back_as_itself(folder: Path, tmp_path: Path, cache: Path) -> None:
    sink = Sink()
    first = load(folder, cache, sink)
    assert first is not None
    text = dump(first.document.value)
    for path in folder.iterdir():
        if path.suffix not in (".yaml", ".csv", ".md") and path.name not in ("build", "parts"):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "hybridspec.yaml").write_text(text, encoding="utf-8")
    again = load(tmp_path, cache, sink)
    assert sink.findings == ()
    assert again is not None
    assert again.spec == first.spec
    assert dump(again.document.value) == text
