"""`hybridspec model hook`: your own pruning or distillation, kept if it is right and faster."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.model_search import (
    DropFlag,
    EvaluationFlag,
    Flags,
    FloorFlag,
    MetricFlag,
    model_of,
)
from hybridspec.cli.model_subject import (
    FreeFlag,
    ModelFormat,
    ModelFormatFlag,
    NameFlag,
    Subject,
    subjects,
)

if TYPE_CHECKING:
    from hybridspec.ir.artefact import Verdict
    from hybridspec.ir.graph import Model, ModelFacts
    from hybridspec.ir.plan import Estimate

SCHEMA = "hybridspec.dev/model-hook/v1"


def hook(
    subject: Subject = Path(),
    run: Annotated[
        Path, typer.Option("--run", help="Program that is called as `python PROGRAM IN OUT`.")
    ] = ...,  # type: ignore[assignment]
    model: NameFlag = None,
    free: FreeFlag = None,
    evaluation: EvaluationFlag = None,
    metric: MetricFlag = None,
    floor: FloorFlag = None,
    allowed_drop: DropFlag = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The new model; default: MODEL-hook.onnx.")
    ] = None,
    seconds: Annotated[
        int, typer.Option("--seconds", min=1, max=86_400, help="How long the program may take.")
    ] = 600,
    format: ModelFormatFlag = ModelFormat.TABLE,
) -> None:
    """Run your own program on a model; keep what it makes if it is right, smaller and faster."""
    from hybridspec.base.errors import UsageError

    if not run.is_file():
        raise UsageError(f"{run} is no file", help="name the program: `--run model/prune.py`")
    flags = Flags(
        subject=subject, model=model, free=free, device=None, runtime=None, evaluation=evaluation,
        calibration=None,
        metric=metric, floor=floor, allowed_drop=allowed_drop, budget=None, tries=None, jobs=None,
        cluster=None, cluster_tls=None, measure=True,
    )  # fmt: skip
    known = subjects(subject, model, free)
    if len(known.models) > 1:
        names = ", ".join(look.name for look in known.models)
        raise UsageError(f"the spec has several models: {names}", help="say which by `--model`")
    of = model_of(known.models[0], flags)
    target = out or of.path.with_name(f"{of.path.stem}-hook.onnx")
    _refuse(of, target)
    with tempfile.TemporaryDirectory(prefix="hybridspec-hook-") as folder:
        document = _document(of, run, Path(folder), target, seconds)
    if format is ModelFormat.JSON:
        output.document(document)
    else:
        _show(document)
    if not document["accepted"]:
        raise typer.Exit(output.POLICY)


def _refuse(of: Model, target: Path) -> None:
    """Say what would make the result useless before the program runs, which may take long."""
    from hybridspec.base.errors import UsageError

    if not of.metric:
        raise UsageError(
            "what was trained again answers otherwise on purpose, so that only labels can judge it",
            help="add `--evaluation data.npz` with an array `label`",
        )
    if target.is_dir() or target.resolve() == of.path.resolve():
        raise UsageError(f"the new model cannot be written to {target}",
                         help="name another file: `--out smaller.onnx`")  # fmt: skip


def _document(of: Model, run: Path, folder: Path, target: Path, seconds: int) -> dict[str, Any]:
    """Run, judge, and write the new model if it passed."""
    from hybridspec.base.errors import UsageError
    from hybridspec.optimise.gate import judge
    from hybridspec.optimise.hook import measured_hook, run_hook

    output.say(f"running {run.name} on {of.name}, for at most {seconds} s")
    made = run_hook(run, of.path, folder, seconds)
    output.say(f"judging what {run.name} wrote")
    after = _made(made, run)
    if [t.name for t in after.inputs] != [t.name for t in of.facts.inputs]:
        raise UsageError(
            f"{run.name} wrote a model with other inputs", help="keep the inputs and their names"
        )
    figures = measured_hook(of, made, folder)
    if "unusable" in figures:
        raise UsageError(
            f"the {figures['data']} data cannot be used: {figures['unusable']}",
            help="write it again, with finite numbers only",
        )
    verdict = judge(of, "fp32", figures, _times(figures))
    if verdict.accepted:
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f".{target.name}.new")
        shutil.copyfile(made, new)
        new.replace(target)
    return {
        "schemaVersion": SCHEMA, "model": of.name, "program": run.name,
        "accepted": verdict.accepted, "reasons": list(verdict.reasons),
        "cautions": list(verdict.cautions), "before": _side(of.facts, figures, verdict, "original"),
        "after": _side(after, figures, verdict, "variant"),
        "out": str(target) if verdict.accepted else None,
    }  # fmt: skip


def _made(made: Path, run: Path) -> ModelFacts:
    """What is in the model that a program wrote."""
    from hybridspec.base.errors import UsageError
    from hybridspec.load.model import facts_at

    facts = facts_at(made, output.cache_folder())
    if isinstance(facts, str):
        raise UsageError(
            f"what {run.name} wrote cannot be used: {facts}",
            help="write one ONNX file; try `onnx.checker.check_model` on it",
        )
    return facts


def _times(figures: dict[str, Any]) -> tuple[Estimate, Estimate]:
    """What was measured here, in turns: the variant's median, and that times the ratio."""
    from hybridspec.ir.plan import Estimate

    time = figures.get("time", {"variant": 0, "ratio": 0.0})
    return tuple(  # type: ignore[return-value]
        Estimate(low=us, mid=us, high=us, basis="measured here")
        for us in (round(time["variant"] * time["ratio"]), time["variant"])
    )


def _side(
    facts: ModelFacts, figures: dict[str, Any], verdict: Verdict, side: str
) -> dict[str, Any]:
    found = verdict.evidence
    return {
        "bytes": found.original_size if side == "original" else found.variant_size,
        "macs": facts.conv_macs + facts.gemm_macs,
        "parameters": facts.parameters,
        "metric": found.metric,
        "value": found.original if side == "original" else found.variant,
        "interval": found.interval,
        "micros": figures.get("time", {}).get(side, 0),
    }


def _show(document: dict[str, Any]) -> None:
    before, after = document["before"], document["after"]
    rows = [
        ("bytes", f"{before['bytes']:,}", f"{after['bytes']:,}"),
        ("parameters", f"{before['parameters']:,}", f"{after['parameters']:,}"),
        ("multiply-accumulates", f"{before['macs']:,}", f"{after['macs']:,}"),
        ("microseconds here", f"{before['micros']:,}", f"{after['micros']:,}"),
    ]
    if before["metric"]:
        rows.append((before["metric"], f"{before['value']:.4f}",
                     f"{after['value']:.4f} (loss +-{after['interval']:.4f})"))  # fmt: skip
    typer.echo(f"{document['model']} by {document['program']}")
    for name, first, second in rows:
        typer.echo(f"  {name:<22}{first:>14}  ->  {second}")
    for text in document["cautions"]:
        typer.echo(f"  in doubt: {text}")
    if document["accepted"]:
        typer.echo(f"written: {document['out']}")
    else:
        typer.echo(f"not kept: {'; '.join(document['reasons'])}")
