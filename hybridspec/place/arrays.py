"""Read-only arrays of integers, and a listed problem made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hybridspec.place.listing import ListedPair, Listing
from hybridspec.place.problem import Choice, Ints, Options, Pair, Problem, SiteClass


def ints(values: Sequence[int]) -> Ints:
    """A column."""
    return frozen(np.array(values, np.int64))


def table(rows: Sequence[Sequence[int]], columns: int) -> Ints:
    """Rows of so many columns each."""
    return frozen(np.array(rows, np.int64).reshape(len(rows), columns))


def free(alternatives: int, quotas: int) -> Choice:
    """A choice of which no alternative costs anything, or takes anything of a quota."""
    return Choice(cost=ints([0] * alternatives), use=table([[0] * quotas] * alternatives, quotas))


def frozen(array: Ints) -> Ints:
    """The array, which nobody changes from now on."""
    array.flags.writeable = False
    return array


def in_arrays(listing: Listing) -> Problem:
    """The problem that is listed."""
    made = _Tables()
    return Problem(
        classes=tuple(
            SiteClass(
                sites=of.sites, purchases=of.purchases, resources=of.resources,
                pairs=tuple(made.pair(pair, len(of.resources), len(of.purchases))
                            for pair in of.pairs),
            ) for of in listing.classes
        ),
        choices=tuple(Choice(cost=ints(choice.cost), use=table(choice.use, len(listing.quotas)))
                      for choice in listing.choices),
        quotas=ints(listing.quotas), uniformity=listing.uniformity,
    )  # fmt: skip


@dataclass(slots=True)
class _Tables:
    """The tables of all pairs, those of the same traits once."""

    known: dict[int, tuple[Ints, Ints, Ints, Ints, Ints]] = field(default_factory=dict)

    def pair(self, pair: ListedPair, resources: int, purchases: int) -> Pair:
        of = pair.traits
        if id(of) not in self.known:
            self.known[id(of)] = (
                table(of.load, resources), table(of.ceiling, resources),
                table(of.units, purchases), table(of.needs, len(of.choices)),
                table(of.use, len(of.quotas)),
            )  # fmt: skip
        load, ceiling, units, needs, use = self.known[id(of)]
        options = Options(cost=ints(pair.cost), load=load, ceiling=ceiling, units=units,
                          needs=needs, use=use)  # fmt: skip
        return Pair(options=options, choices=of.choices, quotas=of.quotas)
