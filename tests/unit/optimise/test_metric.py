"""Metrics of tasks: against figures worked out by hand, and refused where nothing can be said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from property.graphs import facts, model
from unit.optimise.test_gate import GOOD, speed
from unit.optimise.test_optimise import benign, network, run, samples, saved

from hybridspec.optimise.gate import judge
from hybridspec.optimise.likeness import measure
from hybridspec.optimise.metric import NoMetric, figures

TRUE = np.array([0, 0, 0, 0, 1, 2])
SCORES = np.eye(3, dtype=np.float32)
SAID = SCORES[[0, 0, 0, 1, 1, 0]]
NUMBERS = np.array([1.0, 2.0, 3.0, 4.0], np.float32)


def test_f1_is_the_mean_over_classes() -> None:
    found, _, spread, agreement = figures("f1", [SAID], [SAID], TRUE)
    # 0: 3 hits, 4 said, 4 true; 1: 1 hit, 2 said, 1 true; 2: never said.
    assert found == pytest.approx((6 / 8 + 2 / 3 + 0) / 3)
    assert (spread, agreement) == (0.0, 1.0)


def test_a_rare_class_counts_in_f1_and_hardly_in_accuracy() -> None:
    true = np.array([0] * 99 + [1])
    never = SCORES[[0] * 100]
    assert figures("accuracy", [never], [never], true)[0] == 0.99
    assert figures("f1", [never], [never], true)[0] < 0.5


def test_r2_is_the_share_of_variance_that_is_explained() -> None:
    off = NUMBERS + np.array([0.5, -0.5, 0.5, -0.5], np.float32)
    found = figures("r2", [NUMBERS[:, None]], [off[:, None]], NUMBERS)
    assert found[:2] == (1.0, pytest.approx(1 - 1.0 / 5.0))
    assert found[3] == 0.0
    near = NUMBERS + np.float32(0.05)
    assert figures("r2", [NUMBERS], [near], NUMBERS)[3] == 1.0


def test_a_model_that_is_worse_than_the_mean_is_below_zero() -> None:
    turned = NUMBERS[::-1].copy()
    assert figures("r2", [turned], [turned], NUMBERS)[0] < 0


def test_the_interval_grows_with_what_differs() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(size=200)
    first = true + rng.normal(scale=0.1, size=200)
    other = true + rng.normal(scale=0.3, size=200)
    same = figures("r2", [first], [first], true)[2]
    loss = figures("r2", [first], [other], true)
    assert same == 0.0
    assert 0 < loss[2] < loss[0] - loss[1]


@pytest.mark.parametrize(
    ("metric", "outputs", "labels", "words"),
    [
        ("accuracy", NUMBERS[:, None], np.array([0, 1, 0, 1]), "no class"),
        ("f1", NUMBERS[:, None], np.array([0, 1, 0, 1]), "no class"),
        ("r2", NUMBERS, np.ones(4), "all alike"),
        ("r2", np.ones((4, 2), np.float32), NUMBERS, "2 numbers per sample, the labels 1"),
    ],
)
def test_what_cannot_be_measured_is_said(
    metric: str, outputs: np.ndarray, labels: np.ndarray, words: str
) -> None:
    with pytest.raises(NoMetric, match=words):
        figures(metric, [outputs], [outputs], labels)
    assert words in measure([outputs], [outputs], labels, metric)["failed"]


def test_a_floor_is_compared_with_r2_as_measured() -> None:
    net = model(
        task="regression", metric="r2", floor=Fraction(9, 10), allowed_drop=Fraction(1, 100),
        facts=facts(size=4_000_000, weights=3_900_000),
    )  # fmt: skip
    for value, good in ((0.9, True), (0.899999, False), (-3.0, False), (float("nan"), False)):
        verdict = judge(net, "int8", {**GOOD, "original": value, "variant": value}, speed())
        assert ("floor" not in " ".join(verdict.reasons)) == good


def test_a_regression_ships_by_its_own_metric(tmp_path: Path) -> None:
    made = network(benign())
    arrays = samples(made)
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    arrays["label"] = session.run(None, {"x": arrays["x"]})[0]
    net = saved(tmp_path, made, arrays, task="regression", metric="r2")
    (artefact,), rejected, _ = run(net, tmp_path / "cache")
    assert (artefact.variant, rejected) == ("int8", frozenset())
    first, second = (verdict.evidence for verdict in artefact.verdicts)
    assert (first.metric, first.variant) == ("r2", 1.0)
    assert 0.9 < second.variant < 1.0


def test_one_score_tells_two_classes_apart_at_any_threshold() -> None:
    scores = np.array([[0.1], [0.4], [0.35], [0.8]], np.float32)
    true = np.array([0, 0, 1, 1])
    found = figures("auc", [scores], [scores], true)
    assert found == (0.75, 0.75, 0.0, 1.0)
    two = np.concatenate([-scores, scores], axis=1)
    assert figures("auc", [two], [two], true)[0] == 0.75
    assert figures("auc", [np.ones((4, 1))], [np.ones((4, 1))], true)[0] == 0.5


def test_the_true_class_may_be_among_the_best_five() -> None:
    scores = np.tile(np.arange(7, dtype=np.float32), (7, 1))
    assert figures("top5", [scores], [scores], np.arange(7))[0] == pytest.approx(5 / 7)


@pytest.mark.parametrize(
    ("metric", "outputs", "labels", "words"),
    [
        ("auc", SCORES, np.array([0, 1, 1]), "knows 3"),
        ("auc", NUMBERS[:, None], np.array([0, 1, 2, 1]), "0 and some are 1"),
        ("auc", NUMBERS[:, None], np.array([1, 1, 1, 1]), "0 and some are 1"),
        ("top5", SCORES, np.array([0, 1, 1]), "all of them"),
    ],
)
def test_a_metric_that_does_not_fit_says_why(
    metric: str, outputs: np.ndarray, labels: np.ndarray, words: str
) -> None:
    with pytest.raises(NoMetric, match=words):
        figures(metric, [outputs], [outputs], labels)


def test_alike_answers_do_not_prove_that_there_is_no_loss() -> None:
    scores = np.tile(np.array([[3.0, 1.0]], np.float32), (600, 1))
    true = np.zeros(600, int)
    assert figures("accuracy", [scores], [scores], true)[2] == 0.0
    few, many = (figures("accuracy", [scores[:n]], [scores[:n] * 2], true[:n])[2]
                 for n in (60, 600))  # fmt: skip
    assert 0.003 < many < 0.004
    assert 0.03 < few < 0.04


def test_outputs_that_hold_no_class_agree_where_most_numbers_are_near() -> None:
    from hybridspec.optimise.metric import alike_answers

    boxes = np.random.default_rng(3).normal(size=(10, 20, 4)).astype(np.float32)
    near, far = boxes + np.float32(0.01), boxes.copy()
    far[:3] += 1.0
    assert alike_answers([boxes], [near], 10) == 1.0
    assert alike_answers([boxes], [far], 10) == 0.7
    assert alike_answers([SCORES[:2]], [SCORES[[0, 0]]], 2) == 0.5


def test_one_hot_rows_are_no_numbers_to_predict() -> None:
    rows = np.eye(3, dtype=np.float32)
    with pytest.raises(NoMetric, match="one class per sample"):
        figures("r2", [rows], [rows], rows)
