"""The placement problem as it is posed, in plain numbers.

A small one is decided faster as it stands here (`place/engine/small.py`) than what works on arrays
is loaded; `place/arrays.py` makes arrays of it. `place/problem.py` says what columns mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from hybridspec.place.problem import MAX_LOAD, MAX_MONEY, Purchase, Resource

Amounts: TypeAlias = tuple[int, ...]
Table: TypeAlias = tuple[Amounts, ...]


class TooDear(Exception):
    """The costs of a plan could be more than can be added up exactly."""


class TooHeavy(TooDear):
    """What is carried, sent, kept or used could be more than can be added up exactly."""


def money(amounts: Sequence[int]) -> Amounts:
    """Amounts, with room to add up hundreds of them.

    Raises:
        TooDear: one of them leaves none.
    """
    if any(amount >= MAX_MONEY >> 8 for amount in amounts):
        raise TooDear
    return tuple(amounts)


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """All of a pair's options but what they cost; pairs whose options stand in one order share it.

    Columns of `needs` are those of `choices`, and columns of `use` those of `quotas`.
    """

    load: Table
    ceiling: Table
    units: Table
    needs: Table
    use: Table
    choices: Amounts
    quotas: Amounts

    def ordered(self, order: Sequence[int]) -> Traits:
        """The same options in another order."""
        load, ceiling, units, needs, use = (
            tuple(map(of.__getitem__, order))
            for of in (self.load, self.ceiling, self.units, self.needs, self.use)
        )
        return Traits(load, ceiling, units, needs, use, self.choices, self.quotas)


@dataclass(frozen=True, slots=True, eq=False)
class ListedPair:
    """The options of a pair, by cost and label."""

    cost: Amounts
    traits: Traits


@dataclass(frozen=True, slots=True, eq=False)
class ListedClass:
    """A `SiteClass` of the problem."""

    sites: int
    pairs: tuple[ListedPair, ...]
    purchases: tuple[Purchase, ...]
    resources: tuple[Resource, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ListedChoice:
    """A `Choice` of the problem."""

    cost: Amounts
    use: Table


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """A whole `Problem`."""

    classes: tuple[ListedClass, ...]
    choices: tuple[ListedChoice, ...]
    quotas: Amounts
    uniformity: int

    def affordable(self) -> None:
        """The dearest of everything can be added up.

        Raises:
            TooDear: it cannot.
            TooHeavy: what ways take cannot.
        """
        known = {id(pair.traits): pair.traits for of in self.classes for pair in of.pairs}
        for traits in known.values():
            if max(chain(*traits.load, *traits.use), default=0) >= MAX_LOAD:
                raise TooHeavy
        total = sum(max(choice.cost, default=0) for choice in self.choices)
        for of in self.classes:
            dearest = sum(max(pair.cost, default=0) for pair in of.pairs)
            dearest += sum(purchase.cost * purchase.most for purchase in of.purchases)
            total += of.sites * dearest
        if total >= MAX_MONEY:
            raise TooDear
