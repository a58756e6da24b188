"""The gate: measured outputs of original and variant to evidence, and evidence to a verdict.

Cosine alone is blind to a broken classifier, so the task metric, agreement, cosine and the
signal-to-quantisation-noise ratio all count, for each output by itself. The loss of the metric
has to be allowed as measured; where its interval reaches further, the data are too few to be sure,
which the verdict says. What a hook retrained answers differently on purpose, so that it is judged
by the task metric alone, and needs labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from hybridspec.ir.artefact import Evidence, Likeness, Verdict
from hybridspec.ir.graph import Model, ModelFacts
from hybridspec.ir.half import precision_and_cut, variant_facts
from hybridspec.ir.plan import Estimate
from hybridspec.optimise.metric import NoMetric, alike_answers, figures

MIN_AGREEMENT = 0.95
MIN_SPEEDUP = Fraction(102, 100)
FILE_SLACK = 2**20
"""Bytes that scales and quantisation operators may add to a file."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The least cosine and ratio in decibels of a precision; below `doubtful` it is said so.

    `kept` is the share of the bytes of its weights that a file in it may have.
    """

    cosine: float
    sqnr_db: float
    doubtful: float
    kept: Fraction


LIMITS = {
    "fp32": Limits(0.99999, 60.0, 60.0, Fraction(1)),
    "fp16": Limits(0.9999, 40.0, 40.0, Fraction(1, 2)),
    "int8": Limits(0.99, 15.0, 20.0, Fraction(1, 4)),
    "int4": Limits(0.99, 15.0, 20.0, Fraction(1, 4)),
}
"""Sound variants of nine networks had 46 to 68 dB in fp16, 18 to 34 dB in int8."""


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
    alike = [_likeness(a, b, count) for a, b in zip(original, variant, strict=True)]
    return {
        "broken": False,
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


def judge(
    model: Model, variant: str, figures: dict[str, Any], estimates: tuple[Estimate, Estimate],
    *, required: bool = False,
) -> Verdict:  # fmt: skip
    """The verdict on a variant; `estimates` are those of the original and of the variant.

    What is `required`, because the original does not fit into the device, may be slower. A model
    without a metric is only compared with its original.
    """
    evidence = _evidence(model, figures)
    reasons = tuple(_reasons(model, variant, figures, evidence, estimates, required))
    return Verdict(
        variant=variant, accepted=not reasons, reasons=reasons, evidence=evidence,
        cautions=() if reasons else tuple(_cautions(model, variant, figures, evidence)),
    )  # fmt: skip


def _evidence(model: Model, figures: dict[str, Any]) -> Evidence:
    names = [tensor.name for tensor in model.facts.outputs]
    found = figures.get("outputs", [])
    return Evidence(
        metric=model.metric,
        samples=figures["samples"],
        original=figures.get("original", 0.0),
        variant=figures.get("variant", 0.0),
        interval=figures.get("interval", 0.0),
        agreement=figures.get("agreement", 0.0),
        cosine=figures.get("cosine", 0.0),
        sqnr_db=figures.get("sqnr_db", 0.0),
        max_error=figures.get("max_error", 0.0),
        outputs=tuple(
            Likeness(output=names[i] if i < len(names) else f"output {i}", **one)
            for i, one in enumerate(found)
        ),
        recipe=figures.get("recipe", ""),
        original_size=figures["original_size"],
        variant_size=figures["variant_size"],
        evaluation_digest=model.evaluation_digest,
        calibration_digest=(model.calibration_digest or model.evaluation_digest)
        if figures.get("calibrated")
        else "",
        tools=tuple(sorted(figures["tools"].items())),
    )


def _reasons(
    model: Model, variant: str, figures: dict[str, Any], found: Evidence,
    estimates: tuple[Estimate, Estimate], required: bool,
) -> Iterator[str]:  # fmt: skip
    if figures.get("failed"):
        yield str(figures["failed"])
        return
    if figures["broken"]:
        yield "its outputs are not finite or have another shape"
        return
    labelled = model.metric != "" and not figures.get("synthetic")
    if labelled and _exact(model, found.variant, found.samples) < model.floor:
        yield f"{model.metric} {found.variant:.4f} is below the floor of {float(model.floor):g}"
    if variant == "fp32" and found.recipe in ("", "fp32-as-written"):
        return
    if labelled:
        yield from _loss(model, found)
    if not figures.get("retrained"):
        yield from _unlike(variant, found)
    elif not labelled:
        yield "a model that was trained again can only be judged by labelled data"
    precision, _ = precision_and_cut(variant)
    if precision != "fp32" or figures.get("retrained"):
        yield from _gains(variant_facts(model.facts, variant), precision, found)
        if not required:
            yield from _slower(estimates)


def _loss(model: Model, found: Evidence) -> Iterator[str]:
    before, reached = (_exact(model, value, found.samples)
                       for value in (found.original, found.variant))  # fmt: skip
    if before - reached > model.allowed_drop:
        yield (
            f"{model.metric} drops by {float(before - reached):.4f} (+-{found.interval:.4f}), more "
            f"than the allowed {float(model.allowed_drop):g}"
        )


def _unlike(variant: str, found: Evidence) -> Iterator[str]:
    """What of the raw outputs is too far from the original's, output by output."""
    limits = LIMITS[precision_and_cut(variant)[0]]
    if not found.agreement >= MIN_AGREEMENT:  # so that a figure that is none fails as well
        yield f"agreement is {found.agreement:.4g}, below {MIN_AGREEMENT:g}"
    for name, value, least in (
        ("cosine", found.cosine, limits.cosine),
        ("SQNR in dB", found.sqnr_db, limits.sqnr_db),
    ):
        if not value >= least:
            yield f"{name}{_of(found, name)} is {value:.4g}, below {least:g}"


