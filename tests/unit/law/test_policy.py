"""Policies over claims: they forbid, require and warn, leave gaps, and never allow anything."""

from __future__ import annotations

import random
import re
import time
from dataclasses import replace
from typing import Any

import pytest
from property.graphs import at, device, flow, graph, site, stage, zone
from property.laws import pack, people
from unit.resolve.lowering import lowered
from unit.resolve.lowering import spec as written

from hybridspec.ir.governance import Policy, Requirement
from hybridspec.ir.graph import Graph, Zone
from hybridspec.ir.label import Bound, Label
from hybridspec.ir.law import Evidence
from hybridspec.ir.verdict import ORDER, Permission, Place, Verdict
from hybridspec.law.condition import FIELDS, claim
from hybridspec.law.permit import permit
from hybridspec.law.policy import PLACEHOLDERS, worded
from hybridspec.resolve import condition
from hybridspec.resolve.condition import CelCondition, Fault, compiled
from hybridspec.spec.policy import CONTROL_PATTERN

EU = zone("eu", "DE", "FR", "US")
LABEL = Label(categories=frozenset({"user.biometric"}), zones=frozenset({"eu"}),
              born=frozenset({"eu"}), regimes=frozenset({Bound("gdpr", "eu")}), sensitivity=2,
              identifiability=3, volume=None)  # fmt: skip
FRANCE = Place(name="region aws/eu-west-3", countries=("FR",), recipient="aws", operator="US",
               partition="aws")  # fmt: skip


def policy(**fields: Any) -> Policy:
    """A policy that names nothing beyond what is given."""
    empty: dict[str, Any] = {"zones": (), "categories": (), "countries": (), "regions": (),
                             "boards": ()}  # fmt: skip
    return Policy(**{"name": "p", **empty, "reason": "test", "origin": at(91), **fields})


def when(text: str) -> CelCondition:
    """A condition that compiles."""
    made = compiled(text)
    assert isinstance(made, CelCondition), made
    return made


def spec(*policies: Policy, of: Zone = EU) -> Graph:
    """One site, one flow about people."""
    here = site("lab", of, (device(), 1), country="DE")
    made = graph(flow("f", people(), (here,), stage("s", "faces")), law=pack())
    return replace(made, policies=policies)


def judged(
    *policies: Policy, where: Place = FRANCE, facet: str = "store", label: Label = LABEL,
    of: Zone = EU,
) -> Permission:  # fmt: skip
    """The permission of the label at the place."""
    return permit(spec(*policies, of=of), label, facet, where)


FREE = judged().verdict
FORBIDS: list[dict[str, Any]] = [
    {"countries": ("FR",)}, {"regions": ("aws/eu-west-3",)}, {"operators": ("US",)},
    {"partitions": ("aws",)}, {"requires": Requirement(controls=("audit-log",))},
    {"requires": Requirement(device_trust=("tpm",))}, {"requires": Requirement(evidence=("dpia",))},
    {"requires": Requirement(key_protection="hsm")},
    {"condition": when("sensitivity == 'high' && 'FR' in countries")},
]  # fmt: skip


@pytest.mark.parametrize("fields", FORBIDS)
@pytest.mark.parametrize(
    "bound",
    [{}, {"zones": ("eu",)}, {"categories": ("user",)}, {"facets": ("logs", "store")},
     {"regimes": ("gdpr",)}],
)  # fmt: skip
def test_a_policy_forbids_what_it_names(fields: dict[str, Any], bound: dict[str, Any]) -> None:
    assert FREE is not Verdict.VIOLATED
    found = judged(policy(**fields, **bound))
    assert found.verdict is Verdict.VIOLATED
    assert "policy:p" in [reason.rule for reason in found.reasons]


