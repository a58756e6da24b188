"""Hostile text stays text: in Python source, in comments and in YAML."""

from __future__ import annotations

import ast
import io
import tokenize
from dataclasses import replace
from typing import Any

import pytest
import yaml
from emitted.slices import job, part, zone
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hybridspec.emit.render import comment, literal, render, yaml_text
from hybridspec.emit.stacks import emit_cloud
from hybridspec.ir.plan import CloudSlice
from hybridspec.target.api import Payload
from hybridspec.target.registry import targets

AWS = targets()["aws"]
HOSTILE = (
    "'", '"', "'\"", '"""', "'''", "\\", "\\'", '\\"', "{", "}", "{{ spec }}", "{% for x in y %}",
    "${aws:region}", "#", "# fmt: off", "\n", "\r\n", "\r", "\t", "\x00", "\x0b", "\x0c",
    "\x1b[31m", "\x7f", "\x85", "\xa0", "\u2028", "\u2029", "\u202e", "\ufeff", "\ufffe", "\uffff",
    "\U0001f600", "\U000e0001",
    "a: b", "- a", "? a", "| a", "> a", "&a *a !a", "%YAML 1.1", "---", "...",
    "no", "null", "1e3", "0x10", "2026-11-01", "=", "~", "", " a ", "__import__('os').system('id')",
    "); import os; (", "\\N{BULLET}", "\\u0041", "é" * 50, "x" * 10_000, "\"'\\\n#{" * 2_000,
)  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    """Any text that UTF-8 can hold, rich in what the three languages treat specially."""
    return st.one_of(
        st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
        st.lists(st.sampled_from(HOSTILE[:-4]), max_size=6).map("".join),
        st.sampled_from(HOSTILE),
    )


@given(texts())
@settings(max_examples=300)
@example("\"'")
def test_a_literal_reads_back_as_the_same_constant(text: str) -> None:
    source = literal(text)
    assert ast.literal_eval(source) == text
    assert isinstance(ast.parse(source, mode="eval").body, ast.Constant)
    assert len(source.splitlines()) == 1


VALUES = st.recursive(
    st.one_of(texts(), st.none(), st.booleans(), st.integers(),
              st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=3),
                            st.dictionaries(texts(), inner, max_size=3)),
    max_leaves=8,
)  # fmt: skip


@given(VALUES)
@settings(max_examples=100)
def test_plain_data_reads_back_equal(value: Any) -> None:
    assert ast.literal_eval(literal(value)) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1}, b"x", object()])
def test_what_has_no_literal_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        literal(value)


@given(texts())
@settings(max_examples=300)
def test_a_comment_stays_one_comment(text: str) -> None:
    source = f"a = 1  # {comment(text)}\nb = 2\n"
    source.encode()
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    assert len([t for t in tokens if t.type == tokenize.COMMENT]) == 1
    tree = ast.parse(source)
    assert len(tree.body) == 2
    assert yaml.safe_load(f"a: 1 # {comment(text)}\nb: 2\n") == {"a": 1, "b": 2}


@given(texts())
@settings(max_examples=300)
def test_yaml_text_loads_back_equal(text: str) -> None:
    assert yaml.safe_load(f"key: {yaml_text(text)}\nnext: 1\n") == {"key": text, "next": 1}
    yaml_text(text).encode()


def emitted(made: CloudSlice) -> dict[str, str]:
    """Every file of a slice's project, as text."""
    tree, _ = emit_cloud(AWS, made)
    return {path: bytes(data).decode() for path, data in tree if isinstance(data, bytes)}


class _Blank(ast.NodeTransformer):
    """Replaces every constant, so that two programs can be compared by shape alone."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.copy_location(ast.Constant(type(node.value).__name__), node)


def shape(source: str) -> str:
    """The syntax tree without its constants."""
    return ast.dump(_Blank().visit(ast.parse(source)))


def comments(source: str) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return sum(token.type == tokenize.COMMENT for token in tokens)


def hostile_slice(owner: str, spec: str, image: str, origin: str) -> CloudSlice:
    """The plain slice with the user's free text in every place that holds any."""
    trained = replace(job("fault", image=image), origin=origin)
    return part(
        zone(training=(trained,), origin=origin, store_origin=origin, devices_origin=origin),
        owner=owner, spec=spec,
    )  # fmt: skip


@given(texts(), texts(), texts(), texts())
@settings(max_examples=25, deadline=None)
@example('"""', "'\"", "\n", "\r")
def test_emitted_programs_hold_values_as_constants_alone(
    owner: str, spec: str, image: str, origin: str
) -> None:
    plain, made = emitted(part()), emitted(hostile_slice(owner, spec, image, origin))
    assert set(made) == set(plain)
    for path in (p for p in made if p.endswith(".py")):
        assert shape(made[path]) == shape(plain[path])
        assert comments(made[path]) == comments(plain[path])
    found = {
        n.value for n in ast.walk(ast.parse(made["__main__.py"])) if isinstance(n, ast.Constant)
    }
    assert {image, spec} <= found
    project = yaml.safe_load(made["Pulumi.yaml"])
    assert (project["name"], project["description"]) == (
        f"{spec}-aws", f"AWS resources of {spec}",
    )  # fmt: skip
    assert set(project) == {"name", "description", "runtime"}
    pins = [x for x in made["requirements.txt"].split("\n") if x and not x.startswith("#")]
    assert [x.partition(">")[0] for x in pins] == ["pulumi", "pulumi-aws"]


def test_a_template_that_names_nothing_raises() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        render(AWS, Payload(path="x", template="Pulumi.yaml.j2", context={"spec": "s"}))
    with pytest.raises(ValueError, match="neither data nor a template"):
        render(AWS, Payload(path="x"))
