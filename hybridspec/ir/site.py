"""Boards, device classes and sites as the Graph holds them: what stands where, and what it costs.

Durations are microseconds, sizes bytes, bandwidths bits per second, power milliwatts, and prices
micro-units of `Graph.currency`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeAlias

from hybridspec.base.source import Span
from hybridspec.base.units import Price
from hybridspec.ir.law import Implicit
from hybridspec.ir.measurement import Timed
from hybridspec.ir.origin import maybe, spanned
from hybridspec.ir.zone import Zone

Rate: TypeAlias = int | Fraction
"""Time for one of something, exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Latency constants of one (board, runtime, precision, threads); see docs/models.md.

    Picoseconds per multiply-accumulate by kernel kind, per byte moved and per byte of weights, and
    microseconds per operator. A kind of convolution without a figure costs `conv_ps`, a product
    without one `gemm_ps`, and weights without one `byte_ps`. The 90 % interval reaches up by
    `spread` percent of the estimate, and down to the estimate over 1 + `spread_down` percent, which
    is the same where it is left out.
    """

    runtime: str
    precision: str
    threads: int
    conv_ps: Rate
    gemm_ps: Rate
    byte_ps: Rate
    operator_us: Rate
    spread: int
    source: str
    dense_ps: Rate | None = None
    pointwise_ps: Rate | None = None
    depthwise_ps: Rate | None = None
    vector_ps: Rate | None = None
    attention_ps: Rate | None = None
    recurrent_ps: Rate | None = None
    weight_ps: Rate | None = None
    spread_down: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """What computes beside a board's CPU, and which runtimes reach it."""

    name: str
    runtimes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board from the catalogue: what a device class is made of.

    `missing` names the figures that nobody has published; they are 0 here, and a rule refuses the
    board. `as_of` is when the row was last checked; None where the catalogue does not say.
    `resident` is what of `reserved_memory` the libraries of the class's runtime take beyond those
    of onnxruntime.
    """

    name: str
    title: str
    target: str
    architecture: str
    memory: int
    reserved_memory: int
    disk: int
    idle_power: int
    load_power: int
    price: Price
    life: int
    capabilities: tuple[str, ...]
    rates: tuple[Rates, ...]
    source: str
    as_of: date | None = None
    missing: tuple[str, ...] = ()
    accelerators: tuple[Accelerator, ...] = ()
    resident: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClass:
    """A kind of edge device that the user runs; `max_failed` of it at a site may have failed.

    With `one_model` a device holds one model at a time, whichever flows run it.
    `spares` and `failures` (in a year) are shares of its devices; `visit_price` is paid every
    `visit_every` and at each failure, `uplink_month` for each device, and the other prices of the
    uplink per GB. `runtime` runs its models. `security` is what is set up on it, `implicit` what
    its software sends by itself, `controls` those that the platform's agent carries out, each with
    how. `timed` is what was measured on such a device.
    """

    name: str
    board: Board
    platform: str
    runtime: str = "onnxruntime"
    max_offline: int
    uplink_bandwidth: int
    uplink_rtt: int
    uplink_month: Price = 0
    uplink_up_price: Price = 0
    uplink_down_price: Price = 0
    spares: Fraction = Fraction(0)
    failures: Fraction = Fraction(0)
    visit_every: int | None = None
    visit_price: Price = 0
    max_failed: int = 0
    one_model: bool = False
    security: tuple[str, ...] = ()
    implicit: tuple[Implicit, ...] = ()
    controls: tuple[tuple[str, str], ...] = ()
    timed: tuple[Timed, ...] = ()
    origin: Span = spanned()
    security_origin: Span | None = maybe()
    board_origin: Span = spanned()
    offline_origin: Span = spanned()
    one_model_origin: Span | None = maybe()

    @property
    def host(self) -> str:
        """What figures of its models are listed under: those of one runtime say nothing of others.

        >>> "raspberry-pi-5", "jetson-orin-nano/tensorrt"
        ('raspberry-pi-5', 'jetson-orin-nano/tensorrt')
        """
        plain = self.runtime == "onnxruntime"
        return self.board.name if plain else f"{self.board.name}/{self.runtime}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDevices:
    """How many devices of a class stand at a site, with the uplink that they have there.

    Where `most` says so, placement decides how many there are, from `count` up to it.
    """

    device_class: DeviceClass
    count: int
    most: int | None = None
    origin: Span = spanned()

    @property
    def upto(self) -> int:
        """As many as may stand there."""
        return self.count if self.most is None else self.most

    @property
    def working(self) -> int:
        """As many of these as work when as many have failed as may."""
        return max(0, self.upto - self.device_class.max_failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place where data is born and devices stand.

    `uplink_month` is the fee of its own connection, `line` the rate of the one that all of its
    devices share, None where each has its own; `lan` what its network carries from sensors to
    devices, None where that is more than anything; `carbon` are grams of CO2 equivalent per
    kilowatt-hour, None where nobody has published them.
    """

    name: str
    country: str
    zone: Zone
    lan_rtt: int
    energy_price: Price
    devices: tuple[SiteDevices, ...]
    uplink_month: Price = 0
    carbon: int | None = None
    line: int | None = None
    lan: int | None = None
    origin: Span = spanned()
    country_origin: Span = spanned()
    line_origin: Span | None = maybe()
    lan_origin: Span | None = maybe()
