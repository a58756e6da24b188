"""What a target's `catalog.yaml` offers: regions and boards, each row with its source."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hybridspec.spec.quantity import Country, Day, Duration, Money, Power, Section, Size


class RegionPrices(Section):
    """Prices of one region; a region without them can be named but not placed on."""

    storage_gb_month: Annotated[Money, Field(description="Object storage, per GB and month.")]
    egress_gb: Annotated[Money, Field(description="Traffic to the internet, per GB.")]
    inference_gb_second: Annotated[
        Money, Field(description="Serverless inference, per GB of memory and second.")
    ]
    training_hour: Annotated[Money, Field(description="One hour of the training instance.")]
    key_month: Annotated[Money, Field(description="One customer key, per month.")]
    registry_gb_month: Annotated[Money, Field(description="Container registry, per GB-month.")]


class RegionRow(Section):
    """One cloud region and where it physically lies."""

    country: Annotated[Country, Field(description="Country the data centres stand in.")]
    partition: Annotated[str, Field(description="Sovereign partition of the provider.")]
    place: Annotated[str, Field(description="City or state, for people.")]
    services: Annotated[list[str], Field(description="Services the compiler may use here.")]
    prices: Annotated[RegionPrices | None, Field(description="Prices, where known.")] = None
    source: Annotated[str, Field(description="Where the row was read.")]


class LatencyRow(Section):
    """Latency constants of a board for one runtime, precision and number of threads.

    Picoseconds per multiply-accumulate and per byte moved, microseconds per operator.
    """

    runtime: Annotated[str, Field(description="Runtime, such as `onnxruntime`.")]
    precision: Annotated[Literal["fp32", "int8"], Field(description="Element type of the weights.")]
    threads: Annotated[int, Field(ge=1, le=256, description="Threads used.")]
    conv_ps: Annotated[int, Field(ge=0, description="Picoseconds per MAC of a convolution.")]
    gemm_ps: Annotated[int, Field(ge=0, description="Picoseconds per MAC of a matrix product.")]
    byte_ps: Annotated[int, Field(ge=0, description="Picoseconds per byte moved.")]
    operator_us: Annotated[int, Field(ge=0, description="Microseconds per operator.")]
    spread: Annotated[
        int, Field(ge=1, le=500, description="Half-width of the 90 % interval, percent.")
    ]
    source: Annotated[str, Field(description="Figures the constants were fitted to.")]


class BoardRow(Section):
    """One board that a device class can be made of."""

    title: Annotated[str, Field(description="Name on the box.")]
    architecture: Annotated[Literal["arm64", "amd64"], Field(description="CPU architecture.")]
    memory: Annotated[Size, Field(description="RAM on the board.")]
    reserved_memory: Annotated[Size, Field(description="RAM that OS and agent need.")]
    disk: Annotated[Size, Field(description="Storage fitted by default.")]
    idle_power: Annotated[Power, Field(description="Power when idle.")]
    load_power: Annotated[Power, Field(description="Power under full load.")]
    price: Annotated[Money, Field(description="Purchase price.")]
    life: Annotated[Duration, Field(description="Years in service that are planned for.")]
    capabilities: Annotated[list[str], Field(description="Security capability.")]
    latency: Annotated[list[LatencyRow], Field(description="Latency constants.")]
    source: Annotated[str, Field(description="Where the row was read.")]


class Operator(Section):
    """Who runs a cloud and under whose law."""

    name: Annotated[str, Field(description="Legal name.")]
    jurisdiction: Annotated[Country, Field(description="Country whose law binds the parent.")]


class Catalog(Section):
    """One target's facts, dated."""

    schema_: Annotated[
        Literal["hybridspec.dev/catalog/v1"], Field(alias="schema", description="Format.")
    ]
    as_of: Annotated[Day, Field(description="When the rows were last checked.")]
    operator: Annotated[Operator | None, Field(description="Who runs the cloud.")] = None
    regions: Annotated[dict[str, RegionRow], Field(description="Regions of a cloud.")] = {}
    boards: Annotated[dict[str, BoardRow], Field(description="Boards of an edge target.")] = {}
