"""The task's own metric of a model's outputs, and the interval of a variant's loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from hybridspec.optimise import detection

GROUPS = 20
"""Parts that are left out in turn to see how much a metric wanders."""
NEAR = 0.1
"""Share of the labels' standard deviation within which two predictions of a number agree."""


MOST_NEAR = 0.9
"""Share of the numbers of an answer that have to agree for the answer to agree."""


class NoMetric(Exception):
    """The outputs and labels do not have what the metric needs; the message says what."""


Figures: TypeAlias = tuple[float, float, float, float]
"""Metric of the original and of the variant, half-width of its loss, agreement of the two."""

Score: TypeAlias = "Callable[[np.ndarray, np.ndarray], float]"
"""What is said and what is true to a metric, of which more is better."""

_Answers: TypeAlias = "tuple[np.ndarray, np.ndarray, np.ndarray]"
"""What the original says, what the variant says, and what is true, sample by sample."""


def figures(
    metric: str, original: Sequence[np.ndarray], variant: Sequence[np.ndarray], labels: np.ndarray
) -> Figures:
    """The figures of the first output; the class is its largest score, or itself if whole.

    Raises:
        NoMetric: the metric cannot be worked out.
    """
    if metric in detection.THRESHOLDS:
        try:
            return detection.figures(metric, original, variant, labels)
        except detection.NoBoxes as fault:
            raise NoMetric(str(fault)) from fault
    if metric in _NUMBERS:
        return _regression(_NUMBERS[metric], original[0], variant[0], labels)
    count = len(labels)
    rows = [outputs[0].reshape(count, -1) for outputs in (original, variant)]
    if metric == "auc":
        return _ranking(rows[0], rows[1], labels)
    answers = [_classes(one) for one in rows]
    if answers[0] is None or answers[1] is None:
        raise NoMetric("its first output has one score per sample: no class can be read")
    judged = (answers[0], answers[1], labels)
    agreement = float((answers[0] == answers[1]).mean())
    if metric == "f1":
        return _f1(judged[0], labels), _f1(judged[1], labels), _spread(judged, _f1), agreement
    if metric == "top5":
        hits = [_among(one, labels, 5) for one in rows]
    else:
        hits = [answer == labels for answer in judged[:2]]
    return _share_of(
        hits[0], hits[1], same=bool(np.array_equal(rows[0], rows[1])), agreement=agreement
    )


def _share_of(was: np.ndarray, now: np.ndarray, *, same: bool, agreement: float) -> Figures:
    """Shares of samples that are right, with the paired interval of their difference.

    Half a pair more is counted each way (Agresti and Min, 2005), because a few hundred samples
    without any difference do not show that there is none.
    """
    count = len(was)
    lost, won = int((was & ~now).sum()) + 0.5, int((~was & now).sum()) + 0.5
    apart = max(0.0, lost + won - (lost - won) ** 2 / (count + 2))
    spread = 0.0 if same else 1.96 * math.sqrt(apart) / (count + 2)
    return float(was.mean()), float(now.mean()), spread, agreement


def _among(rows: np.ndarray, labels: np.ndarray, most: int) -> np.ndarray:
    """Whether the true class is among the `most` with the largest scores."""
    if rows.shape[1] <= most:
        raise NoMetric(f"it knows {rows.shape[1]} classes: the best {most} are all of them")
    best = np.argsort(-rows, axis=1, kind="stable")[:, :most]
    found: np.ndarray = (best == labels.reshape(-1, 1)).any(axis=1)
    return found


def _ranking(first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> Figures:
    """How well one score, or the second of two, tells two classes apart at any threshold."""
    if first.shape[1] > 2:
        raise NoMetric(f"`auc` tells two classes apart, and it knows {first.shape[1]}")
    if not np.isin(labels, (0, 1)).all() or len(np.unique(labels)) < 2:
        raise NoMetric("`auc` needs labels of which some are 0 and some are 1")
    before, after = (one[:, -1].astype(np.float64) - (one[:, 0] if one.shape[1] == 2 else 0)
                     for one in (first, second))  # fmt: skip
    agreement = float((np.abs(before - after) <= NEAR * float(before.std())).mean())
    spread = _spread((before, after, labels), _auc)
    return _auc(before, labels), _auc(after, labels), spread, agreement


def _auc(scores: np.ndarray, labels: np.ndarray) -> float:
    """The share of pairs of which the positive one scores higher, equal ones counting half."""
    order, counts = np.unique(scores, return_inverse=True, return_counts=True)[1:]
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[order.reshape(-1)]
    positive = labels == 1
    hits, rest = int(positive.sum()), int((~positive).sum())
    if hits == 0 or rest == 0:
        return 0.5
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * rest))


