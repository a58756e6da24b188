"""Waivers: what they may answer for, who has to, and that they never stay on in silence."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from unit.resolve.lowering import lowered, spec

from hybridspec.base.codes import CODES, Code
from hybridspec.base.diagnostic import About, Diagnostic, Severity, Sink
from hybridspec.check.rule import check
from hybridspec.check.waiver import stale_claims, waived
from hybridspec.ir.graph import Graph
from hybridspec.report.diagnostics import render

AT = {"at": "zones.eu", "reason": "contract runs out in spring", "approver": "dpo@acme.example"}
FULL = {**AT, "owner": "it@acme.example", "ticket": "RISK-1", "expires": "2027-01-31"}


@pytest.fixture(autouse=True)
def waivable_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that may be waived, and a note of who may."""
    monkeypatch.setitem(CODES, "HS0999", Code("made-up", "x", policy=True, waivable="unknown"))


def graph(*waivers: dict[str, Any]) -> Graph:
    """The plain spec with waivers."""
    made, findings = lowered(spec(waivers=list(waivers)))
    assert findings == []
    return made


def gap(made: Graph, *countries: str, facet: str = "support", code: str = "HS0999") -> Diagnostic:
    """A finding at the zone about a facet."""
    return Diagnostic(
        code=code, message="nobody says where support is", span=made.zones[0].origin, help="ask",
        about=About(rule="unknown:KE", facet=facet, countries=countries),
    )  # fmt: skip


def judged(made: Graph, *findings: Diagnostic) -> list[tuple[str, str]]:
    """Codes with severity, after waivers and the end of placement."""
    sink = Sink()
    matched = waived(made, findings, sink)
    sink.extend(stale_claims(made, matched, ()))
    return [(f.code, str(f.severity)) for f in sink.findings]


@pytest.mark.parametrize("rule", ["HS0999", "unknown:KE"])
def test_an_error_about_what_nobody_knows_may_be_waived(rule: str) -> None:
    made = graph({**FULL, "rule": rule, "facet": "support", "countries": ["US"]})
    assert judged(made, gap(made, "US")) == [("HS0999", "note")]


@pytest.mark.parametrize(
    ("change", "finding"),
    [({"facet": "logs"}, {}), ({"facet": None}, {}), ({"countries": ["DE"]}, {}),
     ({"countries": []}, {}), ({"rule": "unknown:UG"}, {}), ({"at": "sites.lab"}, {}),
     ({}, {"facet": "logs"}), ({}, {"code": "HS0301"})],
)  # fmt: skip
def test_a_waiver_answers_for_nothing_else(change: dict[str, Any], finding: dict[str, Any]) -> None:
    written = {**FULL, "rule": "HS0999", "facet": "support", "countries": ["US"], **change}
    made = graph({k: v for k, v in written.items() if v is not None})
    found = judged(made, gap(made, "US", **finding))
    assert ("HS0316", "error") in found
    assert (finding.get("code", "HS0999"), "error") in found


def test_a_country_more_than_is_waived_is_an_error_and_one_less_a_stale_waiver() -> None:
    made = graph({**FULL, "rule": "HS0999", "facet": "support", "countries": ["US", "IN"]})
    assert ("HS0999", "error") in judged(made, gap(made, "US", "CN", "IN"))
    assert judged(made, gap(made, "US")) == [("HS0999", "note"), ("HS0316", "error")]
    assert judged(made, gap(made, "US"), gap(made, "IN")) == [("HS0999", "note")]


@pytest.mark.parametrize(
    ("change", "words"),
    [({"owner": None}, "no owner"), ({"ticket": None}, "no ticket"),
     ({"owner": "DPO@acme.example "}, "approved by its own owner"),
     ({"expires": "2026-01-01"}, "expired on 2026-01-01"), ({"at": "zones"}, "all of `zones`"),
     ({"at": "zones.gone"}, "does not have"), ({"rule": "HS0301"}, "cannot be waived"),
     ({"type": "temporary", "expires": "2027-12-01"}, "holds until 2027-12-01"),
     ({"rule": "HS0307", "type": "mitigated-elsewhere", "ticket": None}, "not where")],
)  # fmt: skip
def test_a_waiver_is_owned_dated_and_narrow(change: dict[str, Any], words: str) -> None:
    written = {**FULL, "rule": "HS0999", "facet": "support", **change}
    sink, made = Sink(), graph({k: v for k, v in written.items() if v is not None})
    waived(made, [gap(made)], sink)
    stale = [f.message for f in sink.findings if f.code == "HS0316"]
    assert len(stale) == 1
    assert words in stale[0]
    assert ("HS0999", "error") in [(f.code, str(f.severity)) for f in sink.findings]


def test_no_code_of_something_broken_may_be_waived() -> None:
    broken = {"HS0301", "HS0305", "HS0310", "HS0311", "HS0312", "HS0313", "HS0314", "HS0315",
              "HS0316", "HS0401", "HS0502"}  # fmt: skip
    assert not [code for code in broken if CODES[code].waivable]


def test_a_waived_finding_shows_who_answers_for_it() -> None:
    waiver = {**FULL, "rule": "HS0307", "at": "clouds.aws.regions", "type": "temporary"}
    made, _ = lowered(spec(clouds__aws__regions=["eu-central-1", "us-east-1"], waivers=[waiver]))
    sink = Sink()
    check(made, sink)
    (note,) = sink.findings
    assert note.severity is Severity.NOTE
    data = json.loads(render([note], "json"))["findings"][0]["waived"]
    assert data["was"] == "warning"
    assert (data["type"], data["owner"], data["ticket"]) == ("temporary", FULL["owner"], "RISK-1")
    result = json.loads(render([note], "sarif", pages={}))["runs"][0]["results"][0]
    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("inSource", "accepted")
    assert suppression["properties"]["approver"] == FULL["approver"]
    without = Sink()
    check(replace(made, waivers=()), without)
    assert [f.severity for f in without.findings] == [Severity.WARNING]
