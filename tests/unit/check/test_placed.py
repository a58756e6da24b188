"""Advice on a plan: what policies that only warn leave open, in one finding a zone, and waived."""

from __future__ import annotations

from typing import Any

import pytest
from unit.resolve.lowering import lowered, spec

from hybridspec.base.diagnostic import Sink
from hybridspec.check.placed import advice
from hybridspec.check.waiver import settle
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import Residency
from hybridspec.ir.verdict import Certificate, Reason, Verdict

POLICY = {"severity": "warning", "forbid": {"countries": ["US"]}, "reason": "tender",
          "remediation": "move it"}  # fmt: skip
WAIVER = {"rule": "policy:no-us", "at": "policies.no-us", "countries": ["US"], "owner": "it",
          "approver": "dpo", "reason": "moving", "ticket": "R-1",
          "expires": "2027-01-31"}  # fmt: skip


def graph(*waivers: dict[str, Any], **policy: Any) -> Graph:
    """The plain spec with one policy that warns."""
    made = lowered(spec(policies={"no-us": {**POLICY, **policy}}, waivers=list(waivers)))
    assert made[1] == []
    return made[0]


def rows(verdict: Verdict = Verdict.CONDITIONAL, *facets: str) -> list[Residency]:
    """Rows of which the policy says something."""
    reason = Reason(rule="policy:no-us", verdict=verdict, text="US", countries=("US",))
    proof = Certificate(reasons=(reason,))
    return [
        Residency(asset="zone store", zone="eu", facet=facet, places=(), countries=("US",),
                  verdict=verdict, why="", certificate=proof)
        for facet in facets or ("store", "keys", "backup", "logs", "operator")
    ]  # fmt: skip


def test_a_zone_has_one_finding_however_many_rows_there_are() -> None:
    (finding,) = advice(graph(), rows())
    assert (finding.code, str(finding.severity), finding.help) == ("HS0351", "warning", "move it")
    assert "store of zone store" in finding.message
    assert "and 1 more" in finding.message
    assert finding.about.countries == ("US",)


@pytest.mark.parametrize(
    "quiet",
    [rows(Verdict.SATISFIED), [row._replace(certificate=None) for row in rows()], []],
    ids=["kept", "unproved", "nothing"],
)
def test_what_is_kept_is_not_said(quiet: list[Residency]) -> None:
    assert list(advice(graph(), quiet)) == []
    assert list(advice(graph(severity="error"), rows())) == []


@pytest.mark.parametrize(
    ("waivers", "found", "codes"),
    [((), rows(), ["HS0351 warning"]), ((WAIVER,), rows(), ["HS0351 note"]),
     ((WAIVER,), [], ["HS0316 error"]),
     (({**WAIVER, "countries": ["CN"]},), rows(), ["HS0316 error", "HS0351 warning"]),
     (({**WAIVER, "rule": "HS0351"},), rows(), ["HS0351 note"])],
)  # fmt: skip
def test_advice_is_waived_like_any_warning(
    waivers: tuple[dict[str, Any], ...], found: list[Residency], codes: list[str]
) -> None:
    made, sink = graph(*waivers), Sink()
    settle(made, {}, list(advice(made, found)), found, sink)
    assert sorted(f"{f.code} {f.severity}" for f in sink.findings) == codes
