"""The US rule on bulk data: thresholds, countries of concern and covered persons."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sovereignty.regimes.security_cases import Case, graph, permission

from hybridspec.check.rules.release_invalid import release_invalid
from hybridspec.ir.verdict import Verdict

FACE = Case(cites="28 CFR 202", category="user.biometric", count=5_000)

REFUSED = [
    (replace(FACE, cites="202.205(b): 1,001 people"), 1_001, "store", "CN", "US"),
    (replace(FACE, cites="202.601: Hong Kong"), 5_000, "process", "HK", "US"),
    (replace(FACE, cites="202.206: even as ciphertext"), 5_000, "ciphertext", "RU", "US"),
    (replace(FACE, cites="202.211: an operator of a country of concern"), 5_000, "store", "US",
     "CN"),
    (replace(FACE, cites="202.205(a): 101 genomes", category="user.genetic"), 101, "store", "IR",
     "US"),
    (replace(FACE, cites="202.205(c): locations", category="user.location.precise"), 1_001, "logs",
     "KP", "US"),
    (replace(FACE, cites="202.205(d): health", category="user.health_and_medical"), 10_001,
     "backup", "VE", "US"),
    (replace(FACE, cites="202.205(f): identifiers", category="user.contact"), 100_001, "support",
     "CU", "US"),
    (replace(FACE, cites="202.205: nobody counts"), None, "store", "CN", "US"),
    (replace(FACE, cites="202.205(g): combined", category="user.health_and_medical",
             other=("user.biometric", 10)), 1_001, "store", "CN", "US"),
]  # fmt: skip

OPEN = [
    (replace(FACE, cites="202.205(b): 1,000 are not more than 1,000"), 1_000, "store", "CN", "US"),
    (replace(FACE, cites="202.205(d): 10,000", category="user.health_and_medical"), 10_000,
     "store", "CN", "US"),
    (replace(FACE, cites="202.601: Germany is no country of concern"), 5_000, "store", "DE", "US"),
    (replace(FACE, cites="202.601: at home"), 5_000, "process", "US", "US"),
    (replace(FACE, cites="the day before it was in force", day="2025-04-07"), 5_000, "store", "CN",
     "US"),
    (replace(FACE, cites="202.206: people elsewhere", home="DE", region="eu-central-1"), 5_000,
     "store", "CN", "DE"),
]  # fmt: skip


def said(case: Case, count: int | None, facet: str, country: str, operator: str) -> set[Verdict]:
    """What the rule alone says."""
    found = permission(replace(case, count=count), facet, country, operator)
    return {r.verdict for r in found.reasons if r.rule.startswith("us-doj-data:")}


@pytest.mark.parametrize(("case", "count", "facet", "country", "operator"), REFUSED, ids=str)
def test_it_is_refused(
    case: Case, count: int | None, facet: str, country: str, operator: str
) -> None:
    assert Verdict.VIOLATED in said(case, count, facet, country, operator)


@pytest.mark.parametrize(("case", "count", "facet", "country", "operator"), OPEN, ids=str)
def test_it_does_not_refuse(
    case: Case, count: int | None, facet: str, country: str, operator: str
) -> None:
    assert Verdict.VIOLATED not in said(case, count, facet, country, operator)


def test_an_operator_that_nobody_knows_is_a_gap() -> None:
    assert permission(FACE, "store", "DE", None).verdict is Verdict.GAP


def test_nothing_releases_it() -> None:
    release = {"method": "k-anonymity", "k": 50, "evidence": "https://acme.example/k.pdf",
               "approver": "dpo@acme.example"}  # fmt: skip
    made = graph(replace(FACE, release={"us-doj-data": release}))
    (finding,) = release_invalid(made)
    assert "nothing releases data from `us-doj-data`" in finding.message
