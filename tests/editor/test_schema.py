"""The schema for editors: every key explained, the catalogue listed, what we accept accepted."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import EXAMPLE, EXAMPLES

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import SourceFile
from hybridspec.load.yaml import parse
from hybridspec.schemas import CHOICES, choices, expand, locate, schema

SCHEMA = schema("hybridspec")
JUDGE = jsonschema.Draft7Validator(SCHEMA)


def _plain(path: Path) -> dict[str, Any]:
    source = SourceFile(shown="s", name="s", text=path.read_text())
    document = parse(source, Sink())
    assert document is not None
    assert isinstance(document.value, dict)
    return dict(document.value)


def _spec() -> dict[str, Any]:
    """The example, with values of its own to change."""
    return copy.deepcopy(_plain(EXAMPLE / "hybridspec.yaml"))


def test_it_is_draft_07_and_accepts_a_spec() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    for path in sorted(EXAMPLES.glob("*/hybridspec.yaml")):
        JUDGE.validate(_plain(path))


def test_every_key_is_explained() -> None:
    silent = [
        f"{title}.{key}"
        for title, section in (("Spec", SCHEMA), *SCHEMA["definitions"].items())
        for key, part in section.get("properties", {}).items()
        if not part.get("description")
    ]
    assert not silent


@pytest.mark.parametrize("where", CHOICES, ids=".".join)
def test_names_of_the_catalogue_are_listed(where: tuple[str, ...]) -> None:
    parts = [plain for part in locate(SCHEMA, where) for plain in expand(SCHEMA, part)]
    if not parts:
        pytest.skip("the language has no such key")
    listed = [name for part in parts for name in part.get("enum", [])]
    assert set(choices()[CHOICES[where]]) <= set(listed)


def test_units_examples_and_defaults_with_their_reasons_are_told() -> None:
    def words(*where: str) -> str:
        return str(locate(SCHEMA, where)[0]["description"])

    assert "Written as a duration. Example: `P30D`." in words("zones", "*", "retention")
    assert "what businesses pay on average in" in words("sites", "*", "energy_price")
    assert "Default: `p95`, " in words("flows", "*", "latency", "percentile")
    assert words("metadata", "facts_age").endswith("Default: 1 year, decisions are reviewed and "
                                                   "laws amended within years.")  # fmt: skip
    assert all(told.count("Default: ") < 2 for told in _descriptions(SCHEMA))


def _descriptions(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield str(schema.get("description", ""))
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else ():
        yield from _descriptions(part)


def test_a_variable_and_a_row_of_ones_own_are_accepted() -> None:
    spec = _spec()
    spec["devices"]["gateway"]["uplink"]["bandwidth"] = "${uplink}"
    spec["devices"]["gateway"]["board"] = "my-box"
    spec["rollout"]["cohorts"][0]["percent"] = "${share}"
    JUDGE.validate(spec)


@pytest.mark.parametrize(
    "change",
    [{"zonse": {}}, {"metadata": {"name": "Bad Name", "owner": "me", "as_of": "2026-11-01"}},
     {"zones": {"Not A Name": {"countries": ["EU"]}}}, {"zones": {"a": {"countries": ["Europe"]}}}],
    ids=["key", "name", "key of a mapping", "country"],
)  # fmt: skip
def test_faults_show_in_any_editor(change: dict[str, Any]) -> None:
    assert not JUDGE.is_valid({**_spec(), **change})
