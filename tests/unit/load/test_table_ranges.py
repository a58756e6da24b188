"""A range of devices in one cell of a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridspec.base.diagnostic import Sink
from hybridspec.load.load import Loaded, load
from hybridspec.spec.site import CountRange

SPEC = """\
apiVersion: hybridspec.dev/v1
metadata: {name: s, owner: o@example.org, as_of: 2026-11-01}
zones: {eu: {countries: [DE]}}
devices:
  box: {board: raspberry-pi-5, max_offline: P1D, uplink: {bandwidth: 5Mbit/s, rtt: 9ms}}
site_tables: {labs: {file: labs.csv, zone: eu, country: DE}}
data: {readings: {category: system.operations, size: 64B, rate: 1/s}}
flows:
  watch: {data: readings, stages: {tell: {sink: alert, inputs: [readings]}}}
rollout: {cohorts: [{name: all, percent: 100, max_failures: 0.0}]}
"""


def read(cell: str, folder: Path) -> tuple[Loaded | None, list[str]]:
    """What comes of a cell, and what is said of it where."""
    (folder / "s.yaml").write_text(SPEC)
    (folder / "labs.csv").write_text(f"name,devices.box\none,{cell}\n")
    sink = Sink()
    loaded = load(folder / "s.yaml", folder / "cache", sink)
    return loaded, [f"{f.code} {f.span.shown if f.span else ''}" for f in sink.findings]


@pytest.mark.parametrize(("cell", "least", "most"), [("1..4", 1, 4), ("0..20", 0, 20)])
def test_a_range_is_from_how_many_to_how_many(
    cell: str, least: int, most: int, tmp_path: Path
) -> None:
    loaded, said = read(cell, tmp_path)
    assert said == []
    assert loaded is not None
    found = loaded.spec.sites["one"].devices["box"]
    assert isinstance(found, CountRange)
    assert (found.least, found.most) == (least, most)


@pytest.mark.parametrize("cell", ["0..0", "1..x", "1-4", "..", "1..", "1...4", "9999999999..1"])
def test_what_is_no_range_is_said_at_its_cell(cell: str, tmp_path: Path) -> None:
    loaded, said = read(cell, tmp_path)
    assert loaded is None
    assert [where.split(":")[-2:] for where in said] == [["2", "5"]]
