"""Tabs in front of keys: refused, and replaced on every line at once."""

from __future__ import annotations

from hybridspec.base.diagnostic import Sink
from hybridspec.base.edit import apply
from hybridspec.base.source import SourceFile
from hybridspec.load.yaml import parse


def test_tabs_become_two_spaces_each() -> None:
    text = "a:\n\tb:\n\t\tc: 1\n\td: 2\n"
    sink = Sink()
    assert parse(SourceFile(shown="s", name="s", text=text), sink) is None
    (finding,) = sink.findings
    assert finding.code == "HS0103"
    repaired, _ = apply(text, [finding.fixes])
    assert repaired == "a:\n  b:\n    c: 1\n  d: 2\n"
