"""What there is to run: data assets and models."""

from typing import Annotated, Literal

from hybridspec.spec.measurement import Measurement
from hybridspec.spec.quantity import Day, Name, Rate, Section, Share, Size, key
from hybridspec.spec.training import Training


class Data(Section):
    """A data asset as it is born at a site."""

    category: Annotated[
        str,
        key("Taxonomy path; a rule on a parent matches its children. Everything below `user` is "
            "personal data.", example="system.operations",
            pattern="^[a-z][a-z0-9_]*(\\.[a-z][a-z0-9_]*)*$", max_length=120),
    ]  # fmt: skip
    size: Annotated[Size, key("Bytes per event.", example="4KiB", gt=0)]
    rate: Annotated[Rate, key("Events per site.", example="24/s", gt=0)]
    subjects: Annotated[
        list[str],
        key("Where the people live whom the data is about, as countries or blocs.",
            example=["EU"], max_length=250,
            absent="at the sites where the data is born"),
    ] = []  # fmt: skip
    sensitivity: Annotated[
        Literal["low", "medium", "high"] | None,
        key("Harm that a leak would do.", absent="as its category suggests"),
    ] = None
    identifiability: Annotated[
        Literal["raw", "pseudonymous", "aggregated", "anonymous"] | None,
        key("How far the people can be told apart. It takes no law off: a `release` does.",
            absent="`raw` for personal data, `anonymous` for all other"),
    ] = None  # fmt: skip
    subject_count: Annotated[
        int | None,
        key("People whom the data is about, over a year.", example=1000, ge=0, le=10**10,
            absent="not known"),
    ] = None  # fmt: skip
    born: Annotated[
        list[Name] | None,
        key("Sites at which the data is born.", example=["stuttgart"], min_length=1,
            absent="every site that runs one of its flows"),
    ] = None  # fmt: skip


class Approval(Section):
    """Who let a model be used, when and for what."""

    by: Annotated[
        str, key("Person or body that approved.", example="safety-board@acme.example",
                 min_length=1, max_length=200)
    ]  # fmt: skip
    on: Annotated[Day, key("Day of the approval.", example="2026-10-01")]
    for_: Annotated[
        str,
        key("Use that is approved.", example="predictive maintenance in plants", min_length=1,
            max_length=400, alias="for"),
    ]  # fmt: skip


class Model(Section):
    """An ONNX model and what it has to reach."""

    source: Annotated[
        str,
        key("ONNX file, relative to the spec.", example="model/bearing_fault.onnx",
            min_length=1, max_length=1024),
    ]  # fmt: skip
    task: Annotated[
        Literal["classification", "regression", "detection"],
        key("What the model does; decides how it is judged.",
            absent="`classification`, the commonest task"),
    ] = "classification"  # fmt: skip
    metric: Annotated[
        Literal["accuracy", "f1", "top5", "auc", "r2", "d2", "map", "map50"] | None,
        key("Measured on the evaluation data before a variant may ship: `accuracy`, `f1` (mean "
            "over classes), `top5` (the class is among five) or `auc` (one score tells two classes "
            "apart) of a classification, `r2` or `d2` (by the absolute error; 1 is exact, 0 as "
            "good as the median) of a regression, `map` (mean average precision over overlaps "
            "of 0.5 to 0.95) or `map50` of a detection.",
            absent="`accuracy` for a classification, `r2` for a regression, `map` for a "
            "detection"),
    ] = None  # fmt: skip
    floor: Annotated[Share, key("Lowest metric that may ship.", example=0.93)]
    allowed_drop: Annotated[
        Share, key("Loss of the metric that optimisation may cost.", example=0.01)
    ]
    evaluation: Annotated[
        str,
        key("`.npz` with one array per model input and `label`: a class number per sample, the "
            "true values of a regression, or of a detection float32 [N, K, 5]: up to K rows `x1 y1 "
            "x2 y2 class` for each image, the rest with class -1.", example="model/evaluation.npz",
            min_length=1,
            max_length=1024),
    ]  # fmt: skip
    calibration: Annotated[
        str | None,
        key("`.npz` with one array per model input, for static quantisation.",
            example="model/calibration.npz", max_length=1024,
            absent="none; quantisation then finds its ranges while it runs"),
    ] = None  # fmt: skip
    variants: Annotated[
        list[Literal["fp32", "fp16", "int8", "int4"]],
        key("Variants that the compiler may choose from, where it has figures for them. `fp16` is "
            "for runtimes other than `onnxruntime`, `int4` stores weights smaller and computes as "
            "before.", example=["fp32", "int8"],
            min_length=1, absent="`fp32` and `int8`: the gate refuses what is not good enough"),
    ] = ["fp32", "int8"]  # fmt: skip
    split: Annotated[
        bool,
        key("Whether a device may run the first layers and the cloud the rest, where the graph "
            "narrows.", example=True,
            absent="false: the model runs as a whole, on a device or in the cloud"),
    ] = False  # fmt: skip
    measured: Annotated[
        list[Measurement],
        key("What you measured on your devices; it goes before the estimate.",
            example=[{"device": "gateway", "variant": "int8", "p50": "3ms", "p95": "5ms",
                      "on": "2026-10-01"}], max_length=256,
            absent="none; the catalogue's figures are used, with their interval"),
    ] = []  # fmt: skip
    training: Annotated[
        Training | None,
        key("Retraining in the cloud.",
            example={"image": "train/bearing-fault:1", "hours": 2, "every": "P30D"},
            absent="the model stays as it is"),
    ] = None  # fmt: skip
    licence: Annotated[
        str,
        key("SPDX id of the model's licence.", example="Apache-2.0", max_length=120,
            absent="`LicenseRef-proprietary`: nobody else may use it"),
    ] = "LicenseRef-proprietary"  # fmt: skip
    lineage: Annotated[
        list[str],
        key("What the model was made from: assets and models of the spec, which it then holds, "
            "or free text.",
            example=["vibration", "resnet-18 weights of 2024"], max_length=64,
            absent="unknown, and listed as such"),
    ] = []  # fmt: skip
    approvals: Annotated[
        list[Approval],
        key("Who let the model be used, and for what.",
            example=[{"by": "safety-board@acme.example", "on": "2026-10-01",
                      "for": "predictive maintenance"}], max_length=64,
            absent="none, and listed as such"),
    ] = []  # fmt: skip
