"""The gate: measured outputs of original and variant to evidence, and evidence to a verdict.

Cosine alone is blind to a broken classifier, so the task metric, agreement, cosine and the
signal-to-quantisation-noise ratio all count. Thresholds for int8 are the ones below.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from hybridspec.ir.artefact import Evidence, Verdict
from hybridspec.ir.graph import Model, ModelFacts
from hybridspec.ir.half import precision_and_cut, variant_facts
from hybridspec.ir.plan import Estimate
from hybridspec.optimise.metric import NoMetric, alike_answers, figures

MIN_COSINE = 0.99
MIN_SQNR_DB = 15.0
MIN_AGREEMENT = 0.95
MIN_SPEEDUP = Fraction(102, 100)
FILE_SLACK = 2**20
"""Bytes that scales and quantisation operators may add to a file."""


def measure(
    original: Sequence[np.ndarray], variant: Sequence[np.ndarray], labels: np.ndarray | None,
    metric: str | None = "accuracy", samples: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Figures over all samples and outputs, the worst output counting, rounded to six digits.

    Without labels or a metric, the outputs of `samples` samples are only compared.
    """
    count = samples if labels is None else len(labels)
    if any(a.shape != b.shape or a.dtype != b.dtype or not bool(np.isfinite(b).all())
           for a, b in zip(original, variant, strict=True)):  # fmt: skip
        return {"broken": True, "samples": count}
    if any(array.ndim == 0 or len(array) != count for array in original):
        return _useless("its outputs do not have one row per sample", count)
    try:
        before, after, spread, agreement = (
            (0.0, 0.0, 0.0, alike_answers(original, variant, count))
            if labels is None or metric is None
            else figures(metric, original, variant, labels)
        )
    except NoMetric as fault:
        return _useless(str(fault), count)
    named = [(a == b).reshape(count, -1).all(axis=1) for a, b in _pairs(original, variant, "iub")]
    alike = [_likeness(a, b, count) for a, b in _pairs(original, variant, "f")]
    return {
        "broken": False,
        "samples": count,
        "original": round(before, 6),
        "variant": round(after, 6),
        "interval": round(spread, 6),
        "agreement": round(min([agreement, *(float(same.mean()) for same in named)]), 6),
        "cosine": _worst([cosine for cosine, _ in alike], 1.0),
        "sqnr_db": _worst([ratio for _, ratio in alike], 200.0),
        "max_error": _most([_furthest(a, b) for a, b in _pairs(original, variant, "f")]),
    }


def _useless(reason: str, samples: int) -> dict[str, Any]:
    return {"failed": f"measuring it failed: {reason}", "samples": samples}


def _pairs(
    original: Sequence[np.ndarray], variant: Sequence[np.ndarray], kinds: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(a, b) for a, b in zip(original, variant, strict=True) if a.dtype.kind in kinds]


def _likeness(original: np.ndarray, variant: np.ndarray, count: int) -> tuple[float, float]:
    """Mean cosine of the rows, and the signal-to-quantisation-noise ratio in decibels."""
    first, second = (a.reshape(count, -1).astype(np.float64) for a in (original, variant))
    with np.errstate(over="ignore", invalid="ignore"):
        noise, signal = float(np.linalg.norm(first - second)), float(np.linalg.norm(first))
        norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        cosine = (first * second).sum(axis=1) / np.where(norms == 0, 1, norms)
        mean = float(np.where((first == second).all(axis=1), 1.0, cosine).mean())
    if noise == 0:
        return mean, 200.0
    ratio = max(signal, 1e-30) / noise
    return mean, 20 * math.log10(ratio) if ratio > 0 else -math.inf


def _furthest(original: np.ndarray, variant: np.ndarray) -> float:
    """The largest difference, in standard deviations of the original's output."""
    with np.errstate(over="ignore", invalid="ignore"):
        first, second = original.astype(np.float64), variant.astype(np.float64)
        most, deviation = float(np.abs(first - second).max(initial=0.0)), float(first.std())
    if most == 0:
        return 0.0
    return most / deviation if deviation > 0 else math.inf


