"""Mean average precision: by hand on small cases, in every form of boxes, with its interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridspec.optimise.detection import boxes_of, figures, overlaps, ranked
from hybridspec.optimise.likeness import measure

TRUE = np.array([[[0, 0, 10, 10, 0], [20, 20, 30, 30, 1]], [[5, 5, 15, 15, 0], [0, 0, 0, 0, -1]]],
                np.float32)  # fmt: skip
"""Two images: a box of each of two classes, and one box of the first with an empty row."""


def said(*images: list[tuple[float, ...]]) -> list[np.ndarray]:
    """One output [N, M, 6] of these rows of corners, score and class; the rest scores nothing."""
    made = np.zeros((len(images), 4, 6), np.float32)
    made[:, :, :4] = (90, 90, 91, 91)
    for image, rows in enumerate(images):
        for row, values in enumerate(rows):
            made[image, row] = values
    return [made]


PERFECT = said([(0, 0, 10, 10, 0.9, 0), (20, 20, 30, 30, 0.8, 1)], [(5, 5, 15, 15, 0.7, 0)])


def score(outputs: list[np.ndarray], metric: str = "map50", labels: np.ndarray = TRUE) -> float:
    return figures(metric, PERFECT, outputs, labels)[1]


def test_overlap_is_the_intersection_by_the_union() -> None:
    first = np.array([[0.0, 0, 2, 2]])
    second = np.array([[1.0, 0, 3, 2], [0, 0, 2, 2], [5, 5, 6, 6], [1, 1, 1, 1]])
    assert overlaps(first, second).tolist() == [[pytest.approx(1 / 3), 1.0, 0.0, 0.0]]


def test_what_finds_every_box_has_a_precision_of_one() -> None:
    assert figures("map", PERFECT, PERFECT, TRUE) == (1.0, 1.0, 0.0, 1.0)


def test_a_false_box_before_the_right_one_halves_the_precision_up_to_its_recall() -> None:
    false = (50, 50, 60, 60, 0.95, 1)
    wrong_first = said([(0, 0, 10, 10, 0.9, 0), false, (20, 20, 30, 30, 0.8, 1)],
                       [(5, 5, 15, 15, 0.7, 0)])  # fmt: skip
    assert score(wrong_first) == pytest.approx((1.0 + 0.5) / 2)
    wrong_last = said([(0, 0, 10, 10, 0.9, 0), (50, 50, 60, 60, 0.1, 1), (20, 20, 30, 30, 0.8, 1)],
                      [(5, 5, 15, 15, 0.7, 0)])  # fmt: skip
    assert score(wrong_last) == 1.0


def test_a_box_that_is_missed_costs_its_recall() -> None:
    missed = said([(0, 0, 10, 10, 0.9, 0), (20, 20, 30, 30, 0.8, 1)], [])
    assert score(missed) == pytest.approx((51 / 101 + 1) / 2)  # recalls of 0 to 0.5 of the first


def test_a_second_box_on_the_same_thing_is_false() -> None:
    twice = said([(0, 0, 10, 10, 0.9, 0), (0, 0, 10, 10, 0.85, 0), (20, 20, 30, 30, 0.8, 1)],
                 [(5, 5, 15, 15, 0.7, 0)])  # fmt: skip
    # After the false one, two of three are right.
    assert score(twice) == pytest.approx(((51 + 50 * 2 / 3) / 101 + 1) / 2)


def test_the_mean_over_overlaps_asks_for_boxes_that_fit() -> None:
    loose = said([(0, 0, 10, 8, 0.9, 0), (20, 20, 30, 30, 0.8, 1)], [(5, 5, 15, 13, 0.7, 0)])
    assert score(loose) == 1.0
    assert score(loose, "map") == pytest.approx((0.7 + 1) / 2)  # 0.8 is found up to 0.8: 7 of 10


def forms() -> dict[str, list[np.ndarray]]:
    corners, scores, classes = PERFECT[0][:, :, :4], PERFECT[0][:, :, 4], PERFECT[0][:, :, 5]
    by_class = np.stack([np.where(classes == kind, scores, 0) for kind in (0, 1)], axis=2)
    padded = np.pad(np.concatenate([corners, by_class], axis=2), ((0, 0), (0, 9), (0, 0)))
    centre = (padded[:, :, :2] + padded[:, :, 2:4]) / 2
    size = padded[:, :, 2:4] - padded[:, :, :2]
    raw = np.concatenate([centre, size, padded[:, :, 4:]], axis=2).transpose(0, 2, 1)
    return {
        "one": PERFECT, "three": [corners, scores, classes],
        "three, classes first": [classes.astype(np.int64), corners, scores],
        "by class": [by_class, corners], "raw": [raw],
    }  # fmt: skip


@pytest.mark.parametrize("form", list(forms()))
def test_boxes_are_read_from_every_form(form: str) -> None:
    outputs = forms()[form]
    assert figures("map", outputs, outputs, TRUE)[:2] == (1.0, 1.0)
    assert ranked(outputs) == (form in ("one", "three", "three, classes first"))
    first = boxes_of(outputs)[0]
    assert first.classes[:2].tolist() == [0, 1]
    assert first.corners[0].tolist() == [0, 0, 10, 10]


def test_what_is_covered_by_a_better_box_of_its_class_is_left_out() -> None:
    corners = np.array([[[0, 0, 10, 10], [0, 0, 10, 9], [0, 0, 10, 9], [40, 40, 50, 50]]], float)
    scores = np.array([[[0.9, 0.1], [0.8, 0.1], [0.2, 0.7], [0.5, 0.1]]])
    (found,) = boxes_of([corners, scores])
    assert list(zip(found.scores[:3].tolist(), found.classes[:3].tolist(), strict=True)) == [
        (0.9, 0), (0.7, 1), (0.5, 0)]  # fmt: skip


def many(count: int, wrong: int) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    """A detector, one that misses some images, and the labels."""
    labels = np.tile(np.array([[[0, 0, 10, 10, 0]]], np.float32), (count, 1, 1))
    right = said(*[[(0, 0, 10, 10, 0.9 - n / 9999, 0)] for n in range(count)])
    worse = [right[0].copy()]
    worse[0][:wrong, 0, :4] += 50
    return right, worse, labels


def test_the_interval_comes_from_drawing_images_again_and_narrows_with_their_number() -> None:
    few, more = (figures("map50", *many(count, count // 10)) for count in (40, 400))
    assert few[0] - few[1] == pytest.approx(more[0] - more[1], abs=0.02)
    assert 0 < more[2] < few[2] / 2 < 0.2
    assert few == figures("map50", *many(40, 4))
    assert (few[3], figures("map50", *many(10, 0))[2]) == (0.9, 0.0)


@pytest.mark.parametrize(("outputs", "labels", "words"), [
    ([np.zeros((2, 7), np.float32)], TRUE, "outputs of the shapes [N, 7]"),
    ([np.zeros((2, 9, 3), np.float32)], TRUE, "no boxes can be read"),
    (PERFECT, np.full((2, 1, 5), -1, np.float32), "hold no box"),
    (PERFECT, np.zeros((2, 5), np.float32), "not boxes with their classes"),
])  # fmt: skip
def test_what_holds_no_boxes_is_said(outputs: Any, labels: np.ndarray, words: str) -> None:
    found = measure(outputs, outputs, labels, "map", 2)
    assert words in found["failed"]


def test_rows_that_change_places_are_no_difference() -> None:
    turned = [PERFECT[0][:, ::-1].copy()]
    found = measure(PERFECT, turned, TRUE, "map", 2)
    assert (found["original"], found["variant"], found["agreement"]) == (1.0, 1.0, 1.0)
    assert found["ranked"]
    assert found["cosine"] < 0.99
