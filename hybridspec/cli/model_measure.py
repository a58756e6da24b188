"""`hybridspec model measure`: how fast a model is, here or on a board, kept in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.model_subject import FileArgument, FreeFlag, ModelFormat, ModelFormatFlag, bare

if TYPE_CHECKING:
    from hybridspec.cli.model_subject import Look
    from hybridspec.optimise.measure import Figures
    from hybridspec.spec.measurement_file import FileMeasurement

HOST = "host"
_MARKS = {
    "MatMulNBits": "int4", "QuantizeLinear": "int8", "DynamicQuantizeLinear": "int8",
    "QLinearConv": "int8", "QLinearMatMul": "int8", "MatMulInteger": "int8",
    "ConvInteger": "int8", "DequantizeLinear": "int8",
}  # fmt: skip
"""Operators that give away in which precision a file is."""


def measure(
    file: FileArgument,
    device: Annotated[
        str, typer.Option("--device", help="`host`: this machine; a board needs --ssh.")
    ] = HOST,
    ssh: Annotated[str | None, typer.Option("--ssh", help="user@board to measure on.")] = None,
    python: Annotated[str, typer.Option("--python", help="Python there.")] = "python3",
    out: Annotated[
        Path | None, typer.Option("--out", help="Measurement file to write or to add to.")
    ] = None,
    of: Annotated[
        Path | None, typer.Option("--of", help="The model that FILE was made from.")
    ] = None,
    variant: Annotated[
        str | None, typer.Option("--variant", help="fp32, fp16, int8, int4; default: as it looks.")
    ] = None,
    runs: Annotated[int, typer.Option("--runs", min=5, max=100_000)] = 100,
    threads: Annotated[int, typer.Option("--threads", min=1, max=256)] = 1,
    seconds: Annotated[int, typer.Option("--seconds", min=1, max=600, help="At most.")] = 20,
    free: FreeFlag = None,
    format: ModelFormatFlag = ModelFormat.TABLE,
) -> None:
    """Time a model on this machine or over ssh, where onnxruntime is all that is needed."""
    from hybridspec.optimise import measure as how

    _check(device, ssh, variant)
    _old(out)
    look, made_from = bare(file, free=free), None if of is None else bare(of)
    _one_size(look)
    job = how.Job(runs=runs, threads=threads, seconds=seconds, free=look.size)
    figures = how.measure(file, look.facts.digest, job, ssh, python)
    one = _entry(look, made_from, variant, figures)
    _doubts(figures, threads, one.free)
    if out is not None:
        _keep(out, one)
    if format is ModelFormat.JSON:
        output.document({"schemaVersion": "hybridspec.dev/measurements/v1",
                         "measurements": [one.model_dump(mode="json")]})  # fmt: skip
        return
    _show(one)


def _check(device: str, ssh: str | None, variant: str | None) -> None:
    from hybridspec.base.errors import UsageError

    if device != HOST and ssh is None:
        raise UsageError(f"`{device[:60]}` is not this machine",
                         help="add `--ssh user@board` to measure there")  # fmt: skip
    if variant not in (None, "fp32", "fp16", "int8", "int4"):
        raise UsageError(f"there is no variant `{variant[:40]}`",
                         help="write fp32, fp16, int8 or int4")  # fmt: skip


def _one_size(look: Look) -> None:
    """A measurement keeps one size, and holds for that alone."""
    from hybridspec.base.errors import UsageError

    if look.left:
        names = ", ".join(f"`{name}`" for name in look.left[:4])
        raise UsageError(f"`{look.name}` leaves sizes open: {names}",
                         help=f"give them: `--free {look.left[0]}=128`")  # fmt: skip
    if look.facts.open and not look.size:
        raise UsageError("a measurement keeps one size of all that is open",
                         help="write one: `--free 128`")  # fmt: skip


def _old(out: Path | None) -> tuple[FileMeasurement, ...]:
    """What the file holds already: nothing is measured for a file that could not be kept."""
    if out is None:
        return ()
    from hybridspec.base.diagnostic import Sink
    from hybridspec.base.errors import UsageError
    from hybridspec.load.measurements import read_measurements

    if not out.parent.is_dir():
        raise UsageError(f"there is no folder {out.parent}", help="make it, or write elsewhere")
    if not out.exists():
        return ()
    sink = Sink()
    found = read_measurements(out, sink)
    sink.stop_if_errors()
    return found


def _keep(out: Path, one: FileMeasurement) -> None:
    """Add it to what the file holds by now: others may have measured at the same time."""
    from hybridspec.deliver.durable import alone, write_durably
    from hybridspec.load.measurements import joined, text_of

    with alone(out.parent):
        write_durably(out, text_of(joined(_old(out), (one,))).encode())
    output.say(f"{out}: written")


def _entry(
    look: Look, made_from: Look | None, variant: str | None, figures: Figures
) -> FileMeasurement:
    """The measurement for the file; what a device says of itself has to have the right shape."""
    from datetime import UTC, datetime

    from pydantic import ValidationError

    from hybridspec.base.errors import ResourceFailed
    from hybridspec.ir.kernel import KINDS
    from hybridspec.spec.measurement_file import FileMeasurement

    facts = look.facts
    fields: dict[str, Any] = {
        "name": (made_from or look).name[:200],
        "model": f"sha256:{(made_from or look).facts.digest}",
        "file": f"sha256:{facts.digest}",
        "variant": variant or precision(look),
        "free": look.size,
        "provider": figures.provider, "threads": figures.threads, "runs": figures.runs,
        "p50": figures.p50, "p95": figures.p95, "least": figures.least, "first": figures.first,
        "load": figures.load, "peak_memory": figures.peak,
        "on": datetime.now(UTC).date().isoformat(), "machine": dict(figures.machine),
        "work": {
            **{kind: getattr(facts.kernels, kind) for kind in KINDS}, "moved": facts.moved,
            "weights": facts.weights, "operators": facts.operators,
        },
    }  # fmt: skip
    try:
        return FileMeasurement.model_validate(fields)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ResourceFailed(f"what was measured makes no sense: {where}: {first['msg']}",
                             help="measure again, or update the device") from fault  # fmt: skip


def precision(look: Look) -> str:
    """The precision that a file is in, by its operators."""
    kinds = {kind.rpartition(".")[2] for kind, _ in look.facts.kinds}
    found = {_MARKS[kind] for kind in kinds & set(_MARKS)}
    return "int4" if "int4" in found else "int8" if found else "fp32"


def _doubts(figures: Figures, threads: int, free: int) -> None:
    """What makes the figures less sure, on stderr."""
    if not figures.finite:
        output.say("warning: the model gives NaN or infinity for random inputs")
    if free:
        output.say(
            f"warning: this holds for {free} in each open size only, and no plan uses it; "
            "`measured` of the model in the spec states what your inputs take"
        )
    if figures.threads < threads:
        output.say(
            f"warning: it may use {figures.threads} cores only; more threads would be slower"
        )
    if figures.machine.get("load", 0) > figures.machine.get("cores", 1):
        output.say(
            "warning: more programs want to run there than it has cores: measure again later"
        )
    elif figures.p95 > 2 * figures.p50:
        output.say(
            "warning: the slowest runs took twice as long as most: something else runs there"
        )


def _show(one: FileMeasurement) -> None:
    from hybridspec.base.units import format_bytes, format_duration
    from hybridspec.report import terminal

    machine = one.machine
    rows = [
        ("variant", one.variant), *([("open sizes", str(one.free))] if one.free else ()),
        ("runs", str(one.runs)),
        ("p50", format_duration(one.p50)),
        ("p95", format_duration(one.p95)), ("fastest", format_duration(one.least)),
        ("first", format_duration(one.first)), ("loading", format_duration(one.load)),
        ("memory", format_bytes(one.peak_memory) if one.peak_memory else "not known"),
        ("machine", f"{machine.processor} ({machine.architecture}), {one.threads} of "
                    f"{machine.cores} cores, load {machine.load}"),
        ("runtime", f"onnxruntime {machine.onnxruntime}, {one.provider}"),
    ]  # fmt: skip
    terminal.table(terminal.console(), f"Measured: {one.name}", ["what", "value"], rows)
