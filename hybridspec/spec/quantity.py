"""Field types of the spec: quantities with units, names and countries, with their JSON Schema."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any, TypeAlias, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError, PydanticUndefined

from hybridspec.base import units
from hybridspec.base.units import Price, exact

NAME_PATTERN = "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"


class Section(BaseModel):
    """Base of every section: unknown keys are faults, values never change, no coercion."""

    model_config = ConfigDict(
        defer_build=True, extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Make each empty default anew, which is ten times as fast as a copy; schemas state it."""
        for info in cls.__pydantic_fields__.values():
            if isinstance(info.default, list | dict) and not info.default:
                if not callable(info.json_schema_extra):
                    extra = info.json_schema_extra or {}
                    info.json_schema_extra = {**extra, "default": info.default}
                info.default_factory = type(info.default)
                info.default = PydanticUndefined


def key(description: str, *, example: Any = None, absent: str = "", **limits: Any) -> FieldInfo:
    """One key of a section: what it says, how it looks, and what holds where it is left out.

    `absent` is the default with its reason; every key that may be left out has one. `limits` are
    pydantic's, such as `gt` and `max_length`.
    """
    extra: dict[str, JsonValue] | None = {"x-default": absent} if absent else None
    examples = None if example is None else [example]
    info = Field(description=description, examples=examples, json_schema_extra=extra, **limits)
    return cast("FieldInfo", info)


def _quantity(parse: Callable[[str], Any], kind: str, example: str) -> BeforeValidator:
    parsed = lru_cache(maxsize=4096)(parse)  # a fleet says the same again and again

    def validate(value: object) -> Any:
        if not isinstance(value, str):
            raise _misfit(f"{kind} with a unit", example)
        try:
            return parsed(value)
        except units.UnitError as fault:
            raise _misfit(fault.kind, fault.example) from None

    return BeforeValidator(validate)


def _misfit(kind: str, example: str) -> PydanticCustomError:
    """The fault of a value that is not `kind`; `load.bind` puts it into words."""
    return PydanticCustomError("unit", "not {kind}", {"kind": kind, "example": example})


def _schema(kind: str, pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "description": kind, "pattern": pattern, "examples": list(examples)}
    )


_NUMBER = r"[0-9]+(\.[0-9]+)?\s*"

DURATION_SCHEMA = {
    "type": "string", "description": "a duration", "examples": ["40ms", "P30D"],
    "pattern": rf"^({_NUMBER}(us|ms|s|min|h|d)|P[0-9YWDTHMS]+)$",
}  # fmt: skip


def as_duration(value: object) -> int:
    """Microseconds in what was written as a duration."""
    if not isinstance(value, str):
        raise _misfit("a duration with a unit", "40ms, 12h or P30D")
    try:
        return units.parse_duration(value)
    except units.UnitError as fault:
        raise _misfit(fault.kind, fault.example) from None


Duration: TypeAlias = Annotated[
    int, BeforeValidator(as_duration), WithJsonSchema(cast("dict[str, Any]", DURATION_SCHEMA))
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


_AMOUNT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ([A-Z]{3})")


def _money(value: object, info: ValidationInfo) -> Price:
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _misfit("an amount of money with its currency", "0.09 USD")
    rate = (info.context or DOLLARS).get(match[2])
    if rate is None:
        raise PydanticCustomError("rate", "no rate", {"currency": match[2]})
    return _worth(match[1], rate)


@lru_cache(maxsize=4096)
def _worth(number: str, rate: Fraction) -> Price:
    return exact(Fraction(number) * 10**6 * rate)


DOLLARS: Mapping[str, Fraction] = {"USD": Fraction(1)}
"""What catalogues are in."""

Money: TypeAlias = Annotated[
    Price,
    PlainValidator(_money),
    _schema("an amount of money", r"^[0-9]+(\.[0-9]+)? [A-Z]{3}$", "0.09 USD"),
]
"""Micro-units, exactly, in the currency whose rates are the context; else US dollars."""


def _rate(value: object) -> Fraction:
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] != "USD":
        raise _misfit("what one unit of the currency is worth in US dollars", "1.08 USD")
    rate = Fraction(match[1])
    if not Fraction(1, 10**6) <= rate <= 10**6:
        raise _misfit("a rate between 0.000001 and 1000000 USD", "1.08 USD")
    return rate


Exchange: TypeAlias = Annotated[
    Fraction,
    BeforeValidator(_rate),
    _schema("what one unit is worth in US dollars", r"^[0-9]+(\.[0-9]+)? USD$", "1.08 USD"),
]
"""US dollars that one unit of a currency is worth."""


def _currency(value: object, info: ValidationInfo) -> str:
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{3}", value):
        raise _misfit("a currency by its three letters", "EUR")
    if value not in (info.context or DOLLARS):
        raise PydanticCustomError("rate", "no rate", {"currency": value})
    return value


