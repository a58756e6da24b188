"""Flows with a model cut in two: its first layers at the site, the rest in the cloud."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hybridspec.ir.graph import Cut, Flow, Model, Stage, StageKind
from hybridspec.ir.half import FIRST, precision_and_cut


@dataclass(frozen=True, slots=True)
class Split:
    """A flow in which the stage `tail`, in the cloud, goes on with what its first half sends.

    The model of both runs in `variant`, which names the cut.
    """

    flow: Flow
    tail: str
    model: str
    variant: str


def splits(flow: Flow) -> Iterator[Split]:
    """Every way to cut one model of a flow, in the order of its stages and of the variants.

    A model that several stages of the flow run, or that a loop goes through, stays whole.
    """
    used = [stage.model.name for stage in flow.stages if stage.model is not None]
    looped = {name for stage in flow.stages for name in (stage.name, *stage.feedback)
              if stage.feedback}  # fmt: skip
    for stage in flow.stages:
        model = stage.model
        if model is None or stage.kind is not StageKind.MODEL or stage.place == "site":
            continue
        if used.count(model.name) > 1 or stage.name in looped:
            continue
        for variant in model.variants:
            cut = cut_of(model, variant)
            if cut is not None:
                yield Split(_halved(flow, stage, cut), stage.name, model.name, variant)


def cut_of(model: Model, variant: str) -> Cut | None:
    """Where a variant ends the first half of a model; None if it is the whole."""
    _, index = precision_and_cut(variant)
    return None if index is None else model.facts.cuts[index]


def as_run(flow: Flow, variants: Sequence[tuple[str, str]]) -> Flow:
    """The flow with the stage in two whose model runs in a variant that is a first half."""
    for model, variant in variants:
        for stage in flow.stages:
            if stage.model is not None and stage.model.name == model:
                cut = cut_of(stage.model, variant)
                if cut is not None:
                    return _halved(flow, stage, cut)
    return flow


def _halved(flow: Flow, stage: Stage, cut: Cut) -> Flow:
    """The flow with a stage in two: one tensor for each event goes from one to the other."""
    head = replace(
        stage, name=f"{stage.name}{FIRST}", place="site", output_rate=stage.input_rate,
        output_size=cut.size, releases=(), retention=None,
    )  # fmt: skip
    tail = replace(stage, inputs=(head.name,), input_size=cut.size)
    return replace(flow, stages=tuple(
        half for each in flow.stages for half in ((head, tail) if each is stage else (each,))
    ))  # fmt: skip
