"""Flows: the stages between a data asset and its sinks, and the bounds they keep."""

from typing import Annotated, Literal, TypeAlias

from hybridspec.spec.quantity import Bandwidth, Duration, Name, Section, Share, Size, key
from hybridspec.spec.zone import Regime

Transform: TypeAlias = Literal[
    "normalise", "filter", "aggregate", "resize", "window", "redact", "local-training"
]

Released: TypeAlias = Regime | Literal["zone"]


class Release(Section):
    """Why the output of a stage is no longer under a law that its inputs are under."""

    method: Annotated[
        Literal["k-anonymity", "differential-privacy", "aggregation", "safe-harbour", "expert"],
        key("How people are made unrecognisable: groups of `k`, noise of `epsilon` and `delta`, "
            "sums over at least `minimum` people, removal of the identifiers that a law lists, or "
            "an expert's opinion."),
    ]  # fmt: skip
    k: Annotated[
        int | None,
        key("Smallest group of alike people, for `k-anonymity`.", example=10, ge=2, le=10**6,
            absent="needed by `k-anonymity` alone"),
    ] = None  # fmt: skip
    epsilon: Annotated[
        float | int | None,
        key("Privacy budget, for `differential-privacy`.", example=1.0, gt=0, le=100,
            absent="needed by `differential-privacy` alone"),
    ] = None  # fmt: skip
    delta: Annotated[
        float | int | None,
        key("Chance that the budget is exceeded, for `differential-privacy`; 0 if there is none.",
            example=0.00001, ge=0, lt=1, absent="needed by `differential-privacy` alone"),
    ] = None  # fmt: skip
    minimum: Annotated[
        int | None,
        key("Fewest people in a sum, for `aggregation`.", example=50, ge=2, le=10**9,
            absent="needed by `aggregation` alone"),
    ] = None  # fmt: skip
    evidence: Annotated[
        str,
        key("Document that proves it, relative to the spec, or its address.",
            example="legal/release.md", min_length=1, max_length=1024),
    ]  # fmt: skip
    approver: Annotated[
        str, key("Who answers for it.", example="dpo@acme.example", min_length=1, max_length=200)
    ]


class Stage(Section):
    """One step of a flow: exactly one of `transform`, `model` and `sink`."""

    transform: Annotated[
        Transform | None,
        key("Scale to zero mean and unit variance (`normalise`), drop events (`filter`), "
            "summarise over time (`aggregate`, `window`), change the size (`resize`), remove what "
            "names people (`redact`), or learn at the site (`local-training`).",
            absent="the stage is a `model` or a `sink`"),
    ] = None  # fmt: skip
    model: Annotated[
        Name | None,
        key("Model that the stage runs.", example="bearing-fault",
            absent="the stage is a `transform` or a `sink`"),
    ] = None  # fmt: skip
    sink: Annotated[
        Literal["alert", "store"] | None,
        key("`alert` acts at the site; `store` keeps events in the zone's store.",
            absent="the stage is a `transform` or a `model`"),
    ] = None  # fmt: skip
    inputs: Annotated[
        list[Name],
        key("Earlier stages, or the flow's data asset, that feed this stage.",
            example=["vibration"], min_length=1, max_length=32),
    ]  # fmt: skip
    feedback: Annotated[
        list[Name],
        key("Stages whose output of the last round feeds this one.", example=["diagnose"],
            max_length=32, absent="none"),
    ] = []  # fmt: skip
    every: Annotated[
        Duration | None,
        key("An `aggregate`, `window` or `local-training` emits one event per this time.",
            example="P1D", gt=0,
            absent="needed by `aggregate`, `window` and `local-training` alone"),
    ] = None  # fmt: skip
    keep: Annotated[
        Share | None,
        key("Share of events that a `filter` lets pass.", example="5%",
            absent="needed by `filter` alone"),
    ] = None  # fmt: skip
    size: Annotated[
        Size | None, key("Bytes per output event.", example="64B", gt=0, absent="as the input")
    ] = None
    retention: Annotated[
        Duration | None,
        key("How long a `store` keeps events.", example="P30D", gt=0,
            absent="as long as the zone allows"),
    ] = None  # fmt: skip
    release: Annotated[
        dict[Released, Release],
        key("By law: why the output is no longer under it. `zone` says why it may leave the zone "
            "itself, once every law that says where it may be is released too.",
            example={"gdpr": {"method": "k-anonymity", "k": 10, "evidence": "legal/k.md",
                              "approver": "dpo@acme.example"}},
            absent="none; the output is under every law that its inputs are under"),
    ] = {}  # fmt: skip


