"""Device classes: boards of the catalogue, or hardware by the user's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TypedDict

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.edit import add_key, put, removed
from hybridspec.base.source import Origins
from hybridspec.base.units import Price
from hybridspec.ir.graph import Board, DeviceClass, Rates
from hybridspec.ir.offered import BY_PROVIDER, MICROCONTROLLERS, offered
from hybridspec.ir.runtime_floor import floor
from hybridspec.ir.site import Accelerator
from hybridspec.resolve.implicit import of_devices
from hybridspec.resolve.references import lookup
from hybridspec.spec.catalog import BoardRow, Catalog
from hybridspec.spec.document import Spec
from hybridspec.spec.site import Upkeep

WIDENED = 2
"""How much wider the interval of figures is that were made on another board."""


def resolve_devices(
    spec: Spec, origins: Origins, catalogs: Mapping[str, Catalog], sink: Sink
) -> dict[str, DeviceClass]:
    """Every device class whose hardware is known, by name."""
    boards = boards_by_name(catalogs)
    found = {name: _device_class(name, spec, origins, boards, sink) for name in spec.devices}
    sent = tuple(
        flow for target, catalog in catalogs.items() if catalog.boards
        for flow in of_devices(target, catalog)
    )  # fmt: skip
    return {
        name: replace(device, implicit=sent) for name, device in found.items() if device is not None
    }


def boards_by_name(catalogs: Mapping[str, Catalog]) -> dict[str, Board]:
    """Every board of the catalogue."""
    return {
        name: _board(name, target, row, row.as_of or catalog.as_of)
        for target, catalog in catalogs.items()
        for name, row in catalog.boards.items()
    }


def _board(name: str, target: str, row: BoardRow, as_of: date) -> Board:
    return Board(
        name=name,
        title=row.title,
        target=target,
        architecture=row.architecture,
        memory=row.memory,
        reserved_memory=row.reserved_memory,
        disk=row.disk,
        idle_power=row.idle_power or 0,
        load_power=row.load_power or 0,
        price=row.price or 0,
        life=row.life,
        capabilities=tuple(row.capabilities),
        rates=_with_float(tuple(Rates(**dict(latency)) for latency in row.latency)),
        source=row.source,
        as_of=as_of,
        missing=tuple(
            figure for figure in ("price", "idle_power", "load_power")
            if getattr(row, figure) is None
        ),
        accelerators=tuple(
            Accelerator(name=one.name, runtimes=tuple(dict.fromkeys((
                *(BY_PROVIDER[name] for name in one.execution_providers if name in BY_PROVIDER),
                *one.runtimes,
            ))))
            for one in row.accelerators
        ),
    )  # fmt: skip


def _with_float(rates: tuple[Rates, ...]) -> tuple[Rates, ...]:
    """The constants, with those of models in 32 bit that an NPU computes in 16."""
    kinds = {(row.runtime, row.precision) for row in rates}
    half = (row for row in rates if (row.runtime, row.precision) == ("qnn", "fp16"))
    return rates + tuple(
        replace(row, precision="fp32",
                source=f"{row.source}; the HTP computes float32 in 16 bit, as QNN's provider says")
        for row in half if ("qnn", "fp32") not in kinds
    )  # fmt: skip


def _device_class(
    name: str, spec: Spec, origins: Origins, boards: Mapping[str, Board], sink: Sink
) -> DeviceClass | None:
    written = spec.devices[name]
    board = _hardware(name, spec, origins, boards, sink)
    if board is None:
        return None
    _runnable(name, written.runtime, board, origins, sink)
    resident = floor(written.runtime).resident
    board = replace(board, reserved_memory=board.reserved_memory + resident, resident=resident)
    return DeviceClass(
        name=name,
        board=board,
        platform=written.platform,
        runtime=written.runtime,
        max_offline=written.max_offline,
        uplink_bandwidth=written.uplink.bandwidth,
        uplink_rtt=written.uplink.rtt,
        uplink_month=written.uplink.month or 0,
        uplink_up_price=written.uplink.up_gb or 0,
        uplink_down_price=written.uplink.down_gb or 0,
        max_failed=written.max_failed,
        one_model=written.one_model,
        **_upkeep(written.upkeep),
        security=tuple(sorted(set(written.security))),
        origin=origins.key("devices", name),
        security_origin=origins.value("devices", name, "security"),
        board_origin=origins.value("devices", name, "hardware" if written.hardware else "board"),
        offline_origin=origins.value("devices", name, "max_offline"),
        one_model_origin=origins.value("devices", name, "one_model") if written.one_model else None,
    )


def _runnable(name: str, runtime: str, board: Board, origins: Origins, sink: Sink) -> None:
    """A finding where the board has nothing that the runtime runs on."""
    has = offered(board)
    if runtime in has or board.architecture in MICROCONTROLLERS:
        return  # where the agent cannot run at all, HS0235 says so
    span = origins.value("devices", name, "runtime")
    if runtime == "tflm":
        way = "tflm runs on microcontrollers, which run no agent"
    else:
        own = board.name.startswith("own ")
        where = "hardware" if own else f"catalog.boards.{board.name}.accelerators"
        way = f"if a chip was added that runs {runtime}, state `runtimes: [{runtime}]` in `{where}`"
    sink.add(Diagnostic(
        code="HS0238", message=f"`devices.{name}` runs models with {runtime}, and {board.title} "
        "has nothing that it runs on",
        span=span, help=f"write one of {', '.join(has)}; {way}", fixes=put(span, has[0]),
    ))  # fmt: skip


class _Upkeep(TypedDict, total=False):
    spares: Fraction
    failures: Fraction
    visit_every: int | None
    visit_price: Price


def _upkeep(written: Upkeep | None) -> _Upkeep:
    """What is stated of spares, failures and visits."""
    if written is None:
        return {}
    return {
        "spares": written.spares or Fraction(0),
        "failures": written.failures or Fraction(0),
        "visit_every": written.visit_every,
        "visit_price": written.visit_price or 0,
    }


def _hardware(
    name: str, spec: Spec, origins: Origins, boards: Mapping[str, Board], sink: Sink
) -> Board | None:
    """What the class is made of: a board of the catalogue, or the user's own figures."""
    written = spec.devices[name]
    if written.board is None and written.hardware is None:
        boards_of_others = (device.board for device in spec.devices.values())
        other = next((board for board in boards_of_others if board), "raspberry-pi-5")
        sink.add(Diagnostic(
            code="HS0202", message=f"`devices.{name}` has no `board`",
            span=origins.key("devices", name), help=f"add `board: {other}` (board from the "
            "catalogue), or own figures under `hardware`",
            fixes=add_key(origins, ("devices", name), "board", other),
        ))  # fmt: skip
        return None
    if written.board is not None and written.hardware is not None:
        sink.add(Diagnostic(
            code="HS0210", message=f"`devices.{name}` has both `board` and `hardware`",
            span=origins.key("devices", name, "hardware"),
            help="remove `board` to use the own figures, or remove `hardware`",
            fixes=removed(origins, ("devices", name, "board")),
        ))  # fmt: skip
        return None
    if written.board is not None:
        span = origins.value("devices", name, "board")
        return lookup(written.board, boards, sink, span=span, kind="board", code="HS0223")
    return _own_board(name, spec, origins, boards, sink)


