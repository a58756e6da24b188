"""The main example, changed at random: findings with a place or a plan; its order never matters."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLE, copy_example
from diagnostics.expectations import FOLDER, bare
from diagnostics.small_models import write_models
from hypothesis import example as also
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridspec.base.diagnostic import Diagnostic, Severity, Sink, SpecInvalid
from hybridspec.base.source import SourceFile, excerpt
from hybridspec.compiler import Build, Options, validate_file
from hybridspec.load.yaml import parse

NIGHTLY = bool(os.environ.get("HYBRIDSPEC_NIGHTLY"))
bounded = settings(max_examples=3_000 if NIGHTLY else 150, deadline=None)

FIXTURES = sorted(FOLDER.glob("*.yaml"))
Way = tuple[Any, ...]
STRANGERS = [
    None, True, 0, -1, 1.5, 10**29, "", "x", "NO", "eu-plants", "gateway", "P3D", "40ms", "1e999",
    [], {}, ["x"], [[]], {"a": "b"}, {"": None}, "\u202e\x1b[2J", "x" * 5000,
]  # fmt: skip
NAMES = ["gateway", "sites", "zone", "inputs", "normalise", "", "[key]", "1", "~", "Ä", "x" * 50]


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to one key or item of the example."""

    kind: str
    path: Way
    stranger: Any = None


def example() -> Any:
    text = (EXAMPLE / "hybridspec.yaml").read_text(encoding="utf-8")
    document = parse(SourceFile(shown="", name="", text=text), Sink())
    assert document is not None
    return document.value


def paths(value: Any, here: Way = ()) -> Iterator[Way]:
    """The way to every key and item."""
    if isinstance(value, (dict, list)):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*here, key)
            yield from paths(child, (*here, key))


PATHS = list(paths(example()))
changes = st.one_of(
    st.builds(Change, st.sampled_from(["drop", "double"]), st.sampled_from(PATHS)),
    st.builds(Change, st.just("rename"), st.sampled_from(PATHS), st.sampled_from(NAMES)),
    st.builds(Change, st.just("retype"), st.sampled_from(PATHS), st.sampled_from(STRANGERS)),
    st.builds(Change, st.just("swap"), st.sampled_from(PATHS), st.sampled_from(PATHS)),
)


def changed(value: Any, change: Change, path: Way) -> Any:
    """A copy of `value` with the change at `path`, where there is one."""
    if not path:
        return value
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, Pairs):
        pairs = list(value)
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    else:
        return value
    made = [
        pair for key, child in pairs
        for pair in ([(key, child)] if key != path[0] else
                     [(key, changed(child, change, path[1:]))] if path[1:] else
                     done(change, key, child))
    ]  # fmt: skip
    return [child for _, child in made] if isinstance(value, list) else Pairs(made)


class Pairs(tuple):  # type: ignore[type-arg]
    """A mapping that may hold a key twice."""

    __slots__ = ()


def done(change: Change, key: Any, child: Any) -> list[tuple[Any, Any]]:
    """What stands where `key: child` stood."""
    if change.kind == "drop":
        return []
    if change.kind == "double":
        return [(key, child)] * 2
    if change.kind == "rename":
        return [(change.stranger, child)]
    if change.kind == "swap":
        value = example()
        for part in change.stranger:
            value = value[part]
        return [(key, value)]
    return [(key, change.stranger)]


def written(value: Any, indent: str = "") -> str:
    """The value as YAML in JSON's clothes, one key a line."""
    deeper = indent + " "
    if isinstance(value, (dict, Pairs)):
        pairs = value.items() if isinstance(value, dict) else value
        lines = [f"{deeper}{json.dumps(k)}: {written(v, deeper)}" for k, v in pairs]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(deeper + written(v, deeper) for v in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=True)


