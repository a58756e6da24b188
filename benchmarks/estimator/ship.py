"""Writes the constants that ship, and what they were wrong by, from the published table.

    PYTHONPATH=benchmarks python -m estimator.ship TABLE.csv

makes `targets/agent/latency.csv`, `benchmarks/estimator/residuals.csv`, and the two modules of
`shipped.py`.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from estimator.boards import BOARDS, GPUS, NPUS, RATIO, WHOLES
from estimator.fit import Fit
from estimator.judge import (
    Error,
    Fitted,
    Group,
    calibrated,
    fit_group,
    groups,
    npus,
    relative,
    unseen_networks,
)
from estimator.shipped import cloud, variations, write_cloud, write_variation
from estimator.table import FEATURES, Config, Table, read

ROOT = Path(__file__).parents[2]
COLUMNS = (
    "board", "runtime", "precision", "threads", "conv_ps", "dense_ps", "pointwise_ps",
    "depthwise_ps", "gemm_ps", "vector_ps", "attention_ps", "recurrent_ps", "byte_ps", "weight_ps",
    "operator_us", "spread", "spread_down", "source",
)  # fmt: skip
FEW = 14
"""Networks by whose worth a configuration's own errors are drawn to those of its group."""
WHOLE_SPREAD = 150
NCNN = "Tencent/ncnn benchmark at a4d2ea1, read 2026-11"
HUB = "quic/ai-hub-models perf.yaml at 52c080d, read 2026-11"

Row = dict[str, Any]


class Judged:
    """A group's fits with what its errors over unseen networks say of each configuration."""

    def __init__(self, table: Table, group: Group) -> None:
        self.group, self.table = group, table
        self.fitted: Fitted = fit_group(table, group)
        self.errors = unseen_networks(table, group)
        self.low, self.high = calibrated(self.errors)
        self.typical = float(np.median(relative(self.errors)))

    def spread(self, config: Config) -> tuple[int, int]:
        """How far down and up the interval of a configuration goes, percent."""
        own = relative([error for error in self.errors if error.config == config])
        mean = (np.median(own) * len(own) + FEW * self.typical) / (len(own) + FEW)
        wide = mean / self.typical
        return _percent(-self.low * wide), _percent(self.high * wide)


def _percent(log: float) -> int:
    return max(1, min(500, round(100 * (float(np.exp(log)) - 1))))


def _number(value: float) -> str:
    """Three digits."""
    return f"{float(f'{value:.3g}'):f}".rstrip("0").rstrip(".") or "0"


def constants(fit: Fit, times: float = 1.0, *, lumped: bool = False) -> Row:
    """The figures of a row in picoseconds and microseconds.

    Where one network alone has attention, what it says of it counts only if it is slow.
    """
    cost = dict(zip(FEATURES, np.exp(fit.mean) * times, strict=True))
    if lumped:
        each, byte, weight = (_number(1e3 * cost[x]) for x in ("other", "byte", "weight"))
        return {"conv_ps": each, "gemm_ps": each, "byte_ps": byte, "weight_ps": weight,
                "operator_us": _number(cost["operator"])}  # fmt: skip
    cost["attention"] = max(cost["attention"], cost["gemm"])
    ps = {f"{kind}_ps": cost[kind] * 1e3 for kind in FEATURES[:6] if kind != "other"}
    weight = cost["weight"] * 1e3
    recurrent = max(ps["pointwise_ps"], 4 * weight)
    found = {
        **ps, "conv_ps": cost["other"] * 1e3, "vector_ps": 0.0, "recurrent_ps": recurrent,
        "byte_ps": cost["byte"] * 1e3, "weight_ps": weight, "operator_us": cost["operator"],
    }  # fmt: skip
    return {name: _number(value) for name, value in found.items()}


