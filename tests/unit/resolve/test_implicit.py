"""Implicit flows: what comes with a region, its pair and partition, and names of many regions."""

from __future__ import annotations

import re

import pytest

from hybridspec.base.source import SourceFile, Span
from hybridspec.ir.law import FACETS, Implicit
from hybridspec.ir.region import Region
from hybridspec.law.locate import in_region
from hybridspec.load.catalog import load_catalogs
from hybridspec.resolve.implicit import countries_of, of_devices, of_region
from hybridspec.spec.implicit import GEOGRAPHY, HERE, PAIR, PARTITION, UNKNOWN
from hybridspec.target.api import Emission
from hybridspec.target.registry import targets

CATALOGS = load_catalogs()[0]
CLOUDS = {name: catalog for name, catalog in CATALOGS.items() if catalog.operator is not None}
EU = set("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
ROWS = [(name, key) for name, catalog in CATALOGS.items() for key in catalog.implicit]
REGIONS = [(cloud, name) for cloud, catalog in CLOUDS.items() for name in catalog.regions]


def flows(cloud: str, region: str) -> dict[str, Implicit]:
    return {flow.id: flow for flow in of_region(cloud, region, CATALOGS[cloud])}


@pytest.mark.parametrize(("target", "key"), ROWS)
def test_a_row_names_what_exists_and_its_source(target: str, key: str) -> None:
    catalog, row = CATALOGS[target], CATALOGS[target].implicit[key]
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", key)
    assert row.facet in FACETS
    assert row.as_of is not None
    assert "https://" in row.source or "botocore" in row.source or "image" in row.source
    words = {HERE, PAIR, GEOGRAPHY, PARTITION, UNKNOWN}
    for item in set(row.where) - words:
        assert countries_of(item, catalog), item
    assert UNKNOWN not in row.where or row.where == [UNKNOWN]
    assert set(row.exempt) <= set(catalog.regions)
    assert set(row.partitions) <= set(catalog.partitions)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_service_that_is_emitted_has_a_row(cloud: str) -> None:
    known = {row.service for row in CATALOGS[cloud].implicit.values()}
    assert set(targets()[cloud].needs) <= known
    facets = {row.facet for row in CATALOGS[cloud].implicit.values()}
    assert {"control_plane", "support", "backup", "keys"} <= facets


WHERE_OFFERED = {
    "aws": ("inspector2", "macie2"),
    "azure": ("containerapps", "logic"),
    "gcp": ("dlp", "eventarc", "run", "workflows"),
}
"""Services that are emitted only in regions of which the catalogue, or the spec, says so."""


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_spec_that_lists_fewer_services_hides_no_flow(cloud: str) -> None:
    """Only services that every region has to have, or that we never emit, may bring a flow."""
    known = {row.service for row in CATALOGS[cloud].implicit.values()}
    unused = {"bedrock", "cloudfront", "cdn"}
    assert known <= {"*", *targets()[cloud].needs, *unused, *WHERE_OFFERED.get(cloud, ())}


@pytest.mark.parametrize(("cloud", "name"), REGIONS)
def test_a_region_belongs_to_a_partition_and_a_geography(cloud: str, name: str) -> None:
    catalog, row = CATALOGS[cloud], CATALOGS[cloud].regions[name]
    assert row.partition in catalog.partitions
    reached = countries_of(row.geography, catalog) if row.geography else (row.country,)
    assert row.country in reached
    assert countries_of(name, catalog) == (row.country,)


@pytest.mark.parametrize(
    ("cloud", "name", "countries"),
    [
        ("gcp", "eur4", {"BE", "FI", "NL"}), ("gcp", "us", {"US"}), ("gcp", "asia1", {"JP", "KR"}),
        ("gcp", "eu", EU), ("azure", "Asia Pacific", {"HK", "SG"}), ("azure", "uk", {"GB"}),
        ("azure", "Europe", {"IE", "NL"}), ("azure", "eastus2euap", {"US"}),
        ("aws", "aws-cn-global", {"CN"}), ("azure", "nowhere", set()), ("aws", "unknown", set()),
    ],
)  # fmt: skip
def test_a_name_of_several_regions_is_the_set_of_their_countries(
    cloud: str, name: str, countries: set[str]
) -> None:
    assert set(countries_of(name, CATALOGS[cloud])) == countries


@pytest.mark.parametrize("cloud", CLOUDS)
def test_global_is_every_region_of_the_public_cloud(cloud: str) -> None:
    name = "aws-global" if cloud == "aws" else "global"
    rows = [row for row in CATALOGS[cloud].regions.values()
            if row.partition == cloud and row.kind == "region"]  # fmt: skip
    assert set(countries_of(name, CATALOGS[cloud])) == {row.country for row in rows}


def test_europe_of_azure_is_more_than_the_union() -> None:
    assert {"CH", "GB", "NO"} < set(countries_of("europe", CATALOGS["azure"]))


@pytest.mark.parametrize(
    ("region", "countries"),
    [
        ("westeurope", ("IE", "NL")), ("southeastasia", ("HK", "SG")), ("uksouth", ("GB",)),
        ("polandcentral", ("PL",)), ("germanywestcentral", ("DE",)),
    ],
)  # fmt: skip
def test_a_vault_is_copied_to_the_pair(region: str, countries: tuple[str, ...]) -> None:
    found = flows("azure", region)["azure:vault-pair"]
    assert (found.countries, found.avoided_by) == (countries, "")


@pytest.mark.parametrize("region", ["brazilsouth", "westus3"])
def test_two_regions_do_not_copy_their_vaults(region: str) -> None:
    assert "azure:vault-pair" not in flows("azure", region)
    assert flows("azure", region)["azure:vault-region"].countries


def test_without_a_pair_nothing_flows_to_one() -> None:
    assert flows("azure", "northeurope")["azure:hub-failover"].avoided_by == ""
    assert "azure:hub-failover" not in flows("azure", "brazilsouth")  # a hub can refuse it there
    assert "azure:hub-failover" not in flows("azure", "polandcentral")


def test_a_partition_has_its_own_control_plane() -> None:
    assert flows("aws", "eu-central-1")["aws:iam-control-plane"].countries == ("US",)
    sovereign = {flow.id: flow for flow in of_region("aws", "eusc-de-east-1", CATALOGS["aws"])}
    assert "aws:iam-control-plane" not in sovereign
    assert sovereign["aws:iam-data-plane"].countries == ("DE",)


def test_what_nobody_states_reaches_no_country_rather_than_this_one() -> None:
    for cloud, region in REGIONS:
        if CATALOGS[cloud].regions[region].services:
            support = flows(cloud, region)[f"{cloud}:support-access"]
            assert support.countries == ()


def test_a_device_sends_what_its_software_does() -> None:
    found = {flow.id: flow for flow in of_devices("agent", CATALOGS["agent"])}
    assert found["agent:runtime-telemetry"].avoided_by == "ort-telemetry-off"
    assert found["agent:crash-dumps"].carries == "content"
    assert all(flow.countries == () for flow in found.values())


@pytest.mark.parametrize(
    ("cloud", "region", "hsm"),
    [
        ("aws", "eu-central-1", True), ("azure", "francecentral", True),
        ("gcp", "europe-west3", True), ("gcp", "europe-west12", False),
        ("gcp", "u-germany-northeast1", False), ("aws", "us-iso-east-1", False),
    ],
)  # fmt: skip
def test_hardware_modules_are_there_only_where_somebody_says_so(
    cloud: str, region: str, hsm: bool
) -> None:
    row = CATALOGS[cloud].regions[region]
    stated = row.key_protection or CATALOGS[cloud].partitions[row.partition].key_protection
    assert ("hsm" in stated) == hsm


@pytest.mark.parametrize("target", sorted(CATALOGS))
def test_what_avoids_a_flow_is_a_guard_of_the_target(target: str) -> None:
    """A row that names a guard which does not exist would hide a flow."""
    guards = {guard.id for guard in targets()[target].guards}
    named = {row.avoided_by for row in CATALOGS[target].implicit.values()} - {""}
    assert not guards or named <= guards


def test_the_runtime_on_a_device_is_silent_only_if_its_bundle_says_so() -> None:
    (guard,) = (g for g in targets()["agent"].guards if g.id == "ort-telemetry-off")

    def proof(**files: bytes) -> str:
        return guard.missing(Emission(name="box", files={"runtime/flows.json": files["flows"]}
                                      if files else {}))  # fmt: skip

    assert proof(flows=b'{"environment": {"ORT_DISABLE_TELEMETRY": "1"}}') == ""
    assert proof(flows=b'{"environment": {"ORT_DISABLE_TELEMETRY": "0"}}')
    assert proof()


@pytest.mark.parametrize(
    ("cloud", "name", "countries"),
    [
        ("azure", "westeurope", ("IE", "NL")), ("azure", "southeastasia", ("HK", "SG")),
        ("aws", "eu-central-1", ("DE",)), ("gcp", "europe-west4", ("NL",)),
    ],
)  # fmt: skip
def test_keys_are_wherever_the_operator_copies_them(
    cloud: str, name: str, countries: tuple[str, ...]
) -> None:
    """Ciphertext counts as sealed only where none of its keys has left."""
    row = CATALOGS[cloud].regions[name]
    region = Region(
        cloud=cloud, provider=cloud, name=name, country=row.country, partition=row.partition,
        operator="", storage_price=0, egress_price=0, inference_price=0, training_price=0,
        key_price=0, registry_price=0, training_instance="", services=tuple(row.services),
        source=row.source, implicit=of_region(cloud, name, CATALOGS[cloud]),
        origin=Span(file=SourceFile(shown="s", name="s", text=""), line=1, column=1, end_line=1,
                    end_column=1),
    )  # fmt: skip
    assert region.keys_in == countries
    (spot,) = (s for s in in_region(region, ("ciphertext",)))
    assert spot.place.keys_in == countries
