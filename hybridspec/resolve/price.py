"""Prices that are far from what is usual: mostly a unit or a decimal point, never a refusal."""

from __future__ import annotations

from fractions import Fraction

from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.base.source import Span

_FAR = 100
"""How many times a price may be above or below the usual one before somebody is asked."""


def unlikely(stated: int, usual: int, what: str, span: Span) -> Diagnostic | None:
    """A finding about a price that is far from the usual; a price of 0 is one that was agreed."""
    if not stated or not usual or Fraction(1, _FAR) <= Fraction(stated, usual) <= _FAR:
        return None
    times = Fraction(max(stated, usual), min(stated, usual))
    return Diagnostic(
        code="HS0410",
        severity=Severity.WARNING,
        message=f"{what} is {round(times):,} times {'above' if stated > usual else 'below'} the "
        f"usual {_money(usual)}: {_money(stated)}",
        span=span,
        help="compare the unit and the decimal point with the contract's",
    )


def _money(micro: int) -> str:
    return f"{micro / 10**6:.10g} USD"
