"""Prices as a spec means them: its currency, and those that are far from what is usual."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hybridspec.base.diagnostic import Diagnostic, Severity, Sink
from hybridspec.base.source import Origins, Span
from hybridspec.base.units import Price, exact, format_price
from hybridspec.ir.energy import Energy
from hybridspec.spec.document import Metadata

_FAR = 100
"""How many times a price may be above or below the usual one before somebody is asked."""


def unlikely(
    stated: Price, usual: Price, what: str, span: Span, currency: str
) -> Diagnostic | None:
    """A finding about a price that is far from the usual; a price of 0 is one that was agreed."""
    if not stated or not usual or Fraction(1, _FAR) <= Fraction(stated) / usual <= _FAR:
        return None
    times = max(Fraction(stated) / usual, usual / Fraction(stated))
    return Diagnostic(
        code="HS0410",
        severity=Severity.WARNING,
        message=f"{what} is {round(times):,} times {'above' if stated > usual else 'below'} the "
        f"usual {format_price(usual, currency)}: {format_price(stated, currency)}",
        span=span,
        help="compare the unit and the decimal point with the contract's",
    )


def dollar(metadata: Metadata) -> Fraction:
    """What a US dollar, which shipped prices are in, is worth in the currency of the spec."""
    return 1 / metadata.rates.get(metadata.currency, Fraction(1))


def converted(energy: Energy, metadata: Metadata, origins: Origins, sink: Sink) -> Energy:
    """The facts about energy with prices in the currency of the spec; its rates are checked."""
    _check_rates(metadata, origins, sink)
    rate = dollar(metadata)
    if rate == 1:
        return energy
    prices = {
        country: replace(known, value=exact(known.value * rate))
        for country, known in energy.prices.items()
    }
    return replace(energy, prices=prices)


def stated_rates(metadata: Metadata) -> tuple[tuple[str, str], ...]:
    """What is stated of each currency, for people."""
    return tuple((code, format_price(exact(rate * 10**6), "USD"))
                 for code, rate in sorted(metadata.rates.items()))  # fmt: skip


def _check_rates(metadata: Metadata, origins: Origins, sink: Sink) -> None:
    """A finding about a rate of the currency that all rates are stated in."""
    if metadata.rates.get("USD", 1) != 1:
        sink.add(Diagnostic(
            code="HS0205", span=origins.value("metadata", "rates", "USD"),
            message="rates are stated in USD, and `metadata.rates` has another one of USD itself",
            help="remove it, and state what one unit of another currency is worth in USD",
        ))  # fmt: skip
