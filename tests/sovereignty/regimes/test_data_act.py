"""The Data Act, art. 28 and 32: governments of third countries and non-personal data."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sovereignty.regimes.security_cases import Case, asked, permission

from hybridspec.ir.verdict import Verdict

PAPERS = ("third-country-access", "jurisdiction-notice")
EU = Case(cites="Regulation (EU) 2023/2854", home="DE", region="eu-central-1", evidence=PAPERS,
          category="system.operations", roles=("data-act-provider",))  # fmt: skip

MET = [
    replace(EU, cites="art. 32(1): the measures are written down"),
    replace(EU, cites="art. 2: who provides no such service is not bound", roles=(), evidence=()),
    replace(EU, cites="art. 1(2)(f): personal data is the GDPR's", category="user.contact",
            evidence=(), signed=("dpa",)),
    replace(EU, cites="art. 50: long before it applied", day="2022-01-01", evidence=()),
    replace(EU, cites="art. 32(1): named without a role", roles=(), regimes=("data-act",)),
]  # fmt: skip

ASKED = [
    (replace(EU, cites="art. 32(1): an operator under US law", evidence=PAPERS[1:]),
     ("data-act:art-32",)),
    (replace(EU, cites="art. 32(1): a region in the US", evidence=PAPERS[1:], region="us-east-1"),
     ("data-act:art-32",)),
    (replace(EU, cites="art. 28(1): nothing is published", evidence=PAPERS[:1]),
     ("data-act:art-28",)),
    (replace(EU, cites="art. 50: the day before, where it is named", day="2025-09-11",
             regimes=("data-act",), evidence=PAPERS[1:]),
     ("+data-act:art-32",)),
    (replace(EU, cites="art. 32(1): named without a role", roles=(), regimes=("data-act",),
             evidence=PAPERS[1:]), ("data-act:art-32",)),
]  # fmt: skip


@pytest.mark.parametrize("case", MET, ids=str)
def test_nothing_is_asked(case: Case) -> None:
    assert asked(case) == ()


@pytest.mark.parametrize(("case", "rules"), ASKED, ids=str)
def test_the_rule_is_named(case: Case, rules: tuple[str, ...]) -> None:
    assert asked(case) == rules


def test_an_operator_of_the_union_needs_no_measures_and_one_nobody_knows_does() -> None:
    bare = replace(EU, evidence=PAPERS[1:])
    rules = [{r.rule for r in permission(bare, "store", "DE", who).reasons}
             for who in ("FR", "US", None)]  # fmt: skip
    assert ["data-act:art-32" in names for names in rules] == [False, True, True]
    assert permission(bare, "store", "DE", "US").verdict is Verdict.CONDITIONAL
