"""How alike the outputs of original and variant are, and what each reaches in the task's metric."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hybridspec.optimise.detection import THRESHOLDS, ranked
from hybridspec.optimise.metric import NoMetric, alike_answers, figures


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
    swapped = labels is not None and metric in THRESHOLDS and ranked(original)
    whole = () if swapped else _pairs(original, variant, "iub")
    named = [(a == b).reshape(count, -1).all(axis=1) for a, b in whole]
    alike = [_likeness(a, b, count) for a, b in zip(original, variant, strict=True)]
    return {
        "broken": False,
        **({"ranked": True} if swapped else {}),
        "samples": count,
        "original": round(before, 6),
        "variant": round(after, 6),
        "interval": round(spread, 6),
        "agreement": round(min([agreement, *(float(same.mean()) for same in named)]), 6),
        "cosine": _worst([one["cosine"] for one in alike], 1.0),
        "sqnr_db": _worst([one["sqnr_db"] for one in alike], 200.0),
        "max_error": max((one["max_error"] for one in alike), default=0.0),
        "outputs": alike,
    }


def _useless(reason: str, samples: int) -> dict[str, Any]:
    return {"failed": f"measuring it failed: {reason}", "samples": samples}


def _pairs(
    original: Sequence[np.ndarray], variant: Sequence[np.ndarray], kinds: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(a, b) for a, b in zip(original, variant, strict=True) if a.dtype.kind in kinds]


def _likeness(original: np.ndarray, variant: np.ndarray, count: int) -> dict[str, float]:
    """Mean cosine of the rows, the signal-to-quantisation-noise ratio, and the largest error.

    The error is in standard deviations of the original. Whole numbers have no likeness: they are
    compared for agreement.
    """
    if original.dtype.kind != "f":
        return {"cosine": 1.0, "sqnr_db": 200.0, "max_error": 0.0}
    first, second = (a.reshape(count, -1).astype(np.float64) for a in (original, variant))
    with np.errstate(over="ignore", invalid="ignore"):
        noise, signal = float(np.linalg.norm(first - second)), float(np.linalg.norm(first))
        norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        cosine = (first * second).sum(axis=1) / np.where(norms == 0, 1, norms)
        mean = float(np.where((first == second).all(axis=1), 1.0, cosine).mean())
        furthest, deviation = float(np.abs(first - second).max(initial=0.0)), float(first.std())
    ratio = max(signal, 1e-30) / noise if noise else math.inf
    decibels = 200.0 if noise == 0 else 20 * math.log10(ratio) if ratio > 0 else -math.inf
    return {
        "cosine": round(mean, 6),
        "sqnr_db": round(decibels, 6),
        "max_error": _bounded(furthest, deviation),
    }


def _bounded(error: float, deviation: float) -> float:
    """The quotient; a thousand million where it is larger or is none."""
    found = 0.0 if error == 0 else error / deviation if deviation > 0 else math.inf
    return round(min(found, 1e9), 6) if not math.isnan(found) else 1e9


def _worst(figures: Sequence[float], without: float) -> float:
    """The least figure; a figure that is none is the worst there is."""
    if any(math.isnan(figure) for figure in figures):
        return math.nan
    return round(min(figures, default=without), 6)
