"""What a target's `catalog.yaml` offers: regions, boards, instances and egress, with sources."""

from typing import Annotated, Literal

from pydantic import Field

from hybridspec.spec.implicit import ImplicitRow, LocationRow, PartitionRow, RowDate, Source
from hybridspec.spec.quantity import (
    Amount,
    Country,
    Day,
    Duration,
    Money,
    Multiple,
    Power,
    Section,
    Size,
    key,
)


class RegionPrices(Section):
    """Prices of one region; a region without them can be named but not placed on."""

    storage_gb_month: Annotated[
        Money, Field(description="Object storage, per GB and month.", examples=["0.0245 USD"])
    ]
    egress_gb: Annotated[
        Money, Field(description="Traffic to the internet, per GB.", examples=["0.09 USD"])
    ]
    inference_gb_second: Annotated[
        Money,
        Field(
            description="Serverless inference, per GB of memory and second.",
            examples=["0.000022 USD"],
        ),
    ]
    training_hour: Annotated[
        Money,
        Field(
            description="One hour of the catalogue's `training_instance`.", examples=["0.276 USD"]
        ),
    ]
    key_month: Annotated[
        Money, Field(description="One customer key, per month.", examples=["1 USD"])
    ]
    registry_gb_month: Annotated[
        Money, Field(description="Container registry, per GB-month.", examples=["0.1 USD"])
    ]


class Operator(Section):
    """Who runs a cloud and under whose law."""

    name: Annotated[str, Field(description="Legal name.", examples=["Example Cloud SA"])]
    jurisdiction: Annotated[
        Country, Field(description="Country whose law binds the parent.", examples=["FR"])
    ]


class RegionRow(Section):
    """One cloud region and where it physically lies."""

    country: Annotated[
        Country, Field(description="Country the data centres stand in.", examples=["DE"])
    ]
    partition: Annotated[
        str, Field(description="Sovereign partition of the provider.", examples=["aws"])
    ]
    place: Annotated[str, Field(description="City or state, for people.", examples=["Frankfurt"])]
    kind: Annotated[
        Literal["region", "local-zone"],
        Field(description="A region, or a local zone that hangs on one and may lie elsewhere."),
    ] = "region"
    parent: Annotated[
        str | None,
        Field(description="Region that a local zone hangs on.", examples=["eu-central-1"]),
    ] = None
    pair: Annotated[
        str | None,
        Field(
            description="Region that the provider replicates to on its own account; it may lie "
            "in another country.",
            examples=["northeurope"],
        ),
    ] = None
    geography: Annotated[
        str | None,
        Field(
            description="Location within which the provider may copy content; default: the "
            "region's country.",
            examples=["Europe"],
        ),
    ] = None
    key_protection: Annotated[
        list[Literal["software", "hsm"]] | None,
        Field(description="How keys are protected here; default: as in the partition."),
    ] = None
    sovereign: Annotated[
        Literal["commercial", "government", "national"],
        Field(
            description="`commercial`: open to all; `government`: a separate partition for one "
            "government; `national`: a separate partition under one country's or union's rules."
        ),
    ] = "commercial"
    operator: Annotated[
        Operator | None, Field(description="Who runs this region, if not the cloud's operator.")
    ] = None
    services: Annotated[
        list[str],
        Field(description="Services the compiler may use here.", examples=[["s3", "kms"]]),
    ]
    prices: Annotated[RegionPrices | None, Field(description="Prices, where known.")] = None
    as_of: RowDate = None
    source: Source


_AS_CONV = "as `conv_ps`"
_AS_GEMM = "as `gemm_ps`"


