"""Zones, sites, regions, training and rollout: every name and fact filled in, or missed."""

from __future__ import annotations

from typing import Any

import pytest
from unit.resolve.lowering import PLAIN, catalogs, lowered, spec

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.base.units import DAY
from hybridspec.check.rules.freeze_window_too_short import freeze_window_too_short
from hybridspec.law.facts import members
from hybridspec.load.facts import shipped_facts


def codes(written: dict[str, Any], **regions: dict[str, Any]) -> list[str]:
    """The codes of the findings of resolving."""
    return [finding.code for finding in found(written, **regions)]


def found(written: dict[str, Any], **regions: dict[str, Any]) -> list[Diagnostic]:
    """The findings of resolving."""
    return lowered(written, catalogs(**regions))[1]


def test_the_plain_spec_resolves() -> None:
    graph, findings = lowered(spec())
    assert findings == []
    assert graph.zones[0].countries == tuple(sorted(members(shipped_facts(), "EU")))
    assert graph.regions[0].label == "aws/eu-central-1"


@pytest.mark.parametrize("name", ["UK", "XK", "eu", "de", "EU27", "GERMANY", "", "D\u0415"])
def test_an_unknown_country_never_widens_a_zone(name: str) -> None:
    graph, findings = lowered(spec(zones__eu__countries=["DE", name]))
    assert [finding.code for finding in findings] == ["HS0222"]
    assert graph.zones[0].countries == ("DE",)


@pytest.mark.parametrize("territory", ["GF", "RE", "GP", "MQ", "YT", "PM", "NC", "GL", "AX", "GI"])
def test_a_bloc_holds_no_overseas_territory(territory: str) -> None:
    graph, _ = lowered(spec(zones__eu__countries=["EEA"]))
    assert territory not in graph.zones[0].countries


@pytest.mark.parametrize("country", ["EU", "UK", "XK", "fr", "EEA"])
def test_a_site_stands_in_one_known_country(country: str) -> None:
    assert codes(spec(sites__lab__country=country)) == ["HS0222"]


def test_a_region_named_twice_is_one_region() -> None:
    graph, findings = lowered(spec(clouds__aws__regions=["eu-west-1", "eu-west-1"]))
    assert findings == []
    assert [region.name for region in graph.regions] == ["eu-west-1"]


def test_a_region_without_prices_or_services_cannot_be_used() -> None:
    assert codes(spec(clouds__aws__regions=["eu-central-1", "af-south-1"])) == ["HS0224"]
    (finding,) = found(spec(), eu_central_1={"services": ["s3"]})
    assert "kms" in finding.message


def test_one_cloud_account_lies_in_one_partition() -> None:
    both = spec(clouds__aws__regions=["eu-central-1", "eusc-de-east-1"])
    (finding,) = found(both, eusc_de_east_1={"partition": "aws-eusc"})
    assert finding.code == "HS0224"
    assert "aws-eusc" in finding.message
    assert "partition" in finding.message
    apart = spec(clouds={
        "aws": {"provider": "aws", "regions": ["eu-central-1"]},
        "sovereign": {"provider": "aws", "regions": ["eusc-de-east-1"]},
    })  # fmt: skip
    assert codes(apart, eusc_de_east_1={"partition": "aws-eusc"}) == []


JOB = {"image": "train:1", "hours": 1, "every": "P30D"}


def test_pins_of_training_are_kept() -> None:
    graph, findings = lowered(spec(models__detect__training={**JOB, "cloud": "aws"}))
    assert findings == []
    assert graph.models[0].training is not None
    assert (graph.models[0].training.cloud, graph.models[0].training.region) == ("aws", None)
    graph, _ = lowered(spec(models__detect__training={**JOB, "region": "eu-central-1"}))
    assert graph.models[0].training is not None
    assert graph.models[0].training.region == graph.regions[0]


@pytest.mark.parametrize("pin", [{"cloud": "azure"}, {"region": "eu-west-3"},
                                 {"region": "eu-central-1", "cloud": "gcp"}])  # fmt: skip
def test_pins_of_training_that_name_nothing_are_findings(pin: dict[str, str]) -> None:
    assert set(codes(spec(models__detect__training={**JOB, **pin}))) == {"HS0220"}


def test_a_region_that_two_clouds_have_is_pinned_with_its_cloud() -> None:
    two = spec(
        clouds={name: {"provider": "aws", "regions": ["eu-central-1"]} for name in ("one", "two")},
        models__detect__training={**JOB, "region": "eu-central-1"},
    )
    (finding,) = found(two)
    assert finding.code == "HS0220"
    assert "cloud" in finding.help
    two["models"]["detect"]["training"]["cloud"] = "two"
    graph, findings = lowered(two)
    assert findings == []
    assert graph.models[0].training is not None
    assert graph.models[0].training.region is not None
    assert graph.models[0].training.region.label == "two/eu-central-1"


def test_a_validity_of_nothing_is_what_was_written() -> None:
    graph, _ = lowered(spec(rollout__validity="0s"))
    assert graph.update_validity == 0
    assert [f.code for f in freeze_window_too_short(graph)] == ["HS0308"]


def test_a_validity_that_nobody_wrote_outlasts_every_absence() -> None:
    graph, _ = lowered(spec(zones__eu__courier_delay="P2D"))
    assert graph.update_validity == DAY + 2 * DAY + 7 * DAY
    assert "rollout.validity" in {key for key, _, _ in graph.defaults}


def test_classes_that_are_away_for_long_are_a_tier_of_their_own() -> None:
    far = {**PLAIN["devices"]["gateway"], "max_offline": "P60D"}
    graph, _ = lowered(spec(devices__far=far, zones__eu__courier_delay="P2D",
                            sites__lab__devices={"gateway": 1, "far": 1}))  # fmt: skip
    assert [(t.name, t.device_classes, t.window) for t in graph.tiers] == [
        ("online", ("gateway",), 10 * DAY), ("remote", ("far",), 69 * DAY),
    ]  # fmt: skip
    graph, _ = lowered(spec(rollout__validity="P90D"))
    assert [t.window for t in graph.tiers] == [90 * DAY]  # what was written counts


def test_cohorts_only_grow() -> None:
    grow = [{"name": "a", "percent": 50, "max_failures": 0.0},
            {"name": "b", "percent": 50, "max_failures": 0.0}]  # fmt: skip
    assert codes(spec(rollout__cohorts=grow)) == ["HS0205"]


def test_personal_data_is_known_by_its_category() -> None:
    for category, personal in (("user.health", True), ("user", True), ("users", False),
                               ("system.user", False)):  # fmt: skip
        graph, _ = lowered(spec(data__frames__category=category))
        assert graph.data[0].personal is personal


def test_unknown_names_are_findings_and_never_guessed() -> None:
    assert codes(spec(devices__gateway__board="raspberry-pi-6")) == ["HS0223"]
    assert codes(spec(sites__lab__zone="us")) == ["HS0220"]
    assert codes(spec(sites__lab__devices={"gate": 1})) == ["HS0220"]
    assert codes(spec(clouds__aws__provider="aks")) == ["HS0220"]
    assert codes(spec(clouds__aws__regions=["eu-central-9"])) == ["HS0224"]
    assert "HS0220" in codes(spec(flows__watch__data="frame"))
    assert codes(spec(flows__watch__sites=["lap"])) == ["HS0220"]
