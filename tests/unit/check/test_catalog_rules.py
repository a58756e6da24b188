"""Rules on facts of the catalogue: boards that cannot be used, and rows that are too old."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from property.graphs import alert, board, data, device, flow, graph, region, site, zone

from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.base.units import DAY
from hybridspec.check.rules.board_figures_missing import board_figures_missing
from hybridspec.check.rules.board_unsupported import board_unsupported
from hybridspec.check.rules.catalog_stale import catalog_stale
from hybridspec.ir.graph import Graph

TODAY = date(2026, 11, 1)


def made_of(*boards: dict[str, object], **fields: object) -> Graph:
    """A graph whose site has one device class per board."""
    classes = [device(f"box-{n}", board=board(f"board-{n}", **given)) for n, given in
               enumerate(boards)]  # fmt: skip
    lab = site("lab", zone(), *((made, 1) for made in classes))
    plain = graph(flow("watch", data(), (lab,), alert("tell", "frames")), **fields)
    return replace(plain, as_of=TODAY.isoformat(), device_classes=tuple(classes))


def stale(old: int, age: int = 365) -> list[Diagnostic]:
    """Findings about one board that was checked `old` days before."""
    checked = date.fromordinal(TODAY.toordinal() - old)
    return list(catalog_stale(replace(made_of({"as_of": checked}), price_age=age * DAY)))


def test_a_microcontroller_runs_no_agent() -> None:
    assert list(board_unsupported(made_of({}))) == []
    (finding,) = board_unsupported(made_of({}, {"architecture": "armv7m"}))
    assert finding.severity is Severity.ERROR
    assert "`board-1`" in finding.message


def test_a_board_without_price_is_named_with_what_to_write() -> None:
    assert list(board_figures_missing(made_of({}))) == []
    (finding,) = board_figures_missing(made_of({"missing": ("price", "load_power")}))
    assert "`price`, `load_power`" in finding.message
    assert "{board-0: {price: 400 USD, load_power: 12W}}" in finding.help


@pytest.mark.parametrize(("old", "age", "count"), [
    (0, 365, 0), (365, 365, 0), (366, 365, 1), (31, 30, 1), (-400, 365, 0),
])  # fmt: skip
def test_a_row_is_stale_beyond_the_age_and_never_before(old: int, age: int, count: int) -> None:
    found = stale(old, age)
    assert len(found) == count
    assert all(finding.severity is Severity.WARNING for finding in found)


def test_a_row_without_a_date_is_not_judged() -> None:
    assert list(catalog_stale(made_of({"as_of": None}))) == []


def test_there_is_one_warning_per_catalogue_with_the_other_rows_as_notes() -> None:
    old = date(2020, 1, 1)
    plain = made_of(*({"as_of": old} for _ in range(12)))
    regions = tuple(region(name, as_of=old) for name in ("one", "two"))
    boards, clouds = catalog_stale(replace(plain, regions=regions))
    assert "`board-0` and 11 more of catalogue `agent`" in boards.message
    assert len(boards.notes) == 8
    assert "region `one` and 1 more of catalogue `aws`" in clouds.message
