"""Builds every variant that a plan asks for, judges it, and hands out artefacts.

What a plan names is a variant; the first of its recipes that passes the gate makes it. Choices
rest on the gate and on estimates alone, so that they are the same on every machine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hybridspec.base.diagnostic import Diagnostic, Severity, Sink
from hybridspec.ir.artefact import Artefact, Verdict
from hybridspec.ir.candidate import Candidate, Search, State
from hybridspec.ir.graph import DeviceClass, Model
from hybridspec.ir.half import precision_and_cut
from hybridspec.ir.latency import NOTHING, LatencyTable
from hybridspec.ir.plan import Estimate, Plan
from hybridspec.ir.runtime import FIXED, steps
from hybridspec.optimise.candidate import (
    ORIGINAL,
    DataFault,
    Host,
    estimates,
    fast_enough,
    judged,
    original,
    task,
    ways,
)
from hybridspec.optimise.crew import together
from hybridspec.optimise.search import marked
from hybridspec.optimise.soundness import check
from hybridspec.optimise.task import FIGURES
from hybridspec.optimise.workshop import Local, Progress, Workshop

Refused = dict[tuple[str, str], tuple[Candidate, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What came of a variant: everything that was tried up to the first that passed."""

    tried: tuple[Candidate, ...] = ()
    fault: DataFault | None = None

    @property
    def passed(self) -> Candidate | None:
        last = self.tried[-1] if self.tried else None
        return last if last is not None and last.state is State.PASSED else None


def optimise(
    plan: Plan, table: LatencyTable, cache: Path, progress: Progress, sink: Sink,
    workshop: Workshop | None = None, ruled_out: Refused | None = None,
) -> tuple[tuple[Artefact, ...], frozenset[tuple[str, str]]]:  # fmt: skip
    """Artefacts of the plan, and the (model, variant) pairs whose gate said no.

    With a rejected variant the artefacts are incomplete: the caller plans again without it, and
    hands on what was `ruled_out`, by model and device class, so that evidence tells of it.
    """
    place = workshop or Local(cache, progress)
    former = {} if ruled_out is None else ruled_out
    wanted = [
        (model, variant, member.device_class)
        for member in plan.fleet
        for model, variant in member.models
    ]
    if not _sound(wanted, place, sink):
        return (), frozenset()
    _prepare(wanted, table, place, progress)
    chains = [partial(_find, model, variant, _host(table, model, device), place)
              for model, variant, device in wanted]  # fmt: skip
    artefacts: list[Artefact] = []
    rejected: set[tuple[str, str]] = set()
    for (model, variant, device), found in zip(
        wanted, together(chains, place, progress), strict=True
    ):
        if found is None:
            raise AssertionError("without a deadline every chain ends")
        if found.fault is not None:
            sink.add(_unusable(model, found.fault))
        elif found.passed is not None:
            before = former.get((model.name, device.name), ())
            artefacts.append(_artefact(model, device, found.passed, found.tried, before))
        else:
            sink.add(_rejection(model, device, found.tried))
            key = (model.name, device.name)
            former[key] = (*former.get(key, ()), *found.tried[1:])
            if variant != ORIGINAL:
                rejected.add((model.name, variant))
    return tuple(artefacts), frozenset(rejected)


_Wanted = Sequence[tuple[Model, str, DeviceClass]]


def _sound(wanted: _Wanted, place: Workshop, sink: Sink) -> bool:
    """Whether all models can be judged; what is wrong with data is found before work is done."""
    sound = True
    for model in {model.name: model for model, _, _ in wanted}.values():
        try:
            check(model, place)
        except DataFault as fault:
            sound = False
            sink.add(_unusable(model, fault))
    return sound


def _prepare(wanted: _Wanted, table: LatencyTable, place: Workshop, progress: Progress) -> None:
    """Build at once what every chain begins with: a chain alone would use one core."""
    first = {}
    for model, variant, device in wanted:
        for way in (original(), *ways(model, variant, _host(table, model, device))[:1]):
            one = task(model, way)
            first[one.key] = one
    missing = [one for one in first.values() if place.known(one) is None]
    together([partial(place.build, one) for one in missing], place, progress)


def _host(table: LatencyTable, model: Model, device: DeviceClass) -> Host:
    return Host(
        name=device.name,
        architecture=device.board.architecture,
        runtime=device.runtime,
        estimate=partial(_estimate, table, model, device),
        memory=lambda variant: table.memory.get((model.name, variant), 0),
        room=max(0, device.board.memory - device.board.reserved_memory),
    )


def _estimate(
    table: LatencyTable, model: Model, device: DeviceClass, variant: str
) -> Estimate | None:
    """That of a variant; of an original that a runtime has none of in float, onnxruntime's there.

    The agent runs it on the CPU beside that runtime, so that it is what others have to beat.
    """
    found = table.model(model.name, device, variant)
    if found is None and precision_and_cut(variant)[0] == ORIGINAL:
        return table.models.get((model.name, device.board.name, variant))
    return found


