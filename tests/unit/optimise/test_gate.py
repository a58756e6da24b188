"""The gate: figures over all outputs, and a verdict that nothing passes by accident."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from property.graphs import facts, model

from hybridspec.ir.plan import Estimate
from hybridspec.optimise.gate import LIMITS, MIN_AGREEMENT, judge
from hybridspec.optimise.likeness import measure

NET = model(floor=Fraction(93, 100), allowed_drop=Fraction(1, 100),
            facts=facts(size=4_000_000, weights=3_900_000))  # fmt: skip
GOOD: dict[str, Any] = {
    "broken": False, "samples": 1000, "original": 0.95, "variant": 0.945, "interval": 0.01,
    "agreement": 0.99, "cosine": 0.999, "sqnr_db": 25.0, "original_size": 4_000_000,
    "variant_size": 1_100_000, "tools": {"onnx": "1"},
}  # fmt: skip
MIN_COSINE, MIN_SQNR_DB = LIMITS["int8"].cosine, LIMITS["int8"].sqnr_db
NAN = float("nan")


def speed(original: int = 200, variant: int = 100) -> tuple[Estimate, Estimate]:
    """Middle estimates of the original and of the variant."""
    return tuple(Estimate(low=1, mid=m, high=9_999, basis="t")  # type: ignore[return-value]
                 for m in (original, variant))  # fmt: skip


def reasons(what: str = "int8", estimates: Any = None, **figures: Any) -> str:
    """Everything against a variant with these figures."""
    verdict = judge(NET, what, {**GOOD, **figures}, estimates or speed())
    assert verdict.accepted == (not verdict.reasons)
    return "; ".join(verdict.reasons)


def test_good_figures_pass() -> None:
    assert reasons() == ""


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"variant": 0.929, "original": 0.93}, "below the floor"),
        ({"variant": 0.93, "original": 0.93}, ""),
        ({"variant": 0.94, "original": 0.95}, ""),
        ({"variant": 0.939, "original": 0.95}, "drops by 0.0110"),
        ({"agreement": MIN_AGREEMENT}, ""),
        ({"agreement": 0.949999}, "agreement"),
        ({"cosine": MIN_COSINE}, ""),
        ({"cosine": 0.989999}, "cosine"),
        ({"sqnr_db": MIN_SQNR_DB}, ""),
        ({"sqnr_db": 14.999999}, "SQNR"),
        ({"agreement": NAN}, "agreement"),
        ({"cosine": NAN}, "cosine"),
        ({"sqnr_db": NAN}, "SQNR"),
        ({"broken": True}, "not finite"),
        ({"failed": "it fell over"}, "it fell over"),
        ({"variant_size": 4_000_000}, "hardly anything was quantised"),
        ({"variant_size": 2_400_000}, "more than placement counted on"),
    ],
)  # fmt: skip
def test_each_threshold_on_both_sides(figures: dict[str, Any], words: str) -> None:
    said = reasons(**figures)
    assert words in said
    assert bool(said) == bool(words)


@pytest.mark.parametrize(
    ("original", "variant", "words"),
    [(103, 100, ""), (102, 100, "less than 1.02 times faster"), (100, 200, "less than 1.02"),
     (0, 100, "nobody has figures of the original on this board"),
     (100, 0, "nobody has figures of int8 on this board"), (0, 0, "nobody has figures")],
)  # fmt: skip
def test_a_variant_has_to_be_faster(original: int, variant: int, words: str) -> None:
    said = reasons(estimates=speed(original, variant))
    assert words in said
    assert bool(said) == bool(words)


def test_the_original_has_to_reach_its_floor_and_to_run() -> None:
    bad = {"agreement": 0.0, "cosine": 0.0, "sqnr_db": 0.0, "variant_size": 4_000_000}
    assert reasons("fp32", estimates=speed(0, 0), **bad) == ""
    assert "below the floor" in reasons("fp32", variant=0.92)
    assert "not finite" in reasons("fp32", broken=True)


def test_shares_are_compared_as_the_counts_that_they_are() -> None:
    # 2 of 3 is 0.666667 when rounded: enough for a floor of two thirds, not for more.
    for floor, words in ((Fraction(2, 3), ""), (Fraction(6_666_669, 10**7), "below the floor")):
        net = model(floor=floor, allowed_drop=Fraction(1))
        figures = {**GOOD, "samples": 3, "original": 1.0, "variant": 0.666667}
        said = "; ".join(judge(net, "fp32", figures, speed()).reasons)
        assert bool(said) == bool(words)


def test_all_reasons_are_given_at_once() -> None:
    said = reasons(variant=0.5, agreement=0.1, cosine=0.1, sqnr_db=1.0, estimates=speed(1, 1))
    for words in ("floor", "drops", "agreement", "cosine", "SQNR", "faster"):
        assert words in said


SCORES = np.array([[3.0, 1.0], [0.0, 2.0], [5.0, 4.0], [1.0, 6.0]], np.float32)
LABELS = np.array([0, 1, 0, 0])


def test_equal_outputs_measure_as_equal() -> None:
    found = measure([SCORES], [SCORES], LABELS)
    assert (found["original"], found["variant"], found["agreement"]) == (0.75, 0.75, 1.0)
    assert (found["cosine"], found["sqnr_db"], found["interval"]) == (1.0, 200.0, 0.0)


def test_a_changed_answer_shows_in_accuracy_agreement_and_interval() -> None:
    other = SCORES.copy()
    other[0] = [1.0, 3.0]
    found = measure([SCORES], [other], LABELS)
    assert (found["original"], found["variant"], found["agreement"]) == (0.75, 0.5, 0.75)
    assert found["interval"] > 0


@pytest.mark.parametrize("spoil", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_broken(spoil: float) -> None:
    other = SCORES.copy()
    other[2, 1] = spoil
    assert measure([SCORES], [other], LABELS)["broken"] is True


def test_another_shape_or_type_is_broken() -> None:
    assert measure([SCORES], [SCORES[:, :1]], LABELS)["broken"] is True
    assert measure([SCORES], [SCORES.astype(np.int64)], LABELS)["broken"] is True


def test_the_worst_of_several_outputs_counts() -> None:
    second = np.ones((4, 3), np.float32)
    turned = second * np.array([1.0, -1.0, 1.0], np.float32)
    good = measure([SCORES, second], [SCORES, second], LABELS)
    bad = measure([SCORES, second], [SCORES, turned], LABELS)
    assert (good["cosine"], good["sqnr_db"]) == (1.0, 200.0)
    assert bad["agreement"] == 1.0
    assert bad["cosine"] < 0.5
    assert bad["sqnr_db"] < MIN_SQNR_DB


def test_classes_that_the_model_names_itself_are_read_as_they_are() -> None:
    named, scores = np.array([0, 1, 0, 1]), SCORES
    found = measure([named, scores], [named, scores], LABELS)
    assert found["original"] == 0.75
    other = np.array([0, 1, 1, 1])
    assert measure([named, scores], [other, scores], LABELS)["agreement"] == 0.75


def test_a_second_list_of_classes_counts_for_agreement() -> None:
    named, other = np.array([[0], [1], [0], [1]]), np.array([[0], [0], [0], [1]])
    assert measure([SCORES, named], [SCORES, other], LABELS)["agreement"] == 0.75


def test_one_score_a_sample_is_no_classification() -> None:
    found = measure([SCORES[:, :1]], [SCORES[:, :1]], LABELS)
    assert "no class can be read" in found["failed"]
    assert "samples" in found


def test_outputs_without_a_row_for_each_sample_are_no_classification() -> None:
    found = measure([np.ones((2, 4), np.float32)], [np.ones((2, 4), np.float32)], LABELS)
    assert "one row per sample" in found["failed"]


def test_huge_numbers_do_not_pass_for_want_of_a_figure() -> None:
    huge = SCORES.astype(np.float64) * 1e200
    other = huge.copy()
    other[:, 0] *= -1
    figures = {**GOOD, **measure([huge], [other], LABELS)}
    verdict = judge(NET, "int8", figures, speed())
    assert not verdict.accepted
    assert "cosine" in "; ".join(verdict.reasons)


def test_evidence_is_kept_with_its_tools() -> None:
    evidence = judge(NET, "int8", {**GOOD, "tools": {"b": "2", "a": "1"}}, speed()).evidence
    assert evidence.tools == (("a", "1"), ("b", "2"))
    assert (evidence.samples, evidence.variant, evidence.variant_size) == (1000, 0.945, 1_100_000)


@pytest.mark.parametrize(
    ("variant", "figures", "words"),
    [
        ("fp16", {"sqnr_db": 40.0, "cosine": 0.9999, "variant_size": 2_000_000}, ""),
        ("fp16", {"sqnr_db": 39.9, "cosine": 0.9999, "variant_size": 2_000_000}, "SQNR"),
        ("fp16", {"sqnr_db": 50.0, "cosine": 0.9998, "variant_size": 2_000_000}, "cosine"),
        ("fp16", {"sqnr_db": 50.0, "cosine": 1.0, "variant_size": 3_500_000}, "placement"),
        ("fp32", {"recipe": "fp32-clean", "sqnr_db": 59.0, "cosine": 1.0}, "SQNR"),
        ("fp32", {"recipe": "fp32-clean", "sqnr_db": 99.0, "cosine": 1.0}, ""),
        ("fp32", {"recipe": "fp32-as-written", "sqnr_db": 1.0}, ""),
    ],
)
def test_each_precision_has_its_own_limits(
    variant: str, figures: dict[str, Any], words: str
) -> None:
    said = reasons(variant, **figures)
    assert words in said
    assert bool(said) == bool(words)


def test_what_the_memory_asks_for_may_be_slower() -> None:
    slow = speed(100, 200)
    assert not judge(NET, "int8", GOOD, slow).accepted
    assert judge(NET, "int8", GOOD, slow, required=True).accepted


def test_too_few_samples_are_a_caution_with_how_many_would_do() -> None:
    (said,) = judge(NET, "int8", {**GOOD, "variant": 0.945, "interval": 0.01}, speed()).cautions
    assert said == "1000 samples cannot exclude that accuracy drops by 0.0150; about 4000 can"
    assert judge(NET, "int8", {**GOOD, "interval": 0.004}, speed()).cautions == ()
    (noisy,) = judge(NET, "int8", {**GOOD, "interval": 0.0, "sqnr_db": 17.0}, speed()).cautions
    assert noisy.startswith("SQNR is 17.0 dB")


def test_without_labels_the_outputs_alone_are_judged_and_it_is_said() -> None:
    bare = model(metric="", floor=Fraction(1), allowed_drop=Fraction(0), facts=NET.facts)
    figures = {**GOOD, **measure([SCORES], [SCORES * 1.001], None, None, 4)}
    verdict = judge(bare, "int8", figures, speed())
    assert verdict.accepted
    assert "no labelled data" in verdict.cautions[0]
    other = SCORES[:, ::-1].copy()
    figures = {**GOOD, **measure([SCORES], [other], None, None, 4)}
    assert "agreement is 0" in "; ".join(judge(bare, "int8", figures, speed()).reasons)


def test_what_was_trained_again_is_judged_by_its_task_alone() -> None:
    figures = {**GOOD, "retrained": True, "cosine": 0.5, "sqnr_db": 3.0, "agreement": 0.9,
               "variant_size": 2_000_000}  # fmt: skip
    assert judge(NET, "fp32", {**figures, "recipe": "hook"}, speed()).accepted
    bare = model(metric="", facts=NET.facts)
    assert not judge(bare, "fp32", {**figures, "recipe": "hook"}, speed()).accepted


def test_the_worst_output_is_named() -> None:
    outputs = [{"cosine": 1.0, "sqnr_db": 50.0, "max_error": 0.0},
               {"cosine": 0.5, "sqnr_db": 3.0, "max_error": 9.0}]  # fmt: skip
    said = reasons(cosine=0.5, sqnr_db=3.0, outputs=outputs)
    assert "cosine of `output 1` is 0.5" in said


def test_the_largest_error_is_relative_and_bounded() -> None:
    assert measure([SCORES], [SCORES + 1], LABELS)["max_error"] == pytest.approx(
        1 / SCORES.std(), rel=1e-3
    )
    flat = np.ones((4, 2), np.float32)
    assert measure([flat], [flat + 1], LABELS)["max_error"] == 1e9
