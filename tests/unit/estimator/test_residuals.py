"""The interval of each shipped row covers what its constants were wrong by of unseen networks."""

from __future__ import annotations

import csv
from pathlib import Path

from estimator.boards import BOARDS, GPUS

from hybridspec.load.catalog import load_catalogs

RESIDUALS = Path(__file__).parents[3] / "benchmarks/estimator/residuals.csv"


def test_nine_in_ten_unseen_latencies_are_inside_the_shipped_interval() -> None:
    for floats in (True, False):
        held, count = _held(floats)
        assert count > 100
        assert 0.85 <= held / count <= 0.95


def test_a_row_by_ratio_is_no_surer_than_the_row_that_it_was_made_from() -> None:
    for name, stand in BOARDS.items():
        rows = load_catalogs()[0]["agent"].boards[name].latency
        known = {(r.precision if r.precision == "int8" else "fp32", r.threads): r.spread
                 for r in rows if r.runtime == "ncnn"}  # fmt: skip
        for row in rows:
            if row.runtime == "onnxruntime" and not stand.note:
                assert row.spread >= known[row.precision, row.threads]


def _held(floats: bool) -> tuple[int, int]:
    """Latencies inside the interval of their row, and all: in floating point or in 8 bit."""
    boards = load_catalogs()[0]["agent"].boards
    held = count = 0
    for row in csv.DictReader(RESIDUALS.open(encoding="utf-8")):
        about = [row.pop(k) for k in ("device", "processor", "runtime", "precision", "threads")]
        if floats == (about[3] in ("int8", "w8a8")):
            continue
        gpu = about[2] == "ncnn-vulkan"
        names = [
            name for name, stand in BOARDS.items()
            if (GPUS.get(name) == about[0] if gpu else not stand.note and stand.device == about[0]
                and stand.processor in about[1])
        ]  # fmt: skip
        for name in names:
            for rates in boards[name].latency:
                own = (rates.runtime, rates.precision, str(rates.threads))
                if own != (about[2], about[3], "1" if gpu else about[4]):
                    continue
                down, up = 100 + (rates.spread_down or rates.spread), 100 + rates.spread
                for off in (int(cell) for cell in row.values() if cell):
                    count += 1
                    held += 100 / up <= off / 100 <= down / 100
    return held, count
