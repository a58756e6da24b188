"""How models are trained: in the cloud of their zone, on a schedule or when they drift."""

from typing import Annotated

from hybridspec.spec.quantity import Duration, Name, Section, Share, key


class Triggers(Section):
    """What starts a run before its time."""

    drift: Annotated[
        Share | None,
        key("Drift of the inputs that starts a run.", example=0.2,
            absent="drift starts none"),
    ] = None  # fmt: skip
    metric_below: Annotated[
        Share | None,
        key("Metric in the field below which a run starts.", example=0.9,
            absent="the metric starts none"),
    ] = None  # fmt: skip


class Federated(Section):
    """Training at the sites: weights travel, data does not."""

    rounds: Annotated[int, key("Rounds of one run.", example=20, ge=1, le=10_000)]
    sites: Annotated[
        list[Name] | None,
        key("Sites that train.", example=["north", "south"], min_length=1,
            absent="every site that runs the model"),
    ] = None  # fmt: skip


class Training(Section):
    """Retraining of a model in the cloud of its zone."""

    image: Annotated[
        str,
        key("Container image that trains, in the zone's registry.",
            example="train/bearing-fault:1", pattern="^[A-Za-z0-9][A-Za-z0-9._/:@-]*$",
            max_length=512),
    ]  # fmt: skip
    hours: Annotated[int, key("Instance hours of one run.", example=2, ge=1, le=10_000)]
    every: Annotated[Duration, key("Time between runs.", example="P30D", gt=0)]
    cloud: Annotated[
        Name | None,
        key("Cloud to train in.", example="aws", absent="any that the zone allows"),
    ] = None
    region: Annotated[
        str | None,
        key("Region to train in.", example="eu-central-1", absent="where the zone's store is"),
    ] = None
    spot: Annotated[
        bool,
        key("Run on machines that the cloud may take back; the plan counts the full price.",
            example=True, absent="`false`: a run is never taken back"),
    ] = False  # fmt: skip
    data: Annotated[
        list[Name],
        key("Data assets that the model learns from.", example=["vibration"], max_length=64,
            absent="the assets of the flows that run the model"),
    ] = []  # fmt: skip
    triggers: Annotated[
        Triggers | None,
        key("What starts a run before its time.", example={"drift": 0.2},
            absent="nothing; runs start by the clock"),
    ] = None  # fmt: skip
    federated: Annotated[
        Federated | None,
        key("Train at the sites instead of on collected data.", example={"rounds": 20},
            absent="data is collected in the zone's store and trained on there"),
    ] = None  # fmt: skip
