"""Every key of the language says what it is, how it looks, and what holds without it."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import SourceFile
from hybridspec.cli.spec_page import page
from hybridspec.load.bind import bind
from hybridspec.load.yaml import parse
from hybridspec.report.diagnostics import render
from hybridspec.spec.document import Spec
from hybridspec.spec.quantity import DOLLARS, SecretRef, Section
from hybridspec.spec.zone import Zone


def _models(root: Any, seen: set[type[BaseModel]]) -> None:
    if isinstance(root, type) and issubclass(root, BaseModel):
        if root not in seen:
            seen.add(root)
            for info in root.model_fields.values():
                _models(info.annotation, seen)
        return
    for inner in get_args(root):
        _models(inner, seen)


def _fields() -> Iterator[tuple[str, FieldInfo]]:
    found: set[type[BaseModel]] = set()
    _models(Spec, found)
    for section in sorted(found, key=lambda one: one.__qualname__):
        for name, info in section.model_fields.items():
            yield f"{section.__name__}.{name}", info


FIELDS = dict(_fields())


def _is_choice(annotation: Any) -> bool:
    parts = [part for part in get_args(annotation) if part is not type(None)] or [annotation]
    return get_origin(annotation) is Literal or all(get_origin(p) is Literal for p in parts)


@pytest.mark.parametrize("name", FIELDS)
def test_a_key_explains_itself(name: str) -> None:
    info = FIELDS[name]
    assert info.description, "say what the key means"
    assert info.examples or _is_choice(info.annotation), "show what it looks like"
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    assert info.is_required() or extra.get("x-default"), "say what holds without it, and why"


def test_every_section_is_strict_and_says_what_it_is() -> None:
    found: set[type[BaseModel]] = set()
    _models(Spec, found)
    assert len(found) > 40
    for section in found:
        assert issubclass(section, Section)
        assert section.model_config["extra"] == "forbid"
        assert section.model_config["strict"]
        assert section.__doc__


@pytest.mark.parametrize("name", [name for name in FIELDS if FIELDS[name].examples])
def test_an_example_is_accepted(name: str) -> None:
    info = FIELDS[name]
    (example, *_) = info.examples or []
    written = yaml.safe_dump({"it": example}, default_flow_style=True)
    read = parse(SourceFile(shown="s", name="s", text=written), Sink())
    assert read is not None
    kind: Any = info.annotation
    for part in info.metadata:
        kind = Annotated[kind, part]
    value: Any = read.value
    rates = {"EUR": Fraction(108, 100), **DOLLARS}
    TypeAdapter(kind).validate_python(value["it"], context=rates)


@pytest.mark.parametrize(
    ("written", "least", "most"),
    [("P3D", None, 3), ({"at_most": "P3D"}, None, 3), ({"at_least": "P1D"}, 1, None),
     ({"at_least": "P1D", "at_most": "P3D"}, 1, 3)],
)  # fmt: skip
def test_retention_is_a_limit_or_both_ends(
    written: object, least: int | None, most: int | None
) -> None:
    kept = Zone.model_validate({"countries": ["EU"], "retention": written}).retention
    assert kept is not None
    day = 86_400 * 10**6
    assert kept.at_least == (least * day if least else None)
    assert kept.at_most == (most * day if most else None)


@pytest.mark.parametrize(
    "good",
    ["secret://env/TOKEN", "secret://vault/a/b-c.d", "secret://aws-sm/prod/key"],
)
def test_a_secret_is_a_reference(good: str) -> None:
    assert TypeAdapter(SecretRef).validate_python(good) == good


@pytest.mark.parametrize("key", ["token", "tokn", "api_token", "bearer"])
@pytest.mark.parametrize("format", ["human", "concise", "json", "github"])
@pytest.mark.parametrize(
    "written",
    ["hunter2", "[hunter2]", "{a: hunter2}", "'secret://hunter2'", "|\n  hunter2\n", "secret://env/"
     + "hunter2" * 90],
)  # fmt: skip
def test_what_may_be_a_secret_is_never_printed(key: str, format: str, written: str) -> None:
    text = (
        "observability:\n  sinks:\n    - {type: otlp, endpoint: 'https://x', country: DE, "
        f"other: 1, {key}: {written}}}\n"
    )
    if "|" in written:
        text = (
            f"observability:\n  sinks:\n  - type: otlp\n    other: 1\n    {key}: |\n      hunter2\n"
        )
    sink = Sink()
    document = parse(SourceFile(shown="s", name="s", text=text), sink)
    assert document is not None
    assert bind(document, Spec, sink) is None
    said = render(sink.findings, format)
    assert key in said
    assert "hunter2" not in said


@pytest.mark.parametrize("kind", ["{type: datadoh, ", "{"])
def test_a_sink_of_no_known_type_prints_no_secret(kind: str) -> None:
    text = f"observability:\n  sinks:\n    - {kind}country: DE, api_key: hunter2}}\n"
    sink = Sink()
    document = parse(SourceFile(shown="s", name="s", text=text), sink)
    assert document is not None
    assert bind(document, Spec, sink) is None
    assert "hunter2" not in render(sink.findings, "human")


@pytest.mark.parametrize("rest", ['"hunter2', "hunter2, token: secret://env/X}", '"${hunter2}"}'])
def test_a_line_that_cannot_be_understood_prints_no_secret(rest: str) -> None:
    text = f"observability:\n  sinks:\n    - {{type: otlp, token: {rest}\n"
    sink = Sink()
    parsed = parse(SourceFile(shown="s", name="s", text=text), sink)
    for finding in sink.findings:
        assert "hunter2" not in render([finding], "human")
    assert parsed is not None or sink.findings


def test_the_page_lists_every_key() -> None:
    made = page()
    for name, info in FIELDS.items():
        assert f"| `{info.alias or name.partition('.')[2]}` |" in made
