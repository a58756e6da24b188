"""The networks of the estimator's benchmark, its fit, and its bars where there is a table."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from estimator.fit import together
from estimator.judge import groups, relative, unseen_networks
from estimator.nets import NETS, built
from estimator.table import FEATURES, WORK, read

PUBLISHED = {
    "alexnet": (724, 61.0), "squeezenet": (418, 1.24), "mobilenet": (569, 4.2),
    "shufflenet": (127, 1.8), "shufflenet_v2": (145, 2.27), "mnasnet": (314, 4.36),
    "proxylessnasnet": (336, 4.07), "googlenet": (1583, 7.0), "resnet18": (1814, 11.7),
    "vgg16": (15470, 138.4), "mobilenet_yolo": (2604, 5.06), "nanodet_m": (342, 0.942),
    "yolo-fastest-1.1": (125, 0.326), "vision_transformer": (13044, 88.3),
    "resnet101": (7801, 44.5), "wideresnet50": (11398, 68.9), "resnext50": (4230, 25.0),
    "resnext101": (16414, 88.7), "vit": (17564, 86.6),
}  # fmt: skip
"""Millions of multiply-accumulates and of parameters."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_network_does_the_work_that_is_published(name: str) -> None:
    layers = built(name).layers
    macs, weights = sum(x.macs for x in layers) / 1e6, sum(x.weights for x in layers) / 1e6
    assert macs == pytest.approx(PUBLISHED[name][0], rel=0.07)
    assert weights == pytest.approx(PUBLISHED[name][1], rel=0.03)


def test_a_fit_predicts_a_network_that_it_has_not_seen() -> None:
    random = np.random.default_rng(7)
    nets = [name for name in sorted(NETS) if WORK[name][:6].sum() < 20_000]
    fast = np.exp(random.normal(-3, 0.3, len(FEATURES)))
    works, logs, truth = [], [], []
    for _ in range(12):
        rates = fast * np.exp(random.normal(0, 0.5) + random.normal(0, 0.2, len(FEATURES)))
        times = np.log(np.array([WORK[net] for net in nets]) @ rates)
        works.append(np.array([WORK[net] for net in nets[1:]]))
        logs.append(times[1:] + random.normal(0, 0.02, len(nets) - 1))
        truth.append(times[0])
    _, fits = together(works, logs)
    off = [np.log(WORK[nets[0]] @ np.exp(fit.mean)) - t for fit, t in zip(fits, truth, strict=True)]
    assert np.median(np.abs(off)) < 0.15


def test_the_bars_are_met_where_there_is_a_table() -> None:
    path = os.environ.get("HYBRIDSPEC_LATENCY_TABLE")
    if path is None:
        pytest.skip("HYBRIDSPEC_LATENCY_TABLE names no table: NO BAR OF THE ESTIMATOR WAS JUDGED")
    table = read(Path(path))
    for group, median, high in zip(groups(table), (0.11, 0.15), (0.40, 0.55), strict=False):
        off = relative(unseen_networks(table, group))
        assert np.median(off) <= median
        assert np.quantile(off, 0.9) <= high
