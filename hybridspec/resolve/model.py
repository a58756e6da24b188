"""Models: the file behind each, its data files, and where it is trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hybridspec.base.diagnostic import Diagnostic, Severity, Sink
from hybridspec.base.edit import put
from hybridspec.base.source import Origins, Span
from hybridspec.ir.graph import Approval, Federated, Model, ModelFacts, Region, Tensor, Training
from hybridspec.ir.half import head_variant
from hybridspec.ir.metric import METRICS, default, unfit
from hybridspec.ir.model_file import OUTSIDE, DataFile, ModelFile
from hybridspec.resolve.measurement import resolve_measured
from hybridspec.resolve.references import lookup
from hybridspec.spec.document import Spec

_NUMPY = {"float32": "float32", "int64": "int64", "int32": "int32", "float16": "float16",
          "uint8": "uint8", "int8": "int8", "float64": "float64", "bool": "bool"}  # fmt: skip


def resolve_models(
    spec: Spec, origins: Origins, files: Mapping[str, ModelFile], regions: tuple[Region, ...],
    sink: Sink,
) -> dict[str, Model]:  # fmt: skip
    """Every model whose file can be used, by name."""
    found = {}
    for name in spec.models:
        model = _model(name, spec, origins, files[name], regions, sink)
        if model is not None:
            found[name] = model
    return found


def _model(
    name: str, spec: Spec, origins: Origins, file: ModelFile, regions: tuple[Region, ...],
    sink: Sink,
) -> Model | None:  # fmt: skip
    written = spec.models[name]
    facts = file.facts
    if facts is None:
        sink.add(Diagnostic(
            code="HS0225", message=f"the model of `{name}` cannot be used: {file.fault}",
            span=origins.value("models", name, "source"),
            help=_help(file),
            fixes=put(origins.value("models", name, "source"), file.meant) if file.meant else (),
        ))  # fmt: skip
        return None
    calibration = file.calibration
    _check_data(name, file, written.task, facts, origins, sink)
    _check_metric(name, spec, facts, origins, sink)
    if written.split and not facts.cuts:
        sink.add(_whole(name, origins))
    training = _training(name, spec, origins, regions, sink)
    return Model(
        name=name,
        path=file.path,
        facts=facts,
        task=written.task,
        metric=written.metric or default(written.task),
        floor=written.floor,
        allowed_drop=written.allowed_drop,
        evaluation=file.evaluation.path,
        evaluation_digest=file.evaluation.digest,
        calibration=calibration.path if calibration else None,
        calibration_digest=calibration.digest if calibration else None,
        variants=_variants(written.variants, facts if written.split else None),
        training=training,
        measured=resolve_measured(name, spec, origins, sink),
        licence=written.licence,
        lineage=tuple(written.lineage),
        approvals=tuple(
            Approval(by=a.by, on=a.on.isoformat(), use=a.for_) for a in written.approvals
        ),
        origin=origins.key("models", name),
        source_origin=origins.value("models", name, "source"),
        evaluation_origin=origins.value("models", name, "evaluation"),
        calibration_origin=origins.value("models", name, "calibration"),
        floor_origin=origins.value("models", name, "floor"),
    )


def _help(file: ModelFile) -> str:
    if OUTSIDE in file.fault:
        return "copy the model into the folder of the spec; the path is relative to the spec"
    meant = f"; did you mean `{file.meant}`?" if file.meant else ""
    return ("export the model again as one ONNX file and try `onnx.checker.check_model` on it; the "
            f"path is relative to the spec{meant}")  # fmt: skip


def _check_data(
    name: str, file: ModelFile, task: str, facts: ModelFacts, origins: Origins, sink: Sink
) -> None:
    wanted = _expected(facts.inputs)
    span = origins.value("models", name, "evaluation")
    _check_arrays(file.evaluation, {**wanted, **_label(task, facts)}, span, name, sink)
    if file.calibration is not None:
        span = origins.value("models", name, "calibration")
        _check_arrays(file.calibration, wanted, span, name, sink)


def _whole(name: str, origins: Origins) -> Diagnostic:
    """The finding that a model cannot be split."""
    return Diagnostic(
        code="HS0604", severity=Severity.WARNING,
        message=f"model `{name}` cannot be split: nowhere does one tensor that is smaller than "
        "its input carry everything",
        span=origins.value("models", name, "split"),
        help="leave `split` out, or put a narrow layer early into the model",
    )  # fmt: skip


def _variants(precisions: Iterable[str], split: ModelFacts | None) -> tuple[str, ...]:
    """The precisions that are allowed, and each first half in them if the model may be split."""
    whole = tuple(dict.fromkeys(precisions))
    cuts = range(len(split.cuts)) if split is not None else ()
    return (*whole, *(head_variant(precision, cut) for cut in cuts for precision in whole))


def _check_metric(name: str, spec: Spec, facts: ModelFacts, origins: Origins, sink: Sink) -> None:
    """The metric has to measure the task, and the model has to be able to have it."""
    written = spec.models[name]
    fitting = METRICS[written.task]
    metric = written.metric or default(written.task)
    message = f"`{metric}` does not measure a {written.task}" if metric not in fitting else ""
    why = unfit(metric, facts)
    if why and not message:
        message = f"model `{name}` cannot be judged so: {why}"
    if message:
        others = ", ".join(f"`{one}`" for one in fitting if not unfit(one, facts)) or "none fits"
        sink.add(Diagnostic(
            code="HS0212", message=message,
            span=origins.value("models", name, "metric" if written.metric else "source"),
            help=f"write another `task`, or a `metric` of a {written.task}: {others}",
        ))  # fmt: skip


def _label(task: str, facts: ModelFacts) -> dict[str, tuple[str, tuple[int, ...]]]:
    """What the evaluation data has to hold beside the inputs: classes, true values, or boxes."""
    if task == "classification":
        return {"label": ("int64", ())}
    if task == "detection":
        return {"label": ("float32", (-1, 5))}
    first = facts.outputs[0]
    return {"label": (_NUMPY.get(first.dtype, "?"), first.shape[1:])}


def _learning(name: str, spec: Spec, origins: Origins, sink: Sink) -> dict[str, Any]:
    """What a training job learns from, what starts it early, and whether it runs at sites."""
    written = spec.models[name].training
    if written is None:
        return {}
    path = ("models", name, "training")
    for index, asset in enumerate(written.data):
        lookup(asset, spec.data, sink, span=origins.value(*path, "data", index),
               kind="data asset")  # fmt: skip
    sites = (written.federated.sites or []) if written.federated else []
    for index, site in enumerate(sites):
        lookup(site, spec.sites, sink, span=origins.value(*path, "federated", "sites", index),
               kind="site")  # fmt: skip
    return {
        "data": tuple(dict.fromkeys(written.data)),
        "spot": written.spot,
        "drift": written.triggers.drift if written.triggers else None,
        "metric_below": written.triggers.metric_below if written.triggers else None,
        "federated": Federated(rounds=written.federated.rounds, sites=tuple(dict.fromkeys(sites)))
        if written.federated else None,
    }  # fmt: skip


def _expected(inputs: tuple[Tensor, ...]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Array name to element type and the shape after the batch dimension."""
    return {tensor.name: (_NUMPY.get(tensor.dtype, "?"), tensor.shape[1:]) for tensor in inputs}