def _find(model: Model, variant: str, host: Host, place: Workshop) -> _Found:
    """The first way to a variant that passes; the original has to pass before."""
    tried: list[Candidate] = []
    try:
        first = original()
        tried.append(judged(model, first, place.build(task(model, first)), host))
        done = tried[0].state is State.PASSED or host.runtime not in FIXED
        if not _right(tried[0]) or (variant == ORIGINAL and done):
            return _Found(tried=tuple(tried))
        for way in ways(model, variant, host):
            if way == original() or way.recipe.slower != (1, 1):
                continue  # the plan counts on the figures of the precision
            tried.append(judged(model, way, place.build(task(model, way)), host))
            if tried[-1].state is State.PASSED or not fast_enough(*estimates(host, variant)):
                break  # what the estimates speak against no other recipe changes
        if len(tried) == 1:
            tried.append(_no_way(variant, host))
    except DataFault as fault:
        return _Found(fault=fault)
    return _Found(tried=tuple(tried))


def _right(original: Candidate) -> bool:
    """Whether the original may be what others are made of; it need not fit into the device."""
    return original.verdict is not None and original.verdict.accepted


def _no_way(variant: str, host: Host) -> Candidate:
    reason = f"no recipe is known to make {variant} for {host.architecture} and this data"
    return Candidate(variant=variant, recipe="none", why="", state=State.REJECTED,
                     reasons=(reason,))  # fmt: skip


def _unusable(model: Model, fault: DataFault) -> Diagnostic:
    return Diagnostic(
        code="HS0226", message=f"the data for model `{model.name}` cannot be used: {fault}",
        span=model.calibration_origin if fault.data == "calibration"
        else model.evaluation_origin,
        help=fault.help,
    )  # fmt: skip


def _rejection(model: Model, device: DeviceClass, tried: Sequence[Candidate]) -> Diagnostic:
    last = tried[-1]
    if last.variant == ORIGINAL:
        return Diagnostic(
            code="HS0601",
            message=f"model `{model.name}` may not ship: {'; '.join(last.reasons)}",
            span=model.floor_origin,
            help=_mend(last, device),
        )
    left = [variant for variant in model.variants if variant != last.variant]
    dropped = any("more than the allowed" in why for one in tried[1:] for why in one.reasons)
    widen = ", or widen `allowed_drop`" if dropped else ""
    return Diagnostic(
        code="HS0602", severity=Severity.WARNING if left else Severity.ERROR,
        message=f"the {last.variant} variant of `{model.name}` on `{device.name}` was "
        f"rejected: {_reasons(tried[1:])}",
        span=model.source_origin,
        help=f"the plan falls back to {left[0]}; `variants: [{left[0]}]` says so in the spec"
        f"{widen}" if left
        else f"no other variant is allowed: add `fp32` to `variants`{widen}",
    )  # fmt: skip


def _mend(last: Candidate, device: DeviceClass) -> str:
    """What to do about an original that may not ship."""
    evidence = last.verdict.evidence if last.verdict else None
    if device.runtime in FIXED and (last.recipe != original().recipe.id or _right(last)):
        return ("export it with float32 inputs of fixed sizes, or give evaluation data of the size "
                f"that devices get; or use another runtime than {device.runtime}")  # fmt: skip
    if evidence and evidence.samples:
        return (f"train it further, or lower `floor` to {evidence.variant:.4f} if that is still "
                "good enough")  # fmt: skip
    return "repair the model so that onnxruntime runs it on the evaluation data"


def _reasons(tried: Sequence[Candidate]) -> str:
    """Why none of the recipes did; reasons that several share are told once."""
    if len(tried) == 1:
        return "; ".join(tried[0].reasons)
    by_reason: dict[str, list[str]] = {}
    for one in tried:
        by_reason.setdefault("; ".join(one.reasons), []).append(one.recipe)
    return "; ".join(f"{', '.join(recipes)}: {why}" for why, recipes in by_reason.items())


def _artefact(
    model: Model, device: DeviceClass, passed: Candidate, tried: Sequence[Candidate],
    before: Sequence[Candidate],
) -> Artefact:  # fmt: skip
    folder = passed.folder
    if folder is None or passed.verdict is None:
        raise AssertionError("what passed was built and judged")
    scale = float(json.loads((folder / FIGURES).read_bytes())["scale"])
    verdicts: tuple[Verdict, ...] = tuple(one.verdict for one in tried if one.verdict is not None)
    # A tenth of the spread where rounding differs by instruction set; a thousandth for fp32, where
    # only the order of additions does.
    exact = precision_and_cut(passed.variant)[0] == ORIGINAL
    absolute = scale * (0.001 if exact else 0.1) + 1e-6
    return Artefact(
        model=model,
        device_class=device.name,
        variant=passed.variant,
        path=folder / "model.onnx",
        digest=passed.digest,
        size=passed.size,
        estimate=passed.latency or NOTHING,
        memory=passed.memory,
        verdicts=verdicts,
        golden_inputs=folder / "golden_inputs.npz",
        golden_outputs=folder / "golden_outputs.npz",
        absolute=round(absolute, 9),
        relative=0.01,
        steps=steps(device.runtime, model.name, passed.variant, model.facts),
        search=Search(
            model=model.name, device=device.name,
            candidates=marked((*tried, *before), len(tried) - 1),
        ),
    )  # fmt: skip
