"""UK GDPR, chapter V: what is allowed and what is refused, each with the rule that it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sovereignty.regimes.cases import Case, allowed, ask, shows, to

from hybridspec.ir.verdict import Verdict

GB = Case(cites="UK GDPR art. 44A", home="GB", where="US")
TRA = tuple(shows("tra"))

ALLOWED = [
    replace(GB, cites="UK GDPR art. 44A: no third country", where="GB"),
    replace(GB, cites="DPA 2018 sch. 21 para. 5(1)(a): EEA states", where="FR"),
    replace(GB, cites="DPA 2018 sch. 21 para. 5: Gibraltar", where="GI"),
    replace(GB, cites="DPA 2018 sch. 21 para. 5: Japan, under its APPI", where="JP"),
    replace(GB, cites="SI 2022/1213 on its first day", where="KR", day="2022-12-19"),
    replace(GB, cites="SI 2023/1028: in the UK extension", transfers=(to("US", "adequacy"),)),
    replace(GB, cites="UK GDPR art. 46: the ICO's agreement", where="IN",
            transfers=(to("IN", "idta"),), evidence=TRA),
    replace(GB, cites="UK GDPR art. 46: the ICO's addendum", where="IN",
            transfers=(to("IN", "uk-addendum"),), evidence=TRA),
    replace(GB, cites="UK GDPR art. 49(1)(a)", where="IN", transfers=(to("IN", "consent"),)),
]  # fmt: skip

REFUSED = [
    replace(GB, cites="UK GDPR art. 44A(2): none of the conditions"),
    replace(GB, cites="SI 2022/1213: the day before", where="KR", day="2022-12-18"),
    replace(GB, cites="SI 2023/1028: the day before", day="2023-10-11",
            transfers=(to("US", "adequacy"),)),
    replace(GB, cites="SI 2023/1028: not certified",
            transfers=(to("US", "adequacy", shown=False),)),
    replace(GB, cites="UK GDPR art. 46(2)(d): the EU's clauses without the addendum",
            transfers=(to("US", "scc"),)),
    replace(GB, cites="UK GDPR art. 45A: the EU's decision on Brazil is none of the UK's",
            where="BR"),
    replace(GB, cites="UK GDPR art. 46: an agreement that has ended", where="IN",
            transfers=(to("IN", "idta", "2026-11-26"),), evidence=TRA),
    replace(GB, cites="ICO: the agreement is in force from 2022-03-21", where="IN",
            day="2022-03-20", transfers=(to("IN", "idta"),)),
    replace(GB, cites="UK GDPR art. 3(2): people in the UK", home="US", people="GB"),
    replace(GB, cites="UK GDPR art. 44A: logs of it", where="IN", facet="logs"),
]  # fmt: skip


@pytest.mark.parametrize("case", ALLOWED, ids=str)
def test_it_is_allowed(case: Case) -> None:
    assert allowed(case)


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_it_is_refused(case: Case) -> None:
    assert ask(case).verdict is Verdict.VIOLATED


def test_people_in_the_union_bring_its_law_to_a_british_site() -> None:
    case = replace(GB, cites="GDPR art. 3(2) beside the UK's", people="FR", where="IN",
                   transfers=(to("IN", "idta"),), evidence=TRA)  # fmt: skip
    assert ask(case).verdict is Verdict.VIOLATED
