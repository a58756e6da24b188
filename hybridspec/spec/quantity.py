"""Field types of the spec: quantities with units, names and countries, with their JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from hybridspec.base import units

NAME_PATTERN = "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"


class Section(BaseModel):
    """Base of every section: unknown keys are faults, values never change, no coercion."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True
    )


def _quantity(parse: Callable[[str], Any], kind: str, example: str) -> BeforeValidator:
    def validate(value: object) -> Any:
        if not isinstance(value, str):
            raise PydanticCustomError(
                "unit", "{kind} needs a unit", {"kind": kind, "example": example}
            )
        try:
            return parse(value)
        except units.UnitError as fault:
            raise PydanticCustomError(
                "unit", "{message}", {"message": str(fault), "example": fault.example}
            ) from None

    return BeforeValidator(validate)


def _schema(kind: str, pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "description": kind, "pattern": pattern, "examples": list(examples)}
    )


_NUMBER = r"[0-9]+(\.[0-9]+)?\s*"

Duration: TypeAlias = Annotated[
    int,
    _quantity(units.parse_duration, "a duration", "40ms, 12h or P30D"),
    _schema("a duration", rf"^({_NUMBER}(us|ms|s|min|h|d)|P[0-9YWDTHMS]+)$", "40ms", "P30D"),
]
"""Microseconds."""

Size: TypeAlias = Annotated[
    int,
    _quantity(units.parse_bytes, "a size", "4KiB or 2MB"),
    _schema("a size", rf"^{_NUMBER}(B|[kMGT]B|[KMGT]iB)$", "4KiB", "2MB"),
]
"""Bytes."""

Bandwidth: TypeAlias = Annotated[
    int,
    _quantity(units.parse_bandwidth, "a bandwidth", "20Mbit/s"),
    _schema("a bandwidth", rf"^{_NUMBER}[kMG]?bit/s$", "20Mbit/s"),
]
"""Bits per second."""

Power: TypeAlias = Annotated[
    int,
    _quantity(units.parse_power, "a power", "12W"),
    _schema("a power", rf"^{_NUMBER}(mW|W|kW)$", "12W"),
]
"""Milliwatts."""

Rate: TypeAlias = Annotated[
    Fraction,
    _quantity(units.parse_rate, "a rate", "24/s or 6/h"),
    _schema("a rate", rf"^{_NUMBER}/(s|min|h|d)$", "24/s", "6/h"),
]
"""Events per second."""


def _money(value: object) -> int:
    match = (
        re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) USD", value)
        if isinstance(value, str)
        else None
    )
    if match is None:
        raise PydanticCustomError(
            "unit", "an amount of money needs a currency", {"example": "0.09 USD"}
        )
    return int((Decimal(match[1]) * 10**6).to_integral_value())


Money: TypeAlias = Annotated[
    int,
    BeforeValidator(_money),
    _schema("an amount of money", r"^[0-9]+(\.[0-9]+)? USD$", "0.09 USD"),
]
"""Integer micro-units."""


def _fraction(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise PydanticCustomError("unit", "not a share", {"example": "0.95 or 95%"})
    text = str(value).strip()
    try:
        share = (
            Fraction(Decimal(text[:-1])) / 100 if text.endswith("%") else Fraction(Decimal(text))
        )
    except (InvalidOperation, ValueError, OverflowError):
        raise PydanticCustomError("unit", "not a share", {"example": "0.95 or 95%"}) from None
    if not 0 <= share <= 1:
        raise PydanticCustomError("share_range", "a share lies between 0 and 1", {})
    return share


Share: TypeAlias = Annotated[
    Fraction,
    BeforeValidator(_fraction),
    WithJsonSchema(
        {
            "description": "a share between 0 and 1",
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 1},
                {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?%$"},
            ],
        }
    ),
]
"""A fraction of 1, written `0.95` or `95%`."""

Name: TypeAlias = Annotated[str, Field(pattern=NAME_PATTERN)]
"""Lower-case letters, digits and hyphens, at most 40: what every target accepts."""

Country: TypeAlias = Annotated[
    str, Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2 country code")
]

Count: TypeAlias = Annotated[int, Field(ge=1, le=1_000_000)]
"""How many of something, at least one."""
