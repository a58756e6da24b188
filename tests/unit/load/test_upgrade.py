"""Versions of the language: older ones come up to date with their places, newer ones do not."""

from __future__ import annotations

import pytest

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import SourceFile
from hybridspec.load.upgrade import UPGRADES, current, renamed
from hybridspec.load.yaml import Document, parse


def read(text: str) -> Document:
    made = parse(SourceFile(shown="s.yaml", name="s.yaml", text=text), Sink())
    assert made is not None
    return made


def test_the_first_version_has_nothing_older() -> None:
    assert dict(UPGRADES) == {}


def test_an_older_version_is_brought_up_step_by_step() -> None:
    steps = {
        "hybridspec.dev/v1alpha1": ("hybridspec.dev/v1beta1", lambda d: renamed(d, ("a",), "b")),
        "hybridspec.dev/v1beta1": (
            "hybridspec.dev/v1", lambda d: renamed(d, ("b", "inner"), "outer")),
    }  # fmt: skip
    old = read("apiVersion: hybridspec.dev/v1alpha1\na:\n  inner: [1, 2]\nc: 3\n")
    sink = Sink()
    made = current(old, sink, steps)
    assert made is not None
    assert sink.findings == ()
    assert made.value == {"apiVersion": "hybridspec.dev/v1", "b": {"outer": [1, 2]}, "c": 3}
    assert made.origins.value("b", "outer", 1).column == 14
    assert made.origins.key("b", "outer").line == 3
    assert made.origins.key("c").line == 4


def test_steps_that_lead_in_a_ring_end() -> None:
    ring = {"hybridspec.dev/v1": ("hybridspec.dev/v1", lambda document: document)}
    assert current(read("apiVersion: hybridspec.dev/v1\n"), Sink(), ring) is not None


@pytest.mark.parametrize("version", ["v2", "v2alpha1", "v10beta3"])
def test_a_newer_version_asks_for_a_newer_release(version: str) -> None:
    sink = Sink()
    assert current(read(f"a: 1\napiVersion: hybridspec.dev/{version}\n"), sink) is None
    (finding,) = sink.findings
    assert finding.code == "HS0208"
    assert "install a newer hybridspec" in finding.help
    assert finding.span is not None
    assert finding.span.line == 2


@pytest.mark.parametrize("version", ["v1", "v1alpha1", "v0", "2", "${a}", "[v1]"])
def test_what_is_not_newer_is_left_to_the_spec(version: str) -> None:
    sink = Sink()
    text = (
        f"apiVersion: hybridspec.dev/{version}\n" if version[0] == "v" else f"apiVersion: {version}"
    )
    assert current(read(text), sink) is not None
    assert sink.findings == ()
