"""What `model optimise` and `model compare` share: flags to models, devices and a search."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hybridspec.cli import output
from hybridspec.cli.model_device import HOST, can_run, check_runtime, devices, host_of
from hybridspec.cli.model_device import RuntimeFlag as RuntimeFlag
from hybridspec.cli.model_subject import sized_by, subjects
from hybridspec.cli.workshops import workshop_of

if TYPE_CHECKING:
    from hybridspec.cli.model_subject import Look, Subjects
    from hybridspec.ir.candidate import Search
    from hybridspec.ir.graph import Model
    from hybridspec.ir.model_file import DataFile
    from hybridspec.ir.plan import Estimate
    from hybridspec.optimise.candidate import Host
    from hybridspec.optimise.search import Budget
    from hybridspec.optimise.store import Entry
    from hybridspec.optimise.workshop import Workshop

PRECISIONS = ("fp32", "fp16", "int8", "int4")
_WHOLE = ("int64", "int32", "int8", "uint8", "bool")
_DROP = Fraction(1, 100)
_SHARE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,15})?%?")

_MEANT = ("whole numbers as `label` are classes, rows of five numbers boxes (docs/models.md), "
          "others what a regression says")  # fmt: skip

DeviceFlag = Annotated[
    str | None,
    typer.Option("--device", help="A board, a device class of the spec, or `host`, to measure."),
]
EvaluationFlag = Annotated[
    Path | None,
    typer.Option("--evaluation", help="`.npz` with an array for each input, and `label`."),
]
CalibrationFlag = Annotated[
    Path | None, typer.Option("--calibration", help="`.npz` with an array for each input.")
]
MetricFlag = Annotated[
    str | None, typer.Option("--metric", help="accuracy, f1, top5, auc; r2, d2; map, map50.")
]
FloorFlag = Annotated[
    str | None, typer.Option("--floor", help="Least metric that may ship, as 0.93 or 93%.")
]
DropFlag = Annotated[
    str | None,
    typer.Option("--allowed-drop", help="What of the metric may be lost; 1% unless stated."),
]
BudgetFlag = Annotated[
    str | None, typer.Option("--budget", help="How long to search, as 120s; default: to the end.")
]
TriesFlag = Annotated[
    int | None, typer.Option("--tries", min=1, help="How many candidates to try; default: all.")
]
MeasureFlag = Annotated[
    bool, typer.Option("--measure", help="Time here, if the device has this architecture.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What was asked for; shares and durations as they were written."""

    subject: Path
    model: str | None
    free: Sequence[str] | None
    device: str | None
    runtime: str | None
    evaluation: Path | None
    calibration: Path | None
    metric: str | None
    floor: str | None
    allowed_drop: str | None
    budget: str | None
    tries: int | None
    jobs: int | None
    cluster: str | None
    cluster_tls: str | None
    measure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The search of one model for one device; without `data` inputs were random."""

    model: Model
    host: Host
    search: Search
    data: bool


def searched(
    flags: Flags, before: Callable[[Sequence[tuple[Model, Host]]], None] = lambda _: None
) -> list[Found]:
    """The search of each model for each device that is meant.

    `before` sees what will be searched, and may refuse it while nothing was done.

    Raises:
        UsageError: a flag, a file or a device makes no sense.
        SpecInvalid: the spec has faults.
    """
    from hybridspec.base.errors import UsageError
    from hybridspec.optimise.candidate import DataFault
    from hybridspec.optimise.soundness import check

    _runtime(flags)
    budget = _budget(flags)
    known = _at_size_of_data(subjects(flags.subject, flags.model, flags.free), flags.evaluation)
    places = devices(flags.device, known)
    models = [model_of(look, flags) for look in known.models]
    for place in places:
        can_run(place, flags.runtime)
    wanted = [(model, look, host_of(model, place, flags.runtime))
              for model, look in zip(models, known.models, strict=True)
              for place in places]  # fmt: skip
    before([(model, host) for model, _, host in wanted])
    with workshop_of(flags.jobs, flags.cluster, flags.cluster_tls) as workshop:
        try:
            for model in models:
                check(model, workshop)
            results = _searches(wanted, workshop, budget, flags)
        except DataFault as fault:
            raise UsageError(
                f"the {fault.data} data of `{fault.model}` cannot be used: {fault}",
                help=fault.help,
            ) from fault
    return [
        Found(model=model, host=host, search=result, data=bool(model.evaluation_digest))
        for (model, _, host), result in zip(wanted, results, strict=True)
    ]


def _at_size_of_data(known: Subjects, evaluation: Path | None) -> Subjects:
    """The models at the sizes of the data that judge them, in what they and `--free` leave open."""
    found = []
    for look in known.models:
        own = look.spec.evaluation if look.spec and look.spec.evaluation_digest else None
        path = evaluation or own
        sized = sized_by(look, path) if path else look
        if path and sized is not look:
            said = ", ".join(f"`{name}`={size}" for name, size in sized.free.items())
            output.say(f"{look.name} is counted at the size of {path.name}: {said}")
        found.append(sized)
    return replace(known, models=tuple(found))


def _searches(
    wanted: Sequence[tuple[Model, Look, Host]], workshop: Workshop, budget: Budget, flags: Flags
) -> list[Search]:
    """Builds all candidates of all models side by side, then judges each search by itself."""
    from hybridspec.ir.half import precision_and_cut
    from hybridspec.optimise.search import built, chosen, listed

    tries = []
    for model, look, host in wanted:
        allowed = look.spec.variants if look.spec else PRECISIONS
        whole = [one for one in allowed if precision_and_cut(one)[1] is None]
        tries.append(listed(model, whole, host))
    models = [model for model, _, _ in wanted]
    found = built(tuple(zip(models, tries, strict=True)), workshop, output.say, budget)
    searches = []
    for (model, _, host), ways, (entries, cut) in zip(wanted, tries, found, strict=True):
        times: dict[str, Estimate] = {}
        if host.name == HOST or flags.measure:
            times = _times(host, ways[0].recipe.id, entries)
        searches.append(chosen(model, ways, entries, host, times, cut))
    return searches


def _times(host: Host, first: str, entries: Mapping[str, Entry]) -> dict[str, Estimate]:
    from hybridspec.base.errors import UsageError
    from hybridspec.optimise.candidate import runs
    from hybridspec.optimise.timed import architecture, timed

    if host.architecture != architecture():
        raise UsageError(
            f"`{host.name}` is {host.architecture} and this machine {architecture()}: times of "
            "one say nothing of the other",
            help="leave `--measure` out, or run `hybridspec model measure` on the device",
        )
    ready = {name: entry for name, entry in entries.items() if runs(entry)}
    if first not in ready:
        return {}
    return timed(ready[first], ready, output.cache_folder(), output.say)


def _runtime(flags: Flags) -> None:
    from hybridspec.base.errors import UsageError
    from hybridspec.ir.runtime import CPU

    check_runtime(flags.runtime)
    if flags.runtime not in (None, CPU) and (flags.device == HOST or flags.measure):
        raise UsageError(
            f"this machine is measured with {CPU}, not with {flags.runtime}",
            help="leave `--runtime` out, or name a board to estimate for",
        )


def _budget(flags: Flags) -> Budget:
    from hybridspec.base.errors import UsageError
    from hybridspec.base.units import parse_duration
    from hybridspec.optimise.search import Budget

    if flags.budget is None:
        return Budget(tries=flags.tries)
    try:
        micros = parse_duration(flags.budget)
    except ValueError as fault:
        raise UsageError(f"--budget: {fault}", help="write it as 120s or 5min") from fault
    if micros <= 0:
        raise UsageError("a budget of nothing finds nothing", help="write it as 120s or 5min")
    return Budget(tries=flags.tries, seconds=micros / 1_000_000)


def _share(flag: str, written: str | None, absent: Fraction) -> Fraction:
    from hybridspec.base.errors import UsageError

    if written is None:
        return absent
    if not _SHARE.fullmatch(written):
        raise UsageError(f"{flag}: `{written[:40]}` is no share", help="write it as 0.95 or 95%")
    share = Fraction(written.rstrip("%")) / (100 if written.endswith("%") else 1)
    if share > 1:
        raise UsageError(f"{flag}: a share is at most 1", help="write it as 0.95 or 95%")
    return share


def model_of(look: Look, flags: Flags) -> Model:
    """The model with the data and the bounds that flags state; random inputs without any."""
    model = look.spec or _bare(look)
    if flags.evaluation is not None:
        model = _with_data(model, flags.evaluation, flags.metric)
    elif flags.metric is not None:
        model = replace(model, metric=_metric(flags.metric, model))
    if flags.calibration is not None:
        file = _read(flags.calibration, model, None, "calibration")
        model = replace(model, calibration=flags.calibration, calibration_digest=file.digest)
    return replace(
        model,
        floor=_share("--floor", flags.floor, model.floor),
        allowed_drop=_share("--allowed-drop", flags.allowed_drop, model.allowed_drop),
    )


def _bare(look: Look) -> Model:
    from hybridspec.base.source import SourceFile, Span
    from hybridspec.ir.graph import Model

    nowhere = Span(SourceFile(shown=look.name, name=look.name, text=""), 1, 1, 1, 1)
    return Model(
        name=look.name, path=look.path, facts=look.facts, task="", metric="", floor=Fraction(0),
        allowed_drop=_DROP, evaluation=look.path, evaluation_digest="", calibration=None,
        calibration_digest=None, variants=PRECISIONS, training=None, licence="",
        origin=nowhere, source_origin=nowhere, evaluation_origin=nowhere,
        calibration_origin=nowhere, floor_origin=nowhere,
    )  # fmt: skip


def _with_data(model: Model, path: Path, metric: str | None) -> Model:
    from hybridspec.base.errors import UsageError
    from hybridspec.ir.metric import default, unfit
    from hybridspec.load.file import shown
    from hybridspec.load.model import data_at

    arrays = {name: (dtype, shape) for name, dtype, shape in data_at(path).arrays}
    task = None
    if "label" in arrays:
        kind, shape = arrays["label"]
        if kind in _WHOLE and (kind != "int64" or len(shape) != 1):
            raise UsageError(
                f"the evaluation data {shown(path)} cannot be used: its labels are {kind}"
                f"{list(shape)}, not one class per sample as int64",
                help="write `label.astype('int64')`, and `label.argmax(axis=1)` of one-hot rows",
            )
        task = _task(kind, shape, model, metric)
    file = _read(path, model, task, "evaluation")
    model = replace(model, evaluation=path, evaluation_digest=file.digest, task=task or "",
                    metric=default(task or ""))  # fmt: skip
    if metric is not None:
        return replace(model, metric=_metric(metric, model))
    why = unfit(model.metric, model.facts)
    if why:
        raise UsageError(f"the labels of {shown(path)} do not fit: {why}", help=_MEANT)
    return model


def _task(kind: str, shape: Sequence[int], model: Model, metric: str | None) -> str:
    """What labels of this kind are of: whole numbers are classes, rows of five are boxes."""
    from hybridspec.ir.metric import METRICS

    if kind == "int64" and len(shape) == 1:
        return "classification"
    boxes = len(shape) == 3 and shape[2] == 5 and shape[1:] != model.facts.outputs[0].shape[1:]
    return "detection" if boxes or metric in METRICS["detection"] else "regression"


def _metric(written: str, model: Model) -> str:
    from hybridspec.base.errors import UsageError
    from hybridspec.ir.metric import METRICS, unfit

    fitting = METRICS.get(model.task, ())
    if not fitting:
        raise UsageError(
            f"`--metric {written[:20]}` needs labels",
            help="add `--evaluation data.npz` with an array `label`",
        )
    why = unfit(written, model.facts)
    if written not in fitting or why:
        raise UsageError(
            why if written in fitting else f"`{written[:20]}` does not measure a {model.task}",
            help=f"write `--metric {fitting[0]}`; {_MEANT}",
        )
    return written


def _read(path: Path, model: Model, task: str | None, what: str) -> DataFile:
    from hybridspec.base.errors import UsageError
    from hybridspec.load.file import shown
    from hybridspec.load.model import data_at
    from hybridspec.resolve.model import data_fault

    file = data_at(path)
    fault = data_fault(file, model.facts, task)
    if fault:
        names = ", ".join(f"`{tensor.name}`" for tensor in model.facts.inputs)
        raise UsageError(
            f"the {what} data {shown(path)} cannot be used: {fault}",
            help=f"write a `.npz` with the arrays {names}, one row per sample (numpy.savez)",
        )
    return file
