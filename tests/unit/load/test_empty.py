"""A key without a value is a fault, whichever key it is; an overlay takes a key away with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from diagnostics.expectations import bare

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import SourceFile
from hybridspec.load.bind import bind
from hybridspec.load.yaml import parse
from hybridspec.spec.document import Spec
from hybridspec.spec.site import Site

SPEC = bare("clean_model_and_store")


def found(text: str) -> tuple[Diagnostic, ...]:
    sink = Sink()
    document = parse(SourceFile(shown="s.yaml", name="s.yaml", text=text), sink)
    assert document is not None
    made = bind(document, Spec, sink)
    assert (made is None) == bool(sink.kept)
    return tuple(sink.kept)


def optional() -> Iterator[str]:
    for name, info in Site.model_fields.items():
        if not info.is_required():
            yield info.alias or name


@pytest.mark.parametrize("key", sorted(optional()))
@pytest.mark.parametrize("nothing", ["", "null", "~"])
def test_no_key_of_a_site_may_be_empty(key: str, nothing: str) -> None:
    text = SPEC.replace("devices: {box: 1}}", f"devices: {{box: 1}}, {key}: {nothing}}}")
    assert text != SPEC
    (one,) = found(text)
    assert one.code == "HS0203"
    assert one.message.startswith(f"`{key}` is empty")
    assert one.span is not None
    assert "plant:" in text.split("\n")[one.span.line - 1]


def test_each_of_several_is_told_once_and_can_be_taken_away() -> None:
    text = SPEC.replace(
        "devices: {box: 1}}", "devices: {box: 1}, uplink: {shared: null}, lan_bandwidth: }"
    )
    several = found(text)
    assert {f.message for f in several} == {"`lan_bandwidth` is empty", "`shared` is empty"}
    assert len(several) == 2
    assert all(f.fixes and not f.certain for f in several)
