"""What the file of energy facts holds: prices and carbon of a kilowatt-hour by country, dated."""

from typing import Annotated, Literal

from pydantic import Field

from hybridspec.spec.implicit import Source
from hybridspec.spec.quantity import Country, Day, Money, Section


class PriceRow(Section):
    """A price of a kilowatt-hour for the countries that it was read for."""

    price: Annotated[Money, Field(description="Price of a kilowatt-hour.", examples=["0.2 USD"])]
    countries: Annotated[list[Country], Field(min_length=1, description="Where it holds.")]
    as_of: Annotated[Day, Field(description="Day for which it was published.")]
    source: Source


class CarbonRow(Section):
    """Grams of CO2 equivalent per kilowatt-hour generated, by country, in one year."""

    year: Annotated[int, Field(ge=1990, le=2100, description="Year that the mean is of.")]
    grams: Annotated[
        dict[str, Annotated[int, Field(ge=0, le=10_000)]],
        Field(description="Grams by country.", examples=[{"DE": 381}]),
    ]
    as_of: Annotated[Day, Field(description="When the rows were last checked.")]
    source: Source


class EnergyFacts(Section):
    """The whole file."""

    schema_: Annotated[
        Literal["hybridspec.dev/energy/v1"], Field(alias="schema", description="Format.")
    ]
    prices: Annotated[dict[str, PriceRow], Field(description="Prices by part of the world.")]
    carbon: Annotated[dict[str, CarbonRow], Field(description="Carbon by year.")]
