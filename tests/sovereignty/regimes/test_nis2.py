"""NIS2: what essential and important entities have to show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sovereignty.regimes.security_cases import Case, asked

PAPERS = ("risk-analysis", "incident-plan", "continuity-plan", "supply-chain", "access-review")
EU = Case(cites="Directive (EU) 2022/2555", home="DE", region="eu-central-1", evidence=PAPERS,
          category="system.operations", roles=("nis2-important",))  # fmt: skip

MET = [
    replace(EU, cites="art. 21: everything is shown"),
    replace(EU, cites="art. 3(1): an essential entity", roles=("nis2-essential",)),
    replace(EU, cites="art. 2: who is neither is not bound", roles=(), evidence=()),
    replace(EU, cites="art. 26: not established in the Union", home="US", region="us-east-1",
            evidence=()),
    replace(EU, cites="art. 41: long before it applied", day="2021-01-01", evidence=()),
    replace(EU, cites="art. 21(2)(h): a document instead of encrypted devices", security=(),
            evidence=(*PAPERS, "encryption-at-rest")),
]  # fmt: skip

ASKED = [
    (replace(EU, cites="art. 21(2)(a)", evidence=PAPERS[1:]), "nis2:art-21-2-a"),
    (replace(EU, cites="art. 23: 24 h, 72 h, a month", evidence=(PAPERS[0], *PAPERS[2:])),
     "nis2:art-23"),
    (replace(EU, cites="art. 21(2)(c)", evidence=(*PAPERS[:2], *PAPERS[3:])), "nis2:art-21-2-c"),
    (replace(EU, cites="art. 21(2)(d)", evidence=(*PAPERS[:3], PAPERS[4])), "nis2:art-21-2-d"),
    (replace(EU, cites="art. 21(2)(i)", evidence=PAPERS[:4]), "nis2:art-21-2-i"),
    (replace(EU, cites="art. 21(2)(h)", security=()), "nis2:art-21-2-h"),
    (replace(EU, cites="art. 21(2)(d): named without a role", roles=(), regimes=("nis2",),
             evidence=(*PAPERS[:3], PAPERS[4])), "nis2:art-21-2-d"),
]  # fmt: skip


@pytest.mark.parametrize("case", MET, ids=str)
def test_nothing_is_asked(case: Case) -> None:
    assert asked(case) == ()


@pytest.mark.parametrize(("case", "rule"), ASKED, ids=str)
def test_the_rule_is_named(case: Case, rule: str) -> None:
    assert asked(case) == (rule,)