class Latency(Section):
    """An end-to-end latency bound."""

    bound: Annotated[
        Duration, key("Longest time from birth to the end of `to`.", example="50ms", gt=0)
    ]
    percentile: Annotated[
        Literal["p50", "p90", "p95", "p99", "p99.9"],
        key("Share of events that must meet the bound.",
            absent="`p95`, which is what the figures of boards are given for"),
    ] = "p95"  # fmt: skip
    to: Annotated[Name, key("Stage that must be done by then.", example="alert")]


class Sync(Section):
    """When a site sends what it has for the cloud."""

    policy: Annotated[
        Literal["immediate", "batch"],
        key("Send each event at once, or collect them.", absent="`immediate`: nothing waits"),
    ] = "immediate"
    every: Annotated[
        Duration | None,
        key("Time between two batches.", example="PT1H", gt=0,
            absent="needed by `batch` alone"),
    ] = None  # fmt: skip
    largest: Annotated[
        Size | None,
        key("Size at which a batch is sent before its time.", example="10MB", gt=0,
            absent="batches are sent by the clock alone"),
    ] = None  # fmt: skip


class Service(Section):
    """What runs the stages of a flow that the plan puts into the cloud."""

    image: Annotated[
        str,
        key("Container image that takes the flow's events over HTTP, in the zone's registry.",
            example="serve/watch:1", pattern="^[A-Za-z0-9][A-Za-z0-9._/:@-]*$", max_length=512),
    ]  # fmt: skip
    port: Annotated[
        int,
        key("Port that it listens on.", example=8080, ge=1, le=65535,
            absent="8080, which is what serverless containers are told to listen on"),
    ] = 8080  # fmt: skip


class Flow(Section):
    """A data flow: stages from a data asset to sinks, run at each of its sites."""

    data: Annotated[Name, key("Data asset that enters the flow.", example="vibration")]
    sites: Annotated[
        list[Name] | None,
        key("Sites that run the flow.", example=["stuttgart"], min_length=1,
            absent="every site at which its data is born"),
    ] = None  # fmt: skip
    latency: Annotated[
        Latency | None,
        key("End-to-end bound.", example={"bound": "50ms", "to": "alert"},
            absent="any latency will do"),
    ] = None  # fmt: skip
    offline: Annotated[
        Duration,
        key("Time without any network that the latency-bound path and every alert must survive.",
            example="P3D", absent="0: the flow may need the network at any time"),
    ] = 0  # fmt: skip
    when_offline: Annotated[
        Literal["buffer", "drop-oldest", "stop"],
        key("What happens to events for the cloud while there is no network: keep all, keep the "
            "newest, or make none.", absent="`buffer`: nothing is lost"),
    ] = "buffer"  # fmt: skip
    sync: Annotated[
        Sync | None,
        key("When a site sends what it has for the cloud.",
            example={"policy": "batch", "every": "PT1H"}, absent="each event at once"),
    ] = None  # fmt: skip
    bandwidth: Annotated[
        Bandwidth | None,
        key("Most that the flow may send from one site on average.", example="2Mbit/s", gt=0,
            absent="what the uplink bears"),
    ] = None  # fmt: skip
    service: Annotated[
        Service | None,
        key("What runs those of its stages that the plan puts into the cloud.",
            example={"image": "serve/watch:1"},
            absent="nothing is emitted for such stages, and a warning says so"),
    ] = None  # fmt: skip
    stages: Annotated[
        dict[Name, Stage],
        key("Steps of the flow by name.",
            example={"diagnose": {"model": "bearing-fault", "inputs": ["vibration"]},
                     "alert": {"sink": "alert", "inputs": ["diagnose"]}},
            min_length=1, max_length=64),
    ]  # fmt: skip
