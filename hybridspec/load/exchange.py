"""The currencies that a spec states rates of: its amounts and all catalogues are read so."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from pydantic import TypeAdapter, ValidationError

from hybridspec.load.yaml import Plain
from hybridspec.spec.quantity import DOLLARS, Exchange


def rates_of(value: Plain) -> Mapping[str, Fraction]:
    """What a unit of each currency is worth in the one of the spec; what is faulty is left out."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    written = metadata.get("rates") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(written, dict) or not written:
        return DOLLARS
    rates = dict(DOLLARS)
    for code, rate in [*written.items()][:200]:
        try:
            rates.setdefault(code, TypeAdapter(Exchange).validate_python(rate))
        except ValidationError:
            continue
    shown = metadata.get("currency", "USD")
    base = rates.get(shown, Fraction(1)) if isinstance(shown, str) else Fraction(1)
    return {code: rate / base for code, rate in rates.items()}
