"""A recipe for a model on a device: the task that builds it, and what the gate says of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from hybridspec.base.units import format_bytes
from hybridspec.ir.candidate import Candidate, State
from hybridspec.ir.graph import Model
from hybridspec.ir.half import head_variant, precision_and_cut
from hybridspec.ir.plan import Estimate
from hybridspec.optimise.gate import MIN_SPEEDUP, judge, speedup
from hybridspec.optimise.recipe import CPU, Recipe, default, recipes
from hybridspec.optimise.runtime import misfits
from hybridspec.optimise.store import Entry
from hybridspec.optimise.task import FIGURES, Source, Task

ORIGINAL = "fp32"
_NOBODY = Estimate(low=0, mid=0, high=0, basis="none")
_BASE = 512 * 2**20
"""Bytes that a child needs before it opens a model: interpreter, libraries, golden files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """For whom a variant is to be: what is known of a device, by variant.

    `room` is the memory that it has for a model; None where that decides nothing. `flash` are bytes
    that the weights take of its storage and that it has, where they stay there. `notes` say what
    its figures rest on, and what of it is not used; `alone` is what onnxruntime takes of the
    original there, if it is not what runs it.
    """

    name: str
    architecture: str
    estimate: Callable[[str], Estimate | None]
    memory: Callable[[str], int]
    runtime: str = CPU
    room: int | None = None
    flash: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()
    alone: Estimate | None = None


class DataFault(Exception):
    """The evaluation or calibration data of a model cannot be used; `data` says which."""

    def __init__(self, message: str, data: str, model: str) -> None:
        super().__init__(message)
        self.data, self.model = data, model
        self.help = (
            "write labels that belong to this model, one class per sample"
            if message.startswith("its labels")
            else f"write the {data} data again, with finite numbers only"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A variant and the recipe to make it by."""

    variant: str
    recipe: Recipe


def original() -> Way:
    """The model as it was written."""
    return Way(variant=ORIGINAL, recipe=default(ORIGINAL))


def ways(model: Model, variant: str, host: Host) -> tuple[Way, ...]:
    """Every recipe for a variant, most promising first."""
    precision, _ = precision_and_cut(variant)
    found = recipes(model.facts, precision, host.runtime, host.architecture)
    return tuple(Way(variant=variant, recipe=recipe) for recipe in found)


def task(model: Model, way: Way) -> Task:
    """What has to be done to build and measure a way."""
    _, cut = precision_and_cut(way.variant)
    facts, recipe = model.facts, way.recipe
    files = [Source(role="source", path=model.path, digest=facts.digest)]
    if model.evaluation_digest:
        files.append(
            Source(role="evaluation", path=model.evaluation, digest=model.evaluation_digest)
        )
    if recipe.calibrated and model.calibration is not None and model.calibration_digest:
        files.append(
            Source(role="calibration", path=model.calibration, digest=model.calibration_digest)
        )
    return Task(
        label=f"{way.variant} of {model.name} ({recipe.id})",
        subject=f"model `{model.name}`",
        job={
            "recipe": recipe.id,
            "parameters": asdict(recipe),
            "inputs": [tensor.name for tensor in facts.inputs],
            "shapes": {tensor.name: list(tensor.shape) for tensor in facts.inputs},
            "metric": model.metric or None,
            "cut": None if cut is None else facts.cuts[cut].tensor.name,
            "threads": 0,
        },
        files=tuple(files),
        need=_BASE + 8 * facts.size + 128 * facts.peak_activations,
    )


def runs(entry: Entry) -> bool:
    """Whether there is a file whose outputs were compared."""
    figures: dict[str, Any] = json.loads((entry.folder / FIGURES).read_bytes())
    return _built(figures) and "model.onnx" in entry.digests


def _built(figures: Mapping[str, Any]) -> bool:
    return not any(figures.get(word) for word in ("failed", "broken", "unusable"))


def judged(
    model: Model, way: Way, entry: Entry, host: Host,
    latencies: tuple[Estimate | None, Estimate | None] | None = None,
) -> Candidate:  # fmt: skip
    """What the gate says of a built way; latencies are estimates unless they were measured.

    Raises:
        DataFault: the data cannot be used.
    """
    figures: dict[str, Any] = json.loads((entry.folder / FIGURES).read_bytes())
    if "unusable" in figures:
        raise DataFault(str(figures["unusable"]), str(figures["data"]), model.name)
    before, after = latencies or _expected(host, way)
    need = host.memory(way.variant)
    verdict = judge(
        model, way.variant, figures, (before or _NOBODY, after or _NOBODY),
        required=host.room is not None and host.memory(ORIGINAL) > host.room,
        runtime=host.runtime,
    )  # fmt: skip
    reasons = verdict.reasons + misfits(host.runtime, model.facts, fixed=way.recipe.fixed)
    if host.room is not None and need > host.room:
        reasons += (f"it needs {format_bytes(need)} of memory, the device has "
                    f"{format_bytes(host.room)}",)  # fmt: skip
    if host.flash is not None and host.flash[0] > host.flash[1]:
        reasons += (f"its weights take {format_bytes(host.flash[0])} of storage, the device has "
                    f"{format_bytes(host.flash[1])}",)  # fmt: skip
    return Candidate(
        variant=way.variant,
        recipe=way.recipe.id,
        why=way.recipe.why,
        state=State.REJECTED if reasons else State.PASSED,
        reasons=reasons,
        verdict=verdict,
        built=_built(figures),
        latency=after,
        memory=need,
        size=verdict.evidence.variant_size,
        folder=entry.folder,
        digest=entry.digests.get("model.onnx", ""),
    )


def _expected(host: Host, way: Way) -> tuple[Estimate | None, Estimate | None]:
    """The estimates of the original and of a way, which may be slower than its precision's."""
    before, after = estimates(host, way.variant)
    times, part = way.recipe.slower
    if after is None or times == part:
        return before, after
    low, mid, high = (figure * times // part for figure in (after.low, after.mid, after.high))
    basis = f"{after.basis}; times {times / part:.2f} for {way.recipe.id}: {way.recipe.why}"
    return before, replace(after, low=low, mid=mid, high=high, basis=basis)


def estimates(host: Host, variant: str) -> tuple[Estimate | None, Estimate | None]:
    """The estimates of the original and of a variant; of halves, those of both first halves."""
    _, cut = precision_and_cut(variant)
    original = ORIGINAL if cut is None else head_variant(ORIGINAL, cut)
    return host.estimate(original), host.estimate(variant)


def fast_enough(before: Estimate | None, after: Estimate | None) -> bool:
    """Whether a variant is as much faster as the gate wants; not if nobody has figures."""
    if before is None or after is None or after.mid == 0:
        return False
    return speedup(before, after) >= MIN_SPEEDUP


def untried(way: Way, host: Host, reason: str) -> Candidate:
    """A way that nobody went."""
    return Candidate(
        variant=way.variant, recipe=way.recipe.id, why=way.recipe.why, state=State.UNTRIED,
        reasons=(reason,), latency=_expected(host, way)[1], memory=host.memory(way.variant),
    )  # fmt: skip