CurrencyCode: TypeAlias = Annotated[
    str, Field(pattern="^[A-Z]{3}$", description="currency code of ISO 4217")
]

Currency: TypeAlias = Annotated[
    str, PlainValidator(_currency), _schema("a currency", "^[A-Z]{3}$", "EUR")
]
"""A currency by its letters in ISO 4217, of which the context has a rate."""


_SHARE = re.compile(r"[-+]?[0-9]{1,15}(\.[0-9]{1,15})?%?")


def _fraction(value: object) -> Fraction:
    text = value.strip() if isinstance(value, str) else str(value)
    # The pattern keeps text such as `1e999999999` from becoming a number of that many digits.
    if isinstance(value, str) and not _SHARE.fullmatch(text):
        raise _misfit("a share", "0.95 or 95%")
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _misfit("a share", "0.95 or 95%")
    share = Fraction(text.rstrip("%")) / (100 if text.endswith("%") else 1)
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


def _multiple(value: object) -> Fraction:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 1 <= value <= 100:
        raise _misfit("a number of at least 1", "1.135")
    return Fraction(str(value))


Multiple: TypeAlias = Annotated[
    Fraction,
    BeforeValidator(_multiple),
    WithJsonSchema({"type": "number", "minimum": 1, "maximum": 100}),
]
"""An exact number of at least 1."""


def _amount(value: object) -> Fraction:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= 10**9:
        raise _misfit("a number of at least 0", "27 or 0.31")
    return Fraction(str(value))


Amount: TypeAlias = Annotated[
    Fraction,
    BeforeValidator(_amount),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 10**9}),
]
"""An exact number of at least 0."""


def _day(value: object) -> object:
    """Only the written form: pydantic would read a number as seconds since 1970."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise PydanticCustomError("date_format", "not a date", {})
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date_format", "not a date", {}) from None


Day: TypeAlias = Annotated[date, BeforeValidator(_day)]
"""A day of the Gregorian calendar, written `2026-11-01`."""

Name: TypeAlias = Annotated[str, Field(pattern=NAME_PATTERN)]
"""Lower-case letters, digits and hyphens, at most 40: what every target accepts."""

Country: TypeAlias = Annotated[
    str, Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2 country code")
]

Count: TypeAlias = Annotated[int, Field(ge=1, le=1_000_000)]
"""How many of something, at least one."""

REFERENCE_PATTERN = (
    "^secret://(env/[A-Za-z_][A-Za-z0-9_]*|(vault|aws-sm)/[A-Za-z0-9][A-Za-z0-9/_.-]*)$"
)


def _secret(value: object) -> str:
    good = isinstance(value, str) and len(value) <= 300
    if good and re.fullmatch(REFERENCE_PATTERN[1:-1], str(value)):
        return str(value)
    raise PydanticCustomError("secret", "not a reference to a secret", {})


SecretRef: TypeAlias = Annotated[
    str,
    BeforeValidator(_secret),
    WithJsonSchema(
        {
            "type": "string",
            "description": "where a secret is kept; never the secret itself",
            "pattern": REFERENCE_PATTERN,
            "examples": ["secret://env/OTEL_TOKEN", "secret://vault/observability/otel"],
        }
    ),
]
"""A reference to a secret, resolved where it is used; a spec never holds one."""


_CREDENTIALS = re.compile(
    r"://[^/?#]*@|[?&][^=&]{0,40}(token|key|secret|pass|sig)[^=&]{0,40}=", re.I
)


def _address(value: object) -> object:
    if isinstance(value, str) and _CREDENTIALS.search(value[:2000]):
        raise PydanticCustomError("secret", "credentials in an address", {"address": True})
    return value


_SECRET_NAME = re.compile(
    r"(secret|secret_?key|password|passwd|passphrase|token|credentials?|private_?key|api_?key|"
    r"access_?key)$", re.I
)  # fmt: skip
_SECRET_VALUE = re.compile(
    r"PRIVATE KEY-----|\"private_key\"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|://[^/?#\s]*:[^/?#\s]*@"
)


def _settings(value: object) -> object:
    """Settings by name, none of which holds a secret, by its name or by how it looks."""
    if isinstance(value, dict):
        for name, said in value.items():
            if _SECRET_NAME.search(str(name)) or _SECRET_VALUE.search(str(said)[:20_000]):
                raise PydanticCustomError("secret", "a secret in a setting", {"setting": True})
    return value


OPEN_SETTINGS = BeforeValidator(_settings)
"""Holds for settings as text, which lie in what is emitted as they are written."""

Address: TypeAlias = Annotated[str, BeforeValidator(_address)]
"""A URL without a user, a password or a token in it: these are references of their own."""
