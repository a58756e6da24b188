"""hawkBit: bodies as its management API reads them, shares of groups, and what a device is offered.

The server publishes no schema to judge with; `FIELDS` says what its request classes take
(`Mgmt…RequestBodyPost` of eclipse-hawkbit/hawkbit), and everything else is refused here.
"""

from __future__ import annotations

import copy
import hashlib
from fractions import Fraction
from typing import Any

import pytest
from forms.slices import cohort, documents, emitted, made_up, refusals

CONDITION = {"condition": "str", "expression": "str"}
ACTION = {"action": "str", "expression": "str"}
GROUP = {"name": "str", "description": "str", "targetFilterQuery": "str",
         "targetPercentage": "float", "successCondition": CONDITION, "successAction": ACTION,
         "errorCondition": CONDITION, "errorAction": ACTION,
         "confirmationRequired": "bool"}  # fmt: skip
FIELDS: dict[str, Any] = {
    "1-softwaremodule.json": [{"name": "str", "version": "str", "type": "str", "description": "str",
                               "vendor": "str", "encrypted": "bool"}],
    "2-artifacts.json": [{"filename": "str", "size": "int", "sha256sum": "str"}],
    "3-metadata.json": [{"key": "str", "value": "str", "targetVisible": "bool"}],
    "4-distributionset.json": [{"name": "str", "version": "str", "type": "str",
                                "description": "str", "modules": [{"id": "int"}]}],
    "5-rollout.json": {"name": "str", "description": "str", "targetFilterQuery": "str",
                       "distributionSetId": "int", "type": "str", "dynamic": "bool",
                       "groups": [GROUP]},
    "ddi/deployment.json": {
        "download": "str", "update": "str",
        "chunks": [{"part": "str", "name": "str", "version": "str",
                    "metadata": [{"key": "str", "value": "str"}],
                    "artifacts": [{"filename": "str", "size": "int",
                                   "hashes": {"sha256": "str"}}]}],
    },
}  # fmt: skip
WORDS = {"action": ("NEXTGROUP", "PAUSE"), "condition": ("THRESHOLD",),
         "type": ("application", "app", "forced"), "download": ("skip", "attempt", "forced"),
         "update": ("skip", "attempt", "forced")}  # fmt: skip


def faults(value: Any, shape: Any, name: str = "") -> list[str]:
    """Where a body is not what the server's classes take."""
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{name}: no list"]
        return [f for item in value for f in faults(item, shape[0], name)]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{name}: no object"]
        unknown = [f"{name}.{key}: unknown" for key in value if key not in shape]
        return unknown + [f for k, v in value.items() if k in shape for f in faults(v, shape[k], k)]
    if type(value).__name__ != shape:
        return [f"{name}: no {shape}"]
    return [f"{name}: {value}"] if value not in WORDS.get(name, (value,)) else []


def found(**changes: object) -> dict[str, Any]:
    """The documents of a made-up release."""
    return documents("hawkbit", made_up(**changes))


def test_bodies_are_what_the_server_s_classes_take() -> None:
    made = found()
    assert sorted(made) == sorted(FIELDS)
    assert [f for name in made for f in faults(made[name], FIELDS[name])] == []


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("5-rollout.json", ("groups", 0, "targetPercentage"), "10"),
        ("5-rollout.json", ("groups", 0, "successAction", "action"), "WAIT"),
        ("5-rollout.json", ("groups", 0, "soak"), 6),
        ("1-softwaremodule.json", (0, "type"), "firmware"),
        ("ddi/deployment.json", ("chunks", 0, "artifacts", 0, "size"), "22"),
    ],
)
def test_the_table_is_seen_to_refuse(name: str, path: tuple[Any, ...], value: object) -> None:
    broken = copy.deepcopy(found()[name])
    at: Any = broken
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    assert faults(broken, FIELDS[name])


@pytest.mark.parametrize("percents", [(10, 50, 100), (1, 2, 3, 100), (100,), (33, 66, 100)])
def test_shares_of_what_is_left_reach_the_shares_of_the_fleet(percents: tuple[int, ...]) -> None:
    cohorts = tuple(cohort(f"c{p}", p) for p in percents)
    left, reached = Fraction(1), []
    for group in found(cohorts=cohorts)["5-rollout.json"]["groups"]:
        left -= left * Fraction(str(group["targetPercentage"])) / 100
        reached.append(round(float(100 - 100 * left), 2))
    assert reached == [float(p) for p in percents]


def test_a_group_ends_as_its_cohort_says() -> None:
    groups = found()["5-rollout.json"]["groups"]
    assert [g["errorCondition"]["expression"] for g in groups] == ["0", "2", "5"]
    assert [g["successCondition"]["expression"] for g in groups] == ["100", "98", "95"]
    assert [g["successAction"]["action"] for g in groups] == ["PAUSE", "NEXTGROUP", "NEXTGROUP"]
    assert {g["errorAction"]["action"] for g in groups} == {"PAUSE"}
    said = [u for u in emitted("hawkbit", made_up())[1] if "whole percent" in u.what]
    assert len(said) == 1
    assert "`half` stops above 2.5 %" in said[0].what


def test_a_device_is_offered_the_signed_files() -> None:
    files, _ = emitted("hawkbit", made_up())
    chunk = found()["ddi/deployment.json"]["chunks"][0]
    for artifact in chunk["artifacts"]:
        data = files[artifact["filename"]]
        assert artifact["hashes"]["sha256"] == hashlib.sha256(data).hexdigest()
        assert artifact["size"] == len(data)
    told = {one["key"]: one["value"] for one in chunk["metadata"]}
    assert told["hybridspec.release-counter"] == "7"
    assert told["hybridspec.manifest-sha256"] == made_up().manifest.sha256
    module = found()["1-softwaremodule.json"][0]
    assert (chunk["name"], chunk["version"]) == (module["name"], module["version"])


@pytest.mark.parametrize("owner", ['"; DROP TABLE', "${jndi:ldap://x}", "a\n\u202eb", "'" * 9])
def test_what_people_write_stays_a_value(owner: str) -> None:
    assert found(owner=owner)["1-softwaremodule.json"][0]["vendor"] == owner
    files, _ = emitted("hawkbit", made_up(owner=owner))
    assert files["1-softwaremodule.json"].isascii()


def test_a_query_keeps_quotes_inside_of_its_values() -> None:
    query = found(device_class="a' or id==*")["5-rollout.json"]["targetFilterQuery"]
    assert query.endswith(r"attribute.hybridspec_class=='a\' or id==*'")


def test_texts_that_are_too_long_are_refused_not_cut() -> None:
    assert "256 characters" in refusals("hawkbit", made_up(owner="o" * 257))[0]
    assert "128 characters" in refusals("hawkbit", made_up(spec="s" * 128))[0]
    assert "64 characters" in refusals("hawkbit", made_up(release="f" * 64))[0]
