"""Models cut in two: the variants that name the first halves, and the facts of both halves.

The variant `int8-head2` of a model is what comes before its third cut, quantised; what comes after
it runs in the cloud as it was written.
"""

from __future__ import annotations

from dataclasses import replace

from hybridspec.ir.graph import ModelFacts

_HEAD = "-head"
FIRST = ".head"
"""Ends the name of a stage that runs a first half; no stage of a spec can have such a name."""


def head_variant(precision: str, index: int) -> str:
    """The name of the first half before cut `index`.

    >>> head_variant("int8", 2)
    'int8-head2'
    """
    return f"{precision}{_HEAD}{index}"


def precision_and_cut(variant: str) -> tuple[str, int | None]:
    """The precision of a variant, and the index of the cut that it ends before.

    >>> precision_and_cut("int8-head2"), precision_and_cut("fp32")
    (('int8', 2), ('fp32', None))
    """
    precision, _, index = variant.partition(_HEAD)
    return precision, int(index) if index else None


def written(stage: str) -> str:
    """The stage of the spec that a stage, perhaps a first half, is of.

    >>> written("detect.head"), written("detect")
    ('detect', 'detect')
    """
    return stage.removesuffix(FIRST)


def head(facts: ModelFacts, index: int) -> ModelFacts:
    """The facts of what comes before a cut; the file's digest stays that of the whole."""
    cut = facts.cuts[index]
    return replace(
        facts, outputs=(cut.tensor,), parameters=_share(facts.parameters, cut.weights, facts),
        weights=cut.weights, size=facts.size - (facts.weights - cut.weights),
        conv_macs=cut.conv_macs, gemm_macs=cut.gemm_macs, moved=cut.moved,
        operators=cut.operators, peak_activations=cut.peak_activations, cuts=(),
        kernels=cut.kernels,
        footprint=facts.footprint.part(
            cut.weights, facts.weights, cut.peak_activations, facts.peak_activations
        ),
    )  # fmt: skip


def tail(facts: ModelFacts, index: int) -> ModelFacts:
    """The facts of what comes after a cut; weights that both halves read count in the first."""
    cut = facts.cuts[index]
    rest = facts.weights - cut.weights
    return replace(
        facts, inputs=(cut.tensor,), parameters=_share(facts.parameters, rest, facts),
        weights=rest, size=facts.size - cut.weights, conv_macs=facts.conv_macs - cut.conv_macs,
        gemm_macs=facts.gemm_macs - cut.gemm_macs, moved=facts.moved - cut.moved,
        operators=facts.operators - cut.operators, cuts=(),
        kernels=facts.kernels.without(cut.kernels),
    )  # fmt: skip


def variant_facts(facts: ModelFacts, variant: str) -> ModelFacts:
    """What a device runs of a model under a variant: the whole, or a first half."""
    _, index = precision_and_cut(variant)
    return facts if index is None else head(facts, index)


def _share(parameters: int, weights: int, facts: ModelFacts) -> int:
    return parameters * weights // facts.weights if facts.weights else 0
