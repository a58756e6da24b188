"""Measurements: each is of a device class, of its architecture, and has percentiles in order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.edit import removed
from hybridspec.base.source import Origins
from hybridspec.ir.graph import Board
from hybridspec.ir.measurement import Measurement, Timed
from hybridspec.resolve.references import idle, lookup
from hybridspec.spec.document import Spec


def resolve_measured(
    name: str, spec: Spec, origins: Origins, sink: Sink
) -> tuple[Measurement, ...]:
    """What was measured of a model, as far as it can be used."""
    written = spec.models[name]
    found: dict[tuple[str, str], Measurement] = {}
    for index, one in enumerate(written.measured):
        path = ("models", name, "measured", index)
        lookup(one.device, spec.devices, sink, span=origins.value(*path, "device"),
               kind="device class", defined=origins.key("devices"),
               idle=partial(idle, spec, "devices"))  # fmt: skip
        fault = _fault(one.variant, one.p50, one.p95, (one.device, one.variant) in found,
                       written.variants)  # fmt: skip
        if fault is not None:
            at, message, help = fault
            sink.add(Diagnostic(
                code="HS0212", message=f"a measurement of `{name}` on `{one.device}` {message}",
                span=origins.value(*path, at), help=help, fixes=removed(origins, path),
            ))  # fmt: skip
            continue
        found[one.device, one.variant] = Measurement(
            device=one.device, variant=one.variant, p50=one.p50, p95=one.p95,
            on=one.on.isoformat(), origin=origins.value(*path, "device"),
        )  # fmt: skip
    return tuple(found.values())


def _fault(
    variant: str, p50: int, p95: int, known: bool, variants: Sequence[str]
) -> tuple[str, str, str] | None:
    """The key that is at fault, what it does, and the way out."""
    if p95 < p50:
        return "p95", "is faster for 95 % of events than for half of them", "swap `p50` and `p95`"
    if known:
        return "device", f"in `{variant}` is there twice", "keep the newer one"
    if variant not in variants:
        return "device", f"is of `{variant}`, which `variants` leaves out", (
            f"add `{variant}` to `variants`, or remove the measurement")  # fmt: skip
    return None


def taken_on(timed: Sequence[Timed], name: str, board: Board, sink: Sink) -> tuple[Timed, ...]:
    """What was measured on a machine of the board's architecture; the rest goes to `sink`."""
    of = "" if name == board.name else f" ({board.name})"
    for one in timed:
        if one.architecture != board.architecture:
            sink.add(Diagnostic(
                code="HS0212",
                message=f"this was measured on {one.architecture[:40]}, and `{name}`{of} is "
                f"{board.architecture}",
                span=one.origin,
                help="measure on such a device with `hybridspec model measure --ssh user@board`, "
                "or take this one out of the file",
            ))  # fmt: skip
    return tuple(one for one in timed if one.architecture == board.architecture)