def data_fault(file: DataFile, facts: ModelFacts, task: str | None) -> str:
    """Why a data file does not fit a model, and its task if it is to have labels; or nothing."""
    labels = _label(task, facts) if task else {}
    return file.fault or _mismatch(file, {**_expected(facts.inputs), **labels})


def _check_arrays(
    file: DataFile, wanted: Mapping[str, tuple[str, tuple[int, ...]]], span: Span, name: str,
    sink: Sink,
) -> None:  # fmt: skip
    fault = file.fault or _mismatch(file, wanted)
    if fault:
        arrays = ", ".join(f"`{array}`" for array in wanted)
        sink.add(Diagnostic(
            code="HS0226", message=f"the data for model `{name}` cannot be used: {fault}",
            span=span,
            help=f"write a `.npz` with the arrays {arrays}, one row per sample "
            "(numpy.savez); the path is relative to the spec"
            + (f"; did you mean `{file.meant}`?" if file.meant else ""),
            fixes=put(span, file.meant) if file.meant else (),
        ))  # fmt: skip


def _mismatch(file: DataFile, wanted: Mapping[str, tuple[str, tuple[int, ...]]]) -> str:
    arrays = {name: (dtype, shape) for name, dtype, shape in file.arrays}
    samples = set()
    for name, (dtype, tail) in wanted.items():
        if name not in arrays:
            return f"the array `{name}` is missing"
        found, shape = arrays[name]
        fits = len(shape) == len(tail) + 1 and all(
            free < 0 or free == size for free, size in zip(tail, shape[1:], strict=False)
        )
        if found != dtype or not fits:
            return f"the array `{name}` is {found}{list(shape)}, but the model takes {dtype}" + (
                f"{['N', *tail]}".replace("'", "").replace("-1", "any")
            )
        samples.add(shape[0])
    if len(samples) > 1:
        return "its arrays have different numbers of samples"
    return "" if samples and min(samples) > 0 else "it holds no sample"


def _training(
    name: str, spec: Spec, origins: Origins, regions: tuple[Region, ...], sink: Sink
) -> Training | None:
    written = spec.models[name].training
    if written is None:
        return None
    region = None
    if written.cloud is not None and written.cloud not in spec.clouds:
        lookup(written.cloud, spec.clouds, sink, kind="cloud",
               span=origins.value("models", name, "training", "cloud"))  # fmt: skip
    elif written.region is not None:
        choices = {region.name: region for region in regions
                   if written.cloud in (None, region.cloud)}  # fmt: skip
        span = origins.value("models", name, "training", "region")
        region = lookup(written.region, choices, sink, kind="usable region", span=span)
        clouds = [r.cloud for r in regions if r.name == written.region]
        if written.cloud is None and len(clouds) > 1:
            sink.add(Diagnostic(
                code="HS0220", message=f"region `{written.region}` belongs to the clouds "
                f"{', '.join(f'`{cloud}`' for cloud in clouds[:8])}", span=span,
                help=f"add `cloud: {clouds[0]}` to say which one is meant",
            ))  # fmt: skip
    return Training(
        image=written.image,
        hours=written.hours,
        every=written.every,
        cloud=written.cloud,
        region=region,
        **_learning(name, spec, origins, sink),
        origin=origins.key("models", name, "training")
        if region is None
        else origins.value("models", name, "training", "region"),
    )
