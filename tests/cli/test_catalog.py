"""`hybridspec catalog`: lists, whole rows and searches, for people and for machines."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from diagnostics.expectations import FOLDER

from hybridspec.cli.app import run

Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def rows(capsys: Out, *argv: str) -> list[dict[str, Any]]:
    assert run(["catalog", *argv, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schemaVersion"] == "hybridspec.dev/rows/v1"
    assert isinstance(found["rows"], list)
    return found["rows"]


@pytest.mark.parametrize(("kind", "name"), [
    ("boards", "raspberry-pi-zero-2w"), ("regions", "us-east-1-bue-1"),
    ("instances", "ml.m5.xlarge"), ("egress", "sao-paulo"), ("partitions", "aws-eusc"),
    ("locations", "eur4"), ("implicit", "vault-pair"),
])  # fmt: skip
def test_each_kind_is_listed(kind: str, name: str, capsys: Out) -> None:
    assert run(["catalog", "list", kind]) == 0
    shown = capsys.readouterr().out
    assert re.search(rf"(?m)^│ {re.escape(name)} +│", shown)
    listed = rows(capsys, "list", kind)
    assert {row["kind"] for row in listed} == {kind}
    assert name in {row["name"] for row in listed}
    assert all(row["row"]["source"] and row["asOf"] for row in listed)


def test_without_a_kind_all_are_listed(capsys: Out) -> None:
    kinds = {row["kind"] for row in rows(capsys, "list")}
    assert kinds == {
        "boards", "regions", "instances", "egress", "partitions", "locations", "implicit",
    }  # fmt: skip


def test_a_board_is_one_line_of_the_list_and_shown_whole_on_a_screen(capsys: Out) -> None:
    assert run(["catalog", "show", "raspberry-pi-5"]) == 0
    shown = capsys.readouterr().out
    assert "ultralytics" in shown
    assert "2026-11-01" in shown
    assert len(shown.splitlines()) < 60


@pytest.mark.parametrize("name", ["eu-central-1", "aws/eu-central-1"])
def test_a_region_goes_by_its_name_with_or_without_its_cloud(name: str, capsys: Out) -> None:
    (row,) = rows(capsys, "show", name)
    assert (row["target"], row["row"]["country"]) == ("aws", "DE")
    assert row["row"]["prices"]["egress_gb"] == "0.09 USD"


@pytest.mark.parametrize(("name", "help"), [
    ("raspbery-pi-5", "did you mean `raspberry-pi-5`?"),
    ("eu-centrl-1", "did you mean `eu-central-1`?"),
    ("zzzz" * 40, "catalog list"),
])  # fmt: skip
def test_an_unknown_name_is_refused_with_the_nearest(name: str, help: str, capsys: Out) -> None:
    assert run(["catalog", "show", name]) == 2
    caught = capsys.readouterr()
    assert help in caught.err
    assert caught.out == ""


def test_an_unknown_kind_is_refused(capsys: Out) -> None:
    assert run(["catalog", "list", "board"]) == 2
    assert "boards" in capsys.readouterr().err


def test_a_search_needs_every_word_and_a_country_is_no_part_of_a_word(capsys: Out) -> None:
    found = rows(capsys, "search", "local-zone", "PL")
    assert [row["name"] for row in found] == ["eu-central-1-waw-1"]
    assert rows(capsys, "search", "LOCAL-ZONE pl") == found
    assert {row["kind"] for row in rows(capsys, "search", "Hexagon")} == {"boards"}


def test_a_search_without_hits_says_so_on_stderr(capsys: Out) -> None:
    assert run(["catalog", "search", "abacus"]) == 0
    caught = capsys.readouterr()
    assert caught.out == ""
    assert "no row holds" in caught.err


def test_the_rows_of_a_spec_are_shown_as_its_own(tmp_path: Path, capsys: Out) -> None:
    text = (FOLDER / "clean_catalog.yaml").read_text(encoding="utf-8")
    (tmp_path / "hybridspec.yaml").write_text(text)
    own = ("--spec", str(tmp_path))
    (region,) = rows(capsys, "show", "eu-central-1", *own)
    assert region["row"]["prices"]["egress_gb"] == "0.05 USD"
    assert region["row"]["prices"]["key_month"] == "1 USD"
    assert region["row"]["source"].startswith("the spec (prices); else published")
    assert region["asOf"] == "2028-06-01"
    (board,) = rows(capsys, "show", "my-box", *own)
    assert (board["asOf"], board["row"]["memory"]) == ("2028-01-01", "4GiB")
    assert "eu-north-9" in {row["name"] for row in rows(capsys, "search", "Lulea", *own)}
    assert "eu-north-9" not in {row["name"] for row in rows(capsys, "list", "regions")}


def test_a_region_shows_what_comes_with_its_services(capsys: Out) -> None:
    assert run(["catalog", "show", "azure/westeurope"]) == 0
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "implicit keys azure:vault-pair: IE, NL" in shown
    assert "azure:storage-redundancy: IE (kept from happening by storage-lrs)" in shown
    assert "implicit support azure:support-access: unknown" in shown


def test_a_name_of_several_regions_shows_every_country(capsys: Out) -> None:
    assert run(["catalog", "show", "gcp/eur4"]) == 0
    assert "BE, FI, NL" in capsys.readouterr().out
