"""Permission: walls, policies and laws each have a say, and the worst one decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from property.graphs import at, device, flow, graph, site, stage, zone
from property.laws import BULK, adequacy, mechanism, pack, people, regime, transfer

from hybridspec.ir.governance import Policy
from hybridspec.ir.graph import Graph, Zone
from hybridspec.ir.label import Bound, Label
from hybridspec.ir.law import Evidence, LawFacts, Status
from hybridspec.ir.verdict import Permission, Place
from hybridspec.law.permit import permit

WORLD = ("BR", "CA", "CN", "DE", "FR", "JP", "NO", "US", "VN")
EU = zone("eu", *WORLD)
GDPR = Label(regimes=frozenset({Bound("gdpr", "eu")}))


def judged(
    country: str, facet: str = "store", *, of: Zone = EU, law: LawFacts | None = None,
    label: Label = GDPR, where: Place | None = None, **fields: object,
) -> Permission:  # fmt: skip
    spec = made(of, law, **fields)
    return permit(spec, label, facet, where or Place(name="p", countries=(country,)))


def made(of: Zone, law: LawFacts | None = None, **fields: object) -> Graph:
    here = site("lab", of, (device(), 1), country="DE")
    return graph(flow("f", people(), (here,), stage("s", "faces")), law=law or pack(), **fields)


def rules(found: Permission) -> list[str]:
    return [reason.rule for reason in found.reasons]


def test_a_wall_holds_for_every_country_of_a_place() -> None:
    of, label = zone("eu", "DE", "FR"), Label(zones=frozenset({"eu"}))
    assert judged("DE", of=of, label=label).verdict == "satisfied"
    both = judged("", of=of, label=label, where=Place(name="p", countries=("US", "DE")))
    assert (both.verdict, both.reasons[0].countries) == ("violated", ("US",))
    unknown = judged("", of=of, label=label, where=Place(name="p", countries=()))
    assert (unknown.verdict, rules(unknown)) == ("gap", ["zone:eu"])


@pytest.mark.parametrize("facet", ["support", "control_plane", "operator"])
def test_people_and_metadata_have_a_wall_only_if_it_is_stated(facet: str) -> None:
    of, label = zone("eu", "DE"), Label(zones=frozenset({"eu"}))
    where = Place(name="p", countries=("US",), operator="US")
    assert judged("", facet, of=of, label=label, where=where).reasons == ()
    stated = replace(of, facets=((facet, ("DE",)),))
    assert judged("", facet, of=stated, label=label, where=where).verdict == "violated"


def test_an_operator_is_where_its_law_is() -> None:
    of = replace(zone("eu", "DE"), facets=(("operator", ("DE",)),))
    label = Label(zones=frozenset({"eu"}))
    asked = Place(name="p", countries=("DE",))
    assert judged("", "operator", of=of, label=label, where=asked).verdict == "gap"
    german = replace(asked, operator="DE")
    assert judged("", "operator", of=of, label=label, where=german).verdict == "satisfied"


def test_home_and_elsewhere() -> None:
    assert judged("DE").verdict == "satisfied"
    assert rules(judged("US")) == ["gdpr:elsewhere"]
    assert judged("US").verdict == "violated"
    free = pack(regime(elsewhere="allow"))
    assert judged("US", law=free).verdict == "satisfied"
    vague = pack(regime(elsewhere="gap"))
    assert judged("US", law=vague).verdict == "gap"
    assert judged("US", "transit").verdict == "satisfied", "not governed"


def test_places_that_nobody_states_or_that_do_not_exist_are_gaps() -> None:
    free = pack(regime(elsewhere="allow"))
    for countries in ((), ("XX",), ("DE", ""), ("eu",)):
        where = Place(name="p", countries=countries)
        assert judged("", law=free, where=where).verdict == "gap", countries


def test_a_country_that_nobody_knows_hides_no_violation() -> None:
    where = Place(name="p", countries=("US", "XX"))
    assert judged("", where=where).verdict == "violated"
    of, label = zone("eu", "DE"), Label(zones=frozenset({"eu"}))
    assert judged("", of=of, label=label, where=where).verdict == "violated"
    mixed = Place(name="p", countries=("DE", "XX"))
    assert judged("", where=mixed).verdict == "gap"
    assert judged("", of=of, label=label, where=mixed).verdict == "gap"


def test_an_adequacy_decision_holds_in_its_days_and_scope() -> None:
    def japan(**fields: object) -> LawFacts:
        return pack(adequate=(adequacy("JP", **fields),))  # type: ignore[arg-type]

    assert judged("JP", law=japan()).verdict == "satisfied"
    assert judged("JP", law=japan(until=date(2026, 11, 1))).verdict == "satisfied"
    assert judged("JP", law=japan(until=date(2026, 10, 31))).verdict == "violated"
    assert judged("JP", law=japan(since=date(2026, 11, 2))).verdict == "violated"
    assert judged("JP", law=japan(status=Status.DRAFT)).verdict == "violated"
    narrow = judged("JP", law=japan(scope="private-sector"))
    assert (narrow.verdict, [o.met_by for o in narrow.obligations]) == ("conditional", [""])
    shaky = judged("JP", law=japan(status=Status.CONTESTED))
    assert (shaky.verdict, len(shaky.obligations)) == ("conditional", 1)
    assert shaky.reasons[0].fact == "adequacy-JP"


def test_an_adequacy_decision_is_for_the_countries_that_may_send_under_it() -> None:
    """EU law that the EEA has not taken over is none for data that is born in Norway."""
    brazil = adequacy("BR")
    for exporters, verdict in (("DE", "satisfied"), ("NO", "violated"), ("", "satisfied")):
        law = pack(adequate=(replace(brazil, exporters=frozenset(exporters.split())),))
        assert judged("BR", law=law).verdict == verdict


def test_only_proof_of_certification_opens_a_decision_for_the_certified() -> None:
    law = pack(adequate=(adequacy("US", "certified", status=Status.CONTESTED),))
    assert judged("US", law=law).verdict == "violated"
    for evidence, verdict in (("", "violated"), ("legal/dpf.pdf", "conditional")):
        of = replace(EU, transfers=(transfer("US", "adequacy", evidence=evidence),))
        assert judged("US", law=law, of=of).verdict == verdict
    twice = (transfer("US", "adequacy", evidence=""), transfer("US", "adequacy"))
    assert judged("US", law=law, of=replace(EU, transfers=twice)).verdict == "conditional"
    of = replace(EU, transfers=(transfer("US", "adequacy"), transfer("US", "bcr")))
    ready = judged("US", law=law, of=of)
    assert rules(ready) == ["gdpr:adequacy"]
    assert all(duty.met_by for duty in ready.obligations)


@pytest.mark.parametrize(
    ("stated", "verdict"),
    [
        (transfer("US"), "conditional"),
        (transfer("US", expires="2026-11-01"), "conditional"),
        (transfer("US", expires="2026-10-31"), "violated"),
        (transfer("US", evidence=""), "violated"),
        (transfer("CA"), "violated"),
        (transfer("US", "idta"), "violated"),
        (transfer("US", "adequacy"), "violated"),
    ],
)
def test_a_transfer_counts_with_a_known_mechanism_and_proof(stated: object, verdict: str) -> None:
    of = replace(EU, transfers=(stated,))
    assert judged("US", of=of).verdict == verdict


def test_a_mechanism_lists_its_documents() -> None:
    of = replace(EU, transfers=(transfer("US"),))
    assert [o.met_by for o in judged("US", of=of).obligations] == ["legal/scc.pdf", ""]
    tia = Evidence(kind="tia", document="legal/tia.pdf", expires="2026-12-31", origin=at(13))
    shown = replace(of, evidence=(tia,))
    assert judged("US", of=shown).obligations[1].met_by == "legal/tia.pdf"
    old = replace(of, evidence=(replace(tia, expires="2026-10-31"),))
    assert judged("US", of=old).obligations[1].met_by == ""


def test_a_mechanism_lasts_as_long_as_the_law_lets_it() -> None:
    law = pack(regime(mechanisms=(mechanism("certificate", longest=365),)))
    for expires, verdict in (("2027-11-01", "conditional"), ("2027-11-02", "violated")):
        of = replace(EU, transfers=(transfer("US", "certificate", expires=expires),))
        assert judged("US", of=of, law=law).verdict == verdict
    of = replace(EU, transfers=(transfer("US", "certificate"),))
    assert [bool(duty.met_by) for duty in judged("US", of=of, law=law).obligations] == [True, False]


@pytest.mark.parametrize(
    ("count", "verdict"), [(9, "conditional"), (10, "violated"), (None, "violated")]
)
def test_a_mechanism_for_few_people_is_not_open_to_many(count: int | None, verdict: str) -> None:
    filing = mechanism("filing", at_most=(("user", 9), ("user.health", 0)))
    of = replace(EU, transfers=(transfer("US", "filing"),))
    here = site("lab", of, (device(), 1), country="DE")
    faces = people(subject_count=count)
    spec = graph(flow("f", faces, (here,), stage("s", "faces")),
                 law=pack(regime(mechanisms=(filing,))))  # fmt: skip
    found = permit(spec, GDPR, "store", Place(name="p", countries=("US",)))
    assert found.verdict == verdict


def test_the_transfers_of_another_zone_do_not_count() -> None:
    other = replace(zone("us", "US"), transfers=(transfer("US"),))
    spec = replace(made(EU), zones=(EU, other))
    where = Place(name="p", countries=("US",))
    assert permit(spec, GDPR, "store", where).verdict == "violated"


def test_ciphertext_may_lie_abroad_while_its_keys_stay() -> None:
    sealed = Place(name="p", countries=("US",), sealed=True, keys_in=("DE", "FR"))
    found = judged("", "ciphertext", where=sealed)
    assert (found.verdict, rules(found)) == ("conditional", ["gdpr:sealed"])
    for worse in (
        replace(sealed, sealed=False), replace(sealed, keys_in=()),
        replace(sealed, keys_in=("DE", "US")),
    ):  # fmt: skip
        assert judged("", "ciphertext", where=worse).verdict == "violated"
    assert judged("", "store", where=sealed).verdict == "violated", "not a sealed facet"
    home = replace(sealed, countries=("DE",))
    assert judged("", "ciphertext", where=home).verdict == "satisfied"


def test_a_bulk_law_refuses_countries_and_operators() -> None:
    label = Label(regimes=frozenset({Bound(BULK.name, "eu")}))
    plain = Place(name="p", countries=("VN",))
    assert judged("", label=label, where=plain).verdict == "satisfied"
    assert judged("", label=label, where=replace(plain, countries=("CN", ""))).verdict == "violated"
    cloud = replace(plain, recipient="cloud", operator="CN")
    assert rules(judged("", label=label, where=cloud)) == ["us-doj-data:operator"]
    assert judged("", label=label, where=replace(cloud, operator=None)).verdict == "gap"
    assert judged("", label=label, where=replace(cloud, operator="US")).verdict == "satisfied"


def test_an_unknown_law_is_a_gap_everywhere() -> None:
    for name in ("unknown:VN", "unknown:", "lgpd"):
        label = Label(regimes=frozenset({Bound(name, "eu")}))
        assert judged("VN", "transit", label=label).verdict == "gap"
        assert judged("DE", label=label).verdict == "gap"


def test_policies_bind_by_birth_whatever_was_released() -> None:
    ban = Policy(name="no-us", zones=("eu",), categories=("user",), countries=("US",), regions=(),
                 boards=(), reason="test", origin=at(91))  # fmt: skip
    label = Label(categories=frozenset({"user.biometric"}), born=frozenset({"eu"}))
    found = judged("US", label=label, policies=(ban,))
    assert (found.verdict, rules(found)) == ("violated", ["policy:no-us"])
    assert judged("DE", label=label, policies=(ban,)).verdict == "satisfied"
    other = replace(label, born=frozenset({"us"}))
    assert judged("US", label=other, policies=(ban,)).reasons == ()


def test_every_rule_that_was_asked_is_listed() -> None:
    label = replace(GDPR, zones=frozenset({"eu"}), regimes=GDPR.regimes | {Bound("hipaa", "eu")})
    assert rules(judged("DE", label=label)) == ["zone:eu", "gdpr:home", "hipaa:elsewhere"]
