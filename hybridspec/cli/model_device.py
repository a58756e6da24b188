"""For which device a model is searched or compared: boards, classes of a spec, this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from hybridspec.cli.model_subject import Subjects
    from hybridspec.ir.graph import Board, DeviceClass, Model
    from hybridspec.ir.plan import Estimate
    from hybridspec.optimise.candidate import Host

HOST = "host"
RuntimeFlag = Annotated[
    str | None,
    typer.Option("--runtime", help="What runs it there, as tensorrt; default: the device's own."),
]


def devices(wanted: str | None, known: Subjects) -> Sequence[Board | DeviceClass | None]:
    """Boards or device classes; None is this machine."""
    from hybridspec.base.closest import closest
    from hybridspec.base.errors import UsageError

    if wanted is None:
        if known.classes:
            return known.classes
        raise UsageError("for which device?", help="add `--device raspberry-pi-5`, another board "
                         "of `hybridspec catalog list boards`, or `--device host`")  # fmt: skip
    if wanted == HOST:
        return (None,)
    places: tuple[Board | DeviceClass, ...] = (*known.classes, *known.boards)
    for one in places:
        if one.name == wanted:
            return (one,)
    names = [one.name for one in places]
    match = closest(wanted, [*names, HOST])
    raise UsageError(
        f"there is no device `{wanted[:60]}`",
        help=f"did you mean `{match}`?" if match else "`hybridspec catalog list boards` names all",
    )


def check_runtime(runtime: str | None) -> None:
    """Refuse a name that is no runtime's.

    Raises:
        UsageError: there is no such runtime.
    """
    from hybridspec.base.closest import closest
    from hybridspec.base.errors import UsageError
    from hybridspec.ir.runtime import RUNTIMES

    if runtime is None or runtime in RUNTIMES:
        return
    match = closest(runtime, RUNTIMES)
    raise UsageError(
        f"there is no runtime `{runtime[:40]}`",
        help=f"did you mean `{match}`?" if match else f"write one of {', '.join(RUNTIMES)}",
    )


def can_run(place: Board | DeviceClass | None, runtime: str | None) -> None:
    """Refuse a runtime that a place has no hardware for.

    Raises:
        UsageError: with the runtimes that the place has.
    """
    from hybridspec.base.errors import UsageError
    from hybridspec.ir.graph import DeviceClass
    from hybridspec.ir.offered import offered

    if place is None or runtime is None:
        return
    board = place.board if isinstance(place, DeviceClass) else place
    has = offered(board)
    if runtime not in has:
        raise UsageError(
            f"{board.title} has nothing that {runtime} runs on",
            help=f"`{place.name}` has {', '.join(has)}: leave `--runtime` out, or name one of these"
            if len(has) > 1
            else f"`{place.name}` has {has[0]} alone: leave `--runtime` out",
        )


def runtime_of(place: Board | DeviceClass | None, wanted: str | None) -> str:
    """What runs models on a place: what is wanted, else its own."""
    from hybridspec.ir.graph import DeviceClass
    from hybridspec.ir.offered import offered
    from hybridspec.ir.runtime import CPU

    if wanted is not None or place is None:
        return wanted or CPU
    return place.runtime if isinstance(place, DeviceClass) else offered(place)[0]


def host_of(model: Model, place: Board | DeviceClass | None, wanted: str | None) -> Host:
    """What is known of a place for a model, with the runtime that is wanted or its own."""
    from hybridspec.ir.graph import Board, DeviceClass
    from hybridspec.ir.runtime import CPU
    from hybridspec.optimise.candidate import ORIGINAL, Host
    from hybridspec.optimise.latency import measured_latency
    from hybridspec.optimise.measured import corrected, exact
    from hybridspec.optimise.runtime import flash, memory_with
    from hybridspec.optimise.timed import architecture

    board = place if isinstance(place, Board) else place.board if place is not None else None
    runtime = runtime_of(place, wanted)
    timed = place.timed if isinstance(place, DeviceClass) and runtime == CPU else ()

    def latency(variant: str) -> Estimate | None:
        if board is None or model.facts.unpriced:
            return None
        own = measured_latency(model, place.name if place else "", variant)
        own = own or exact(timed, model.facts, variant, f"`{place.name if place else ''}`")
        rows = [
            r for r in board.rates if (r.runtime, r.threads, r.precision) == (runtime, 1, variant)
        ]
        # What a runtime has no figures of in float is compared with the original beside it, on as
        # many cores as make it fastest: other runtimes take all that they get.
        if variant == ORIGINAL and not rows and any(r.runtime == runtime for r in board.rates):
            rows = [r for r in board.rates if (r.runtime, r.precision) == (CPU, ORIGINAL)]
        found = [corrected(model.facts, r, timed) for r in rows]
        return own or min(found, key=lambda one: one.mid, default=None)

    return Host(
        name=HOST if place is None else place.name,
        architecture=architecture() if board is None else board.architecture,
        runtime=runtime,
        estimate=latency,
        memory=lambda variant: memory_with(runtime, model.facts, variant),
        room=None if board is None else room(board),
        flash=None if board is None or runtime != "tflm" else (flash(model.facts), board.disk),
        notes=_notes(board, runtime),
        alone=_alone(board, runtime, model),
    )


def _alone(board: Board | None, runtime: str, model: Model) -> Estimate | None:
    """What onnxruntime takes of a model as written on one core, where something else runs it."""
    from hybridspec.ir.runtime import CPU
    from hybridspec.optimise.candidate import ORIGINAL
    from hybridspec.optimise.estimate import estimate

    if board is None or runtime == CPU or model.facts.unpriced:
        return None
    wanted = (CPU, 1, ORIGINAL)
    return next((estimate(model.facts, row) for row in board.rates
                 if (row.runtime, row.threads, row.precision) == wanted), None)  # fmt: skip


def _notes(board: Board | None, runtime: str) -> tuple[str, ...]:
    """What the memory of another runtime rests on, and accelerators that are not used."""
    from hybridspec.ir.offered import idle
    from hybridspec.optimise.runtime import memory_basis

    if board is None:
        return ()
    told = memory_basis(runtime)
    return (*((told,) if told else ()), *(f"not used: {one}" for one in idle(board, runtime)))


def room(board: Board) -> int:
    """Memory of a board for models and the libraries of their runtime."""
    return max(0, board.memory - board.reserved_memory + board.resident)
