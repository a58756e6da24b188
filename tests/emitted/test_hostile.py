"""Whatever a spec says reaches what is emitted as a value: never as a statement, key or step."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import pytest
import yaml
from emitted.slices import job, moved, part, service, zone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hybridspec.emit.stacks import emit_cloud
from hybridspec.ir.plan import CloudSlice, Existing
from hybridspec.target.registry import targets

CLOUDS = ("aws", "azure", "gcp")
PLAIN = "a plain word"
PIECES = [
    "'", '"', '"""', "'''", "\\", "\\\"", "{", "}", "{{", "}}", "{{ 7*7 }}", "{% raw %}", "%}",
    "{#", "${HOME}", "$(id)", "`id`", "%s", "\n", "\r", "\r\n", "\t", "\u2028", "\u0085", "\x00",
    "\x1b[2J", "#", ": ", "- ", "---\n", "&a", "*a", "!!python/object", "é", "\u202e", "\U0001f600",
    ")", "]", ",", ";", "import os", "__import__('os')", "</script>", "\nRUN id\n", "a" * 10_000,
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
NAMES = st.sampled_from(["none", "true", "null", "class", "import", "a--b", "x" * 40, "0", "on"])
"""What a name of the spec may be, at its worst; the spec refuses all others."""


def asked(cloud: str, text: str, name: str) -> CloudSlice:
    """A slice with a text wherever the spec leaves one free, and a name where it wants one."""
    where = f"{text}.yaml:7"
    trained = replace(job("fault", image=text), origin=where)
    served = service(image=text, origin=where, stages=(("diagnose", where),))
    made = part(
        zone(device_classes=(name,), models=("fault", name), training=(trained,), origin=where,
             store_origin=where, devices_origin=where, services=(served,), regimes=("gdpr",),
             existing=Existing(origin=where)),
        zone("fr-plants", countries=("FR",), device_classes=()),
        owner=text, contact=text, backend=text, config=(("aws:profile", text), ("word", text)),
    )  # fmt: skip
    made = made if cloud == "aws" else moved(made, cloud)
    return replace(made, account=text)


@lru_cache(maxsize=64)
def emitted(cloud: str, text: str, name: str) -> dict[str, str]:
    """What is emitted, as text by path."""
    tree, _ = emit_cloud(targets()[cloud], asked(cloud, text, name))
    return {path: data.decode() for path, data in tree if isinstance(data, bytes)}


class _Blank(ast.NodeTransformer):
    """A program without its values."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant(type(node.value).__name__ if node.value is not None else None)


def skeleton(source: str) -> str:
    """What a program does, whatever its values are."""
    return ast.dump(_Blank().visit(ast.parse(source)))


def literals(source: str) -> set[Any]:
    """Every value of a program."""
    return {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}


def shape(value: Any) -> Any:
    """A document without its values."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else type(value).__name__


def leaves(value: Any) -> Iterator[Any]:
    """Every value of a document."""
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            yield from leaves(item)
        else:
            yield item


def steps(text: str) -> list[str]:
    """The instructions of other files, without what they are about; comments are none."""
    lines = [
        line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")
    ]
    return [re.split(r"[\s=<>~]", line.strip())[0] for line in lines]


def held(path: str, text: str, hostile: dict[str, str], plain: dict[str, str]) -> None:
    """One file has the form that it has for a plain word, and values where that has some."""
    if path.endswith(".py"):
        assert skeleton(hostile[path]) == skeleton(plain[path]), path
        if PLAIN in literals(plain[path]):
            assert text in literals(hostile[path]), path
    elif path.endswith((".yaml", ".yml", ".json")):
        read = json.loads if path.endswith(".json") else yaml.safe_load
        found, wanted = read(hostile[path]), read(plain[path])
        assert shape(found) == shape(wanted), path
        if PLAIN in leaves(wanted):
            assert text in leaves(found), path
    else:
        assert steps(hostile[path]) == steps(plain[path]), path


@pytest.mark.parametrize("cloud", CLOUDS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=HOSTILE, name=NAMES)
def test_values_stay_values(cloud: str, text: str, name: str) -> None:
    hostile, plain = emitted(cloud, text, name), emitted(cloud, PLAIN, name)
    assert set(hostile) == set(plain)
    for path in plain:
        held(path, text, hostile, plain)
    assert any(PLAIN in literals(plain[path]) for path in plain if path.endswith(".py"))


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("piece", PIECES, ids=[repr(piece)[:20] for piece in PIECES])
def test_each_piece_stays_a_value(cloud: str, piece: str) -> None:
    hostile, plain = emitted(cloud, piece, "class"), emitted(cloud, PLAIN, "class")
    for path in plain:
        held(path, piece, hostile, plain)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_template_without_the_filter_would_be_seen(cloud: str) -> None:
    plain = emitted(cloud, PLAIN, "class")
    main = plain["__main__.py"]
    at = f'"{PLAIN}"'
    assert at in main
    spoilt = {**plain, "__main__.py": main.replace(at, "x()", 1)}
    with pytest.raises(AssertionError):
        held("__main__.py", "x()", spoilt, plain)
