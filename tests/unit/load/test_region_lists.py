"""Regions against the providers' lists, and the traps of names that say another country."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hybridspec.load.catalog import load_catalogs

ROOT = Path(__file__).resolve().parents[3]
CATALOGS = load_catalogs()[0]

PARTITIONS = {
    "aws": ("eu-central-1", "ap-east-1", "mx-central-1", "aws-global"),
    "aws-cn": ("cn-north-1", "cn-northwest-1", "aws-cn-global"),
    "aws-us-gov": ("us-gov-west-1", "us-gov-east-1", "aws-us-gov-global"),
    "aws-eusc": ("eusc-de-east-1",), "aws-iso": ("us-iso-east-1", "aws-iso-global"),
    "aws-iso-b": ("us-isob-east-1",), "aws-iso-e": ("eu-isoe-west-1",),
    "aws-iso-f": ("us-isof-south-1",),
}  # fmt: skip


@pytest.fixture(scope="module")
def regions() -> ModuleType:
    spec = importlib.util.spec_from_file_location("regions", ROOT / "benchmarks" / "regions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def partitions(**more: tuple[str, ...]) -> dict[str, Any]:
    listed = {**PARTITIONS, **more}
    return {"partitions": [{"id": name, "regions": {one: {} for one in names}}
                           for name, names in listed.items()]}  # fmt: skip


def location(name: str, pair: str = "", geography: str = "Somewhere") -> dict[str, Any]:
    return {"name": name, "metadata": {
        "geography": geography, "physicalLocation": "A town",
        "pairedRegion": [{"name": pair}] if pair else [],
    }}  # fmt: skip


def azure(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"locals": {"locations_cached": {"value": list(rows)}}}


def test_what_is_listed_is_there(regions: ModuleType) -> None:
    assert regions.differences("aws", partitions(), CATALOGS["aws"]) == []
    listed = azure(
        location("northeurope", "westeurope"), location("polandcentral"),
        location("brazilsouth", "southcentralus"), location("eastusstg", "x", "Stage (US)"),
        {"name": "europe", "metadata": {"regionType": "Logical"}},
        {"name": "unitedstates", "metadata": {"regionType": "Logical"}},
    )  # fmt: skip
    assert regions.differences("azure", listed, CATALOGS["azure"]) == []
    assert regions.differences("gcp", {"asia-east2": {}}, CATALOGS["gcp"]) == []


def test_what_differs_is_said(regions: ModuleType, tmp_path: Path) -> None:
    listed = partitions(**{"aws-cn": ("eu-west-1", "mars-1")})
    assert regions.differences("aws", listed, CATALOGS["aws"]) == [
        "eu-west-1: partition aws-cn, not aws", "mars-1: not in the catalogue",
    ]  # fmt: skip
    moved = azure(location("westeurope", "uksouth"), location("italynorth", "westeurope"))
    assert regions.differences("azure", moved, CATALOGS["azure"]) == [
        "westeurope: pair uksouth, not northeurope", "italynorth: pair westeurope, not None",
    ]  # fmt: skip
    path = tmp_path / "regions.json"
    path.write_text(json.dumps({"europe-west3": {}, "moon-1": {}}))
    assert regions.main(["gcp", str(path)]) == 1


@pytest.mark.parametrize(
    ("cloud", "name", "country"),
    [
        ("aws", "ap-east-1", "HK"), ("aws", "ap-east-2", "TW"), ("azure", "eastasia", "HK"),
        ("gcp", "asia-east2", "HK"), ("gcp", "asia-east1", "TW"), ("aws", "eu-west-2", "GB"),
        ("aws", "eu-central-2", "CH"), ("azure", "norwayeast", "NO"),
        ("gcp", "europe-west6", "CH"), ("gcp", "me-central2", "SA"), ("aws", "me-west-1", "SA"),
        ("aws", "sa-west-1", "CL"), ("aws", "eu-isoe-west-1", "GB"),
        ("gcp", "u-france-east1", "FR"),
    ],
)  # fmt: skip
def test_a_name_is_no_country(cloud: str, name: str, country: str) -> None:
    """Hong Kong, Macao and Taiwan have codes of their own; `eu-` is not the European Union."""
    assert CATALOGS[cloud].regions[name].country == country


def test_as_many_as_the_providers_list() -> None:
    rows = CATALOGS["aws"].regions.values()
    assert sum(row.kind == "local-zone" for row in rows) >= 37
    assert sum(row.kind == "region" for row in rows) == 48
    assert len(CATALOGS["azure"].regions) + len(CATALOGS["azure"].locations) >= 95
    assert len(CATALOGS["gcp"].regions) >= 45
