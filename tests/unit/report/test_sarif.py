"""SARIF: valid by the published schema, with rules, places and fixes."""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from conftest import ROOT

from hybridspec.base.diagnostic import Diagnostic, Edit, Label, Severity
from hybridspec.base.source import SourceFile, Span
from hybridspec.report.sarif import sarif

SCHEMA = Path(
    os.environ.get(
        "HYBRIDSPEC_SARIF_SCHEMA", ROOT.parent / "shared/vendor-schemas/sarif-2.1.0.json"
    )
)
FILE = SourceFile(shown="a b/s.yaml", name="s.yaml", text="zone: ue\nx: 1\n")
HERE = Span(file=FILE, line=1, column=7, end_line=1, end_column=9)
FOUND = Diagnostic(
    code="HS0220", message="there is no zone `ue`", span=HERE, help="did you mean `eu`?",
    notes=(Label(span=HERE._replace(line=2, end_line=2, column=1), message="defined here"),),
    fixes=(Edit(span=HERE, text="eu"),), certain=True,
)  # fmt: skip
NOWHERE = Diagnostic(code="HS0101", message="no file", span=None, help="look",
                     severity=Severity.WARNING)  # fmt: skip


def test_a_finding_has_its_rule_place_note_and_fix() -> None:
    run = sarif([FOUND, NOWHERE], {"HS0220": "the page"}, "1.2.3")["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["HS0101", "HS0220"]
    assert run["tool"]["driver"]["rules"][1]["help"]["text"] == "the page"
    found, nowhere = run["results"]
    assert (found["ruleIndex"], found["level"]) == (1, "error")
    place = found["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "a%20b/s.yaml"
    assert place["region"] == {"startLine": 1, "startColumn": 7, "endLine": 1, "endColumn": 9}
    assert found["relatedLocations"][0]["message"]["text"] == "defined here"
    (change,) = found["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"]["text"] == "eu"
    assert "locations" not in nowhere


def test_an_absolute_path_becomes_a_file_address() -> None:
    span = HERE._replace(file=replace(FILE, shown="/tmp/ü.yaml"))
    log = sarif([replace(FOUND, span=span)], {}, "1")
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "file:///tmp/%C3%BC.yaml"


def test_the_log_is_valid_by_the_published_schema() -> None:
    if not SCHEMA.exists():
        message = f"{SCHEMA} is absent: set HYBRIDSPEC_SARIF_SCHEMA to the SARIF 2.1.0 schema"
        print(message)
        pytest.skip(message)
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jsonschema.validate(sarif([FOUND, NOWHERE], {}, "1"), schema)
        jsonschema.validate(sarif([], {}, "1"), schema)