def _most(figures: Sequence[float]) -> float:
    """The largest figure, bounded so that it can be written; a figure that is none is the worst."""
    worst = max((1e9 if math.isnan(figure) else figure for figure in figures), default=0.0)
    return round(min(worst, 1e9), 6)


def _worst(figures: Sequence[float], without: float) -> float:
    """The least figure; a figure that is none is the worst there is."""
    if any(math.isnan(figure) for figure in figures):
        return math.nan
    return round(min(figures, default=without), 6)


def judge(
    model: Model, variant: str, figures: dict[str, Any], estimates: tuple[Estimate, Estimate]
) -> Verdict:
    """The verdict on a variant; `estimates` are those of the original and of the variant."""
    evidence = Evidence(
        metric=model.metric,
        samples=figures["samples"],
        original=figures.get("original", 0.0),
        variant=figures.get("variant", 0.0),
        interval=figures.get("interval", 0.0),
        agreement=figures.get("agreement", 0.0),
        cosine=figures.get("cosine", 0.0),
        sqnr_db=figures.get("sqnr_db", 0.0),
        max_error=figures.get("max_error", 0.0),
        recipe=figures.get("recipe", ""),
        original_size=figures["original_size"],
        variant_size=figures["variant_size"],
        evaluation_digest=model.evaluation_digest,
        tools=tuple(sorted(figures["tools"].items())),
    )
    reasons = tuple(_reasons(model, variant, figures, evidence, estimates))
    return Verdict(variant=variant, accepted=not reasons, reasons=reasons, evidence=evidence)


def _reasons(
    model: Model, variant: str, figures: dict[str, Any], found: Evidence,
    estimates: tuple[Estimate, Estimate],
) -> list[str]:  # fmt: skip
    if figures.get("failed"):
        return [str(figures["failed"])]
    if figures["broken"]:
        return ["its outputs are not finite or have another shape"]
    reasons = []
    reached, before = (_exact(model, value, found.samples)
                       for value in (found.variant, found.original))  # fmt: skip
    if reached < model.floor:
        reasons.append(
            f"{model.metric} {found.variant:.4f} is below the floor of {float(model.floor):g}"
        )
    precision, _ = precision_and_cut(variant)
    if variant == "fp32":
        return reasons
    if before - reached > model.allowed_drop:
        reasons.append(
            f"{model.metric} drops by {float(before - reached):.4f} (+-{found.interval:.4f}), more "
            f"than the allowed {float(model.allowed_drop):g}"
        )
    for name, value, least in (
        ("agreement", found.agreement, MIN_AGREEMENT),
        ("cosine", found.cosine, MIN_COSINE),
        ("SQNR in dB", found.sqnr_db, MIN_SQNR_DB),
    ):
        if not value >= least:  # so that a figure that is none fails as well
            reasons.append(f"{name} is {value:.4g}, below {least:g}")
    if precision != "fp32":
        reasons += _gains(variant_facts(model.facts, variant), found, estimates)
    return reasons


def _exact(model: Model, value: float, samples: int) -> Fraction:
    """The figure without rounding: a share of samples, or what was measured to six digits.

    A figure that is none is the worst there is.
    """
    if not math.isfinite(value):
        return Fraction(-(10**9))
    if model.metric != "accuracy":
        return Fraction(str(value))
    return Fraction(round(value * samples), samples) if samples else Fraction(0)


def _gains(
    facts: ModelFacts, found: Evidence, estimates: tuple[Estimate, Estimate]
) -> Iterator[str]:
    """Whether a variant is as fast and as small as placement counted on."""
    original, faster = estimates
    if faster.mid == 0 or Fraction(original.mid, faster.mid) < MIN_SPEEDUP:
        yield (
            f"it is estimated at {faster.mid} us against {original.mid} us, less than "
            f"{float(MIN_SPEEDUP):g} times faster"
        )
    expected = found.original_size - facts.weights * 3 // 4 + FILE_SLACK
    if found.variant_size >= found.original_size:
        yield "its file is not smaller, so nothing was quantised"
    elif found.variant_size > expected:
        yield (
            f"its file has {found.variant_size} bytes, more than placement counted on: parts of "
            "it were not quantised"
        )
