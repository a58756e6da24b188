"""Mean average precision of a detector, and the interval of what a variant loses of it.

Boxes are read from the outputs in one of the forms that detectors have, told by their shapes:

    [N, M, 6]                       corners, score and class, after suppression
    [N, M, 4], [N, M], [N, M]       corners, scores and classes, after suppression
    [N, M, 4], [N, M, C]            corners and a score for each class
    [N, 4 + C, M], M > 4 + C        centre and size, then a score for each class

Of the last two, boxes that others cover are suppressed here. Average precision is the mean over
101 recalls (as COCO has it), over the classes of the labels, and over how well boxes have to fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

THRESHOLDS = {"map": tuple(0.5 + 0.05 * n for n in range(10)), "map50": (0.5,)}
"""Overlaps, as the intersection by the union, from which on a box is found."""
_MOST, _CANDIDATES = 100, 300
"""Boxes of an image that count, and that are looked at before suppression."""
_COVERED = 0.6
_RESAMPLES = 200
_RECALLS = np.linspace(0, 1, 101)


class NoBoxes(Exception):
    """The outputs or labels hold no boxes; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """The boxes of one image, best first: corners, scores and classes."""

    corners: np.ndarray
    scores: np.ndarray
    classes: np.ndarray


def ranked(outputs: Sequence[np.ndarray]) -> bool:
    """Whether rows are in the order of their scores, so that equal rows may have other places."""
    shapes = [array.ndim for array in outputs]
    return (len(outputs) == 1 and outputs[0].shape[-1] == 6) or shapes.count(2) >= 2


def boxes_of(outputs: Sequence[np.ndarray]) -> list[Boxes]:
    """The boxes of each image.

    Raises:
        NoBoxes: the outputs have none of the known forms.
    """
    cubes = [array for array in outputs if array.ndim == 3]
    flat = [array for array in outputs if array.ndim == 2]
    corners = next((array for array in cubes if array.shape[2] == 4), None)
    if len(cubes) == 1 and len(outputs) == 1:
        (only,) = cubes
        if only.shape[2] == 6:
            return [_sorted(rows[:, :4], rows[:, 4], rows[:, 5]) for rows in only]
        if 4 < only.shape[1] < only.shape[2]:
            return [_suppressed(_cornered(rows[:4].T), rows[4:].T) for rows in only]
    if corners is not None and len(flat) >= 2:
        scores, classes = _told_apart(flat)
        return [_sorted(*rows) for rows in zip(corners, scores, classes, strict=True)]
    others = [array for array in cubes if array is not corners]
    if corners is not None and others and others[0].shape[:2] == corners.shape[:2]:
        return [_suppressed(*rows) for rows in zip(corners, others[0], strict=True)]
    shapes = ", ".join(str(["N", *array.shape[1:]]).replace("'", "") for array in outputs)
    raise NoBoxes(f"no boxes can be read from outputs of the shapes {shapes}")


