"""GDPR, chapter V: what is allowed and what is refused, each with the rule that it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sovereignty.regimes.cases import Case, allowed, ask, shows, to

from hybridspec.ir.verdict import Verdict

DE = Case(cites="GDPR art. 44", home="DE", where="US")
TIA = tuple(shows("tia"))
NOISE = {"method": "differential-privacy", "epsilon": 1.0, "delta": 0.000001,
         "evidence": "https://acme.example/dp.pdf", "approver": "dpo@acme.example"}  # fmt: skip

ALLOWED = [
    replace(DE, cites="GDPR art. 1(3): free movement within the Union", where="FR"),
    replace(DE, cites="EEA Joint Committee decision 154/2018: Norway applies it", where="NO"),
    replace(DE, cites="TFEU art. 355(1): it applies in the outermost regions", where="RE"),
    replace(DE, cites="GDPR art. 45, decision 2000/518/EC", where="CH"),
    replace(DE, cites="GDPR art. 45, decision (EU) 2021/1772 on its last day", where="GB",
            day="2031-12-27"),
    replace(DE, cites="GDPR art. 45, decision 2002/2/EC: recipients under PIPEDA", where="CA"),
    replace(DE, cites="GDPR art. 45, decision (EU) 2026/179, sent from the EU", where="BR"),
    replace(DE, cites="GDPR art. 46(2)(c), decision (EU) 2021/914",
            transfers=(to("US", "scc"),), evidence=TIA),
    replace(DE, cites="GDPR art. 46(2)(c): the clauses are with this cloud", recipient="aws",
            transfers=(to("US", "scc", recipient="aws"),), evidence=TIA),
    replace(DE, cites="GDPR art. 47", where="IN", transfers=(to("IN", "bcr"),), evidence=TIA),
    replace(DE, cites="GDPR art. 49(1)(a)", where="IN", transfers=(to("IN", "consent"),)),
    replace(DE, cites="GDPR art. 45, decision (EU) 2023/1795: certified, with a fallback",
            transfers=(to("US", "adequacy"), to("US", "scc")), evidence=TIA),
    replace(DE, cites="GDPR art. 3: neither people nor establishment in the Union", home="US"),
    replace(DE, cites="GDPR recital 26: no longer about anybody", release={"gdpr": NOISE}),
    replace(DE, cites="GDPR art. 46(2)(c): remote access", facet="support", where="IN",
            transfers=(to("IN", "scc"),), evidence=TIA),
    replace(DE, cites="EDPB Rec. 01/2020, use case 3: encrypted transit", facet="transit",
            keys="DE"),
]  # fmt: skip

REFUSED = [
    replace(DE, cites="GDPR art. 44: no ground (C-311/18)"),
    replace(DE, cites="GDPR art. 45(5): the day after the decision ended", where="GB",
            day="2031-12-28"),
    replace(DE, cites="decision (EU) 2026/179: not taken over by the EEA", home="NO", where="BR"),
    replace(DE, cites="decision (EU) 2026/179: the controller is in Norway", controller="NO",
            where="BR"),
    replace(DE, cites="GDPR art. 46(2)(c): the clauses are with another cloud", recipient="azure",
            transfers=(to("US", "scc", recipient="aws"),), evidence=TIA),
    replace(DE, cites="GDPR art. 44: a ground that has expired",
            transfers=(to("US", "scc", "2026-11-26"),), evidence=TIA),
    replace(DE, cites="GDPR art. 5(2): a ground that nobody can show",
            transfers=(to("US", "scc", shown=False),)),
    replace(DE, cites="GDPR art. 46(2): the UK's agreement is no ground",
            transfers=(to("US", "idta"),)),
    replace(DE, cites="decision (EU) 2023/1795, art. 1: certified recipients alone",
            transfers=(to("US", "adequacy", shown=False),)),
    replace(DE, cites="decision (EU) 2023/1795: the day before", day="2023-07-09",
            transfers=(to("US", "adequacy"),)),
    replace(DE, cites="GDPR art. 3(2): people in the Union", home="US", people="FR"),
    replace(DE, cites="GDPR art. 3(1): a controller in the Union", home="US", controller="DE"),
    replace(DE, cites="EDPB Guidelines 05/2021: remote access is a transfer", facet="support",
            where="IN"),
    replace(DE, cites="EDPB Rec. 01/2020: encryption supplements a ground", facet="ciphertext",
            keys="DE"),
    replace(DE, cites="TFEU art. 355(2): overseas countries are not the Union", where="NC"),
    replace(DE, cites="GDPR recital 26: noise without its figures",
            release={"gdpr": {key: value for key, value in NOISE.items() if key != "delta"}}),
    replace(DE, cites="45 CFR 164.514 releases from HIPAA, not from the GDPR", release={
        "gdpr": {key: value for key, value in {**NOISE, "method": "safe-harbour"}.items()
                 if key not in ("epsilon", "delta")}}),
    replace(DE, cites="EDPB Opinion 28/2024: backups of it as well", facet="backup"),
]  # fmt: skip


@pytest.mark.parametrize("case", ALLOWED, ids=str)
def test_it_is_allowed(case: Case) -> None:
    assert allowed(case)


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_it_is_refused(case: Case) -> None:
    assert ask(case).verdict is Verdict.VIOLATED


@pytest.mark.parametrize(("case", "asked"), [
    (ALLOWED[5], "commercial"), (replace(ALLOWED[7], evidence=()), "`tia`"),
    (replace(DE, where="JP"), "private sector"),
    (replace(DE, transfers=(to("US", "adequacy"),)), "another ground"),
], ids=str)  # fmt: skip
def test_what_it_rests_on_is_listed(case: Case, asked: str) -> None:
    found = ask(case)
    assert found.verdict is Verdict.CONDITIONAL
    assert [duty.text for duty in found.obligations if not duty.met_by and asked in duty.text]
