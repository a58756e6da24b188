"""The EU AI Act for high-risk systems: records, logs and documents, and from which day on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sovereignty.regimes.security_cases import Case, asked

PAPERS = ("technical-documentation", "human-oversight", "risk-management")
ON = {"level": "info", "retention": "P210D"}
EU = Case(cites="Regulation (EU) 2024/1689", home="DE", region="eu-central-1", evidence=PAPERS,
          category="system.operations", roles=("ai-act-high-risk-provider",), day="2027-12-02",
          logs=ON)  # fmt: skip

MET = [
    replace(EU, cites="art. 12, 19: events are recorded and kept for seven months"),
    replace(EU, cites="art. 19: six months and not less", logs={**ON, "retention": "P184D"}),
    replace(EU, cites="art. 26: a deployer", roles=("ai-act-high-risk-deployer",),
            evidence=("human-oversight",)),
    replace(EU, cites="art. 6: who is no provider is not bound", roles=(), evidence=(), logs={}),
    replace(EU, cites="art. 113: beyond the horizon", day="2024-08-01", evidence=(), logs={}),
    replace(EU, cites="art. 19: kept for as long as nobody ends it", logs={"level": "debug"}),
    replace(EU, cites="art. 6(1): a product of Annex I", roles=("ai-act-high-risk-product",),
            day="2028-08-02", evidence=PAPERS[:2]),
]  # fmt: skip

ASKED = [
    (replace(EU, cites="art. 12: warnings are not events", logs={**ON, "level": "warning"}),
     ("eu-ai-act:art-12",)),
    (replace(EU, cites="art. 19: logs end after a month", logs={**ON, "retention": "P30D"}),
     ("eu-ai-act:art-19",)),
    (replace(EU, cites="art. 19: the zone ends them", logs={"level": "info"}, retention="P30D"),
     ("eu-ai-act:art-19",)),
    (replace(EU, cites="art. 11: no technical documentation", evidence=PAPERS[1:]),
     ("eu-ai-act:art-11",)),
    (replace(EU, cites="art. 14: no oversight", evidence=(PAPERS[0], PAPERS[2])),
     ("eu-ai-act:art-14",)),
    (replace(EU, cites="art. 9: no risk management", evidence=PAPERS[:2]), ("eu-ai-act:art-9",)),
    (replace(EU, cites="art. 113(c)(i): a day before, it is still to come", day="2027-12-01",
             evidence=PAPERS[1:]), ("+eu-ai-act:art-11",)),
    (replace(EU, cites="art. 113(c)(ii): products later", roles=("ai-act-high-risk-product",),
             evidence=PAPERS[:2], logs={"level": "info", "retention": "P30D"}),
     ("+eu-ai-act:art-19-annex-i",)),
]  # fmt: skip


@pytest.mark.parametrize("case", MET, ids=str)
def test_nothing_is_asked(case: Case) -> None:
    assert asked(case) == ()


@pytest.mark.parametrize(("case", "rules"), ASKED, ids=str)
def test_the_rule_is_named(case: Case, rules: tuple[str, ...]) -> None:
    assert asked(case) == rules
