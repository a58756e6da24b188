"""The Graph: what the spec means once every name, unit and fact is resolved.

Durations are microseconds, sizes bytes, bandwidths bits per second, power milliwatts, rates
events per second, money integer micro-units of `Graph.currency`. Origins never take part in
comparison, so moving a line in the spec does not change what it means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from hybridspec.base.source import Span


def spanned() -> Span:
    """A field that remembers the user's line and takes no part in comparison."""
    return field(compare=False, repr=False)  # type: ignore[no-any-return]


WINDOWED = ("aggregate", "window", "local-training")
"""Transforms that emit one event per stated time, whatever comes in."""


class StageKind(StrEnum):
    """What a stage of a flow does."""

    TRANSFORM = "transform"
    MODEL = "model"
    SINK = "sink"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A compliance zone: the countries that hold every facet of its data."""

    name: str
    countries: tuple[str, ...]
    regimes: tuple[str, ...]
    retention: int | None
    courier_delay: int
    origin: Span = spanned()
    countries_origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Latency constants of one (board, runtime, precision, threads); see docs in `optimise`.

    All times in picoseconds per unit, so that they stay integers: per multiply-accumulate of a
    convolution and of a matrix product, per byte moved, and microseconds per operator.
    `spread` is the half-width of the 90 % interval in percent of the estimate.
    """

    runtime: str
    precision: str
    threads: int
    conv_ps: int
    gemm_ps: int
    byte_ps: int
    operator_us: int
    spread: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board from the catalogue: what a device class is made of.

    `missing` names the figures that nobody has published; they are 0 here, and a rule refuses the
    board. `as_of` is when the row was last checked; None where the catalogue does not say.
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
    price: int
    life: int
    capabilities: tuple[str, ...]
    rates: tuple[Rates, ...]
    source: str
    as_of: date | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceClass:
    """A kind of edge device that the user runs."""

    name: str
    board: Board
    platform: str
    max_offline: int
    uplink_bandwidth: int
    uplink_rtt: int
    origin: Span = spanned()
    board_origin: Span = spanned()
    offline_origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDevices:
    """How many devices of a class stand at a site."""

    device_class: DeviceClass
    count: int
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place where data is born and devices stand."""

    name: str
    country: str
    zone: Zone
    lan_rtt: int
    energy_price: int
    devices: tuple[SiteDevices, ...]
    origin: Span = spanned()
    country_origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A cloud region that the user allows, with dated prices in micro-units.

    Storage per GB-month, egress per GB, serverless inference per GB-second, training per
    hour of `training_instance`, keys and registry per month.
    """

    cloud: str
    provider: str
    name: str
    country: str
    partition: str
    operator: str
    storage_price: int
    egress_price: int
    inference_price: int
    training_price: int
    key_price: int
    registry_price: int
    training_instance: str
    services: tuple[str, ...]
    source: str
    account: str = ""
    as_of: date | None = None
    origin: Span = spanned()

    @property
    def label(self) -> str:
        """`cloud/region`, unique in a spec."""
        return f"{self.cloud}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A data asset as it is born at a site."""

    name: str
    category: str
    personal: bool
    size: int
    rate: Fraction
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """Name, element type and shape of a model input or output; -1 is a free dimension."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What an ONNX file holds, for batch 1: work in multiply-accumulates, sizes in bytes.

    `peak_activations` is the largest sum of tensors alive at once; `moved` counts bytes read
    and written by all operators; `unknown` lists operators over tensors of unknown size, and
    `unpriced` those whose work nobody can tell, such as loops and convolutions over open sizes.
    """

    digest: str
    size: int
    opset: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    parameters: int
    weights: int
    conv_macs: int
    gemm_macs: int
    moved: int
    operators: int
    peak_activations: int
    unknown: tuple[str, ...]
    unpriced: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A training job that runs where the store of the model's zone is.

    `cloud` and `region` pin that place; `None` leaves it to placement.
    """

    image: str
    hours: int
    every: int
    cloud: str | None
    region: Region | None
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model, its file and what it has to reach."""

    name: str
    path: Path
    facts: ModelFacts
    task: str
    metric: str
    floor: Fraction
    allowed_drop: Fraction
    evaluation: Path
    evaluation_digest: str
    calibration: Path | None
    calibration_digest: str | None
    variants: tuple[str, ...]
    training: Training | None
    licence: str
    origin: Span = spanned()
    source_origin: Span = spanned()
    evaluation_origin: Span = spanned()
    calibration_origin: Span = spanned()
    floor_origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of a flow; `inputs` name earlier stages or the flow's data asset.

    `output_size` is bytes per event, `output_rate` events per second and site. `place` pins a
    stage: `site` for an alert and for local training, `cloud` for the zone's store.
    """

    name: str
    kind: StageKind
    inputs: tuple[str, ...]
    feedback: tuple[str, ...]
    model: Model | None
    operation: str
    place: str
    input_rate: Fraction
    input_size: int
    output_rate: Fraction
    output_size: int
    retention: int | None
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyBound:
    """An end-to-end bound from the birth of an event to the end of stage `to`."""

    bound: int
    percentile: int
    to: str
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A data flow: a graph of stages in topological order, run at each of its sites."""

    name: str
    data: Data
    sites: tuple[Site, ...]
    stages: tuple[Stage, ...]
    latency: LatencyBound | None
    offline: int
    origin: Span = spanned()
    offline_origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """A part of the fleet: `percent` is cumulative, `soak` the watch time in microseconds."""

    name: str
    percent: int
    soak: int
    max_failures: Fraction
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The whole resolved spec."""

    name: str
    owner: str
    as_of: str
    currency: str
    horizon: int
    spec_digest: str
    catalog_digest: str
    price_age: int
    zones: tuple[Zone, ...]
    device_classes: tuple[DeviceClass, ...]
    sites: tuple[Site, ...]
    regions: tuple[Region, ...]
    data: tuple[Data, ...]
    models: tuple[Model, ...]
    flows: tuple[Flow, ...]
    cohorts: tuple[Cohort, ...]
    update_validity: int
    defaults: tuple[tuple[str, str, str], ...]
    origin: Span = spanned()
    sites_origin: Span = spanned()
    validity_origin: Span = spanned()
