"""The shape of a stage: exactly one kind, with the keys of that kind, fed by what has an output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from hybridspec.base.closest import closest
from hybridspec.base.diagnostic import Diagnostic
from hybridspec.base.edit import add_key, put, removed, without
from hybridspec.base.source import Origins, Path
from hybridspec.ir.graph import WINDOWED
from hybridspec.resolve.references import idle, suggest
from hybridspec.spec.document import Spec
from hybridspec.spec.flow import Flow, Stage, Transform


def stage_faults(spec: Spec, origins: Origins, flow: str, name: str) -> Iterator[Diagnostic]:
    """What is wrong with the keys of one stage; nothing else can be said before they fit."""
    step = spec.flows[flow].stages[name]
    path: Path = ("flows", flow, "stages", name)
    kinds = {"model": step.model, "sink": step.sink, "transform": step.transform}
    chosen = [kind for kind, value in kinds.items() if value is not None]
    if len(chosen) == 1:
        yield from _foreign(step, origins, path)
        return
    kind, value = _likely_kind(spec, spec.flows[flow], name)
    yield Diagnostic(
        code="HS0209",
        message=f"stage `{name}` has {'no' if not chosen else 'more than one'} kind",
        span=origins.key(*path),
        help="give it exactly one of `transform`, `model` and `sink`"
        + (f", such as `{kind}: {value}`" if not chosen else ""),
        fixes=removed(origins, (*path, chosen[-1])) if chosen
        else add_key(origins, path, kind, value),
    )  # fmt: skip


def _likely_kind(spec: Spec, flow: Flow, name: str) -> tuple[str, str]:
    """What a stage without a kind probably is: by its keys, its name, and who waits for it."""
    step = flow.stages[name]
    if step.keep is not None:
        return "transform", "filter"
    if step.retention is not None:
        return "sink", "store"
    if step.every is not None:
        return "transform", "aggregate"
    if name in get_args(Transform):
        return "transform", name
    feeds = any(name in (*other.inputs, *other.feedback) for other in flow.stages.values())
    if not feeds and step.size is None:
        asked = flow.latency is not None and flow.latency.to == name
        has_alert = any(other.sink == "alert" for other in flow.stages.values())
        return "sink", "alert" if asked or not has_alert else "store"
    unused = idle(spec, "models")
    return ("model", unused[0]) if unused else ("transform", "normalise")


def _foreign(step: Stage, origins: Origins, path: Path) -> Iterator[Diagnostic]:
    """Keys that the kind needs and lacks, or has and cannot use."""
    name = path[-1]
    rules = (
        (step.transform in WINDOWED, "every", step.every, "P1D"),
        (step.transform == "filter", "keep", step.keep, "5%"),
        (step.sink == "store", "retention", step.retention, ""),
        (step.sink is None, "feedback", step.feedback or None, ""),
        (step.sink is None, "release", step.release or None, ""),
    )
    for applies, key, value, example in rules:
        if applies and value is None and example:
            yield Diagnostic(
                code="HS0209", message=f"stage `{name}` needs `{key}`", span=origins.key(*path),
                help=f"add `{key}: {example}`", fixes=add_key(origins, path, key, example),
            )  # fmt: skip
        if not applies and value is not None:
            yield Diagnostic(
                code="HS0209", message=f"`{key}` means nothing for stage `{name}`",
                span=origins.key(*path, key), help=f"remove `{key}`",
                fixes=removed(origins, (*path, key)),
            )  # fmt: skip


def input_faults(
    flow: str, written: Flow, origins: Origins, known: Sequence[str]
) -> Iterator[Diagnostic]:
    """Every input and feedback that does not name, once, a stage with an output or the data.

    `known` are all data assets of the spec.
    """
    names = {name for name, step in written.stages.items() if step.sink is None}
    # A misspelt `data` has its own finding; inputs that name an asset are not at fault.
    born = {written.data} if written.data in known else {written.data, *known}
    for stage, step in written.stages.items():
        for key, listed, choices in (
            ("inputs", step.inputs, names | born),
            ("feedback", step.feedback, names),
        ):
            for index, source in enumerate(listed):
                if source in choices and source not in listed[:index]:
                    continue
                path = ("flows", flow, "stages", stage, key, index)
                span = origins.value(*path)
                if source in choices:
                    yield Diagnostic(
                        code="HS0209", message=f"stage `{stage}` names `{source}` twice",
                        help=f"remove one of them from `{key}`", span=span, certain=True,
                        fixes=without(span, span, origins.value(*path[:-1])),
                    )  # fmt: skip
                    continue
                code, message = _no_input(source, flow, written, born)
                free = sorted(choices - {stage, *listed})
                near = _meant(source, free, written)
                yield Diagnostic(
                    code=code, message=message, span=span,
                    help=suggest(source, free or sorted(choices), "stage", (), near),
                    fixes=() if near is None else put(span, near),
                )  # fmt: skip


def _meant(source: str, free: Sequence[str], flow: Flow) -> str | None:
    """A name that is alike, else an output that nobody takes, else the data."""
    near = closest(source, free)
    if near is not None:
        return near
    taken = {i for step in flow.stages.values() for i in (*step.inputs, *step.feedback)}
    unused = [name for name in flow.stages if name in free and name not in taken]
    if unused:
        return unused[0]
    return flow.data if flow.data in free else free[0] if free else None


def _no_input(source: str, flow: str, written: Flow, born: set[str]) -> tuple[str, str]:
    """Code and sentence for a name that feeds nothing here."""
    if source in written.stages:
        return "HS0209", f"`{source}` is a sink, it feeds nothing"
    if source in born:
        return "HS0209", f"`{source}` is a data asset, no stage's output"
    return "HS0220", f"there is no stage or data asset `{source}` in flow `{flow}`"
