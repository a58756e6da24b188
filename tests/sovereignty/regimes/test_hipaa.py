"""HIPAA: contracts, safeguards and what releases health records, each with the rule it shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sovereignty.regimes.security_cases import Case, asked, graph

from hybridspec.law.permit import law_of

ALL = ("risk-analysis", "hipaa-policies", "audit-log")
US = Case(cites="45 CFR 164", roles=("hipaa-covered-entity",), evidence=ALL, signed=("baa",))

MET = [
    replace(US, cites="164.504(e): the contract with the cloud is named"),
    replace(US, cites="164.502(e): a business associate", roles=("hipaa-business-associate",)),
    replace(US, cites="160.103: who is neither is not bound", roles=(), evidence=(), signed=()),
    replace(US, cites="160.103: machine data is no health record", category="system.operations",
            evidence=(), signed=()),
    replace(US, cites="164.312(a)(2)(iv): the devices are encrypted", regimes=("hipaa",)),
    replace(US, cites="164.504(e): a contract among the zone's documents", signed=(),
            evidence=(*ALL, "baa")),
]  # fmt: skip

ASKED = [
    (replace(US, cites="164.504(e): no contract", signed=()), "hipaa:164.504-e"),
    (replace(US, cites="164.308(a)(1): no risk analysis", evidence=ALL[1:]), "hipaa:164.308-a-1"),
    (replace(US, cites="164.316(b)(2)(i): no policies", evidence=("risk-analysis", "audit-log")),
     "hipaa:164.316-b"),
    (replace(US, cites="164.312(b): no audit", evidence=ALL[:2]), "hipaa:164.312-b"),
    (replace(US, cites="164.312(a)(2)(iv): nothing is encrypted", security=()),
     "hipaa:164.312-a-2-iv"),
    (replace(US, cites="164.504(e): named without a role", roles=(), regimes=("hipaa",), signed=()),
     "hipaa:164.504-e"),
]  # fmt: skip

_RELEASE: dict[str, Any] = {"evidence": "https://acme.example/r.pdf", "approver": "dpo@a.example"}


def hipaa(case: Case) -> tuple[str, ...]:
    """What HIPAA alone asks."""
    return tuple(name for name in asked(case) if name.startswith("hipaa"))


@pytest.mark.parametrize("case", MET, ids=str)
def test_nothing_is_asked(case: Case) -> None:
    assert hipaa(case) == ()


@pytest.mark.parametrize(("case", "rule"), ASKED, ids=str)
def test_the_rule_is_named(case: Case, rule: str) -> None:
    assert hipaa(case) == (rule,)


@pytest.mark.parametrize(("method", "left"), [("safe-harbour", False), ("expert", False),
                                              ("k-anonymity", True)])  # fmt: skip
def test_its_two_methods_release_it_and_nothing_else(method: str, *, left: bool) -> None:
    figures = {"k": 10} if method == "k-anonymity" else {}
    case = replace(US, regimes=("hipaa", "us-doj-data"), count=10**6,
                   release={"hipaa": {"method": method, **figures, **_RELEASE}})  # fmt: skip
    regimes = {b.regime for b in law_of(graph(case)).labels.of("stage watch.scale@z").regimes}
    assert ("hipaa" in regimes) is left
    assert "us-doj-data" in regimes, "45 CFR 164.514 says nothing about 28 CFR 202"
