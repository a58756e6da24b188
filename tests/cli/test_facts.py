"""`hybridspec facts`: rows by id, regime and country, and what changes between days and packs."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from hybridspec.cli.app import run
from hybridspec.law.table import rows
from hybridspec.load.facts import shipped_facts

Out = pytest.CaptureFixture[str]
PACK = """
schema: hybridspec.dev/facts/v1
version: "2026.1"
checked_on: 2026-01-01
adequacy:
  - {regime: gdpr, countries: [CH], since: 2000-07-26, title: Switzerland, source: "https://a.example"}
  - {regime: gdpr, countries: [ZA], since: 2026-01-01, title: South Africa, source: "https://a.example"}
"""


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def machine(capsys: Out, *argv: str) -> dict[str, Any]:
    assert run(["facts", *argv, "--format", "json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["schemaVersion"] == "hybridspec.dev/fact-rows/v1"
    assert found["digest"] == shipped_facts().digest
    return found


def test_every_row_is_shown_with_its_source(capsys: Out) -> None:
    shown = machine(capsys, "show")["rows"]
    assert [row["id"] for row in shown] == [row.fact.id for row in rows(shipped_facts())]
    assert all(row["source"] and row["checkedOn"] and row["title"] for row in shown)
    assert {row["kind"] for row in shown} == {"bloc", "adequacy", "regime", "mechanism", "duty"}


@pytest.mark.parametrize(("name", "held"), [
    ("gdpr", "gdpr:mechanism:scc"), ("GB", "gdpr:adequacy:GB:2021-06-28"), ("EEA", "bloc:EEA"),
    ("dpdp:2027-05-14", "dpdp:2027-05-14"), ("RU", "us-doj-data:2025-04-08"),
])  # fmt: skip
def test_rows_are_found_by_id_regime_and_country(name: str, held: str, capsys: Out) -> None:
    assert held in {row["id"] for row in machine(capsys, "show", name)["rows"]}
    assert run(["facts", "show", name]) == 0
    assert held.split(":")[-1] in capsys.readouterr().out


def test_a_row_that_nobody_compared_in_full_says_so(capsys: Out) -> None:
    shown = machine(capsys, "show")["rows"]
    assert all(row["compared"] != row["source"].startswith("unverified") for row in shown)
    assert not any("unverified" in row["source"] for row in shown if row["compared"])
    assert run(["facts", "show", "pipl"]) == 0
    printed = capsys.readouterr()
    assert "2026-11-27" in printed.out
    assert "rows were not compared with a source in full" in printed.err


@pytest.mark.parametrize(("day", "state"), [
    ("2021-06-27", "not yet"), ("2031-12-27", "holds"), ("2031-12-28", "ended"),
])  # fmt: skip
def test_a_row_has_a_state_on_a_day(day: str, state: str, capsys: Out) -> None:
    (row,) = machine(capsys, "show", "gdpr:adequacy:GB:2021-06-28", "--as-of", day)["rows"]
    assert row["state"] == state


def test_a_country_without_rows_is_a_gap_and_a_typo_a_fault(capsys: Out) -> None:
    assert run(["facts", "show", "KE"]) == 0
    assert "is a gap" in capsys.readouterr().err
    assert run(["facts", "show", "gpdr"]) == 2
    assert run(["facts", "show", "--as-of", "soon"]) == 2


def test_days_are_compared(capsys: Out) -> None:
    found = machine(capsys, "diff", "--from", "2027-05-13", "--to", "2027-05-14")["changes"]
    assert {(one["id"], one["old"], one["new"]) for one in found} >= {
        ("in-spdi:2011-04-11", "holds", "ended"), ("dpdp:2027-05-14", "not yet", "holds"),
    }  # fmt: skip
    assert machine(capsys, "diff", "--from", "2027-05-14", "--to", "2027-05-14")["changes"] == []
    assert run(["facts", "diff", "--from", "9999-12-31"]) == 0


def test_packs_are_compared(tmp_path: Path, capsys: Out) -> None:
    (tmp_path / "old.yaml").write_text(PACK, encoding="utf-8")
    for pack in (tmp_path, tmp_path / "old.yaml"):
        found = {one["id"]: one for one in machine(capsys, "diff", str(pack))["changes"]}
        assert found["gdpr:adequacy:ZA:2026-01-01"]["new"] == "removed"
        assert found["gdpr:adequacy:JP:2019-01-23"]["new"] == "added"
        changed = found["gdpr:adequacy:CH:2000-07-26"]
        assert {field["key"] for field in changed["fields"]} >= {"title", "source"}
    assert run(["facts", "diff", str(tmp_path)]) == 0


@pytest.mark.parametrize("text", ["", "a: [", "schema: x", PACK.replace("CH", "XX"), "\0"])
def test_a_file_that_is_no_pack_is_refused(text: str, tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text(text, encoding="utf-8")
    assert run(["facts", "diff", str(path)]) == 2
    assert "no facts pack" in capsys.readouterr().err
    assert run(["facts", "diff", str(path / "none")]) == 2
