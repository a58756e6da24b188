"""A spec of several files: findings, names and definitions lie in the file that holds them."""

from __future__ import annotations

from pathlib import Path

import pytest
from editor.client import Editor

ROOT = """\
apiVersion: hybridspec.dev/v1
include: [parts/zones.yaml]
variables:
  uplink: {env: PLANT_UPLINK, default: 20Mbit/s}
metadata: {name: parted, owner: me, as_of: 2026-11-01}
devices:
  gateway: {board: raspberry-pi-5, max_offline: P1D, uplink: {bandwidth: "${uplink}", rtt: 35ms}}
site_tables:
  shops: {file: shops.csv, zone: shops, devices: {gateway: 1}}
clouds: {aws: {provider: aws, regions: [eu-central-1]}}
data: {readings: {category: system.operations, size: 64B, rate: 1/s}}
flows:
  watch:
    data: readings
    stages: {alert: {sink: alert, inputs: [readings]}}
rollout: {cohorts: [{name: all, percent: 100, max_failures: 5%}]}
"""
ZONES = "zones:\n  shops: {countries: [EU], regimes: [gdpr]}\n"
SHOPS = "name,country\nberlin,DE\nparis,FR\n"


@pytest.fixture
def parted(editor: Editor, tmp_path: Path) -> Path:
    """A spec with an included file and a table of sites, all on disk, the root opened."""
    folder = tmp_path.resolve()
    (folder / "parts").mkdir()
    (folder / "parts" / "zones.yaml").write_text(ZONES)
    (folder / "shops.csv").write_text(SHOPS)
    path = folder / "hybridspec.yaml"
    path.write_text(ROOT)
    editor.open(path, ROOT)
    return path


def test_an_included_file_shows_its_own_findings(editor: Editor, parted: Path) -> None:
    assert [f for f in editor.findings(parted) if f["severity"] == 1] == []
    zones = parted.parent / "parts" / "zones.yaml"
    editor.open(zones, ZONES.replace("EU", "Europe"))
    found = editor.wait_for(zones, "HS0222")
    assert editor.covered(zones, found[0]["range"]) == "Europe"
    editor.write(zones, ZONES)
    assert editor.wait_for(zones, None) == []


def test_a_table_of_sites_shows_its_own_findings(editor: Editor, parted: Path) -> None:
    table = parted.parent / "shops.csv"
    editor.open(table, SHOPS.replace("FR", "NO"))
    found = editor.wait_for(table, "HS0301")
    assert found[0]["range"]["start"]["line"] == 2
    editor.write(table, SHOPS)
    assert editor.wait_for(table, None) == []


def test_names_of_other_files_are_offered_and_found(editor: Editor, parted: Path) -> None:
    at = ROOT.index("zone: shops") + len("zone: ")
    assert editor.labels(parted, at)[:1] == ["shops"]
    (found,) = editor.at("definition", parted, at + 2)
    assert found["uri"] == (parted.parent / "parts" / "zones.yaml").as_uri()
    assert found["range"]["start"] == {"line": 1, "character": 2}
    (found,) = editor.at("definition", parted, ROOT.index("${uplink}") + 4)
    assert found["range"]["start"] == editor.place(parted, ROOT.index("uplink: {env"))
    (found,) = editor.at("definition", parted, ROOT.index("shops.csv") + 2)
    assert found["uri"] == (parted.parent / "shops.csv").as_uri()
    flow = ROOT.index("    data: readings") + len("    data: readings")
    editor.replace(parted, flow, flow, "\n    sites: []")
    assert editor.labels(parted, flow + len("\n    sites: [")) == ["berlin", "paris"]


def test_an_open_overlay_is_judged_with_its_spec(editor: Editor, parted: Path) -> None:
    overlay = parted.with_name("hybridspec.prod.yaml")
    overlay.write_text("metadata: {owner: them}\n")
    editor.open(overlay, "zones: {shops: {countries: [FR]}}\n")
    assert editor.wait_for(parted.parent / "shops.csv", "HS0301")
    editor.write(overlay, "zones: {shops: {contries: [FR]}}\n")
    (found,) = editor.wait_for(overlay, "HS0201")
    assert editor.covered(overlay, found["range"]) == "contries"
    assert "retention" in editor.labels(overlay, len("zones: {shops: {"))
    editor.write(overlay, "metadata: {owner: them}\n")
    assert editor.wait_for(overlay, None) == []
    editor.shut(overlay)
