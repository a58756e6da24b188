"""The file that `hybridspec model measure` writes: what models took on one machine."""

from typing import Annotated, Literal

from pydantic import Field

from hybridspec.spec.quantity import Day, Section

Count = Annotated[int, Field(ge=0, le=2**40)]
Micros = Annotated[int, Field(gt=0, le=10**11, description="Microseconds.")]
Text = Annotated[str, Field(min_length=1, max_length=200)]


class MeasuredWork(Section):
    """What the model does, so that its speed says something of other models."""

    dense: Count = 0
    pointwise: Count = 0
    depthwise: Count = 0
    other: Count = 0
    gemm: Count = 0
    attention: Count = 0
    vector: Count = 0
    recurrent: Count = 0
    moved: Count = 0
    weights: Count = 0
    operators: Count = 0


class MeasuredMachine(Section):
    """Where it was measured."""

    architecture: Text
    processor: Text
    cores: Annotated[int, Field(ge=1, le=65536)]
    system: Text
    python: Text
    onnxruntime: Text
    numpy: Text
    load: Annotated[float, Field(ge=0, le=10**6)]


class FileMeasurement(Section):
    """One model, in one variant, with one number of threads."""

    name: Annotated[Text, Field(description="Name of the model or of its file.")]
    model: Annotated[
        str,
        Field(pattern="^sha256:[0-9a-f]{64}$", description="The model as it was trained."),
    ]
    file: Annotated[
        str, Field(pattern="^sha256:[0-9a-f]{64}$", description="The file that was run.")
    ]
    variant: Annotated[
        Literal["fp32", "fp16", "int8", "int4"], Field(description="Precision of the file.")
    ]
    provider: Annotated[Text, Field(description="Execution provider.")]
    threads: Annotated[int, Field(ge=1, le=1024)]
    free: Annotated[
        int,
        Field(ge=0, le=2**20, description="Size that open dimensions had; 0: none was open."),
    ] = 0
    runs: Annotated[int, Field(ge=5, le=100_000)]
    p50: Micros
    p95: Micros
    least: Micros
    first: Annotated[Micros, Field(description="The first inference, in microseconds.")]
    load: Annotated[Micros, Field(description="Making the session, in microseconds.")]
    peak_memory: Annotated[
        Count, Field(description="Bytes by which the process grew at most; 0 is not known.")
    ]
    on: Annotated[Day, Field(description="Day of the measurement.")]
    machine: MeasuredMachine
    work: MeasuredWork


class Measurements(Section):
    """The whole file."""

    schemaVersion: Annotated[  # noqa: N815  # the name that every document of ours has
        Literal["hybridspec.dev/measurements/v1"], Field(description="Format.")
    ]
    measurements: Annotated[list[FileMeasurement], Field(min_length=1, max_length=1024)]