def alike_answers(
    original: Sequence[np.ndarray], variant: Sequence[np.ndarray], count: int
) -> float:
    """The share of samples on which both choose the same class in each output.

    What has one score or more than two dimensions holds no class: there, as in a regression, two
    answers agree within a tenth of the output's standard deviation in nine of ten numbers.
    """
    shares = [_share(a, b, count) for a, b in zip(original, variant, strict=True)]
    return min(shares, default=1.0)


def _share(original: np.ndarray, variant: np.ndarray, count: int) -> float:
    first, second = (a.reshape(count, -1) for a in (original, variant))
    if original.dtype.kind in "iub":
        return float((first == second).all(axis=1).mean())
    if original.ndim == 2 and first.shape[1] > 1:
        return float((first.argmax(axis=1) == second.argmax(axis=1)).mean())
    near = np.abs(first.astype(np.float64) - second) <= NEAR * float(first.astype(np.float64).std())
    return float((near.mean(axis=1) >= MOST_NEAR).mean())


def _classes(rows: np.ndarray) -> np.ndarray | None:
    """The class of each row; None where a row is one score."""
    if rows.shape[1] == 1:
        return rows[:, 0] if rows.dtype.kind in "iub" else None
    largest: np.ndarray = rows.argmax(axis=1)
    return largest


def _f1(said: np.ndarray, true: np.ndarray) -> float:
    """The mean over all classes, said or true, of the harmonic mean of precision and recall."""
    scores = []
    for one in np.union1d(said, true):
        hits = int(((said == one) & (true == one)).sum())
        scores.append(2 * hits / (int((said == one).sum()) + int((true == one).sum())))
    return float(np.mean(scores)) if scores else 0.0


def _regression(
    score: Score, original: np.ndarray, variant: np.ndarray, labels: np.ndarray
) -> Figures:
    count = len(labels)
    first, second, true = (
        a.reshape(count, -1).astype(np.float64) for a in (original, variant, labels)
    )
    if first.shape != true.shape:
        raise NoMetric(f"it says {first.shape[1]} numbers per sample, the labels {true.shape[1]}")
    if true.shape[1] > 1 and np.isin(true, (0, 1)).all() and (true.sum(axis=1) == 1).all():
        raise NoMetric("its labels are one-hot rows: write one class per sample, as int64")
    deviation = true.std(axis=0)
    if not (deviation > 0).all():
        raise NoMetric("the labels are all alike, so that no variance can be explained")
    agreement = float((np.abs(first - second) <= NEAR * deviation).all(axis=1).mean())
    spread = _spread((first, second, true), score)
    return score(first, true), score(second, true), spread, agreement


def _r2(said: np.ndarray, true: np.ndarray) -> float:
    """The mean over outputs of the share of variance that is explained; may be below zero."""
    left = ((said - true) ** 2).sum(axis=0)
    all_of_it = ((true - true.mean(axis=0)) ** 2).sum(axis=0)
    return float((1 - left / np.where(all_of_it > 0, all_of_it, 1)).mean())


def _d2(said: np.ndarray, true: np.ndarray) -> float:
    """One minus the mean absolute error by that of always saying the median; may be below zero.

    scikit-learn calls it `d2_absolute_error_score`.
    """
    left = np.abs(said - true).sum(axis=0)
    all_of_it = np.abs(true - np.median(true, axis=0)).sum(axis=0)
    return float((1 - left / np.where(all_of_it > 0, all_of_it, 1)).mean())


_NUMBERS: dict[str, Score] = {"r2": _r2, "d2": _d2}


def _spread(judged: _Answers, score: Score) -> float:
    """Half-width of the 95 % interval of the loss: the jackknife over groups of samples."""
    original, variant, true = judged
    count = len(true)
    groups = min(GROUPS, count)
    if groups < 2:
        return 0.0
    numbers = np.arange(count) % groups
    losses = []
    for group in range(groups):
        kept = numbers != group
        losses.append(score(original[kept], true[kept]) - score(variant[kept], true[kept]))
    deviation = np.array(losses) - np.mean(losses)
    return float(1.96 * math.sqrt((groups - 1) / groups * float((deviation**2).sum())))
