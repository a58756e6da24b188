"""The Graph: what the spec means once every name, unit and fact is resolved.

Durations are microseconds, sizes bytes, bandwidths bits per second, power milliwatts, rates
events per second, prices exact micro-units of `Graph.currency`. Origins never take part in
comparison, so moving a line in the spec does not change what it means.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from hybridspec.base.source import Span
from hybridspec.base.units import DAY, YEAR
from hybridspec.ir.energy import Energy
from hybridspec.ir.footprint import Footprint
from hybridspec.ir.governance import Cohort as Cohort
from hybridspec.ir.governance import (
    Gates,
    Observability,
    Party,
    PluginUse,
    Policy,
    Stack,
    Waiver,
    Window,
)
from hybridspec.ir.kernel import Kernels
from hybridspec.ir.law import NO_FACTS, LawFacts
from hybridspec.ir.measurement import Measurement as Measurement
from hybridspec.ir.origin import maybe, spanned
from hybridspec.ir.region import Region as Region
from hybridspec.ir.site import Board as Board
from hybridspec.ir.site import DeviceClass as DeviceClass
from hybridspec.ir.site import Rates as Rates
from hybridspec.ir.site import Site as Site
from hybridspec.ir.site import SiteDevices as SiteDevices
from hybridspec.ir.tier import Tier as Tier
from hybridspec.ir.zone import Zone as Zone

WINDOWED = ("aggregate", "window", "local-training")
"""Transforms that emit one event per stated time, whatever comes in."""


class StageKind(StrEnum):
    """What a stage of a flow does."""

    TRANSFORM = "transform"
    MODEL = "model"
    SINK = "sink"


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A data asset as it is born at a site; `subjects` are countries, `born` names of sites.

    Empty `subjects` and `born` are not stated, nor is what is None.
    """

    name: str
    category: str
    personal: bool
    size: int
    rate: Fraction
    subjects: tuple[str, ...] = ()
    sensitivity: str | None = None
    subject_count: int | None = None
    identifiability: str | None = None
    born: tuple[str, ...] = ()
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """Name, element type and shape of a model input or output; -1 is a free dimension."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A tensor that everything which a model computes passes through, and the work before it.

    `size` is the tensor's, in bytes for batch 1; the rest is what `ModelFacts` says of a model.
    """

    tensor: Tensor
    size: int
    weights: int
    conv_macs: int
    gemm_macs: int
    moved: int
    operators: int
    peak_activations: int
    kernels: Kernels = Kernels()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What an ONNX file holds, for batch 1: work in multiply-accumulates, sizes in bytes.

    `peak_activations` is the largest sum of tensors alive at once; `moved` counts bytes read
    and written by all operators; `unknown` lists operators over tensors of unknown size, and
    `unpriced` those whose work nobody can tell, such as loops and convolutions over open sizes.
    `kernels` says what kinds the MACs are of; what is in none of them is of no known kind.
    `footprint` says what a runtime needs beyond them. `kinds` counts operators, functions included.
    `open` are the names of sizes that the file leaves open beside the number of samples, some of
    which may have been stated since, as the shapes of the inputs then say.
    `free_batch` names the inputs that take any number of samples.
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
    cuts: tuple[Cut, ...] = ()
    kernels: Kernels = Kernels()
    footprint: Footprint = Footprint()
    kinds: tuple[tuple[str, int], ...] = ()
    open: tuple[str, ...] = ()
    free_batch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Federated:
    """Training at the named sites in rounds: weights travel, data does not."""

    rounds: int
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A training job that runs where the store of the model's zone is.

    `cloud` and `region` pin that place; `None` leaves it to placement. `data` are the assets that
    it learns from; `drift` and `metric_below` start a run before its time; with `spot` it may run
    on machines that the cloud takes back.
    """

    image: str
    hours: int
    every: int
    cloud: str | None
    region: Region | None
    data: tuple[str, ...] = ()
    drift: Fraction | None = None
    metric_below: Fraction | None = None
    federated: Federated | None = None
    spot: bool = False
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who let a model be used, on which day and for what."""

    by: str
    on: str
    use: str


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
    lineage: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()
    measured: tuple[Measurement, ...] = ()
    origin: Span = spanned()
    source_origin: Span = spanned()
    evaluation_origin: Span = spanned()
    calibration_origin: Span = spanned()
    floor_origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Why the output of a stage is no longer under `regime`: the method, its figure, the proof."""

    regime: str
    method: str
    figure: str
    evidence: str
    approver: str
    parameters: tuple[tuple[str, Fraction], ...] = ()
    origin: Span = spanned()


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
    releases: tuple[Release, ...] = ()
    origin: Span = spanned()
    retention_origin: Span | None = maybe()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """Collected sending: a batch `every` so often, or once it is `largest` bytes."""

    every: int
    largest: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyBound:
    """A bound from the birth of an event to the end of `to`; `percentile` is in permille."""

    bound: int
    percentile: int
    to: str
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The image that runs the stages of a flow in the cloud, and the port that it listens on."""

    image: str
    port: int
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A data flow: a graph of stages in topological order, run at each of its sites.

    `bandwidth` bounds what it sends from one site; `sync` is None where each event is sent at once.
    """

    name: str
    data: Data
    sites: tuple[Site, ...]
    stages: tuple[Stage, ...]
    latency: LatencyBound | None
    offline: int
    when_offline: str = "buffer"
    sync: Sync | None = None
    bandwidth: int | None = None
    service: Service | None = None
    origin: Span = spanned()
    offline_origin: Span = spanned()
    bandwidth_origin: Span | None = maybe()


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The whole resolved spec; `unassessed` says what of it has no effect yet, in sentences.

    `rates` are what a unit of other currencies is worth as the spec states it, as text.
    `uniformity` is how much dearer alike sites may be to run alike, in permille. `law` are the
    legal facts to judge by, `warn_before` and `facts_age` when their ends and their age are warned
    of, `roles` what the controller says to be under them. `steepest` finds the key and the place
    of the figure that is furthest beyond what is usual.
    """

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
    tiers: tuple[Tier, ...] = ()
    release_every: int | None = None
    energy: Energy = field(default=Energy(), repr=False)
    defaults: tuple[tuple[str, str, str], ...]
    rates: tuple[tuple[str, str], ...] = ()
    description: str = ""
    controller: Party | None = None
    officer: Party | None = None
    policies: tuple[Policy, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    plugins: tuple[PluginUse, ...] = ()
    observability: Observability = Observability()
    stacks: tuple[Stack, ...] = ()
    gates: Gates = Gates()
    windows: tuple[Window, ...] = ()
    revert_on: tuple[str, ...] = ("health",)
    releases_kept: int = 2
    root_keys: tuple[int, int] = (1, 1)
    release_keys: tuple[int, int] = (1, 1)
    unassessed: tuple[str, ...] = ()
    law: LawFacts = field(default=NO_FACTS, repr=False)
    warn_before: int = 180 * DAY
    facts_age: int = YEAR
    uniformity: int = 0
    roles: tuple[str, ...] = ()
    steepest: Callable[[], tuple[str, Span] | None] = field(
        default=lambda: None, compare=False, repr=False
    )
    origin: Span = spanned()
    sites_origin: Span = spanned()
    validity_origin: Span = spanned()
