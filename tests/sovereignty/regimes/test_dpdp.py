"""India: the SPDI Rules until 2027-05-13 and the DPDP Act from the day after."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sovereignty.regimes.cases import FACE, HEALTH, Case, allowed, ask, shows, to

from hybridspec.ir.verdict import Verdict

IN = Case(cites="DPDP Act s. 16", home="IN", where="US", day="2027-05-14")
SPDI = replace(IN, day="2026-11-27", category=HEALTH)
SAME = tuple(shows("same-protection"))

ALLOWED = [
    replace(IN, cites="DPDP Act s. 16(1): no country is restricted"),
    replace(IN, cites="DPDP Act s. 16(1): sensitive data as well", category=HEALTH),
    replace(IN, cites="DPDP Act s. 3(b): people in India, site abroad", home="US", people="IN"),
    replace(IN, cites="DPDP Act s. 16: in India", where="IN"),
    replace(SPDI, cites="SPDI Rules, rule 7: in India", where="IN"),
    replace(SPDI, cites="SPDI Rules, rule 7: consent", transfers=(to("US", "consent"),),
            evidence=SAME),
    replace(SPDI, cites="SPDI Rules, rule 7: contract", transfers=(to("US", "contract"),),
            evidence=SAME),
    replace(SPDI, cites="SPDI Rules, rule 3: names and addresses are not sensitive",
            category="user.contact"),
]  # fmt: skip

REFUSED = [
    replace(SPDI, cites="SPDI Rules, rule 7: neither contract nor consent"),
    replace(SPDI, cites="SPDI Rules, rule 3(vi): biometric data", category=FACE),
    replace(SPDI, cites="SPDI Rules, rule 3(ii): financial data, on the last day",
            category="user.financial", day="2027-05-13"),
    replace(SPDI, cites="SPDI Rules, rule 7: consent that nobody can show",
            transfers=(to("US", "consent", shown=False),)),
    replace(SPDI, cites="SPDI Rules, rule 7: consent that ran out",
            transfers=(to("US", "consent", "2026-11-26"),)),
    replace(SPDI, cites="SPDI Rules, rule 7: the EU's clauses are no ground",
            transfers=(to("US", "scc"),)),
    replace(SPDI, cites="SPDI Rules, rule 7: access from abroad", facet="support"),
]  # fmt: skip


@pytest.mark.parametrize("case", ALLOWED, ids=str)
def test_it_is_allowed(case: Case) -> None:
    assert allowed(case)


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_it_is_refused(case: Case) -> None:
    assert ask(case).verdict is Verdict.VIOLATED


@pytest.mark.parametrize("country", ["KE", "SA", "VN", "ID", "RU", "KR", "CH"])
def test_people_under_a_law_that_is_not_in_the_facts_are_a_gap(country: str) -> None:
    case = Case(cites="no rule known", home="DE", where="DE", people=country)
    assert ask(case).verdict is Verdict.GAP
