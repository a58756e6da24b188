"""Claims about where data is: which waiver answers for one, and that only gaps ever change."""

from __future__ import annotations

from typing import Any

import pytest
from unit.resolve.lowering import lowered, spec

from hybridspec.base.codes import CODES, Code
from hybridspec.ir.graph import Graph
from hybridspec.ir.verdict import Permission, Reason, Verdict
from hybridspec.law.waiver import waive, waived

WAIVER = {
    "rule": "HS0999", "at": "zones.eu", "facet": "support", "countries": ["IN"], "reason": "known",
    "owner": "it", "approver": "dpo", "ticket": "R-1", "expires": "2027-01-31",
}  # fmt: skip


@pytest.fixture(autouse=True)
def waivable_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that may be waived."""
    monkeypatch.setitem(CODES, "HS0999", Code("made-up", "x", policy=True, waivable="unknown"))


def graph(**changes: Any) -> Graph:
    """The plain spec with one waiver."""
    return lowered(spec(waivers=[{**WAIVER, **changes}]))[0]


def permission(*reasons: tuple[str, Verdict, tuple[str, ...]]) -> Permission:
    """A permission whose verdict is the worst of its reasons."""
    made = tuple(Reason(rule=r, verdict=v, text="why", countries=c) for r, v, c in reasons)
    worst = min((r.verdict for r in made), key=list(Verdict).index)
    return Permission(verdict=worst, reasons=made)


def test_a_claim_is_waived_by_rule_zone_facet_and_country() -> None:
    made = graph()
    assert waived(made, "HS0999", "eu", "support", "IN") is made.waivers[0]
    for asked in (("HS0321", "eu", "support", "IN"), ("HS0999", "us", "support", "IN"),
                  ("HS0999", "eu", "logs", "IN"), ("HS0999", "eu", "support", "US"),
                  ("HS0999", "eu", "support", None)):  # fmt: skip
        assert waived(made, *asked) is None
    assert waived(graph(expires="2026-01-01"), "HS0999", "eu", "support", "IN") is None
    assert waived(graph(owner="dpo"), "HS0999", "eu", "support", "IN") is None


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.GAP])
def test_nothing_but_a_gap_changes(verdict: Verdict) -> None:
    asked = permission(("zone:eu", verdict, ("IN",)))
    assert waive(graph(), asked, "eu", "support", code="HS0999") == asked


def test_a_gap_is_waived_only_with_all_its_countries_and_a_violation_stays() -> None:
    made = graph()
    good = waive(made, permission(("zone:eu", Verdict.GAP, ("IN",))), "eu", "support",
                 code="HS0999")  # fmt: skip
    assert good.verdict is Verdict.WAIVED
    assert good.reasons[0].waived_by == ("waiver:HS0999@zones.eu/support",)
    wide = permission(("zone:eu", Verdict.GAP, ("IN", "US")))
    assert waive(made, wide, "eu", "support", code="HS0999").verdict is Verdict.GAP
    broken = permission(("gdpr:art-44", Verdict.VIOLATED, ("IN",)),
                        ("zone:eu", Verdict.GAP, ("IN",)))  # fmt: skip
    assert waive(made, broken, "eu", "support", code="HS0999").verdict is Verdict.VIOLATED


def test_a_waiver_at_an_asset_answers_for_that_asset() -> None:
    made = graph(at="data.frames", facet="process")
    assert waived(made, "HS0999", "eu", "process", "IN", {"frames"}) is not None
    assert waived(made, "HS0999", "eu", "process", "IN", {"other"}) is None


@pytest.mark.parametrize("rule", ["unknown:KE", "HS0332"])
def test_an_unknown_law_is_waived_at_the_asset_whatever_was_made_of_it(rule: str) -> None:
    asked = permission(("unknown:KE", Verdict.GAP, ("KE",)))
    plain: dict[str, Any] = {"at": "data.frames", "rule": rule, "countries": ["KE"]}
    made = lowered(spec(waivers=[{k: v for k, v in {**WAIVER, **plain}.items() if k != "facet"}]))
    assert made[1] == []
    for facet in ("store", "operator"):
        found = waive(made[0], asked, "eu", facet, code="HS0999")
        assert found.verdict is Verdict.WAIVED
    other = permission(("unknown:UG", Verdict.GAP, ("UG",)))
    assert waive(made[0], other, "eu", "store", code="HS0999").verdict is Verdict.GAP
    wall = permission(("zone:eu", Verdict.GAP, ("KE",)))
    assert waive(made[0], wall, "eu", "store", code="HS0999").verdict is Verdict.GAP
