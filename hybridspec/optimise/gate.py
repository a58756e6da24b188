"""The gate: measured outputs of original and variant to evidence, and evidence to a verdict.

Cosine alone is blind to a broken classifier, so the task metric, top-1 agreement, cosine and the
signal-to-quantisation-noise ratio all count. Thresholds for int8 are the ones below.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from hybridspec.ir.artefact import Evidence, Verdict
from hybridspec.ir.graph import Model
from hybridspec.ir.plan import Estimate

MIN_COSINE = 0.99
MIN_SQNR_DB = 15.0
MIN_AGREEMENT = 0.95
MIN_SPEEDUP = Fraction(102, 100)


def measure(
    original: Sequence[np.ndarray], variant: Sequence[np.ndarray], labels: np.ndarray
) -> dict[str, Any]:
    """Figures over all samples, rounded to six digits; the task is classification by argmax."""
    broken = any(a.shape != b.shape for a, b in zip(original, variant, strict=True)) or not all(
        bool(np.isfinite(array).all()) for array in variant
    )
    if broken:
        return {"broken": True, "samples": len(labels)}
    first, second = (a.reshape(len(labels), -1).astype(np.float64)
                     for a in (original[0], variant[0]))  # fmt: skip
    was, now = first.argmax(axis=1) == labels, second.argmax(axis=1) == labels
    lost, won = int((was & ~now).sum()), int((~was & now).sum())
    count = len(labels)
    # Paired 95 % interval of the difference of two proportions (McNemar's discordant pairs).
    spread = 1.96 * math.sqrt(max(0.0, lost + won - (lost - won) ** 2 / count)) / count
    noise = float(np.linalg.norm(first - second))
    signal = float(np.linalg.norm(first))
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosine = (first * second).sum(axis=1) / np.where(norms == 0, 1, norms)
    return {
        "broken": False,
        "samples": count,
        "original": round(float(was.mean()), 6),
        "variant": round(float(now.mean()), 6),
        "interval": round(spread, 6),
        "agreement": round(float((first.argmax(axis=1) == second.argmax(axis=1)).mean()), 6),
        "cosine": round(float(cosine.mean()), 6),
        "sqnr_db": 200.0 if noise == 0 else round(20 * math.log10(max(signal, 1e-30) / noise), 6),
    }


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
    if found.variant < model.floor:
        reasons.append(
            f"{model.metric} {found.variant:.4f} is below the floor of {float(model.floor):g}"
        )
    if variant == "fp32":
        return reasons
    drop = found.original - found.variant
    if drop > model.allowed_drop:
        reasons.append(
            f"{model.metric} drops by {drop:.4f} (+-{found.interval:.4f}), more than the allowed "
            f"{float(model.allowed_drop):g}"
        )
    for name, value, least in (
        ("top-1 agreement", found.agreement, MIN_AGREEMENT),
        ("cosine", found.cosine, MIN_COSINE),
        ("SQNR in dB", found.sqnr_db, MIN_SQNR_DB),
    ):
        if value < least:
            reasons.append(f"{name} is {value:.4g}, below {least:g}")
    original, faster = estimates
    if faster.mid == 0 or Fraction(original.mid, faster.mid) < MIN_SPEEDUP:
        reasons.append(
            f"it is estimated at {faster.mid} us against {original.mid} us, less than "
            f"{float(MIN_SPEEDUP):g} times faster"
        )
    if found.variant_size >= found.original_size:
        reasons.append("its file is not smaller, so nothing was quantised")
    return reasons