@pytest.mark.parametrize("fields", FORBIDS)
@pytest.mark.parametrize(
    "bound",
    [{"zones": ("us",)}, {"categories": ("user.biometrics",)}, {"facets": ("logs",)},
     {"regimes": ("hipaa",)}, {"condition": when("facet == 'logs'")}],
)  # fmt: skip
def test_a_policy_binds_nothing_else(fields: dict[str, Any], bound: dict[str, Any]) -> None:
    assert judged(policy(**{**fields, **bound})).verdict is FREE


@pytest.mark.parametrize("fields", FORBIDS)
def test_a_warning_is_an_open_obligation_and_stops_nothing(fields: dict[str, Any]) -> None:
    found = judged(policy(severity="warning", **fields))
    assert found.verdict is min(FREE, Verdict.CONDITIONAL, key=ORDER.index)
    assert [o.met_by for o in found.obligations if o.rule == "policy:p"] == [""]


def test_a_zone_that_demands_it_keeps_a_requirement() -> None:
    wants = Requirement(device_trust=("tpm",), controls=("audit-log",), key_protection="hsm",
                        evidence=("dpia",))  # fmt: skip
    dpia = Evidence(kind="dpia", document="d.pdf", expires=None, origin=at(3))
    good = replace(EU, device_trust=("tpm",), controls=("audit-log",), key_protection="hsm",
                   evidence=(dpia,))  # fmt: skip
    assert judged(policy(requires=wants), of=good).verdict is FREE
    old = replace(good, evidence=(replace(dpia, expires="2000-01-01"),))
    assert judged(policy(requires=wants), of=old).verdict is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("fields", "change"),
    [({"countries": ("CN",)}, {"countries": ()}), ({"operators": ("CN",)}, {"operator": None}),
     ({"partitions": ("aws-cn",)}, {"partition": ""}),
     ({"condition": when("'CN' in countries")}, {"countries": ()}),
     ({"condition": when("operator == 'CN'")}, {"operator": None}),
     ({"condition": when("partition == 'aws-cn'")}, {"partition": ""}),
     ({"condition": when("volume > 100000")}, {}),
     ({"condition": when("zones[7] == 'x'")}, {}), ({"condition": when("1 / 0 == 1")}, {})],
)  # fmt: skip
def test_what_nobody_knows_is_a_gap_and_never_a_pass(
    fields: dict[str, Any], change: dict[str, Any]
) -> None:
    label = replace(LABEL, zones=frozenset())
    found = judged(policy(**fields), where=replace(FRANCE, **change), label=label)
    assert Verdict.GAP in [r.verdict for r in found.reasons if r.rule == "policy:p"]
    assert found.verdict is Verdict.GAP


def test_what_is_decided_whatever_is_missing_is_decided() -> None:
    either = when("volume > 100000 || sensitivity == 'high'")
    assert judged(policy(condition=either)).verdict is Verdict.VIOLATED
    neither = when("volume > 100000 && sensitivity == 'low'")
    assert judged(policy(condition=neither)).verdict is FREE


def test_your_own_devices_have_no_operator_and_no_partition() -> None:
    own = Place(name="site lab", countries=("DE",))
    for fields in ({"operators": ("US",)}, {"partitions": ("aws",)},
                   {"condition": when("operator == 'US' || partition == 'aws'")}):  # fmt: skip
        assert judged(policy(**fields), where=own, facet="process").verdict is not Verdict.GAP


def test_no_policy_ever_allows_anything() -> None:
    rng = random.Random(7)  # seeded: the same policies every time
    texts = ("true", "false", "facet == 'store'", "volume > 1", "!('FR' in countries)")
    places = [FRANCE, replace(FRANCE, countries=()), replace(FRANCE, countries=("CN", "FR")),
              Place(name="site lab", countries=("DE",))]  # fmt: skip
    for _ in range(150):
        made = policy(
            zones=rng.choice(((), ("eu",))), countries=rng.choice(((), ("FR",), ("DE", "CN"))),
            facets=rng.choice(((), ("store",))), operators=rng.choice(((), ("US",))),
            severity=rng.choice(("error", "warning")),
            condition=rng.choice((None, when(rng.choice(texts)))),
        )  # fmt: skip
        where, facet = rng.choice(places), rng.choice(("store", "process", "operator", "logs"))
        before = judged(where=where, facet=facet)
        after = judged(made, where=where, facet=facet)
        assert ORDER.index(after.verdict) <= ORDER.index(before.verdict)
        assert set(before.reasons) <= set(after.reasons)
        assert set(before.obligations) <= set(after.obligations)


