"""The schema for editors: every key explained, the catalogue listed, what we accept accepted."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml
from conftest import EXAMPLE, EXAMPLES

from hybridspec.schemas import CHOICES, choices, expand, locate, schema

SCHEMA = schema("hybridspec")
JUDGE = jsonschema.Draft7Validator(SCHEMA)


def _spec() -> dict[str, Any]:
    found = yaml.load(EXAMPLE.joinpath("hybridspec.yaml").read_text(), yaml.BaseLoader)
    found["rollout"]["cohorts"] = [{"name": "all", "percent": 100, "max_failures": "5%"}]
    found["sites"] = {"a": {"country": "DE", "zone": "eu-plants", "devices": {"gateway": 1}}}
    found["models"]["bearing-fault"].update(floor=0.9, allowed_drop=0.1)
    found["models"]["bearing-fault"]["training"]["hours"] = 2
    return found  # type: ignore[no-any-return]


def test_it_is_draft_07_and_accepts_a_spec() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    JUDGE.validate(_spec())
    assert sorted(EXAMPLES.glob("*/hybridspec.yaml"))


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
    assert "0.25 USD/kWh, a middle price for business users" in words("sites", "*", "energy_price")
    assert "Default: `p95`, " in words("flows", "*", "latency", "percentile")


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
