"""What runs: data assets, models and the flows that join them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hybridspec.spec.quantity import Duration, Name, Rate, Section, Share, Size


class Data(Section):
    """A data asset as it is born at a site."""

    category: Annotated[
        str,
        Field(
            pattern="^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*$",
            max_length=120,
            description="Taxonomy path; a rule on a parent matches its children.",
            examples=["system.operations", "user.health_and_medical"],
        ),
    ]
    size: Annotated[Size, Field(gt=0, description="Bytes per event.", examples=["4KiB"])]
    rate: Annotated[Rate, Field(gt=0, description="Events per site.", examples=["24/s", "6/h"])]


class Training(Section):
    """Retraining of a model in the cloud of its zone."""

    image: Annotated[
        str,
        Field(
            pattern="^[A-Za-z0-9][A-Za-z0-9._/:@-]*$",
            max_length=512,
            description="Container image that trains, in the zone's registry.",
            examples=["train/bearing-fault:1"],
        ),
    ]
    hours: Annotated[
        Annotated[int, Field(ge=1, le=10_000)],
        Field(description="Instance hours of one run."),
    ]
    every: Annotated[Duration, Field(gt=0, description="Time between runs.", examples=["P30D"])]
    cloud: Annotated[
        Name | None, Field(description="Cloud to train in; default: any that the zone allows.")
    ] = None
    region: Annotated[
        str | None, Field(description="Pin the region; default: where the zone's store is.")
    ] = None


class Model(Section):
    """An ONNX model and what it has to reach."""

    source: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1024,
            description="ONNX file, relative to the spec.",
            examples=["model/bearing_fault.onnx"],
        ),
    ]
    task: Annotated[
        Literal["classification"],
        Field(description="What the model does; decides how it is judged."),
    ] = "classification"
    metric: Annotated[
        Literal["accuracy"],
        Field(description="Measured on the evaluation data before a variant may ship."),
    ] = "accuracy"
    floor: Annotated[Share, Field(description="Lowest metric that may ship.", examples=[0.93])]
    allowed_drop: Annotated[
        Share, Field(description="Loss that optimisation may cost.", examples=[0.01])
    ]
    evaluation: Annotated[
        str,
        Field(
            min_length=1,
            max_length=1024,
            description="`.npz` with one array per model input and `label`.",
            examples=["model/evaluation.npz"],
        ),
    ]
    calibration: Annotated[
        str | None,
        Field(
            max_length=1024,
            description="`.npz` with one array per model input, for static quantisation.",
        ),
    ] = None
    variants: Annotated[
        list[Literal["fp32", "int8"]],
        Field(min_length=1, description="Variants that the compiler may choose from."),
    ] = ["fp32", "int8"]
    training: Annotated[Training | None, Field(description="Retraining in the cloud.")] = None
    licence: Annotated[
        str, Field(max_length=120, description="SPDX id of the model's licence.")
    ] = "LicenseRef-proprietary"


class Stage(Section):
    """One step of a flow: exactly one of `transform`, `model` and `sink`."""

    transform: Annotated[
        Literal["normalise", "filter", "aggregate"] | None,
        Field(description="Scale to zero mean and unit variance, drop events, or summarise."),
    ] = None
    model: Annotated[Name | None, Field(description="Model that the stage runs.")] = None
    sink: Annotated[
        Literal["alert", "store"] | None,
        Field(description="`alert` acts at the site; `store` keeps events in the zone's store."),
    ] = None
    inputs: Annotated[
        list[Name],
        Field(
            min_length=1,
            max_length=32,
            description="Earlier stages, or the flow's data asset, that feed this stage.",
        ),
    ]
    feedback: Annotated[
        list[Name],
        Field(max_length=32, description="Stages whose output of the last round feeds this one."),
    ] = []
    every: Annotated[
        Duration | None,
        Field(gt=0, description="An `aggregate` emits one event per this time.",
              examples=["P1D"]),
    ] = None  # fmt: skip
    keep: Annotated[
        Share | None, Field(description="Share of events that a `filter` lets pass.")
    ] = None
    size: Annotated[
        Size | None, Field(gt=0, description="Bytes per output event; default: as the input.")
    ] = None
    retention: Annotated[
        Duration | None, Field(gt=0, description="How long a `store` keeps events.")
    ] = None


class Latency(Section):
    """An end-to-end latency bound."""

    bound: Annotated[Duration, Field(gt=0, description="Longest time.", examples=["50ms"])]
    percentile: Annotated[
        Literal["p95"], Field(description="Share of events that must meet the bound.")
    ] = "p95"
    to: Annotated[Name, Field(description="Stage that must be done by then.")]


class Flow(Section):
    """A data flow: stages from a data asset to sinks, run at each of its sites."""

    data: Annotated[Name, Field(description="Data asset that enters the flow.")]
    sites: Annotated[
        list[Name] | None,
        Field(min_length=1, description="Sites that run the flow; default: all."),
    ] = None
    latency: Annotated[Latency | None, Field(description="End-to-end bound.")] = None
    offline: Annotated[
        Duration,
        Field(
            description="Time without any network that the latency-bound path must survive.",
            examples=["P3D"],
        ),
    ] = 0
    stages: Annotated[
        dict[Name, Stage],
        Field(min_length=1, max_length=64, description="Steps of the flow by name."),
    ]
