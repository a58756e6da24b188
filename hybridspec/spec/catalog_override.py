"""Rows of the catalogue that a spec adds, and figures of a shipped row that it replaces."""

from typing import Annotated, Literal

from pydantic import Field

from hybridspec.spec.catalog import Accelerator, LatencyRow, Operator
from hybridspec.spec.quantity import Country, Day, Duration, Money, Name, Power, Section, Size, key

_KEPT = "the catalogue's figure; a row of your own needs it"
_UNKNOWN = "the catalogue's figure; in a row of your own: not known"
_SOURCE = key(
    "Where you have the figures from.", example="quote of 2026-10-01", max_length=500,
    absent="`the spec`",
)  # fmt: skip
_AS_OF = key("When you last checked the figures.", example="2026-10-01", absent="`metadata.as_of`")

RegionName = Annotated[str, Field(pattern="^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$")]


class BoardOverride(Section):
    """A board of your own, or figures that replace a shipped board's, key by key."""

    title: Annotated[
        str | None, key("Name on the box.", example="My box, 8 GB", max_length=200, absent=_KEPT)
    ] = None
    architecture: Annotated[
        Literal["arm64", "amd64", "armv7m"] | None,
        key("CPU architecture; `armv7m` is a microcontroller, which runs no agent.", absent=_KEPT),
    ] = None
    memory: Annotated[Size | None, key("RAM on the board.", example="8GiB", absent=_KEPT)] = None
    reserved_memory: Annotated[
        Size | None, key("RAM that OS and agent need.", example="1GiB", absent=_KEPT)
    ] = None
    disk: Annotated[
        Size | None, key("Storage fitted by default.", example="64GB", absent=_KEPT)
    ] = None
    accelerators: Annotated[
        list[Accelerator] | None,
        key("Accelerators beside the CPU; replaces the whole list.",
            example=[{"name": "Hexagon NPU", "tops": 12}], max_length=16,
            absent="the catalogue's; in a row of your own: none"),
    ] = None  # fmt: skip
    idle_power: Annotated[Power | None, key("Power when idle.", example="3W", absent=_UNKNOWN)] = (
        None
    )
    load_power: Annotated[
        Power | None, key("Power under full load.", example="8W", absent=_UNKNOWN)
    ] = None
    price: Annotated[Money | None, key("Purchase price.", example="95 USD", absent=_UNKNOWN)] = None
    life: Annotated[
        Duration | None,
        key("Years in service that are planned for.", gt=0, example="P5Y", absent=_KEPT),
    ] = None
    capabilities: Annotated[
        list[str] | None,
        key("Security capability; replaces the whole list.", example=["secure-boot", "tpm"],
            max_length=32, absent=_KEPT),
    ] = None  # fmt: skip
    latency: Annotated[
        list[LatencyRow] | None,
        key("Latency constants; replaces the whole list.", max_length=32,
            example=[{"runtime": "onnxruntime", "precision": "fp32", "threads": 1, "conv_ps": 90,
                      "gemm_ps": 90, "byte_ps": 400, "operator_us": 9, "spread": 80,
                      "source": "measured on three boxes"}],
            absent="the catalogue's; in a row of your own: none, so that no model can run on it"),
    ] = None  # fmt: skip
    as_of: Annotated[Day | None, _AS_OF] = None
    source: Annotated[str | None, _SOURCE] = None


class PricesOverride(Section):
    """Prices that replace a region's, key by key."""

    storage_gb_month: Annotated[
        Money | None,
        key("Object storage, per GB and month.", example="0.0245 USD", absent=_KEPT),
    ] = None
    egress_gb: Annotated[
        Money | None, key("Traffic to the internet, per GB.", example="0.09 USD", absent=_KEPT)
    ] = None
    inference_gb_second: Annotated[
        Money | None,
        key("Serverless inference, per GB of memory and second.", example="0.000022 USD",
            absent=_KEPT),
    ] = None  # fmt: skip
    training_hour: Annotated[
        Money | None,
        key("One hour of the catalogue's training instance.", example="0.276 USD", absent=_KEPT),
    ] = None
    key_month: Annotated[
        Money | None, key("One customer key, per month.", example="1 USD", absent=_KEPT)
    ] = None
    registry_gb_month: Annotated[
        Money | None, key("Container registry, per GB-month.", example="0.1 USD", absent=_KEPT)
    ] = None


class RegionOverride(Section):
    """A region that the catalogue does not hold yet, or figures that replace a shipped row's.

    Where a shipped region lies and who runs it are facts that no spec can change.
    """

    country: Annotated[
        Country | None,
        key("Country the data centres stand in.", example="DE", absent=_KEPT),
    ] = None
    partition: Annotated[
        str | None,
        key("Sovereign partition of the provider.", example="aws", max_length=60, absent=_KEPT),
    ] = None
    place: Annotated[
        str | None,
        key("City or state, for people.", example="Frankfurt", max_length=100, absent=_KEPT),
    ] = None
    pair: Annotated[
        str | None,
        key("Region that the provider replicates to on its own account.", example="northeurope",
            max_length=60, absent="the catalogue's; in a row of your own: none"),
    ] = None  # fmt: skip
    sovereign: Annotated[
        Literal["commercial", "government", "national"] | None,
        key("Open to all, or a separate partition.",
            absent="the catalogue's; in a row of your own: `commercial`"),
    ] = None  # fmt: skip
    operator: Annotated[
        Operator | None,
        key("Who runs this region, if not the cloud's operator.",
            example={"name": "Example Cloud SA", "jurisdiction": "FR"},
            absent="the cloud's operator"),
    ] = None  # fmt: skip
    services: Annotated[
        list[str] | None,
        key("Services the compiler may use here; replaces the whole list.",
            example=["s3", "kms", "ecr", "sagemaker", "iot"], max_length=64, absent=_KEPT),
    ] = None  # fmt: skip
    prices: Annotated[
        PricesOverride | None,
        key("Prices, key by key; a region without all of them cannot be placed on.",
            example={"egress_gb": "0.05 USD"}, absent=_UNKNOWN),
    ] = None  # fmt: skip
    as_of: Annotated[Day | None, _AS_OF] = None
    source: Annotated[str | None, _SOURCE] = None


class CatalogOverride(Section):
    """Own and overridden rows of the catalogue."""

    boards: Annotated[
        dict[Name, BoardOverride],
        key("Boards by name.", example={"raspberry-pi-5": {"price": "82.50 USD"}},
            max_length=500, absent="the catalogue's boards as they are"),
    ] = {}  # fmt: skip
    regions: Annotated[
        dict[str, Annotated[dict[RegionName, RegionOverride], Field(max_length=500)]],
        key("Regions by cloud target and name.",
            example={"aws": {"eu-central-1": {"prices": {"egress_gb": "0.05 USD"}}}},
            max_length=20, absent="the catalogue's regions as they are"),
    ] = {}  # fmt: skip
