"""Refusals: every rule once, the strongest first, and the same words nowhere twice."""

from __future__ import annotations

from dataclasses import replace

from property.graphs import data, device, flow, graph, region, site, stage, zone

from hybridspec.ir.label import Label
from hybridspec.ir.verdict import Place, Reason, Verdict
from hybridspec.law.claim import claims
from hybridspec.law.refusal import Refusal, because, strongest

THERE = Place(name="region aws/us-one", countries=("US",))


def refusal(rule: str, text: str, verdict: Verdict = Verdict.VIOLATED, facet: str = "store",
            source: str = "") -> Refusal:  # fmt: skip
    """A rule's refusal of a store."""
    reason = Reason(rule=rule, verdict=verdict, text=text, countries=("US",), source=source)
    return Refusal("zone store", facet, THERE, reason, "eu")


WISH = refusal("zone:eu", "zone `eu` does not allow it in US")
OWN = refusal("policy:no-us", "policy `no-us`: US is forbidden (contract)")
LAW = refusal("gdpr:elsewhere", "the law knows no ground", source="https://example.org/law")
NEVER = refusal("pipl:denied", "the law refuses US")
UNKNOWN = refusal("place:unknown", "nobody states where it is", Verdict.GAP)


def test_law_that_nothing_cures_goes_before_law_policy_and_wish() -> None:
    ordered = [NEVER, LAW, OWN, WISH, UNKNOWN]
    assert strongest(reversed(ordered)) == ordered
    assert strongest([WISH, LAW, WISH, NEVER, OWN, LAW, UNKNOWN]) == ordered


def test_rules_are_counted_and_none_is_hidden_by_another() -> None:
    assert because([WISH, OWN, LAW, NEVER], most=1) == (
        "the store: the law refuses US (pipl:denied); and by 3 more rules"
    )
    assert because([WISH, WISH, LAW]) == (
        "the store: the law knows no ground (gdpr:elsewhere); zone `eu` does not allow it in US"
    )


def test_zones_and_policies_name_themselves_once() -> None:
    assert WISH.words == "the store: zone `eu` does not allow it in US"
    assert OWN.words == "the store: policy `no-us`: US is forbidden (contract)"
    own_message = refusal("policy:no-us", "not in the States")
    assert own_message.words == "the store: not in the States (policy:no-us)"


def test_a_region_is_refused_by_every_rule_of_a_code() -> None:
    scale = stage("scale", "frames")
    lab, plant = (site(n, zone(z, c), (device(), 1)) for n, z, c in (
        ("lab", "eu", "DE"), ("plant", "us", "US")))  # fmt: skip
    of = graph(flow("f", data(), (lab, plant), scale), regions=(region("far", "JP"),))
    both = Label(zones=frozenset({"eu", "us"}))
    (there,) = claims(of).in_region(of.regions[0], ("store",))
    found = list(claims(of).refusals(both, [there], "eu", "zone store"))
    assert [one.reason.rule for one in found] == ["zone:eu", "zone:us"]
    assert {one.code for one in found} == {"HS0301"}
    assert because(found).count("does not allow it in JP") == 2


def test_a_wish_about_people_or_metadata_is_widened_where_it_stands() -> None:
    walls = zone("eu", "DE")
    of = graph(regions=(region(),))
    free = replace(of, zones=(replace(walls, facets=(("operator", ("DE",)),)),))
    who = refusal("zone:eu", "zone `eu` does not allow it in US", facet="operator")
    assert who.remedy(free) == "allow US in `zones.eu.facets.operator`"
    assert WISH.remedy(free) == "allow US in zone `eu`"
