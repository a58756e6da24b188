"""Faults injected into policies and waivers: each of them has to be noticed by a probe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from unit.law.test_policy import FRANCE, LABEL, policy, spec, when
from unit.resolve.lowering import lowered
from unit.resolve.lowering import spec as written

from hybridspec.base.codes import CODES, Code
from hybridspec.base.diagnostic import About, Diagnostic, Sink
from hybridspec.check import waiver as checking
from hybridspec.ir.governance import Policy, Waiver
from hybridspec.ir.graph import Graph
from hybridspec.ir.verdict import Permission, Reason, Verdict
from hybridspec.law import permit, waiver
from hybridspec.law import policy as judging
from hybridspec.resolve.condition import CelCondition

Patch = pytest.MonkeyPatch
AS_OF = {
    "rule": "HS0999", "at": "zones.eu", "facet": "support", "countries": ["IN"], "reason": "known",
    "owner": "it", "approver": "dpo", "ticket": "R-1", "expires": "2027-01-31",
}  # fmt: skip


def policies_hold() -> bool:
    """A ban, a requirement, a condition and an undecided condition do what they say."""
    cases = [
        (policy(countries=("FR",)), Verdict.VIOLATED),
        (policy(operators=("US",), categories=("user",)), Verdict.VIOLATED),
        (policy(condition=when("facet == 'store'")), Verdict.VIOLATED),
        (policy(condition=when("volume > 5")), Verdict.GAP),
        (policy(countries=("FR",), zones=("eu",), facets=("store",)), Verdict.VIOLATED),
        (policy(countries=("CN",)), permit.permit(spec(), LABEL, "store", FRANCE).verdict),
    ]
    found = [permit.permit(spec(p), LABEL, "store", FRANCE).verdict for p, _ in cases]
    nowhere = permit.permit(spec(policy(countries=("CN",))), replace(LABEL, zones=frozenset()),
                            "store", replace(FRANCE, countries=()))  # fmt: skip
    said = [r.verdict for r in nowhere.reasons if r.rule == "policy:p"]
    return found == [verdict for _, verdict in cases] and said == [Verdict.GAP]


def waivers_hold() -> bool:
    """A gap is waived by the right waiver alone; a violation never; a stale one is an error."""
    good, late = _graph(), _graph(expires="2026-01-01")
    gap = Reason(rule="zone:eu", verdict=Verdict.GAP, text="x", countries=("IN",))
    both = (gap, replace(gap, rule="gdpr:art-44", verdict=Verdict.VIOLATED))
    wide = replace(gap, countries=("IN", "US"))
    verdicts = [
        _waived(good, Verdict.GAP, gap), _waived(late, Verdict.GAP, gap),
        _waived(good, Verdict.VIOLATED, *both), _waived(good, Verdict.GAP, wide),
        _waived(good, Verdict.VIOLATED, replace(gap, verdict=Verdict.VIOLATED)),
    ]  # fmt: skip
    wanted = [Verdict.WAIVED, Verdict.GAP, Verdict.VIOLATED, Verdict.GAP, Verdict.VIOLATED]
    return verdicts == wanted and all(
        _found(made, code) == expected for made, code, expected in (
            (good, "HS0999", ["HS0999 note"]), (late, "HS0999", ["HS0316 error", "HS0999 error"]),
            (good, "HS0301", ["HS0301 error", "HS0316 error"]),
            (_graph(rule="HS0301"), "HS0301", ["HS0301 error", "HS0316 error"]),
            (_graph(facet="logs"), "HS0999", ["HS0316 error", "HS0999 error"]),
            (_graph(owner="dpo"), "HS0999", ["HS0316 error", "HS0999 error"]),
            (_graph(countries=["IN", "US"]), "HS0999", ["HS0316 error", "HS0999 note"]),
        )
    )  # fmt: skip


def _graph(**changes: Any) -> Graph:
    return lowered(written(waivers=[{**AS_OF, **changes}]))[0]


def _waived(graph: Graph, verdict: Verdict, *reasons: Reason) -> Verdict:
    asked = Permission(verdict=verdict, reasons=reasons)
    return waiver.waive(graph, asked, "eu", "support", code="HS0999").verdict


def _found(graph: Graph, code: str) -> list[str]:
    sink = Sink()
    finding = Diagnostic(code=code, message="m", span=graph.zones[0].origin, help="h",
                         about=About(facet="support", countries=("IN",)))  # fmt: skip
    matched = checking.waived(graph, [finding], sink)
    sink.extend(checking.stale_claims(graph, matched, ()))
    return sorted(f"{f.code} {f.severity}" for f in sink.findings)


@pytest.fixture(autouse=True)
def waivable_error(monkeypatch: Patch) -> None:
    """An error that may be waived."""
    monkeypatch.setitem(CODES, "HS0999", Code("made-up", "x", policy=True, waivable="unknown"))


def a_policy_grants(patch: Patch) -> None:
    real = permit.policies
    patch.setattr(permit, "policies", lambda *a: [
        said._replace(reason=replace(said.reason, verdict=Verdict.SATISFIED)) for said in real(*a)
    ])  # fmt: skip


def a_policy_is_left_out(patch: Patch) -> None:
    patch.setattr(permit, "policies", lambda *a: [])


def an_error_in_a_condition_passes(patch: Patch) -> None:
    real = CelCondition.decide
    patch.setattr(CelCondition, "decide", lambda self, seen: real(self, seen) is True)


def an_undecided_condition_counts_as_kept(patch: Patch) -> None:
    patch.setattr(judging, "claim", lambda label, facet, place: {
        "facet": facet, "volume": label.volume or 0})  # fmt: skip


def every_condition_is_true(patch: Patch) -> None:
    patch.setattr(CelCondition, "decide", lambda self, seen: True)


def an_unknown_country_is_no_country(patch: Patch) -> None:
    patch.setattr(judging, "known", lambda countries: True)


def operators_are_ignored(patch: Patch) -> None:
    patch.setattr(judging, "_whose", lambda policy, place: ([], []))


def categories_match_exactly(patch: Patch) -> None:
    patch.setattr(Policy, "binds", lambda self, zone, category: (
        (not self.zones or zone in self.zones)
        and (not self.categories or category in self.categories)))  # fmt: skip


def zones_are_never_matched(patch: Patch) -> None:
    patch.setattr(Policy, "binds", lambda self, zone, category: not self.zones)


def bare_conditions_forbid_nothing(patch: Patch) -> None:
    patch.setattr(judging, "is_bare", lambda policy: False)


def an_expired_waiver_is_accepted(patch: Patch) -> None:
    real = waiver.fault
    late = lambda w, day: real(replace(w, expires="9999-01-01"), day)  # noqa: E731
    patch.setattr(waiver, "fault", late)
    patch.setattr(checking, "fault", late)


def a_waiver_of_a_violation_is_accepted(patch: Patch) -> None:
    def all_of_it(graph: Graph, asked: Permission, *_: object, **__: object) -> Permission:
        return replace(asked, verdict=Verdict.WAIVED) if graph.waivers else asked

    patch.setattr(waiver, "waive", all_of_it)


def every_code_may_be_waived(patch: Patch) -> None:
    for code, row in CODES.items():
        patch.setitem(CODES, code, replace(row, waivable="anything"))


def facets_of_waivers_are_ignored(patch: Patch) -> None:
    real = checking.answers
    patch.setattr(checking, "answers", lambda w, f: real(replace(w, facet="support"), f))


def one_country_waives_all(patch: Patch) -> None:
    real = waiver.waived
    patch.setattr(waiver, "waived", lambda g, r, z, f, c, a=(): real(g, r, z, f, "IN", a))


def owners_approve_themselves(patch: Patch) -> None:
    patch.setattr(waiver, "_unowned", lambda w, *, error: None)


def stale_waivers_are_silent(patch: Patch) -> None:
    patch.setattr(checking, "_unmatched", lambda waivers, matched: iter(()))


def a_waiver_answers_wherever_it_stands(patch: Patch) -> None:
    patch.setattr(checking, "answers", lambda w, f: bool(CODES[f.code].waivable))


MUTANTS: list[tuple[Callable[[Patch], None], Callable[[], bool]]] = [
    *((mutant, policies_hold) for mutant in (
        a_policy_grants, a_policy_is_left_out, an_error_in_a_condition_passes,
        an_undecided_condition_counts_as_kept, every_condition_is_true,
        an_unknown_country_is_no_country, operators_are_ignored, categories_match_exactly,
        zones_are_never_matched, bare_conditions_forbid_nothing,
    )),
    *((mutant, waivers_hold) for mutant in (
        an_expired_waiver_is_accepted, a_waiver_of_a_violation_is_accepted,
        every_code_may_be_waived, facets_of_waivers_are_ignored, one_country_waives_all,
        owners_approve_themselves, stale_waivers_are_silent, a_waiver_answers_wherever_it_stands,
    )),
]  # fmt: skip


def test_the_probes_hold_without_a_fault() -> None:
    assert policies_hold()
    assert waivers_hold()


@pytest.mark.parametrize(("mutant", "probe"), MUTANTS, ids=lambda value: value.__name__)
def test_every_fault_is_noticed(
    mutant: Callable[[Patch], None], probe: Callable[[], bool], monkeypatch: Patch
) -> None:
    mutant(monkeypatch)
    assert not probe()


def test_waivers_have_no_say_over_policies() -> None:
    ban = replace(spec(policy(countries=("FR",))), waivers=(Waiver(
        rule="policy:p", path="zones.eu", facet="store", countries=("FR",), reason="x", owner="a",
        approver="b", ticket="T", expires="2099-01-01", at=HERE, origin=HERE),))  # fmt: skip
    asked = permit.permit(ban, LABEL, "store", FRANCE)
    assert waiver.waive(ban, asked, "eu", "store", code="HS0999").verdict is Verdict.VIOLATED


HERE = policy().origin
