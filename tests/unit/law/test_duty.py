"""Duties: who is bound, when, and what meets them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from property.graphs import at, board, device, graph, region, site, zone

from hybridspec.ir.graph import DeviceClass, Graph
from hybridspec.ir.label import Bound
from hybridspec.ir.law import Duty, Evidence, Fact, LawFacts, Regime, Status, Trigger
from hybridspec.ir.verdict import Place, Verdict
from hybridspec.law.duty import Duties, able, keys_fit, named, trusted

EARLY, LATE = date(2020, 1, 1), date(2028, 1, 1)
HERE = Place(name="sites in DE", countries=("DE",))
CLOUD = Place(name="region aws/x", countries=("DE",), recipient="aws", operator="US")


def fact(name: str, since: date = EARLY, until: date | None = None) -> Fact:
    """A row that holds between two days."""
    return Fact(id=name, title=name, since=since, until=until, status=Status.IN_FORCE, source="s",
                checked_on=EARLY)  # fmt: skip


def duty(kind: str, needs: str, *, hard: bool = False, since: date = EARLY,
         until: date | None = None, **fields: object) -> Duty:  # fmt: skip
    """A duty of the made-up law."""
    whole = {"categories": (), "facets": (), **fields}
    return Duty(
        id=f"law:{needs}",
        kind=kind,
        needs=needs,
        hard=hard,
        text="Do it.",
        fact=fact(f"law:{needs}", since, until),
        **whole,
    )  # type: ignore[arg-type]


def asked(
    *duties: Duty, evidence: tuple[Evidence, ...] = (), roles: tuple[str, ...] = (),
    box: DeviceClass | None = None, until: date | None = None,
) -> Graph:  # fmt: skip
    """A graph whose zone is under a law of these duties."""
    law = Regime(
        name="law", title="Law", triggers=(Trigger(roles=("one", "two")),), governs=(), sealed=(),
        home=frozenset({"DE"}), elsewhere="allow", denied=frozenset(), mechanisms=(), releases=(),
        duties=duties, fact=fact("law", until=until),
    )  # fmt: skip
    facts = LawFacts(version="1", digest="", checked_on=EARLY, blocs=(), adequacy=(),
                     regimes=(law,), covered=frozenset())  # fmt: skip
    under = zone("eu", "DE", regimes=("law",), evidence=evidence)
    made = graph()
    return replace(made, zones=(under,), law=facts, roles=roles, as_of="2026-11-01",
                   sites=(site("s", under, (box or device(), 1), country="DE"),))  # fmt: skip


def verdicts(made: Graph, place: Place = HERE, facet: str = "store") -> list[Verdict]:
    """What the duties say of data without a category."""
    found = Duties(made).ask(Bound("law", "eu"), frozenset(), facet, place)
    return [reason.verdict for reason in found.reasons]


def shown(kind: str, expires: str | None = None, digest: str = "") -> Evidence:
    """A document."""
    return Evidence(kind=kind, document="d.md", expires=expires, digest=digest, origin=at(1))


def test_a_soft_duty_is_a_condition_and_a_hard_one_a_violation() -> None:
    assert verdicts(asked(duty("evidence", "dpia"))) == [Verdict.CONDITIONAL]
    assert verdicts(asked(duty("evidence", "dpia", hard=True))) == [Verdict.VIOLATED]


@pytest.mark.parametrize(
    ("last", "met"), [(None, True), ("2026-11-01", True), ("2026-10-31", False)]
)
def test_a_document_counts_until_its_last_day(last: str | None, *, met: bool) -> None:
    made = asked(duty("evidence", "dpia", hard=True), evidence=(shown("dpia", last),))
    assert (verdicts(made) == [Verdict.CONDITIONAL]) is met


def test_a_document_of_another_kind_meets_nothing() -> None:
    made = asked(duty("evidence", "dpia", hard=True), evidence=(shown("tia"),))
    assert verdicts(made) == [Verdict.VIOLATED]


def test_the_certificate_has_the_digest() -> None:
    made = asked(duty("evidence", "dpia"), evidence=(shown("dpia", digest="ab12"),))
    (obligation,) = Duties(made).ask(Bound("law", "eu"), frozenset(), "store", HERE).obligations
    assert obligation.met_by == named(shown("dpia", digest="ab12")) == "d.md (SHA-256 ab12)"


def test_a_contract_is_asked_of_others_alone() -> None:
    made = asked(duty("agreement", "dpa"))
    assert (verdicts(made), verdicts(made, CLOUD)) == ([], [Verdict.CONDITIONAL])


def test_a_duty_that_is_to_come_binds_nothing_yet() -> None:
    late = duty("evidence", "dpia", hard=True, since=LATE)
    made = asked(late)
    assert verdicts(made) == []
    assert Duties(made).owed("law") == (late,)
    assert Duties(made).coming("law", late)
    assert Duties(replace(made, horizon=1)).owed("law") == ()


def test_a_duty_or_a_law_that_is_over_binds_nothing() -> None:
    past = date(2026, 10, 31)
    assert verdicts(asked(duty("evidence", "dpia", hard=True, until=past))) == []
    assert verdicts(asked(duty("evidence", "dpia", hard=True), until=past)) == []


@pytest.mark.parametrize(("claimed", "bound"), [((), True), (("one",), True), (("two",), False),
                                                (("other",), True)])  # fmt: skip
def test_a_duty_of_some_binds_all_where_nobody_says_who_they_are(
    claimed: tuple[str, ...], *, bound: bool
) -> None:
    made = asked(duty("evidence", "dpia", roles=("one",)), roles=claimed)
    assert bool(verdicts(made)) is bound


def test_a_duty_about_facets_and_abroad_says_nothing_elsewhere() -> None:
    narrow = asked(duty("evidence", "a", facets=("logs",)), duty("evidence", "b", abroad=True))
    assert len(verdicts(narrow)) == 0
    assert len(verdicts(narrow, facet="logs")) == 1
    assert len(verdicts(narrow, CLOUD)) == 1
    assert len(verdicts(narrow, replace(CLOUD, operator="DE"))) == 0
    assert len(verdicts(narrow, replace(CLOUD, operator=None))) == 1


def test_devices_have_to_do_what_is_asked_on_a_board_that_can() -> None:
    need = duty("device", "tpm", hard=True)
    can = replace(device(), board=replace(board(), capabilities=("tpm",)), security=("tpm",))
    assert verdicts(asked(need, box=can)) == [Verdict.CONDITIONAL]
    for box in (replace(can, security=()), replace(can, board=replace(board(), capabilities=()))):
        assert verdicts(asked(need, box=box)) == [Verdict.VIOLATED]
        assert not trusted(box, "tpm")
    assert able(can, "attestation"), "attestation rests on a TPM"


def test_devices_that_nobody_knows_are_not_trusted() -> None:
    elsewhere = Place(name="sites in FR", countries=("FR",))
    assert verdicts(asked(duty("device", "tpm", hard=True)), elsewhere) == [Verdict.VIOLATED]


def test_a_control_is_carried_out_by_what_is_emitted_or_by_whom_a_document_names() -> None:
    need = duty("control", "audit-log", hard=True)
    assert verdicts(asked(need)) == [Verdict.VIOLATED]
    assert verdicts(asked(need, evidence=(shown("audit-log"),))) == [Verdict.CONDITIONAL]
    box = replace(device(), controls=(("audit-log", "by itself"),))
    assert verdicts(asked(need, box=box)) == [Verdict.CONDITIONAL]


def test_a_region_without_a_known_module_is_refused() -> None:
    strict = zone("eu", "DE", key_protection="hsm")
    unknown, soft, hard = (
        replace(region(), key_protection=ways) for ways in ((), ("software",), ("software", "hsm"))
    )
    assert [keys_fit(strict, r) for r in (unknown, soft, hard)] == [False, False, True]
    assert all(keys_fit(zone("eu", "DE"), r) for r in (unknown, soft, hard))
