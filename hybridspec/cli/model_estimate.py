"""`hybridspec model estimate`: latency, memory and energy of a model, board by board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.model_device import HOST, RuntimeFlag, can_run, check_runtime, room, runtime_of
from hybridspec.cli.model_open import at_size, hidden, unused
from hybridspec.cli.model_subject import (
    FreeFlag,
    ModelFormat,
    ModelFormatFlag,
    NameFlag,
    Subject,
    subjects,
)

if TYPE_CHECKING:
    from hybridspec.cli.model_subject import Look, Subjects
    from hybridspec.ir.graph import Board
    from hybridspec.ir.measurement import Timed
    from hybridspec.ir.plan import Estimate

SCHEMA = "hybridspec.dev/model-estimates/v1"
ALL = "all"
VARIANTS = ("fp32", "fp16", "int8", "int4")


def estimate(
    subject: Subject = Path(),
    model: NameFlag = None,
    free: FreeFlag = None,
    device: Annotated[
        list[str] | None,
        typer.Option("--device", help="Board or device class; `all`; may be given several times."),
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option("--variant", help="fp32, int8; default: each with figures.")
    ] = None,
    measurements: Annotated[
        Path | None,
        typer.Option("--measurements", help="What `model measure` measured on that device."),
    ] = None,
    host_run: Annotated[
        Path | None,
        typer.Option(
            "--host-run",
            help="What `model measure` measured here: this model, and one "
            "that `--measurements` has of the device.",
        ),
    ] = None,
    runtime: RuntimeFlag = None,
    format: ModelFormatFlag = ModelFormat.TABLE,
) -> None:
    """Say how long an inference takes on each board, with its interval, memory and energy."""
    from hybridspec.ir.runtime import CPU

    _check_variants(variant or [])
    check_runtime(runtime)
    known = subjects(subject, model, free)
    boards = _boards(known, device or [])
    runs = _runtimes(known, boards, runtime, every=ALL in (device or []))
    here = _timed(host_run, boards)
    timed = _of_board(measurements, boards, runs) if measurements else ()
    took = {name: (*timed, *(_own(known, name) if runs[name] == CPU else ())) for name, _ in boards}
    rows = [row for look in known.models for name, board in boards if runs[name]
            for row in _rows(look, name, board, runs[name], at_size(took[name], look),
                             variant or [], at_size(here, look))]  # fmt: skip
    said = {row["model"] for row in rows}
    hidden([look for look in known.models if look.name not in said], alone=not rows)
    if format is ModelFormat.JSON:
        output.document({"schemaVersion": SCHEMA, "estimates": rows})
        return
    _show(rows)
    unused(known.models, [one for name in took for one in (*took[name], *here)])
    if not rows:
        output.say("nobody has figures for this: `hybridspec model measure` makes some")


def _check_variants(names: Sequence[str]) -> None:
    from hybridspec.base.errors import UsageError

    odd = next((name for name in names if name not in VARIANTS), None)
    if odd is not None:
        raise UsageError(f"there is no variant `{odd[:40]}`", help=f"write {', '.join(VARIANTS)}")


def _boards(known: Subjects, asked: Sequence[str]) -> list[tuple[str, Board]]:
    """The boards that are meant, each with the name by which it was asked for."""
    from hybridspec.base.closest import closest
    from hybridspec.base.errors import UsageError

    classes = {device.name: device.board for device in known.classes}
    boards = {board.name: board for board in known.boards}
    if ALL in asked or not (asked or classes):
        return [(name, board) for name, board in boards.items() if board.rates]
    found = []
    for name in asked or classes:
        board = classes.get(name) or boards.get(name)
        if board is None and name == HOST:
            raise UsageError(
                "nobody has figures of this machine, so that nothing is estimated for it",
                help="`hybridspec model measure FILE.onnx` times it here",
            )
        if board is None:
            match = closest(name, [*classes, *boards])
            raise UsageError(
                f"there is no device `{name[:60]}`", help=f"did you mean `{match}`?" if match
                else "`hybridspec catalog list boards` shows all of them",
            )  # fmt: skip
        found.append((name, board))
    return found


def _runtimes(
    known: Subjects, boards: Sequence[tuple[str, Board]], wanted: str | None, *, every: bool
) -> dict[str, str]:
    """What runs models on each board; of every board, nothing where it cannot be what is wanted."""
    from hybridspec.ir.offered import offered

    classes = {device.name: device for device in known.classes}
    found = {}
    for name, board in boards:
        place = classes.get(name, board)
        if not (every and wanted and wanted not in offered(board)):
            can_run(place, wanted)
            found[name] = runtime_of(place, wanted)
    return {name: found.get(name, "") for name, _ in boards}


def _timed(path: Path | None, boards: Sequence[tuple[str, Board]]) -> tuple[Timed, ...]:
    if path is None:
        return ()
    from hybridspec.base.diagnostic import Sink
    from hybridspec.base.errors import UsageError
    from hybridspec.load.measurements import read_timed

    if len(boards) != 1:
        raise UsageError("what was measured is of one device", help="say which: `--device BOARD`")
    sink = Sink()
    found = read_timed(path, sink)
    sink.stop_if_errors()
    return found


def _of_board(
    path: Path, boards: Sequence[tuple[str, Board]], runs: Mapping[str, str]
) -> tuple[Timed, ...]:
    """What was measured, once it is sure that it is of the board's architecture and runtime."""
    from hybridspec.base.diagnostic import Sink
    from hybridspec.base.errors import UsageError
    from hybridspec.ir.runtime import CPU
    from hybridspec.resolve.measurement import taken_on

    name, board = boards[0]
    if runs[name] != CPU:
        raise UsageError(
            f"`model measure` measures {CPU}, which says nothing of {runs[name]}",
            help="leave `--measurements` out; `measured` of the model in the spec states yours",
        )
    sink = Sink()
    found = taken_on(_timed(path, boards), name, board, sink)
    sink.stop_if_errors()
    return found


