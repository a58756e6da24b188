"""How a cost term is made: an exact amount, rounded once half to even, beside its inputs.

A month is a twelfth of 365 days; a GB is 10^9 bytes.
"""

from __future__ import annotations

from fractions import Fraction

from hybridspec.base.units import YEAR, Price, format_price
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import CostGroup, CostTerm

MONTH = Fraction(YEAR, 12)
GB = 10**9


def edge(group: CostGroup, name: str, amount: Fraction | int, inputs: str) -> CostTerm:
    """A term that is paid at a site."""
    return CostTerm(name=name, group=group, side="edge", amount=round(amount), inputs=inputs)


def cloud(group: CostGroup, name: str, amount: Fraction | int, inputs: str) -> CostTerm:
    """A term that is paid to the operator of a cloud."""
    return CostTerm(name=name, group=group, side="cloud", amount=round(amount), inputs=inputs)


def months(graph: Graph) -> Fraction:
    """The horizon in months."""
    return Fraction(graph.horizon) / MONTH


def money(graph: Graph, price: Price) -> str:
    """A price as the inputs of a term show it."""
    return format_price(price, graph.currency)


def shown(quantity: Fraction, digits: int = 6) -> str:
    """A quantity as the inputs of a term show it."""
    return f"{float(quantity):.{digits}g}"
