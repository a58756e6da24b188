"""The gate: figures of original and variant to evidence, and evidence to a verdict.

Cosine alone is blind to a broken classifier, so the task metric, agreement, cosine and the
signal-to-quantisation-noise ratio all count, for each output by itself. The loss of the metric
has to be allowed as measured; where its interval reaches further, the data are too few to be sure,
which the verdict says. What a hook retrained answers differently on purpose, so that it is judged
by the task metric alone, and needs labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hybridspec.ir.artefact import Evidence, Likeness, Verdict
from hybridspec.ir.graph import Model, ModelFacts
from hybridspec.ir.half import precision_and_cut, variant_facts
from hybridspec.ir.plan import Estimate
from hybridspec.ir.runtime import CPU
from hybridspec.optimise.measured import opened

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


def judge(
    model: Model, variant: str, figures: dict[str, Any], estimates: tuple[Estimate, Estimate],
    *, required: bool = False, runtime: str = CPU,
) -> Verdict:  # fmt: skip
    """The verdict on a variant; `estimates` are those of the original and of the variant.

    What is `required`, because the original does not fit into the device, may be slower. A model
    without a metric is only compared with its original.
    """
    evidence = _evidence(model, figures)
    reasons = tuple(_reasons(model, variant, figures, evidence, estimates, required, runtime))
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
    estimates: tuple[Estimate, Estimate], required: bool, runtime: str,
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
        yield from _unlike(variant, found, ranked=bool(figures.get("ranked")))
    elif not labelled:
        yield "a model that was trained again can only be judged by labelled data"
    precision, _ = precision_and_cut(variant)
    if precision != "fp32" or figures.get("retrained"):
        yield from _gains(variant_facts(model.facts, variant), precision, found)
        if not required:
            yield from _slower(model, precision, estimates, runtime)


def _loss(model: Model, found: Evidence) -> Iterator[str]:
    before, reached = (_exact(model, value, found.samples)
                       for value in (found.original, found.variant))  # fmt: skip
    if before - reached > model.allowed_drop:
        yield (
            f"{model.metric} drops by {float(before - reached):.4f} (+-{found.interval:.4f}), more "
            f"than the allowed {float(model.allowed_drop):g}"
        )


def _unlike(variant: str, found: Evidence, *, ranked: bool = False) -> Iterator[str]:
    """What of the raw outputs is too far from the original's, output by output.

    Rows that are `ranked` by their scores change places, so that place by place says nothing.
    """
    limits = LIMITS[precision_and_cut(variant)[0]]
    if not found.agreement >= MIN_AGREEMENT:  # so that a figure that is none fails as well
        yield f"agreement is {found.agreement:.4g}, below {MIN_AGREEMENT:g}"
    for name, value, least in (
        ()
        if ranked
        else (
            ("cosine", found.cosine, limits.cosine),
            ("SQNR in dB", found.sqnr_db, limits.sqnr_db),
        )
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
    if model.metric != "" and not figures.get("synthetic"):
        yield from _data_cautions(model, figures, found)
    if variant == "fp32" and found.recipe in ("", "fp32-as-written"):
        return
    limits = LIMITS[precision_and_cut(variant)[0]]
    if found.sqnr_db < limits.doubtful and not (figures.get("retrained") or figures.get("ranked")):
        yield f"SQNR is {found.sqnr_db:.1f} dB; sound variants have {limits.doubtful:g} and more"
    if model.metric == "" or figures.get("synthetic"):
        yield "nobody knows what it costs in accuracy: there are no labelled data"
        return
    loss, allowed = found.original - found.variant, float(model.allowed_drop)
    worst = loss + found.interval
    if worst > allowed:
        few = f"{found.samples} sample{'' if found.samples == 1 else 's'}"
        text = f"{few} cannot exclude that {model.metric} drops by {worst:.4f}"
        if allowed > loss:
            needed = found.samples * (found.interval / (allowed - loss)) ** 2
            text += f"; about {int(float(f'{needed:.2g}'))} can"
        yield text


def _data_cautions(model: Model, figures: dict[str, Any], found: Evidence) -> Iterator[str]:
    """What labelled data cannot show, whatever the variant."""
    if figures.get("classes") == 1:
        yield f"all labels are of one class, so that {model.metric} says little"
    if found.samples == 1:
        yield f"the evaluation data have one sample, so that {model.metric} says little"
    if found.variant <= 0 and model.floor <= 0:
        yield (
            f"{model.metric} is {found.variant:g} and no floor forbids it: see that the labels "
            "belong to this model"
        )


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
        why = "what quantisation adds outweighs what it saves in so small a model"
        if not precision.startswith("int"):
            why = "nothing was made smaller"
        elif found.original_size > FILE_SLACK:
            why = "hardly anything was quantised"
        yield f"its file is not smaller: {why}"
    elif found.variant_size > expected:
        yield (
            f"its file has {found.variant_size} bytes, more than placement counted on: parts of "
            "it were not quantised"
        )


def speedup(original: Estimate, faster: Estimate) -> Fraction:
    """How much faster a variant is at least: estimates are rounded up to whole microseconds."""
    rounded = 0 if original.basis.startswith("measured") else 1
    return Fraction(original.mid - rounded, faster.mid)


def _slower(
    model: Model, precision: str, estimates: tuple[Estimate, Estimate], runtime: str
) -> Iterator[str]:
    """Whether a variant is as fast as it has to be to be worth its loss."""
    original, faster = estimates
    if 0 in (original.mid, faster.mid) and model.facts.unpriced:
        left = model.facts.open[:1] if opened(model.facts) else ()
        size = f"`--free {left[0][:60]}=128` says how large it is, or " if left else ""
        yield (
            f"nobody can tell how much `{model.facts.unpriced[0][:40]}` computes, so that no gain "
            f"in speed is known: {size}`--device host` measures it"
        )
    elif 0 in (original.mid, faster.mid):
        unknown = precision if original.mid else "the original"
        way = "`hybridspec model measure` makes some there"
        if runtime != CPU:
            way = f"measure it there with {runtime}, and state it under `measured` of the model"
        yield (
            f"nobody has figures of {unknown} on this board, so that no gain in speed is known: "
            f"{way}"
        )
    elif speedup(original, faster) < MIN_SPEEDUP:
        known = "measured" if faster.basis.startswith("measured") else "estimated"
        yield (
            f"it is {known} at {faster.mid} us against {original.mid} us, less than "
            f"{float(MIN_SPEEDUP):g} times faster"
        )