@pytest.fixture(scope="session")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's spec, to be written over."""
    return copy_example(tmp_path_factory.mktemp("mutations")) / "hybridspec.yaml"


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec to be written over, beside the models that fixtures name."""
    folder = tmp_path_factory.mktemp("fixtures")
    write_models(folder / "model")
    return folder / "hybridspec.yaml"


def validated(spec: Path, text: str, cache: Path) -> Build | tuple[Diagnostic, ...]:
    spec.write_text(text, encoding="utf-8")
    try:
        return validate_file(spec, Options(cache=cache))
    except SpecInvalid as invalid:
        return invalid.findings


def test_the_example_survives_being_written_in_json(spec: Path, cache: Path) -> None:
    assert isinstance(validated(spec, written(example()), cache), Build)


@bounded
@given(drawn=st.lists(changes, min_size=1, max_size=3))
def test_a_changed_example_is_valid_or_says_where_not(
    spec: Path, cache: Path, drawn: list[Change]
) -> None:
    value = example()
    for change in drawn:
        value = changed(value, change, change.path)
    result = validated(spec, written(value), cache)
    found = result.findings if isinstance(result, Build) else result
    errors = [f for f in found if f.severity is Severity.ERROR]
    assert bool(errors) != isinstance(result, Build)
    for finding in found:
        assert finding.span is not None
        assert finding.help
        line = finding.span.file.line(finding.span.line)
        assert 1 <= finding.span.column <= len(line)
        assert excerpt(finding.span)[1].endswith("^")


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same value with the keys of every mapping in another order."""
    if isinstance(value, dict):
        keys = rng.sample(list(value), len(value))
        return {key: shuffled(value[key], rng) for key in keys}
    if isinstance(value, list):
        return [shuffled(item, rng) for item in value]
    return value


def essence(result: Build | tuple[Diagnostic, ...]) -> Any:
    """What was decided or found, without the lines and the order in which it is listed."""
    if isinstance(result, tuple):
        return sorted((f.code, f.severity, f.message) for f in result)
    plan: Any = json.loads(re.sub(r"hybridspec\.yaml:\d+", "", json.dumps(result.plan_document)))
    for name in ("specDigest", "digest"):
        del plan[name]
    return in_order(plan), essence(result.findings)


def in_order(value: Any) -> Any:
    """The same document with every list sorted."""
    if isinstance(value, dict):
        return {key: in_order(child) for key, child in value.items()}
    if isinstance(value, list):
        return sorted((in_order(item) for item in value), key=json.dumps)
    return value


FIRST: dict[str, Any] = {}
"""What was said of a text in the order of the example."""


@bounded
@also(seed=0, drawn=[Change("drop", ("models", "bearing-fault", "training"))])
@also(
    seed=428648, drawn=[Change("swap", ("metadata",), ("models", "bearing-fault", "approvals", 0))]
)
@given(seed=st.integers(0, 2**32), drawn=st.lists(changes, max_size=2))
def test_the_order_of_keys_never_matters(
    spec: Path, cache: Path, seed: int, drawn: list[Change]
) -> None:
    value: Any = example()
    for change in drawn:
        if change.kind in ("drop", "retype", "swap"):
            value = changed(value, change, change.path)
    value = json.loads(written(value))
    text, other = written(value), written(shuffled(value, random.Random(seed)))
    if text not in FIRST:  # it is drawn again and again, above all without a change
        FIRST[text] = essence(validated(spec, text, cache))
    assert FIRST[text] == essence(validated(spec, other, cache))


def value_of(path: Path) -> Any:
    """What a fixture says, or None where its text is at fault."""
    sink = Sink()
    document = parse(SourceFile(shown="", name="", text=bare(path.stem)), sink)
    return document.value if document is not None and not sink.has_errors else None


@pytest.mark.parametrize("fixture", [p for p in FIXTURES if value_of(p)], ids=lambda p: p.stem)
def test_the_order_of_keys_never_matters_to_a_fixture(
    models: Path, cache: Path, fixture: Path
) -> None:
    value = value_of(fixture)
    first = essence(validated(models, written(value), cache))
    for seed in range(4):
        text = written(shuffled(value, random.Random(seed)))
        assert essence(validated(models, text, cache)) == first, f"seed {seed}"