def _own(known: Subjects, name: str) -> tuple[Timed, ...]:
    """What the spec's files say was measured on a device class, whose runtime it has to be of."""
    from hybridspec.optimise.latency import RUNTIME

    return next((one.timed for one in known.classes
                 if (one.name, one.runtime) == (name, RUNTIME)), ())  # fmt: skip


def _rows(
    look: Look, name: str, board: Board, runtime: str, timed: Sequence[Timed],
    variants: Sequence[str], here: Sequence[Timed] = (),
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """One row for each variant that there are figures of; measured ones first."""
    from hybridspec.optimise.latency import measured_latency
    from hybridspec.optimise.measured import corrected, exact
    from hybridspec.optimise.runtime import memory_basis, memory_with

    stated = () if look.spec is None else look.spec.measured
    rates = {one.precision: one for one in board.rates
             if (one.runtime, one.threads) == (runtime, 1)}  # fmt: skip
    names = variants or dict.fromkeys([
        *rates, *(one.variant for one in timed),
        *(one.variant for one in stated if one.device == name),
    ])  # fmt: skip
    for variant in names:
        found = None if look.spec is None else measured_latency(look.spec, name, variant)
        found = found or exact(timed, look.facts, variant, f"`{name}`")
        if found is None and variant in rates and not look.facts.unpriced:
            found = corrected(look.facts, rates[variant], timed)
            found = _drawn(found, look, variant, timed, here) if here else found
        if found is None:
            continue
        need, free = memory_with(runtime, look.facts, variant), room(board)
        yield {
            "model": look.name, "device": name, "board": board.name, "runtime": runtime,
            "variant": variant,
            "latency": {"low": found.low, "mid": found.mid, "high": found.high, "unit": "us",
                        "basis": found.basis, "measured": found.basis.startswith("measured")},
            "memory": need, "memoryBasis": memory_basis(runtime), "fits": need <= free,
            "energy": _energy(board, found.mid),
        }  # fmt: skip


def _drawn(
    found: Estimate, look: Look, variant: str, timed: Sequence[Timed], here: Sequence[Timed]
) -> Estimate:
    """The estimate, drawn to what the host took of the model where it ran it."""
    from hybridspec.base.errors import UsageError
    from hybridspec.optimise.blend import blend, scale_of
    from hybridspec.optimise.measured import exact

    own = exact(here, look.facts, variant, "the host")
    if own is None:
        return found
    scale = scale_of(timed, here, variant)
    if scale is None:
        raise UsageError(
            f"no model was measured in {variant} both here and on the device",
            help="nobody can tell how much slower the device is: measure one model with "
            "`hybridspec model measure` on both, and name the device's file in `--measurements`",
        )
    return blend(found, own.mid, scale)


def _energy(board: Board, micros: int) -> int | None:
    """Microjoules that an inference takes beyond idling; None where nobody published the power."""
    if {"idle_power", "load_power"} & set(board.missing) or board.load_power <= board.idle_power:
        return None
    return (board.load_power - board.idle_power) * micros // 1000


def _show(rows: Sequence[dict[str, Any]]) -> None:
    from hybridspec.base.units import format_bytes, format_duration
    from hybridspec.report import terminal

    head = ["model", "device", "variant", "low", "latency", "high", "memory", "energy", "basis"]
    lines = [
        (row["model"], row["device"], row["variant"],
         *(format_duration(row["latency"][key]) for key in ("low", "mid", "high")),
         format_bytes(row["memory"]) + ("" if row["fits"] else " (too much)"),
         "unknown" if row["energy"] is None else joules(row["energy"]),
         _basis(row["latency"]))
        for row in rows
    ]  # fmt: skip
    terminal.table(terminal.console(), "Estimates of one inference, with 90 % intervals", head,
                   lines)  # fmt: skip
    for line in dict.fromkeys(_told(rows)):
        print(line)


def _told(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What estimates of other runtimes rest on, which nobody can tell from a wide interval."""
    for row in rows:
        if row["memoryBasis"] and not row["latency"]["measured"]:
            yield f"{row['model']} on {row['device']}: {row['latency']['basis']}"
    for row in rows:
        if row["memoryBasis"]:
            yield f"{row['runtime']}: {row['memoryBasis']}"


def _basis(latency: dict[str, Any]) -> str:
    if latency["measured"]:
        return "measured"
    corrected = any(words in latency["basis"] for words in (": times ", " on the host times "))
    return "corrected" if corrected else "estimated"


def joules(micro: int) -> str:
    """An amount of energy.

    >>> joules(850), joules(21_400), joules(3_200_000)
    ('850 uJ', '21.4 mJ', '3.2 J')
    """
    for size, unit in ((10**6, "J"), (10**3, "mJ")):
        if micro >= size:
            return f"{round(micro / size, 1):g} {unit}"
    return f"{micro} uJ"