class LatencyRow(Section):
    """Latency constants of a board for one runtime, precision and number of threads.

    Picoseconds per multiply-accumulate and per byte moved, microseconds per operator; bytes are
    those of the model as it was written, whatever it is run in.
    """

    runtime: Annotated[str, Field(description="Runtime.", examples=["onnxruntime"])]
    precision: Annotated[
        Literal["fp32", "fp16", "int8"],
        Field(description="What the model is run in; `fp32` is as it was written."),
    ]
    threads: Annotated[int, Field(ge=1, le=256, description="Threads used.", examples=[1])]
    conv_ps: Annotated[
        Amount,
        Field(
            description="Picoseconds per MAC of a convolution that no other key prices.",
            examples=[27],
        ),
    ]
    gemm_ps: Annotated[
        Amount, Field(description="Picoseconds per MAC of a product with weights.", examples=[27])
    ]
    dense_ps: Annotated[
        Amount | None,
        key("Picoseconds per MAC of a 3x3 convolution of stride 1.", example=15, absent=_AS_CONV),
    ] = None
    pointwise_ps: Annotated[
        Amount | None,
        key("Picoseconds per MAC of a 1x1 convolution.", example=30, absent=_AS_CONV),
    ] = None
    depthwise_ps: Annotated[
        Amount | None,
        key("Picoseconds per MAC of a depthwise convolution.", example=120, absent=_AS_CONV),
    ] = None
    vector_ps: Annotated[
        Amount | None,
        key(
            "Picoseconds per MAC of a product of one row with weights.", example=0, absent=_AS_GEMM
        ),
    ] = None
    attention_ps: Annotated[
        Amount | None,
        key(
            "Picoseconds per MAC of a product of two computed tensors.", example=40, absent=_AS_GEMM
        ),
    ] = None
    recurrent_ps: Annotated[
        Amount | None,
        key("Picoseconds per MAC inside RNN, GRU and LSTM.", example=60, absent=_AS_GEMM),
    ] = None
    byte_ps: Annotated[Amount, Field(description="Picoseconds per byte moved.", examples=[150])]
    weight_ps: Annotated[
        Amount | None,
        key("Picoseconds per byte of weights.", example=300, absent="as `byte_ps`"),
    ] = None
    operator_us: Annotated[Amount, Field(description="Microseconds per operator.", examples=[12])]
    spread: Annotated[
        int,
        Field(
            ge=1,
            le=500,
            examples=[80],
            description="How far up the 90 % interval goes, percent; down as far by ratio.",
        ),
    ]
    spread_down: Annotated[
        int | None,
        key(
            "How far down the 90 % interval goes: estimate over lower end less 1, in percent.",
            example=50,
            ge=1,
            le=500,
            absent="as `spread`",
        ),
    ] = None
    source: Annotated[
        str,
        Field(
            max_length=500,
            description="Figures the constants were fitted to.",
            examples=["own measurement of 2026-10-01"],
        ),
    ]


class Accelerator(Section):
    """An accelerator on a board, and the ways that models reach it."""

    name: Annotated[str, Field(description="Name of the accelerator.", examples=["Hexagon NPU"])]
    tops: Annotated[
        float | int | None,
        key("Peak int8 operations, 10^12 a second, as advertised.", example=40, ge=0, le=100_000,
            absent="nobody has published it"),
    ] = None  # fmt: skip
    execution_providers: Annotated[
        list[str],
        key("onnxruntime execution providers that use it.", example=["QNNExecutionProvider"],
            absent="none that we know"),
    ] = []  # fmt: skip
    runtimes: Annotated[
        list[Literal["tensorrt", "openvino", "qnn", "coreml", "edgetpu", "tflm"]],
        key("Runtimes that use it beside those of its `execution_providers`.", example=["edgetpu"],
            absent="none that we know"),
    ] = []  # fmt: skip


class BoardRow(Section):
    """One board that a device class can be made of.

    A figure that nobody published is absent; a device class can use the board once the spec states
    it under `catalog.boards`.
    """

    title: Annotated[str, Field(description="Name on the box.", examples=["My box, 8 GB"])]
    architecture: Annotated[
        Literal["arm64", "amd64", "armv7m"],
        Field(description="CPU architecture; `armv7m` is a microcontroller, which runs no agent."),
    ]
    memory: Annotated[Size, Field(description="RAM on the board.", examples=["8GiB"])]
    reserved_memory: Annotated[Size, Field(description="RAM of OS and agent.", examples=["1GiB"])]
    disk: Annotated[Size, Field(description="Storage fitted by default.", examples=["64GB"])]
    accelerators: Annotated[
        list[Accelerator], Field(description="Accelerators beside the CPU.")
    ] = []
    idle_power: Annotated[
        Power | None, Field(description="Power when idle, where known.", examples=["3W"])
    ] = None
    load_power: Annotated[
        Power | None, Field(description="Power under full load, where known.", examples=["8W"])
    ] = None
    price: Annotated[
        Money | None, Field(description="Purchase price, where known.", examples=["95 USD"])
    ] = None
    life: Annotated[
        Duration, Field(description="Years in service that are planned for.", examples=["P5Y"])
    ]
    capabilities: Annotated[
        list[str], Field(description="Security capability.", examples=[["secure-boot", "tpm"]])
    ]
    latency: Annotated[list[LatencyRow], Field(description="Latency constants.")] = []
    as_of: RowDate = None
    source: Source