def _told_apart(flat: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Which of two lists holds scores, and which classes: those are whole numbers."""
    first, second = flat[:2]
    whole = [array.dtype.kind in "iu" or bool((array == np.round(array)).all())
             for array in (first, second)]  # fmt: skip
    return (second, first) if whole[0] and not whole[1] else (first, second)


def _sorted(corners: np.ndarray, scores: np.ndarray, classes: np.ndarray) -> Boxes:
    order = np.argsort(-scores, kind="stable")[:_MOST]
    return Boxes(corners[order].astype(np.float64), scores[order].astype(np.float64),
                 np.round(classes[order]).astype(np.int64))  # fmt: skip


def _cornered(rows: np.ndarray) -> np.ndarray:
    """Corners of boxes that are written as centre and size."""
    return np.concatenate([rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2], axis=1)


def _suppressed(corners: np.ndarray, scores: np.ndarray) -> Boxes:
    """The best boxes of each class that no better one of it covers."""
    best = np.argsort(-scores.ravel(), kind="stable")[:_CANDIDATES]
    rows, classes = np.divmod(best, scores.shape[1])
    found = Boxes(
        corners[rows].astype(np.float64), scores.ravel()[best].astype(np.float64), classes
    )
    covering = (overlaps(found.corners, found.corners) > _COVERED) & (
        classes[:, None] == classes[None, :]
    )
    kept: list[int] = []
    for index in range(len(best)):
        if not covering[index, kept].any():
            kept.append(index)
    return Boxes(*(part[kept[:_MOST]] for part in (found.corners, found.scores, found.classes)))


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Intersection by union of each box with each."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(one[:, 2:] - one[:, :2], 0, None).prod(axis=1) for one in (first, second)]
    union = areas[0][:, None] + areas[1][None, :] - both
    shares: np.ndarray = both / np.where(union > 0, union, 1)
    return shares


def figures(
    metric: str, original: Sequence[np.ndarray], variant: Sequence[np.ndarray], labels: np.ndarray
) -> tuple[float, float, float, float]:
    """Metric of both, half-width of the 95 % interval of the loss, and how far both agree.

    Raises:
        NoBoxes: outputs or labels hold no boxes.
    """
    if labels.ndim != 3 or labels.shape[2] != 5:
        raise NoBoxes(f"its labels are {list(labels.shape)}, not boxes with their classes")
    true = [rows[rows[:, 4] >= 0] for rows in labels.astype(np.float64)]
    if not any(map(len, true)):
        raise NoBoxes("its labels hold no box")
    said = [boxes_of(outputs) for outputs in (original, variant)]
    before, after = (_Judged(boxes, true, THRESHOLDS[metric]) for boxes in said)
    even = np.ones(len(true))
    agreement = float(
        np.mean([_alike(a, b, len(rows)) for a, b, rows in zip(*said, true, strict=True)])
    )
    same = all(np.array_equal(a, b) for a, b in zip(original, variant, strict=True))
    spread = 0.0 if same else _spread(before, after, len(true))
    return before.score(even), after.score(even), spread, agreement


class _Judged:
    """What was found of the labels at each threshold, so that images can be weighed anew."""

    def __init__(
        self, said: Sequence[Boxes], true: Sequence[np.ndarray], thresholds: Sequence[float]
    ) -> None:
        kinds = sorted({int(kind) for rows in true for kind in rows[:, 4]})
        self._classes = [_of_class(kind, said, true, thresholds) for kind in kinds]

    def score(self, weights: np.ndarray) -> float:
        """Mean average precision with each image counted so many times."""
        found = [_precision(*one, weights) for one in self._classes]
        known = [one for one in found if one is not None]
        return float(np.mean(known)) if known else 0.0


def _of_class(
    kind: int, said: Sequence[Boxes], true: Sequence[np.ndarray], thresholds: Sequence[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hits by box, best first, and threshold; the image of each box; true boxes by image."""
    hits, scores, images = [], [], []
    there = np.array([int((rows[:, 4] == kind).sum()) for rows in true])
    for image, (boxes, rows) in enumerate(zip(said, true, strict=True)):
        mine = boxes.classes == kind
        shares = overlaps(boxes.corners[mine], rows[rows[:, 4] == kind][:, :4])
        hits.append(_hits(shares, thresholds))
        scores.append(boxes.scores[mine])
        images.append(np.full(int(mine.sum()), image))
    order = np.argsort(-np.concatenate(scores), kind="stable")
    return np.concatenate(hits)[order], np.concatenate(images)[order], there


def _hits(shares: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """Whether each box, the best first, takes a true box that none before it took."""
    found = np.zeros((len(shares), len(thresholds)), bool)
    for column, least in enumerate(thresholds):
        free = np.ones(shares.shape[1], bool)
        for row in range(len(shares)) if shares.shape[1] else ():
            fitting = np.where(free, shares[row], -1.0)
            best = int(fitting.argmax())
            if fitting[best] >= least:
                free[best], found[row, column] = False, True
    return found


def _precision(
    hits: np.ndarray, images: np.ndarray, there: np.ndarray, weights: np.ndarray
) -> float | None:
    """Average precision of a class over all thresholds; None if these images hold none of it."""
    total = float((there * weights).sum())
    if total == 0:
        return None
    if not len(hits):
        return 0.0
    counted = weights[images][:, None]
    found = np.cumsum(hits * counted, axis=0)
    tried = np.maximum(np.cumsum(counted, axis=0), 1e-12)
    precision = np.maximum.accumulate((found / tried)[::-1], axis=0)[::-1]
    scores = []
    for column in range(hits.shape[1]):
        at = np.searchsorted(found[:, column] / total, _RECALLS - 1e-12, side="left")
        padded = np.append(precision[:, column], 0.0)
        scores.append(padded[at].mean())
    return float(np.mean(scores))


def _spread(before: _Judged, after: _Judged, count: int) -> float:
    """Half-width of the 95 % interval of the loss: images drawn again, the same for both.

    It is at least that of a share of as many samples among which none differs.
    """
    if count < 2:
        return 0.0
    rng = np.random.default_rng(7)
    draws = rng.multinomial(count, np.full(count, 1 / count), size=_RESAMPLES).astype(np.float64)
    losses = [before.score(draw) - after.score(draw) for draw in draws]
    return float(1.96 * max(float(np.std(losses, ddof=1)), 1 / (count + 2)))


def _alike(original: Boxes, variant: Boxes, count: int) -> float:
    """The share of the original's best boxes, as many as are true, that the variant's best have."""
    most = max(1, count)
    first, second = (Boxes(one.corners[:most], one.scores[:most], one.classes[:most])
                     for one in (original, variant))  # fmt: skip
    if not len(first.classes):
        return float(not len(second.classes))
    same = first.classes[:, None] == second.classes[None, :]
    near = (overlaps(first.corners, second.corners) >= 0.5) & same
    return float(near.any(axis=1).mean())
