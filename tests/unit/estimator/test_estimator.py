"""The networks of the estimator's benchmark, its fit, and its bars where there is a table."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from estimator.fit import Prior, together
from estimator.judge import (
    Error,
    calibrated,
    coverage,
    groups,
    interval,
    relative,
    unseen_networks,
)
from estimator.nets import NETS, built
from estimator.product import facts, measured_devices, rates, timed, variation
from estimator.shipped import HERE
from estimator.table import FEATURES, WORK, Config, read

from hybridspec.optimise.cloud_rates import CLOUD_RATES
from hybridspec.optimise.estimate import estimate
from hybridspec.optimise.measured import AXES, applied, learned
from hybridspec.optimise.variation import VARIATION

PUBLISHED = {
    "alexnet": (724, 61.0), "squeezenet": (418, 1.24), "mobilenet": (569, 4.2),
    "shufflenet": (127, 1.8), "shufflenet_v2": (145, 2.27), "mnasnet": (314, 4.36),
    "proxylessnasnet": (336, 4.07), "googlenet": (1583, 7.0), "resnet18": (1814, 11.7),
    "vgg16": (15470, 138.4), "mobilenet_yolo": (2604, 5.06), "nanodet_m": (342, 0.942),
    "yolo-fastest-1.1": (125, 0.326), "vision_transformer": (13044, 88.3),
    "resnet101": (7801, 44.5), "wideresnet50": (11398, 68.9), "resnext50": (4230, 25.0),
    "resnext101": (16414, 88.7), "vit": (17564, 86.6),
    "inception_v3": (2850, 23.8), "efficientnet_b4": (4389, 19.3),
    "efficientnet_v2_s": (8366, 21.4), "yolov11_det": (3250, 2.64), "mobilenet_v2": (301, 3.5),
    "resnet50": (4089, 25.6),
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


def test_an_interval_says_how_often_it_holds_a_network_that_was_left_out() -> None:
    config = Config("device", "", "ncnn", "int8", 1)
    random = np.random.default_rng(3)
    errors = [Error(config, f"net {i}", random.normal(0, 0.3) + random.normal(0, 0.05), 0.5)
              for i in range(6) for _ in range(20)]  # fmt: skip
    narrow, wide = interval(errors), calibrated(errors)
    assert wide[0] < narrow[0] < 0 < narrow[1] < wide[1]
    held = [wide[0] <= -one.log / one.unsure <= wide[1] for one in errors]
    assert np.mean(held) > 0.9
    assert coverage(errors) >= 0.8


def test_three_measured_networks_tell_a_device_through_the_code_that_plans_use() -> None:
    names = ["mobilenet", "resnet18", "squeezenet"]
    nowhere = Prior(np.log(np.full(len(FEATURES), 0.05)), np.eye(len(FEATURES)) + 1)
    truth = np.exp(nowhere.mean + np.linspace(0.5, 1.2, len(FEATURES)))
    took = {name: float(WORK[name] @ truth) for name in [*names, "googlenet"]}
    middle = rates(nowhere.mean, "fp32")
    correction = learned(middle, [timed(n, "fp32", took[n]) for n in names], variation(nowhere))
    assert correction is not None
    found = applied(facts("googlenet"), correction)
    assert found.mid / 1000 == pytest.approx(took["googlenet"], rel=0.1)
    assert found.low / 1000 < took["googlenet"] < found.high / 1000
    assert estimate(facts("googlenet"), middle).mid / 1000 < 0.7 * took["googlenet"]


def test_the_cloud_takes_what_was_measured_of_three_networks() -> None:
    for row in CLOUD_RATES:
        for name, ms in HERE[row.precision].items():
            found = estimate(facts(name), row)
            assert found.mid / 1000 == pytest.approx(ms, rel=0.35)
            assert found.high >= 1.9 * found.mid


@pytest.mark.parametrize("precision", VARIATION)
def test_what_ships_of_how_devices_vary_is_a_covariance(precision: str) -> None:
    one = VARIATION[precision]
    matrix = np.array(one.covariance)
    assert matrix.shape == (len(AXES), len(AXES))
    assert np.allclose(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).min() > 0.002
    assert -4 < one.low < -1 < 1 < one.high < 4


def test_the_bars_are_met_where_there_is_a_table() -> None:
    path = os.environ.get("HYBRIDSPEC_LATENCY_TABLE")
    if path is None:
        pytest.skip("HYBRIDSPEC_LATENCY_TABLE names no table: NO BAR OF THE ESTIMATOR WAS JUDGED")
    table = read(Path(path))
    for group, median, high in zip(groups(table), (0.11, 0.15), (0.40, 0.55), strict=False):
        off = relative(unseen_networks(table, group))
        assert np.median(off) <= median
        assert np.quantile(off, 0.9) <= high
    few = measured_devices(table, groups(table)[0], 3, draws=1)
    assert np.median(relative(few)) <= 0.14
    assert 0.85 <= coverage(few) <= 0.95
