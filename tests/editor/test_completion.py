"""Completion at every kind of place, above all in text that no parser accepts yet."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import EXAMPLE

from hybridspec.editor.complete import Choice, complete
from hybridspec.editor.outline import outline
from hybridspec.editor.scope import scope

SPEC = (EXAMPLE / "hybridspec.yaml").read_text()


def _choices(marked: str) -> dict[str, Choice]:
    """What is offered where `|` stands."""
    at = marked.index("|")
    text = marked.replace("|", "", 1)
    path = EXAMPLE / "hybridspec.yaml"
    found = complete(text, at, scope(path, {path: text}))
    return {} if found is None else {choice.label: choice for choice in found.choices}


@pytest.mark.parametrize(
    ("marked", "first", "rest"),
    [
        (SPEC.replace("    zone: eu-plants", "    |", 1), "zone", {"lan_rtt"}),
        ("zones:\n  eu: {countries: [DE], |", "regimes", {"retention", "keys"}),
        ("zones:\n  eu: {countries: [|", "EU", {"DE", "EEA"}),
        ("zones:\n  eu:\n    countries:\n    - DE\n    - |", "EU", {"FR"}),
        ("zones:\n  eu:\n    countries:\n      |", "EU", {"FR"}),
        ("zones:\n  eu: {countries: [FR]}\nsites:\n  a:\n    country:|", "FR", {"DE"}),
        ("zones:\n  eu: {}\n  us: {}\nsites:\n  a: {zone: |", "eu", {"us"}),
        ("devices:\n  g:\n    board: rasp|\nsites: {unclosed", "raspberry-pi-5",
         {"raspberry-pi-4"}),
        ("devices: {a: {}, b: {}}\nsites:\n  x:\n    devices: {a: 1, |}", "b", set()),
        ("clouds:\n  c: {provider: aws, regions: [eu-central-1, |]}", "ap-northeast-1",
         {"eu-west-3"}),
        ("clouds:\n  c: {provider: |}", "aws", set()),
        (SPEC.replace("inputs: [summary]", "inputs: [|]"), "summary", {"vibration", "diagnose"}),
        (SPEC.replace("to: alert", "to: |"), "alert", {"history"}),
        (SPEC.replace("source: model/bearing_fault.onnx", "source: |"),
         "model/bearing_fault.onnx", set()),
        (SPEC.replace("evaluation: model/evaluation.npz", "evaluation: m|"),
         "model/evaluation.npz", {"model/calibration.npz"}),
        (SPEC.replace("transform: normalise", "transform: |"), "normalise", {"filter"}),
        ("waivers: [{rule: |}]", "HS0307", set()),
        ("policies: {p: {forbid: {regions: [|]}}}\nclouds: {us: {provider: aws, regions: "
         "[us-east-1]}, eu: {provider: gcp}}", "us/us-east-1", {"us/eu-west-3", "eu/europe-west3"}),
        ("policies: {p: {forbid: {countries: [|]}}}", "US", {"EU"}),
        ("policies: {p: {forbid: {operators: [|]}}}", "US", {"EEA"}),
        ("policies: {p: {forbid: {partitions: [|]}}}", "aws", {"aws-cn", "azure"}),
        ("policies: {p: {applies_to: {facets: [|]}}}", "process", {"store", "operator"}),
        ("policies: {p: {severity: |}}", "error", {"warning"}),
        ("policies: {no-us: {}}\nwaivers: [{rule: |}]", "HS0307", {"policy:no-us"}),
        ("waivers: [{type: |}]", "risk-accepted", {"temporary"}),
        ("stacks: {prod: {clouds: [|]}}\nclouds: {aws: {}}", "aws", set()),
        (SPEC.replace("    - {name: canary", "    - {|name: canary"), "name", set()),
    ],
)  # fmt: skip
def test_the_likeliest_comes_first(marked: str, first: str, rest: set[str]) -> None:
    labels = list(_choices(marked))
    assert labels[:1] == [first]
    assert rest <= set(labels)


@pytest.mark.parametrize(
    "marked",
    ["# a comment |", "zones: {} # more |", "nonsense:\n  |",
     SPEC.replace("owner: plant", "owner: |plant"), "metadata:\n  name: a b |", "x: |\n"],
)  # fmt: skip
def test_where_nothing_can_be_known_little_is_offered(marked: str) -> None:
    assert len(_choices(marked)) <= 1


def test_keys_that_are_written_are_not_offered_again() -> None:
    found = _choices(SPEC.replace("  gateway:\n", "  gateway:\n    |\n", 1))
    assert not {"board", "max_offline", "uplink"} & set(found)


def test_a_key_that_has_its_colon_is_only_renamed() -> None:
    choice = _choices("metadata:\n  nam|: x\n")["name"]
    assert (choice.insert, choice.filled) == ("name", False)


def test_a_section_brings_its_needed_parts() -> None:
    written = _choices("devices: {gw: {}}\nzones: {eu: {countries: [FR]}}\n|")["sites"].insert
    assert written == (
        "sites:\n  ${1:first-site}:\n    country: ${2:FR}\n    zone: ${3:eu}\n"
        "    devices: {${4:gw}: ${5:1}}"
    )


@pytest.mark.parametrize("kind", ["judge", "alert", "clean", "summary", "history"])
def test_stages_are_offered_as_people_think_of_them(kind: str) -> None:
    marked = SPEC.replace("      history: {sink: store, inputs: [summary], retention: P30D}",
                          "      |")  # fmt: skip
    found = _choices(marked)
    assert any(label.startswith(kind) for label in found)


@pytest.mark.parametrize(
    "text",
    ["[" * 5000, "{a: " * 5000, "- " * 5000, "a: " * 5000, "'" * 5000, " " * 5000 + "x",
     "a:\n\t- b\n", "\x00\x85:\u2028", "? [a]: {b", "a: &x [*x, *x]", "a: |\n b\n  c",
     "\r\n\r\n: :\r\n"],
)  # fmt: skip
def test_no_text_is_too_odd_to_be_outlined(text: str) -> None:
    outline(text)
    for at in (0, len(text) // 2, len(text)):
        complete(text, at, scope(Path("/nowhere/hybridspec.yaml"), {}))
