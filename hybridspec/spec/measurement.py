"""What the user has measured of a model on a device class, in place of an estimate."""

from typing import Annotated, Literal

from hybridspec.spec.quantity import Day, Duration, Name, Section, key


class Measurement(Section):
    """How long one inference takes on a device class, from one run of many events."""

    device: Annotated[
        Name, key("Device class of the spec that it was measured on.", example="gateway")
    ]
    variant: Annotated[
        Literal["fp32", "fp16", "int8", "int4"],
        key("Variant that was measured.", absent="`fp32`, the model as it was trained"),
    ] = "fp32"
    p50: Annotated[Duration, key("Time that half of the events took at most.", example="3ms", gt=0)]
    p95: Annotated[Duration, key("Time that 95 % of the events took at most.", example="5ms", gt=0)]
    on: Annotated[Day, key("Day of the measurement.", example="2026-10-01")]