def _fitted_rows(
    judged: Judged, board: str, device: str, processor: str, source: str
) -> Iterator[Row]:
    for config, fit in judged.fitted.fits.items():
        if config.device.split(" (")[0] != device or processor not in config.processor:
            continue
        down, up = judged.spread(config)
        precision = {"w8a8": "int8", "fp16(float)": "fp16"}.get(config.precision, config.precision)
        count = len(judged.table[config])
        yield {
            "board": board, "runtime": config.runtime, "precision": precision,
            "threads": config.threads or 1, **constants(fit, lumped=judged.group.lumped),
            "spread": up, "spread_down": down,
            "source": f"{count} networks, {source}",
        }  # fmt: skip


def _onnxruntime(judged: Judged, board: str) -> Iterator[Row]:
    """Rows by the published ratio; products with weights cost as much as 1x1 convolutions."""
    stand = BOARDS[board]
    for config, fit in judged.fitted.fits.items():
        if config.device != stand.device or stand.processor not in config.processor:
            continue
        ratio = RATIO[config.precision]
        figures = constants(fit, ratio * stand.times)
        figures["gemm_ps"] = figures["pointwise_ps"]
        figures["attention_ps"] = _number(2 * float(figures["pointwise_ps"]))
        down, up = judged.spread(config)
        source = (
            f"{config.precision} of {len(judged.table[config])} networks on {config.device}, {NCNN}"
        )
        source += f"; times {_number(ratio)}, onnxruntime over ncnn" if ratio != 1 else ""
        source += f"; times {_number(stand.times)}" if stand.times != 1 else ""
        yield {
            "board": board, "runtime": "onnxruntime", "threads": config.threads, **figures,
            "precision": "int8" if config.precision == "int8" else "fp32",
            "spread": max(stand.spread, up), "spread_down": max(stand.spread, down),
            "source": f"{source}; {stand.note}" if stand.note else source,
        }  # fmt: skip


def rows(table: Table) -> tuple[list[Row], list[Error]]:
    """Every row that ships, in order, and the errors over unseen networks behind them."""
    cpu, gpu, int8 = (Judged(table, group) for group in groups(table))
    hexagon = [Judged(table, group) for group in npus(table)]
    found: list[Row] = []
    for board, stand in BOARDS.items():
        for judged in (cpu, int8):
            found += _onnxruntime(judged, board)
            if not stand.note:
                found += _fitted_rows(judged, board, stand.device, stand.processor, NCNN)
        if board in GPUS:
            found += _fitted_rows(gpu, board, GPUS[board], "", NCNN)
        for judged in hexagon if board in NPUS else ():
            found += _fitted_rows(judged, board, NPUS[board], "NPU", HUB)
    for one in WHOLES:
        each = _number(one.ms * 1000 / one.mmacs)
        found.append({
            "board": one.board, "runtime": one.runtime, "precision": one.precision, "threads": 1,
            "conv_ps": each, "gemm_ps": each, "byte_ps": "0", "operator_us": "0",
            "spread": WHOLE_SPREAD, "source": f"{one.network} alone, {one.source}, read 2026-11",
        })  # fmt: skip
    found.sort(key=lambda row: (list(BOARDS).index(row["board"]), row["runtime"], row["precision"],
                                row["threads"]))  # fmt: skip
    return found, [*cpu.errors, *gpu.errors, *int8.errors, *(e for j in hexagon for e in j.errors)]


def write(table: Path) -> None:
    """All files."""
    published = read(table)
    known = variations(published)
    write_variation(known)
    write_cloud(cloud(published, known))
    found, errors = rows(published)
    with (ROOT / "targets/agent/latency.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(found)
    nets = sorted({error.net for error in errors})
    by_config: dict[Config, dict[str, int]] = {}
    for error in errors:
        by_config.setdefault(error.config, {})[error.net] = round(100 * float(np.exp(error.log)))
    path = ROOT / "benchmarks/estimator/residuals.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        plain = csv.writer(stream, lineterminator="\n")
        plain.writerow([*Config._fields, *nets])
        for config, off in sorted(by_config.items()):
            plain.writerow([*config, *(off.get(net, "") for net in nets)])


if __name__ == "__main__":
    write(Path(sys.argv[1]))
