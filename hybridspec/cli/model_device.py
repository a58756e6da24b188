"""For which device a model is searched or compared: boards, classes of a spec, this machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hybridspec.cli.model_subject import Subjects
    from hybridspec.ir.graph import Board, DeviceClass, Model
    from hybridspec.ir.plan import Estimate
    from hybridspec.optimise.candidate import Host

HOST = "host"


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


def host_of(model: Model, place: Board | DeviceClass | None, wanted: str | None) -> Host:
    """What is known of a place for a model, with the runtime that is wanted or its own."""
    from hybridspec.ir.graph import Board, DeviceClass
    from hybridspec.ir.runtime import CPU
    from hybridspec.optimise.candidate import ORIGINAL, Host
    from hybridspec.optimise.estimate import estimate
    from hybridspec.optimise.latency import measured_latency
    from hybridspec.optimise.measured import exact, rescaled
    from hybridspec.optimise.memory import memory
    from hybridspec.optimise.timed import architecture

    board = place if isinstance(place, Board) else place.board if place is not None else None
    runtime = wanted or (place.runtime if isinstance(place, DeviceClass) else CPU)
    timed = place.timed if isinstance(place, DeviceClass) and runtime == CPU else ()

    def latency(variant: str) -> Estimate | None:
        if board is None or model.facts.unpriced:
            return None
        own = measured_latency(model, place.name if place else "", variant)
        own = own or exact(timed, model.facts, variant, f"`{place.name if place else ''}`")
        # What a runtime cannot run in float is compared with the original beside it, on the CPU.
        others = (runtime, CPU) if variant == ORIGINAL else (runtime,)
        rows = (r for one in others for r in board.rates
                if (r.runtime, r.threads, r.precision) == (one, 1, variant))  # fmt: skip
        return own or next((estimate(model.facts, rescaled(r, timed)) for r in rows), None)

    return Host(
        name=HOST if place is None else place.name,
        architecture=architecture() if board is None else board.architecture,
        runtime=runtime,
        estimate=latency,
        memory=lambda variant: memory(model.facts, variant),
        room=None if board is None else max(0, board.memory - board.reserved_memory),
    )
