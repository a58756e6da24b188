"""The published table: latencies by configuration and network, as arrays that a fit can use."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from estimator.layers import Layer
from estimator.nets import NETS, built
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
FEATURES = (
    "dense", "pointwise", "depthwise", "other", "gemm", "attention", "weight", "byte", "operator",
)  # fmt: skip
"""What has a constant: MACs by kind, bytes of weights, bytes of other tensors, and operators.

Products of one row have none: they take as long as reading their weights.
"""
UNIT = np.array([1e6] * 8 + [1e3])
"""Latencies are in milliseconds, so that constants are in nanoseconds, and microseconds."""


class Config(NamedTuple):
    """What constants belong to; `threads` is 0 where the source does not say."""

    device: str
    processor: str
    runtime: str
    precision: str
    threads: int


Table = dict[Config, dict[str, float]]


def read(path: Path) -> Table:
    """Milliseconds by configuration and network, the least where a source has several."""
    table: defaultdict[Config, dict[str, float]] = defaultdict(dict)
    with path.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["model"] not in NETS:
                continue
            threads = int(row["threads"]) if row["threads"].isdigit() else 0
            key = Config(row["device"], row["processor"], row["runtime"], row["precision"], threads)
            known, ms = table[key], float(row["latency_ms"])
            known[row["model"]] = min(ms, known.get(row["model"], ms))
    return dict(sorted(table.items()))


def work(name: str) -> Numbers:
    """What a network does, by `FEATURES`."""
    layers = built(name).layers
    kinds = [sum(one.macs for one in layers if one.kind == kind) for kind in FEATURES[:6]]
    moved = [4 * sum(one.weights for one in layers), 4 * sum(map(_moved, layers)), len(layers)]
    return np.array([*kinds, *moved], float) / UNIT


def _moved(layer: Layer) -> int:
    return layer.read + layer.written


WORK = {name: work(name) for name in NETS}


def _lumped(work: Numbers) -> Numbers:
    """All multiply-accumulates as one kind."""
    other = FEATURES.index("other")
    found = np.where(np.arange(len(FEATURES)) < 6, 0.0, work)
    found[other] = work[:6].sum()
    return found


LUMPED = {name: _lumped(work) for name, work in WORK.items()}
