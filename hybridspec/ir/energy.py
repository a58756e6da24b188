"""What electricity costs and emits by country, as it was published, for sites that say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from hybridspec.base.units import Price

V = TypeVar("V", bound=Price)


@dataclass(frozen=True, slots=True)
class Dated(Generic[V]):
    """A figure of one country with the row that it is from."""

    value: V
    row: str
    as_of: date
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """By country: micro-units and grams of CO2 equivalent per kilowatt-hour."""

    prices: Mapping[str, Dated[Price]] = field(default_factory=dict)
    carbon: Mapping[str, Dated[int]] = field(default_factory=dict)
