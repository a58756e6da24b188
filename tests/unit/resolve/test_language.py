"""What the wider language resolves to: hardware, uplinks, prices, facets, born data and waivers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from unit.resolve.lowering import lowered, spec

from hybridspec.base.diagnostic import Severity, Sink
from hybridspec.base.units import DAY
from hybridspec.check.rule import check
from hybridspec.ir.law import FACETS
from hybridspec.law.facts import adequate, members
from hybridspec.load.facts import shipped_facts

BOX: dict[str, Any] = {
    "architecture": "amd64", "memory": "8GiB", "reserved_memory": "1GiB", "disk": "64GB",
    "idle_power": "5W", "load_power": "15W", "price": "200 USD", "life": "P5Y",
}  # fmt: skip

LAW = shipped_facts()


def codes(written: dict[str, Any]) -> list[str]:
    """The codes of the findings of resolving."""
    return [finding.code for finding in lowered(written)[1]]


def hardware(**fields: Any) -> dict[str, Any]:
    """The plain spec with own hardware."""
    made = spec(devices__gateway__hardware={**BOX, **fields})
    del made["devices"]["gateway"]["board"]
    return made


def test_own_hardware_borrows_figures_with_twice_the_interval() -> None:
    plain, _ = lowered(spec())
    graph, findings = lowered(hardware(like="raspberry-pi-5"))
    assert findings == []
    own, like = graph.device_classes[0].board, plain.device_classes[0].board
    assert (own.price, own.memory) == (200 * 10**6, 8 * 2**30)
    assert [(row.conv_ps, row.spread) for row in own.rates] == [
        (row.conv_ps, 2 * row.spread) for row in like.rates
    ]
    assert lowered(hardware())[0].device_classes[0].board.rates == ()
    assert codes(hardware(like="cray-1")) == ["HS0223"]


def test_own_hardware_never_takes_the_name_of_a_board() -> None:
    made = hardware()
    made["devices"]["raspberry-pi-5"] = made["devices"]["gateway"]
    names = {device.board.name for device in lowered(made)[0].device_classes}
    assert len(names) == 2
    assert "raspberry-pi-5" not in names


def test_a_site_has_its_own_uplink_key_by_key() -> None:
    graph, _ = lowered(spec(sites__lab__uplink={"bandwidth": "1Mbit/s"}))
    here = graph.sites[0].devices[0].device_class
    assert (here.uplink_bandwidth, here.uplink_rtt) == (10**6, 35_000)
    assert graph.device_classes[0].uplink_bandwidth == 20 * 10**6


def test_agreed_prices_replace_the_list_key_by_key() -> None:
    plain, _ = lowered(spec())
    graph, _ = lowered(spec(clouds__aws__prices={"storage_gb_month": "0.01 USD"},
                            clouds__aws__account="123456789012"))  # fmt: skip
    (region,), (before,) = graph.regions, plain.regions
    assert (region.storage_price, region.egress_price) == (10_000, before.egress_price)
    assert region.account == "123456789012"


@pytest.mark.parametrize(
    ("day", "inside", "outside"),
    [("2020-12-16", {"CH", "JP"}, {"GB", "KR"}), ("2026-11-01", {"GB", "KR"}, {"US", "BR"}),
     ("2032-01-01", {"KR"}, {"GB"})],
)  # fmt: skip
def test_adequacy_is_judged_on_its_day(day: str, inside: set[str], outside: set[str]) -> None:
    graph, findings = lowered(
        spec(metadata__as_of=day, zones__eu__countries=["EEA", "adequate(EU)"])
    )
    assert findings == []
    assert inside <= set(graph.zones[0].countries)
    assert not outside & set(graph.zones[0].countries)
    assert adequate(LAW, date.fromisoformat(day)) < set(graph.zones[0].countries)
    assert not adequate(LAW, LAW.checked_on) & members(LAW, "EEA")


def test_a_day_before_the_facts_is_refused() -> None:
    assert codes(spec(metadata__as_of="2020-01-31")) == ["HS0205"]
    assert codes(spec(metadata__as_of="2020-02-01")) == []


def test_facets_of_people_and_metadata_bind_only_where_they_are_stated() -> None:
    graph, findings = lowered(spec(zones__eu__facets={"operator": ["DE", "US"], "model": ["DE"]}))
    assert findings == []
    zone = graph.zones[0]
    assert zone.allowed("operator") == ("DE", "US")
    walled = {facet for facet in FACETS if zone.walled(facet)}
    assert walled == {*FACETS} - {"support", "control_plane"}
    assert {facet for facet in FACETS if zone.states(facet)} == {"operator", "model"}


def test_administrators_of_a_cloud_work_where_the_spec_says() -> None:
    graph, _ = lowered(spec(clouds__aws__administered_from=["DE", "EEA"]))
    assert set(graph.regions[0].administered_from) == members(LAW, "EEA")
    assert codes(spec(clouds__aws__administered_from=["XX"])) == ["HS0222"]


def test_facets_narrow_and_never_widen() -> None:
    graph, findings = lowered(spec(zones__eu__facets={"keys": ["DE", "US"], "logs": ["EU"]}))
    assert [finding.code for finding in findings] == ["HS0227"]
    assert graph.zones[0].allowed("keys") == ("DE",)
    assert graph.zones[0].allowed("store") == graph.zones[0].countries


def test_data_flows_where_it_is_born() -> None:
    made = spec(data__frames__born=["lab"])
    made["sites"]["mill"] = made["sites"]["lab"]
    graph, findings = lowered(made)
    assert findings == []
    assert [site.name for site in graph.flows[0].sites] == ["lab"]
    made["flows"]["watch"]["sites"] = ["mill"]
    assert codes(made) == ["HS0213"]
    assert codes(spec(data__frames__born=["moon"])) == ["HS0220"]


@pytest.mark.parametrize(
    ("sections", "code"),
    [
        ({"policies": {"p": {"forbid": {"boards": ["cray-1"]}, "reason": "r"}}}, "HS0220"),
        ({"policies": {"p": {"forbid": {"regions": ["aws/moon"]}, "reason": "r"}}}, "HS0220"),
        ({"policies": {"p": {"forbid": {"countries": ["XX"]}, "reason": "r"}}}, "HS0222"),
        ({"policies": {"p": {"applies_to": {"zones": ["us"]}, "forbid": {"countries": ["US"]},
                             "reason": "r"}}}, "HS0220"),
        ({"policies": {"p": {"forbid": {}, "reason": "r"}}}, "HS0212"),
        ({"policies": {"p": {"forbid": {"boards": ["raspberry-pi-5"]}, "reason": "r",
                             "when": "facet == 'store'"}}}, "HS0212"),
        ({"policies": {"p": {"forbid": {"boards": ["raspberry-pi-5"]}, "reason": "r",
                             "applies_to": {"regimes": ["gdpr"]}}}}, "HS0212"),
        ({"policies": {"p": {"forbid": {"partitions": ["aws-moon"]}, "reason": "r"}}}, "HS0220"),
        ({"policies": {"p": {"forbid": {"operators": ["XX"]}, "reason": "r"}}}, "HS0222"),
        ({"policies": {"p": {"forbid": {"countries": ["US"]}, "reason": "r",
                             "message": "{place} and {policy.origin}"}}}, "HS0206"),
        ({"stacks": {"prod": {"clouds": ["gcp"]}}}, "HS0220"),
        ({"stacks": {"local": {}}}, "HS0212"),
        ({"models__detect__metric": "r2"}, "HS0212"),
        ({"models__detect__training": {"image": "t", "hours": 1, "every": "P1D", "data": ["x"]}},
         "HS0220"),
        ({"observability": {"sinks": [{"type": "prometheus", "zone": "us"}]}}, "HS0220"),
        ({"zones__eu__retention": {"at_least": "P9D", "at_most": "P1D"}}, "HS0205"),
        ({"rollout__keys": {"root": {"threshold": 3, "of": 2}}}, "HS0205"),
        ({"flows__watch__sync": {"every": "PT1H"}}, "HS0212"),
    ],
)  # fmt: skip
def test_a_name_or_a_figure_that_cannot_be_is_found(sections: dict[str, Any], code: str) -> None:
    assert codes(spec(**sections)) == [code]


def test_a_waived_warning_is_a_note_and_a_stale_waiver_an_error() -> None:
    waiver = {"rule": "HS0307", "at": "clouds.aws.regions", "reason": "soon", "approver": "me",
              "expires": "2026-12-31"}  # fmt: skip
    made = spec(clouds__aws__regions=["eu-central-1", "us-east-1"], waivers=[waiver])
    graph, findings = lowered(made)
    assert findings == []
    sink = Sink()
    check(graph, sink)
    (note,) = sink.findings
    assert (note.code, note.severity) == ("HS0307", Severity.NOTE)
    assert "waived until 2026-12-31 by me: soon" in note.message
    made["metadata"]["as_of"] = "2027-01-01"
    late = Sink()
    check(lowered(made)[0], late)
    assert [f.code for f in late.findings if f.severity is Severity.ERROR] == ["HS0316"]
    assert any(f.code == "HS0307" and f.severity is Severity.WARNING for f in late.findings)


def test_what_has_no_effect_yet_is_named() -> None:
    graph, _ = lowered(spec(devices__gateway__security=["tpm"],
                            zones__eu__retention={"at_least": "P1D"}))  # fmt: skip
    assert graph.zones[0].kept_at_least == DAY
    assert any("devices.*.security" in sentence for sentence in graph.unassessed)
    assert lowered(spec())[0].unassessed == ()


def test_libraries_of_another_runtime_are_not_free_for_models() -> None:
    plain = lowered(hardware(like="jetson-orin-nano"))[0].device_classes[0].board
    made = hardware(like="jetson-orin-nano")
    made["devices"]["gateway"]["runtime"] = "tensorrt"
    board = lowered(made)[0].device_classes[0].board
    assert board.resident == 800 * 2**20
    assert board.reserved_memory == plain.reserved_memory + board.resident
    made["devices"]["gateway"]["runtime"] = "edgetpu"
    assert codes(made) == ["HS0238"]
    made["devices"]["gateway"]["hardware"]["runtimes"] = ["edgetpu"]
    assert codes(made) == []