class InstanceRow(Section):
    """One kind of virtual machine for inference or training, and its price by region."""

    purpose: Annotated[
        list[Literal["inference", "training"]],
        Field(min_length=1, description="What the row is meant for.", examples=[["training"]]),
    ]
    vcpu: Annotated[int, Field(ge=1, le=4096, description="Virtual CPUs.", examples=[4])]
    memory: Annotated[Size, Field(description="RAM.", examples=["16GiB"])]
    accelerator: Annotated[
        str | None, Field(description="Accelerators fitted.", examples=["1 x NVIDIA T4, 16 GB"])
    ] = None
    hour: Annotated[
        dict[str, Money],
        Field(
            description="Price of an hour by region; a region that is absent is not known.",
            examples=[{"eu-central-1": "0.276 USD"}],
        ),
    ]
    as_of: RowDate = None
    source: Source


class EgressRow(Section):
    """Prices of traffic that leaves one class of regions, per GB, by where it goes."""

    regions: Annotated[
        list[str],
        Field(min_length=1, description="Source regions.", examples=[["eu-central-1"]]),
    ]
    internet: Annotated[Money, Field(description="To the internet, first paid tier.")]
    other_region: Annotated[
        Money, Field(description="To another region of the same cloud and class.")
    ]
    other_class: Annotated[
        Money, Field(description="To a region of another class of the same cloud.")
    ]
    zone: Annotated[Money, Field(description="To another zone of the same region, one way.")]
    as_of: RowDate = None
    source: Source


class ChargeRow(Section):
    """What a managed service costs that is emitted, beside what regions have a price for."""

    service: Annotated[
        str, Field(description="Service that is billed, as in `services`.", examples=["iothub"])
    ]
    per: Annotated[
        Literal[
            "zone-month", "device-month", "model-month", "job-month", "10k-writes",
            "million-requests", "gb-processed", "million-messages",
        ],
        Field(
            description="What is counted: zones, devices, models and training jobs by the month; "
            "objects that are written to the store, by the ten thousand; requests to cloud stages "
            "and messages between these and devices, by the million; or GB that go into and out "
            "of cloud stages."
        ),
    ]  # fmt: skip
    size: Annotated[
        Size | None,
        Field(description="What a message may hold to count as one.", examples=["4KiB"]),
    ] = None
    price: Annotated[Money, Field(description="Price of one.", examples=["25 USD"])]
    text: Annotated[
        str,
        Field(min_length=1, max_length=300, description="What is paid for.",
              examples=["one unit of the standard tier"]),
    ]  # fmt: skip
    as_of: RowDate = None
    source: Source


class ServerlessRow(Section):
    """How the time of a request to serverless inference is billed."""

    step: Annotated[
        Duration, Field(gt=0, description="What it is rounded up to.", examples=["100ms"])
    ]
    least: Annotated[
        Duration, Field(ge=0, description="What is billed at least.", examples=["100ms"])
    ]
    as_of: RowDate = None
    source: Source


class Catalog(Section):
    """One target's facts, dated."""

    schema_: Annotated[
        Literal["hybridspec.dev/catalog/v1"], Field(alias="schema", description="Format.")
    ]
    as_of: Annotated[Day, Field(description="When the rows were last checked.")]
    operator: Annotated[Operator | None, Field(description="Who runs the cloud.")] = None
    training_instance: Annotated[
        str | None,
        Field(description="Row of `instances` whose hour is every region's `training_hour`."),
    ] = None
    cpu_power: Annotated[
        Power | None,
        Field(description="Power of one virtual CPU that is busy; its source is a comment."),
    ] = None
    building: Annotated[
        Multiple | None,
        Field(description="Power of the building per power of the computers in it."),
    ] = None
    regions: Annotated[dict[str, RegionRow], Field(description="Regions of a cloud.")] = {}
    partitions: Annotated[
        dict[str, PartitionRow], Field(description="Sovereign partitions of a cloud.")
    ] = {}
    locations: Annotated[
        dict[str, LocationRow],
        Field(description="Names that stand for several regions, such as multi-regions."),
    ] = {}
    serverless: Annotated[
        ServerlessRow | None,
        Field(description="How serverless inference is billed; without it, to the microsecond."),
    ] = None
    charges: Annotated[
        dict[str, ChargeRow],
        Field(description="What managed services cost, by name, in all regions."),
    ] = {}
    implicit: Annotated[
        dict[str, ImplicitRow],
        Field(description="Flows that the cloud, or the software on a board, adds by itself."),
    ] = {}
    boards: Annotated[dict[str, BoardRow], Field(description="Boards of an edge target.")] = {}
    instances: Annotated[
        dict[str, InstanceRow], Field(description="Virtual machines of a cloud.")
    ] = {}
    egress: Annotated[
        dict[str, EgressRow], Field(description="Prices of traffic, by class of source regions.")
    ] = {}
