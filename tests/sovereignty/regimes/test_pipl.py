"""China's PIPL: what is allowed and what is refused, each with the rule that it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sovereignty.regimes.cases import FACE, Case, allowed, ask, shows, to

from hybridspec.ir.verdict import Verdict

CN = Case(cites="PIPL art. 38", home="CN", where="US", count=500_000)
DONE = tuple(shows("separate-consent", "pipia"))
CROWD = {"method": "k-anonymity", "k": 20, "evidence": "https://acme.example/k.pdf",
         "approver": "dpo@acme.example"}  # fmt: skip

ALLOWED = [
    replace(CN, cites="PIPL art. 40: kept in the mainland", where="CN"),
    replace(CN, cites="PIPL art. 38(1): assessed, however many", count=5_000_000,
            transfers=(to("US", "cac-assessment", "2028-01-01"),), evidence=DONE),
    replace(CN, cites="PIPL art. 38(3); provisions of 2024, art. 8: below a million",
            transfers=(to("US", "cac-filing"),), evidence=DONE),
    replace(CN, cites="PIPL art. 38(2); order 20 on its first day", day="2026-01-01",
            transfers=(to("US", "certification", "2028-12-31"),), evidence=DONE),
    replace(CN, cites="provisions of 2024, art. 5: exempt", count=90_000,
            transfers=(to("US", "derogation"),), evidence=tuple(shows("exemption-note"))),
    replace(CN, cites="PIPL art. 38(3): to Hong Kong, with a filing", where="HK",
            transfers=(to("HK", "cac-filing"),), evidence=DONE),
    replace(CN, cites="PIPL art. 38(3): sensitive, below 10,000", category=FACE, count=9_999,
            transfers=(to("US", "cac-filing"),), evidence=DONE),
]  # fmt: skip

REFUSED = [
    replace(CN, cites="PIPL art. 38: none of its conditions"),
    replace(CN, cites="PIPL art. 38: Hong Kong is outside of the mainland", where="HK"),
    replace(CN, cites="PIPL art. 38: so is Macao", where="MO"),
    replace(CN, cites="provisions of 2024, art. 7: a million people have to be assessed",
            count=1_000_000, transfers=(to("US", "cac-filing"),), evidence=DONE),
    replace(CN, cites="provisions of 2024, art. 7: nobody says how many", count=None,
            transfers=(to("US", "cac-filing"),), evidence=DONE),
    replace(CN, cites="provisions of 2024, art. 7: 10,000 people's sensitive data", category=FACE,
            count=10_000, transfers=(to("US", "cac-filing"),), evidence=DONE),
    replace(CN, cites="order 20, art. 20: not before 2026", day="2025-12-31",
            transfers=(to("US", "certification", "2028-12-31"),), evidence=DONE),
    replace(CN, cites="order 20: a certificate lasts three years",
            transfers=(to("US", "certification", "2030-12-31"),), evidence=DONE),
    replace(CN, cites="PIPL art. 38: the EU's clauses are no ground",
            transfers=(to("US", "scc"),)),
    replace(CN, cites="PIPL art. 38: encrypted data is exported as well", facet="ciphertext",
            keys="CN"),
    replace(CN, cites="PIPL art. 3(2): people in China", home="DE", where="DE", people="CN"),
    replace(CN, cites="PIPL art. 38: access from abroad", facet="support", where="DE"),
    replace(CN, cites="PIPL art. 4: anonymity is not taken from a method", release={
        "pipl": CROWD}),
]  # fmt: skip


@pytest.mark.parametrize("case", ALLOWED, ids=str)
def test_it_is_allowed(case: Case) -> None:
    assert allowed(case)


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_it_is_refused(case: Case) -> None:
    assert ask(case).verdict is Verdict.VIOLATED


def test_consent_and_assessment_are_asked_for() -> None:
    found = ask(replace(ALLOWED[2], evidence=()))
    missing = " ".join(duty.text for duty in found.obligations if not duty.met_by)
    assert "separate-consent" in missing
    assert "pipia" in missing