def _own_board(
    name: str, spec: Spec, origins: Origins, boards: Mapping[str, Board], sink: Sink
) -> Board | None:
    own = spec.devices[name].hardware
    if own is None:
        return None
    rates: tuple[Rates, ...] = ()
    accelerators: tuple[Accelerator, ...] = ()
    if own.like is not None:
        span = origins.value("devices", name, "hardware", "like")
        like = lookup(own.like, boards, sink, span=span, kind="board", code="HS0223")
        if like is None:
            return None
        accelerators = like.accelerators
        rates = tuple(
            replace(
                row,
                spread=WIDENED * row.spread,
                source=f"borrowed from {like.name}: {row.source}",
                spread_down=None if row.spread_down is None else WIDENED * row.spread_down,
            )
            for row in like.rates
        )
    return Board(
        name=f"own {name}",
        title=f"own hardware of {name}",
        target=spec.devices[name].platform,
        architecture=own.architecture,
        memory=own.memory,
        reserved_memory=own.reserved_memory,
        disk=own.disk,
        idle_power=own.idle_power,
        load_power=own.load_power,
        price=own.price,
        life=own.life,
        capabilities=tuple(spec.devices[name].security),
        rates=rates,
        accelerators=(
            Accelerator(name=", ".join(own.accelerators) or "accelerator",
                        runtimes=tuple(own.runtimes)),
        ) if own.runtimes else accelerators,
        source=f"the spec, {origins.key('devices', name, 'hardware').ref}",
    )  # fmt: skip
