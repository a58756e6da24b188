"""Brazil's LGPD: what is allowed and what is refused, each with the rule that it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sovereignty.regimes.cases import HEALTH, Case, allowed, ask, shows, to

from hybridspec.ir.verdict import Verdict

BR = Case(cites="LGPD art. 33", home="BR", where="US")
CROWD = {"method": "k-anonymity", "k": 20, "evidence": "https://acme.example/k.pdf",
         "approver": "dpo@acme.example"}  # fmt: skip

ALLOWED = [
    replace(BR, cites="LGPD art. 33: no transfer", where="BR"),
    replace(BR, cites="LGPD art. 33, I; Resolution CD/ANPD 32/2026: the EU", where="DE"),
    replace(BR, cites="Resolution CD/ANPD 32/2026, art. 1, sole paragraph: the EEA", where="NO"),
    replace(BR, cites="LGPD art. 33, II, b; Resolution CD/ANPD 19/2024",
            transfers=(to("US", "scc"),)),
    replace(BR, cites="LGPD art. 33, II, c", transfers=(to("US", "bcr"),)),
    replace(BR, cites="LGPD art. 33, VIII: specific consent", transfers=(to("US", "consent"),),
            category=HEALTH),
    replace(BR, cites="LGPD art. 33, IX", transfers=(to("US", "derogation"),),
            evidence=tuple(shows("derogation-note"))),
    replace(BR, cites="LGPD art. 12: anonymised data is not personal", release={"lgpd": CROWD}),
]  # fmt: skip

REFUSED = [
    replace(BR, cites="LGPD art. 33: none of its cases"),
    replace(BR, cites="Resolution CD/ANPD 32/2026: the day before it was published", where="DE",
            day="2026-01-26"),
    replace(BR, cites="Resolution CD/ANPD 19/2024: the day before it was published",
            day="2024-08-22", transfers=(to("US", "scc"),)),
    replace(BR, cites="LGPD art. 34: the ANPD has found no other country adequate", where="AR"),
    replace(BR, cites="LGPD art. 33, I: the United Kingdom is not in the Union", where="GB"),
    replace(BR, cites="LGPD art. 33, I: adequacy that nobody decided",
            transfers=(to("US", "adequacy"),)),
    replace(BR, cites="LGPD art. 33, II: the UK's agreement is no ground",
            transfers=(to("US", "idta"),)),
    replace(BR, cites="LGPD art. 3: people in Brazil", home="US", people="BR"),
    replace(BR, cites="LGPD art. 33, II, b: clauses that nobody can show",
            transfers=(to("US", "scc", shown=False),)),
    replace(BR, cites="LGPD art. 12, § 3: a release nobody answers for", release={
        "gdpr": CROWD}),
]  # fmt: skip


@pytest.mark.parametrize("case", ALLOWED, ids=str)
def test_it_is_allowed(case: Case) -> None:
    assert allowed(case)


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_it_is_refused(case: Case) -> None:
    assert ask(case).verdict is Verdict.VIOLATED
