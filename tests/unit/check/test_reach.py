"""What zones are refused for their data: no more and no less than what labels may not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sovereignty.random_specs import draw
from unit.resolve.lowering import lowered, spec

from hybridspec.check.rules.transfer_unproven import transfer_unproven
from hybridspec.ir.graph import Graph, StageKind
from hybridspec.ir.label import Label
from hybridspec.ir.verdict import Place, Verdict
from hybridspec.ir.zone import Zone
from hybridspec.law.cause import brought
from hybridspec.law.claim import claims
from hybridspec.law.permit import law_of
from hybridspec.load.facts import shipped_facts

LAW = shipped_facts()
PEOPLE = {"frames": {"category": "user.contact", "size": "1kB", "rate": "1/s", "subjects": ["US"]}}


def refused(graph: Graph) -> dict[str, set[str]]:
    """By zone, the countries that a finding names."""
    found: dict[str, set[str]] = {}
    for finding in transfer_unproven(graph):
        found.setdefault(finding.message.split("`")[1], set()).update(finding.about.countries)
    return found


def denied(graph: Graph, zone: Zone, facet: str, labels: list[Label]) -> set[str]:
    """The countries of a facet where one of the labels may not be, by what laws say of places."""
    law = law_of(graph)
    return {
        country for country in zone.allowed(facet) for label in set(labels)
        for reason in law.permit(
            replace(label, zones=frozenset()), facet,
            Place(name="x", countries=(country,), operator=country),
        ).reasons
        if reason.verdict is Verdict.VIOLATED
        and reason.rule.partition(":")[2] in ("elsewhere", "denied", "operator")
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_a_zone_is_refused_what_a_label_in_it_may_not(seed: int) -> None:
    drawn = draw(seed, LAW)
    if any(transfer.recipient for zone in drawn.zones for transfer in zone.transfers):
        return  # a ground for one recipient lets a zone list the country
    graph = replace(drawn, policies=())
    law = law_of(graph)
    found = refused(graph)
    for name, _, country in brought(claims(graph)):  # HS0301 tells of those
        found.setdefault(name, set()).add(country)
    for zone in graph.zones:
        nodes = [(flow, stage, f"stage {flow.name}.{stage.name}@{zone.name}")
                 for flow in graph.flows for stage in flow.stages
                 if any(site.zone.name == zone.name for site in flow.sites)]  # fmt: skip
        every = [law.labels.within(name) for _, _, name in nodes]
        kept = [law.labels.within(name) for _, stage, name in nodes
                if stage.kind is StageKind.SINK and stage.operation == "store"]  # fmt: skip
        for facet, labels in (("process", every), ("logs", every), ("store", kept)):
            assert denied(graph, zone, facet, labels) <= found.get(zone.name, set()), facet


def test_an_operator_of_a_refused_country_is_a_finding() -> None:
    made, _ = lowered(spec(
        zones={"us": {"countries": ["US"], "facets": {"operator": ["CN", "US"]}}},
        sites__lab__zone="us", sites__lab__country="US", data=PEOPLE,
    ))  # fmt: skip
    assert refused(made) == {"us": {"CN"}}


def test_a_facet_that_is_narrowed_is_not_refused() -> None:
    zone = {"countries": ["DE", "US"], "regimes": ["gdpr"]}
    everything = ("process", "store", "ciphertext", "transit", "backup", "logs", "model")
    narrow = {facet: ["DE"] for facet in everything}
    for facets, out in (({}, {"eu": {"US"}}), (narrow, {}),
                        ({**narrow, "logs": ["DE", "US"]}, {"eu": {"US"}})):  # fmt: skip
        made, _ = lowered(spec(zones={"eu": {**zone, **({"facets": facets} if facets else {})}}))
        assert refused(made) == out
