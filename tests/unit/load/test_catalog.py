"""The shipped catalogues: every row has a source, names what exists and agrees with the others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hybridspec.base.country import COUNTRIES
from hybridspec.load.catalog import load_catalogs
from hybridspec.spec.catalog import Catalog, RegionRow

ROOT = Path(__file__).resolve().parents[3]
CATALOGS = load_catalogs()[0]
CLOUDS = {name: catalog for name, catalog in CATALOGS.items() if catalog.operator is not None}
REGIONS = [(cloud, name) for cloud, catalog in CLOUDS.items() for name in catalog.regions]
BOARDS = CATALOGS["agent"].boards

ASKED = """
raspberry-pi-3b-plus raspberry-pi-4 raspberry-pi-5 raspberry-pi-zero-2w jetson-nano
jetson-xavier-nx jetson-orin-nano jetson-orin-nx jetson-agx-orin qualcomm-qcs6490 qualcomm-qcs8550
snapdragon-8-gen-2 snapdragon-8-gen-3 snapdragon-x-elite coral-dev-board rockchip-rk3588
rockchip-rk3399 intel-n5105 intel-core-i7-1360p intel-core-ultra-7 nxp-imx8m-plus stm32h7
""".split()
ABROAD = {
    "us-east-1-bue-1": "AR", "us-east-1-lim-1": "PE", "us-east-1-scl-1": "CL",
    "us-east-1-qro-1": "MX", "af-south-1-los-1": "NG", "me-south-1-mct-1": "OM",
    "eu-north-1-cph-1": "DK", "eu-north-1-hel-1": "FI", "eu-central-1-waw-1": "PL",
    "ap-southeast-1-mnl-1": "PH", "ap-southeast-1-bkk-1": "TH", "ap-northeast-1-tpe-1": "TW",
    "ap-southeast-2-akl-1": "NZ",
}  # fmt: skip
"""Local zones in another country than their region."""


def row(cloud: str, name: str) -> RegionRow:
    return CLOUDS[cloud].regions[name]


def test_every_board_that_was_asked_for_is_there() -> None:
    assert sorted(BOARDS) == sorted(ASKED)


@pytest.mark.parametrize("name", ASKED)
def test_a_board_is_named_sourced_and_plausible(name: str) -> None:
    board = BOARDS[name]
    assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", name)
    assert board.source
    assert board.memory > board.reserved_memory
    if board.idle_power is not None and board.load_power is not None:
        assert board.load_power > board.idle_power
    for latency in board.latency:
        assert latency.source
        assert latency.conv_ps > 0
        assert latency.byte_ps > 0 or "alone" in latency.source
    kinds = [(latency.runtime, latency.precision, latency.threads) for latency in board.latency]
    assert len(kinds) == len(set(kinds))
    if None in (board.price, board.idle_power, board.load_power):
        assert "absent" in board.source


@pytest.mark.parametrize(("cloud", "name"), REGIONS)
def test_a_region_lies_in_a_country_and_names_regions_that_exist(cloud: str, name: str) -> None:
    region = row(cloud, name)
    assert region.country in COUNTRIES
    assert region.source
    assert region.place
    assert (region.kind == "local-zone") == (region.parent is not None)
    for other in (region.parent, region.pair):
        assert other is None or row(cloud, other).partition == region.partition
    assert region.prices is None or region.services
    if region.sovereign == "commercial":
        assert region.partition == cloud
    else:
        assert region.partition != cloud


@pytest.mark.parametrize(("name", "country"), ABROAD.items())
def test_a_local_zone_has_its_own_country(name: str, country: str) -> None:
    zone = row("aws", name)
    assert zone.country == country
    assert zone.parent is not None
    assert row("aws", zone.parent).country != country


def test_pairs_cross_borders() -> None:
    abroad = {(name, region.pair) for name, region in CLOUDS["azure"].regions.items()
              if region.pair and row("azure", region.pair).country != region.country}  # fmt: skip
    assert abroad == {
        ("brazilsouth", "southcentralus"), ("eastasia", "southeastasia"),
        ("southeastasia", "eastasia"), ("northeurope", "westeurope"),
        ("westeurope", "northeurope"),
    }  # fmt: skip


@pytest.mark.parametrize(("cloud", "catalog"), CLOUDS.items())
def test_prices_of_regions_instances_and_egress_agree(cloud: str, catalog: Catalog) -> None:
    priced = {name for name, region in catalog.regions.items() if region.prices}
    training = catalog.instances[catalog.training_instance or ""]
    assert "training" in training.purpose
    assert set(training.hour) == priced
    for name, hour in training.hour.items():
        prices = row(cloud, name).prices
        assert prices is not None
        assert prices.training_hour == hour
    classed = [name for rates in catalog.egress.values() for name in rates.regions]
    assert sorted(classed) == sorted(priced)
    for rates in catalog.egress.values():
        for name in rates.regions:
            prices = row(cloud, name).prices
            assert prices is not None
            assert prices.egress_gb == rates.internet
    for instance in catalog.instances.values():
        assert set(instance.hour) <= set(catalog.regions)
        assert instance.hour
        assert instance.source


@pytest.mark.parametrize("country", "DE FR IE GB CH US CA JP SG AU BR IN SE".split())
def test_a_country_can_be_placed_in_by_some_cloud(country: str) -> None:
    assert any(region.prices and region.country == country
               for catalog in CLOUDS.values() for region in catalog.regions.values())  # fmt: skip


def test_only_the_clouds_asked_for_are_read_and_the_digest_covers_all() -> None:
    few, digest = load_catalogs({"aws"})
    assert "azure" not in few
    assert {"agent", "aws"} <= set(few)
    assert digest == load_catalogs()[1]