def _of(found: Evidence, figure: str) -> str:
    """Which of several outputs is the worst."""
    if len(found.outputs) < 2:
        return ""

    def key(one: Likeness) -> float:
        value = one.cosine if figure == "cosine" else one.sqnr_db
        return -math.inf if math.isnan(value) else value

    return f" of `{min(found.outputs, key=key).output[:60]}`"


def _cautions(
    model: Model, variant: str, figures: dict[str, Any], found: Evidence
) -> Iterator[str]:
    """What does not forbid a variant, and somebody should know."""
    if variant == "fp32" and found.recipe in ("", "fp32-as-written"):
        return
    limits = LIMITS[precision_and_cut(variant)[0]]
    if found.sqnr_db < limits.doubtful and not figures.get("retrained"):
        yield f"SQNR is {found.sqnr_db:.1f} dB; sound variants have {limits.doubtful:g} and more"
    if model.metric == "" or figures.get("synthetic"):
        yield "nobody knows what it costs in accuracy: there are no labelled data"
        return
    loss, allowed = found.original - found.variant, float(model.allowed_drop)
    worst = loss + found.interval
    if worst > allowed:
        text = f"{found.samples} samples cannot exclude that {model.metric} drops by {worst:.4f}"
        if allowed > loss:
            needed = found.samples * (found.interval / (allowed - loss)) ** 2
            text += f"; about {int(float(f'{needed:.2g}'))} can"
        yield text


def _exact(model: Model, value: float, samples: int) -> Fraction:
    """The figure without rounding: a share of samples, or what was measured to six digits.

    A figure that is none is the worst there is.
    """
    if not math.isfinite(value):
        return Fraction(-(10**9))
    if model.metric != "accuracy":
        return Fraction(str(value))
    return Fraction(round(value * samples), samples) if samples else Fraction(0)


def _gains(facts: ModelFacts, precision: str, found: Evidence) -> Iterator[str]:
    """Whether a variant is as small as placement counted on."""
    expected = found.original_size - facts.weights * (1 - LIMITS[precision].kept) + FILE_SLACK
    if found.variant_size >= found.original_size:
        changed = "quantised" if precision.startswith("int") else "made smaller"
        yield f"its file is not smaller, so nothing was {changed}"
    elif found.variant_size > expected:
        yield (
            f"its file has {found.variant_size} bytes, more than placement counted on: parts of "
            "it were not quantised"
        )


def _slower(estimates: tuple[Estimate, Estimate]) -> Iterator[str]:
    """Whether a variant is as fast as it has to be to be worth its loss."""
    original, faster = estimates
    if faster.mid == 0 or Fraction(original.mid, faster.mid) < MIN_SPEEDUP:
        known = "measured" if faster.basis.startswith("measured") else "estimated"
        yield (
            f"it is {known} at {faster.mid} us against {original.mid} us, less than "
            f"{float(MIN_SPEEDUP):g} times faster"
        )
