"""Builds every variant that a plan asks for, judges it, and hands out artefacts.

Work is cached by content: an unchanged model costs nothing, an interrupted run leaves nothing
half-written, because a finished folder is renamed into place.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hybridspec.base.diagnostic import Diagnostic, Severity, Sink
from hybridspec.base.errors import HybridspecError, TimedOut
from hybridspec.ir.artefact import Artefact, Verdict
from hybridspec.ir.graph import DeviceClass, Model
from hybridspec.ir.half import head_variant, precision_and_cut
from hybridspec.ir.latency import NOTHING, LatencyTable
from hybridspec.ir.plan import Estimate, Plan
from hybridspec.ir.tree import digest_of
from hybridspec.optimise.gate import judge
from hybridspec.optimise.recipe import default

RECIPE = "7"
"""Raise when a pass, the gate or a golden file changes; part of every cache key."""
_SILENT = {"ORT_DISABLE_TELEMETRY": "1"}
"""The runtime tells Microsoft what models are called unless it finds this before it starts."""
_TIMEOUT_S = 900
_STOPS = (signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM)

Progress = Callable[[str], None]


def optimise(
    plan: Plan, table: LatencyTable, cache: Path, progress: Progress, sink: Sink
) -> tuple[tuple[Artefact, ...], frozenset[tuple[str, str]]]:
    """Artefacts of the plan, and the (model, variant) pairs whose gate said no.

    With a rejected variant the artefacts are incomplete: the caller plans again without it.
    """
    artefacts: list[Artefact] = []
    rejected: set[tuple[str, str]] = set()
    for member in plan.fleet:
        for model, variant in member.models:
            built = _build(model, variant, member.device_class, table, cache, progress, sink)
            if isinstance(built, Artefact):
                artefacts.append(built)
            elif built is not None:
                _report(model, member.device_class, built, sink)
                if variant != "fp32":
                    rejected.add((model.name, variant))
    return tuple(artefacts), frozenset(rejected)


def _report(model: Model, device: DeviceClass, verdict: Verdict, sink: Sink) -> None:
    reasons = "; ".join(verdict.reasons)
    if verdict.variant == "fp32":
        sink.add(Diagnostic(
            code="HS0601", message=f"model `{model.name}` may not ship: {reasons}",
            span=model.floor_origin,
            help=f"train it further, or lower `floor` to {verdict.evidence.variant:.4f} if that "
            "is still good enough" if verdict.evidence.samples
            else "repair the model so that onnxruntime runs it on the evaluation data",
        ))  # fmt: skip
        return
    left = [variant for variant in model.variants if variant != verdict.variant]
    sink.add(Diagnostic(
        code="HS0602", severity=Severity.WARNING if left else Severity.ERROR,
        message=f"the {verdict.variant} variant of `{model.name}` on `{device.name}` was "
        f"rejected: {reasons}",
        span=model.source_origin,
        help=f"the plan falls back to {left[0]}; `variants: [{left[0]}]` says so in the spec, or "
        "widen `allowed_drop`" if left
        else "no other variant is allowed: add `fp32` to `variants`, or widen `allowed_drop`",
    ))  # fmt: skip


def _build(
    model: Model, variant: str, device: DeviceClass, table: LatencyTable, cache: Path,
    progress: Progress, sink: Sink,
) -> Artefact | Verdict | None:  # fmt: skip
    """The artefact, the verdict against it, or None with a finding about the data."""
    verdicts: list[Verdict] = []
    for step in dict.fromkeys(("fp32", variant)):
        folder = variant_folder(model, step, cache, progress)
        figures: dict[str, Any] = json.loads((folder / "figures.json").read_bytes())
        if "unusable" in figures:
            sink.add(Diagnostic(
                code="HS0226", message=f"the data for model `{model.name}` cannot be used: "
                f"{figures['unusable']}",
                span=model.calibration_origin if figures["data"] == "calibration"
                else model.evaluation_origin,
                help=f"write the {figures['data']} data again, with finite numbers only",
            ))  # fmt: skip
            return None
        verdicts.append(judge(model, step, figures, _estimates(table, model, step, device)))
        if not verdicts[-1].accepted:
            return verdicts[-1]
    return _artefact(model, variant, device, table, folder, figures["scale"], tuple(verdicts))


def _estimates(
    table: LatencyTable, model: Model, variant: str, device: DeviceClass
) -> tuple[Estimate, Estimate]:
    slow = Estimate(low=0, mid=0, high=0, basis="none")
    _, cut = precision_and_cut(variant)
    original = "fp32" if cut is None else head_variant("fp32", cut)
    return (
        table.model(model.name, device, original) or slow,
        table.model(model.name, device, variant) or slow,
    )


def _artefact(
    model: Model, variant: str, device: DeviceClass, table: LatencyTable, folder: Path,
    scale: float, verdicts: tuple[Verdict, ...],
) -> Artefact:  # fmt: skip
    path = folder / "model.onnx"
    # A tenth of the spread for int8, because instruction sets round differently; a thousandth
    # for fp32, where only the order of additions differs.
    int8 = precision_and_cut(variant)[0] == "int8"
    absolute = scale * (0.1 if int8 else 0.001) + 1e-6
    return Artefact(
        model=model,
        device_class=device.name,
        variant=variant,
        path=path,
        digest=digest_of(path),
        size=path.stat().st_size,
        estimate=table.model(model.name, device, variant) or NOTHING,
        memory=table.memory[model.name, variant],
        verdicts=verdicts,
        golden_inputs=folder / "golden_inputs.npz",
        golden_outputs=folder / "golden_outputs.npz",
        absolute=round(absolute, 9),
        relative=0.01,
    )


def variant_folder(model: Model, variant: str, cache: Path, progress: Progress) -> Path:
    """The cached folder of a variant, built now if it is not there yet."""
    key = hashlib.sha256(json.dumps([
        RECIPE, variant, model.metric, model.facts.digest, model.evaluation_digest,
        model.calibration_digest,
        *(version(name) for name in ("numpy", "onnx", "onnxruntime")),
    ]).encode()).hexdigest()  # fmt: skip
    final = cache / "variants" / key
    if (final / "figures.json").exists():
        return final
    progress(f"building {variant} of {model.name}")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".work-", dir=final.parent))
    except OSError as fault:
        raise HybridspecError(
            f"the cache {cache} cannot be written: {(fault.strerror or str(fault)).lower()}",
            help="let HYBRIDSPEC_CACHE name a folder that can",
        ) from fault
    try:
        _run(model, variant, work)
        work.replace(final)
    except OSError:
        if not (final / "figures.json").exists():
            raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final


def _run(model: Model, variant: str, work: Path) -> None:
    precision, cut = precision_and_cut(variant)
    job = {
        "folder": str(work),
        "source": str(model.path),
        "evaluation": str(model.evaluation),
        "calibration": str(model.calibration) if model.calibration else None,
        "inputs": [tensor.name for tensor in model.facts.inputs],
        "recipe": default(precision).id,
        "metric": model.metric,
        "cut": None if cut is None else model.facts.cuts[cut].tensor.name,
        "threads": 0,
    }
    (work / "job.json").write_text(json.dumps(job), encoding="utf-8")
    command = [sys.executable, "-P", "-m", "hybridspec.optimise.worker", str(work / "job.json")]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_TIMEOUT_S, check=False,
            env={**os.environ, **_SILENT},
            process_group=0,  # Ctrl-C is for who waits, and may be a wish that needs the artefact
        )  # fmt: skip
    except subprocess.TimeoutExpired as fault:
        raise TimedOut(
            f"building {variant} of `{model.name}` takes longer than {_TIMEOUT_S} s",
            help="try again on a machine with less to do, or leave the variant out of `variants`",
        ) from fault
    if -done.returncode in _STOPS:
        # Somebody else's doing: neither a verdict on the model nor one to remember.
        raise HybridspecError(
            f"building {variant} of `{model.name}` was stopped by signal {-done.returncode}",
            help="run it again; if nobody stopped it, the system had too little memory",
        )
    _check_unchanged(model)
    (work / "job.json").unlink()
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        failed = f"building or running it failed: {lines[-1][:200] if lines else 'it crashed'}"
        figures = {"failed": failed, "samples": 0, "original_size": model.facts.size,
                   "variant_size": 0, "tools": {}, "recipe": default(precision).id}  # fmt: skip
        (work / "figures.json").write_text(json.dumps(figures), encoding="utf-8")


def _check_unchanged(model: Model) -> None:
    """What was built is kept under the digests that `load` saw, so they have to hold still."""
    read = {model.path: model.facts.digest, model.evaluation: model.evaluation_digest}
    if model.calibration is not None and model.calibration_digest is not None:
        read[model.calibration] = model.calibration_digest
    if any(digest_of(path) != digest for path, digest in read.items()):
        raise HybridspecError(
            f"the files of model `{model.name}` changed while they were read", help="run it again"
        )
