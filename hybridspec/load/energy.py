"""The energy facts that ship with the compiler: price and carbon of a kilowatt-hour by country."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from hybridspec.ir.energy import Dated, Energy
from hybridspec.load.strict import bind_text
from hybridspec.spec.energy import EnergyFacts

_NAME = "energy.yaml"


@cache
def shipped_energy() -> Energy:
    """The facts by country; read once.

    Raises:
        ValueError: the file breaks its own schema.
    """
    text = _text()
    facts = bind_text(_NAME, text, EnergyFacts, "the file of energy facts")
    return Energy(
        prices={
            country: Dated(row.price, f"energy price in {name}", row.as_of, row.source)
            for name, row in facts.prices.items() for country in row.countries
        },
        carbon={
            country: Dated(grams, f"carbon of electricity in {row.year}", row.as_of, row.source)
            for row in facts.carbon.values() for country, grams in row.grams.items()
        },
    )  # fmt: skip


def energy_digest() -> str:
    """SHA-256 of the file."""
    return hashlib.sha256(_text().encode()).hexdigest()


def _text() -> str:
    return files("hybridspec.load").joinpath(_NAME).read_text(encoding="utf-8")