def test_a_claim_has_only_documented_fields_and_hides_what_is_unknown() -> None:
    known = claim(replace(LABEL, volume=3), "store", FRANCE)
    assert known.keys() == FIELDS.keys()
    unknown = claim(LABEL, "store", replace(FRANCE, countries=(), operator=None, partition=""))
    assert FIELDS.keys() - unknown.keys() == {"countries", "operator", "partition", "volume"}


@pytest.mark.parametrize(
    "text",
    ["[1,2,3,4,5,6,7,8,9].all(a, " * 8 + "true" + ")" * 8, "(" * 400 + "true" + ")" * 400,
     "!" * 990 + "true", "-" * 900 + "1 == 1", "'" + "a" * 980 + "' == facet",
     "[" * 300 + "]" * 300 + " == []", "facet.matches('(a+)+b')", "facet == '\x00'", "true ? ",
     "\u202etrue", "zones.map(a, zones.map(b, zones.map(c, a + b + c))).size() > 0",
     "facet" + " + facet" * 110 + " == facet", "zones.exists(z, z.matches('" + "(x?)" * 200 + "'))",
     "{'a': facet}.b == 'x'", "facet.size", "import('os')", "type(facet) == string"],
)  # fmt: skip
def test_no_condition_hangs_or_raises(text: str) -> None:
    begun = time.process_time()
    made = compiled(text[:1000])
    if isinstance(made, CelCondition):
        label = replace(LABEL, zones=frozenset(f"z{n}" for n in range(200)))
        assert isinstance(made.decide(claim(label, "store", FRANCE)), bool | str)
    else:
        assert isinstance(made, Fault)
        assert "\n" not in made.text
        assert len(made.text) < 240
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("text", "column"),
    [("facett == 'store'", 1), ("facet == 'store' && volum > 3", 21), ("facet == 1", 7),
     ("facet ==", 9)],
)  # fmt: skip
def test_a_fault_of_a_condition_knows_its_column(text: str, column: int) -> None:
    made = compiled(text)
    assert isinstance(made, Fault)
    assert (made.line, made.column) == (1, column)


def test_without_the_engine_a_condition_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(condition, "find_spec", lambda _: None)
    written_down = {"p": {"when": "facet == 'store'", "reason": "r"}}
    (finding,) = lowered(written(policies=written_down))[1]
    assert finding.code == "HS0350"
    assert "pip install 'hybridspec[cel]'" in finding.help


@pytest.mark.parametrize(
    ("control", "good"),
    [("nist-800-53:SA-9(5)", True), ("nist-800-53:ZZ-9", False), ("nist-800-53:AC-0", False),
     ("iso-27001:5.37", True), ("iso-27001:5.38", False), ("iso-27001:9.1", False),
     ("hipaa:164.312(a)(2)(iv)", True), ("hipaa:164.999", False), ("pci:1.2", False)],
)  # fmt: skip
def test_controls_are_those_of_known_frameworks(control: str, good: bool) -> None:
    made = re.fullmatch(CONTROL_PATTERN[1:-1], control)
    assert (made is not None) is good


def test_words_of_a_policy_hold_values_and_no_code() -> None:
    made = policy(message="{place} {countries} {policy.origin} {what} {")
    text = worded(made, countries=("US", "CN"), place="{policy}", what="{x}")
    assert text == "{policy} US, CN  {x} {"
    assert set(PLACEHOLDERS) == {"policy", "zone", "facet", "countries", "place", "what"}
