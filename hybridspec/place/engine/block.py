"""One site class as arrays: its options, and the few kinds of them that its devices can tell apart.

Options of a pair that load the site alike are one kind: at given prices only the cheapest of them
matters, so the search of a site looks at kinds (`Core`), and rows are picked afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hybridspec.place.engine.capacity import alone, too_large
from hybridspec.place.problem import ANY, WHOLE, Ints, SiteClass

Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

BIG = 2**61
"""Above every sum of costs."""


@dataclass(frozen=True, slots=True, eq=False)
class Core:
    """The kinds of options of each pair, one pair after the other, `starts` (pairs + 1) apart.

    `alone` is how much of each purchase a kind needs if nothing else stands at the site, `ties`
    the alternatives of choices on which several pairs of the class depend. A kind `over[i]` takes
    no more of anything than `under[i]` of the same pair.
    """

    of: SiteClass
    starts: Ints
    load: Ints
    ceiling: Ints
    alone: Ints
    ties: Ints
    over: Ints
    under: Ints

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return len(self.starts) - 1


@dataclass(frozen=True, eq=False)
class Block:
    """The options of a class that fit alone, kind by kind; `row` is where the pair has each.

    `needs` and `use` have a column for each of `choices` and `quotas`, which are the problem's
    numbers of what any pair of the class depends on. `heads` (kinds) says where each kind begins.
    """

    core: Core
    heads: Ints
    row: Ints
    pair: Ints
    cost: Ints
    choices: tuple[int, ...]
    needs: Ints
    quotas: tuple[int, ...]
    use: Ints

    @property
    def of(self) -> SiteClass:
        """The class."""
        return self.core.of

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return self.core.pairs

    @cached_property
    def kind(self) -> Ints:
        """The kind of every option."""
        kinds = np.arange(len(self.heads))
        return _narrow(np.repeat(kinds, np.diff(self.heads, append=len(self.row))))

    @cached_property
    def starts(self) -> Ints:
        """Where the options of each pair begin, and the end."""
        return np.searchsorted(self.pair, np.arange(self.pairs + 1))

    @property
    def empty(self) -> bool:
        """Whether a pair has no option that fits, so that there is no plan."""
        return bool((np.diff(self.core.starts) == 0).any())

    @cached_property
    def fees(self) -> tuple[int, ...]:
        """What one of each purchase costs."""
        return tuple(p.cost for p in self.of.purchases)

    def kinds(self, price: Ints) -> Ints:
        """The lowest price of each kind."""
        if not len(price):
            return np.zeros(0, np.int64)
        return np.minimum.reduceat(price, self.heads)

    def cheapest(self, price: Ints, kinds: Sequence[int]) -> Ints:
        """The first cheapest option of each of some kinds, as rows of the block."""
        ends = [*self.heads[1:].tolist(), len(price)]
        found = []
        for kind in kinds:
            start = int(self.heads[kind])
            found.append(start + int(np.argmin(price[start : ends[kind]])))
        return np.array(found, np.int64)

    def ranks(self, price: Ints) -> Ints:
        """The pair's row of the first cheapest option of each kind."""
        return self.row[self.cheapest(price, range(len(self.heads)))]

    def rows(self, picked: Ints) -> tuple[int, ...]:
        """Rows of the pairs' own options, from one row of the block per pair."""
        return tuple(self.row[picked].tolist())


def make_block(of: SiteClass) -> Block:
    """Lay the options of a class out, kind by kind.

    Raises:
        OverflowError: loads or uses of quotas are too large to be added up.
    """
    options = [pair.options for pair in of.pairs]
    sizes = np.array([len(o) for o in options], np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    pair = np.repeat(np.arange(len(options)), sizes)
    row = np.arange(starts[-1]) - starts[pair] if len(pair) else np.zeros(0, np.int64)
    choices = tuple(sorted({c for p in of.pairs for c in p.choices}))
    quotas = tuple(sorted({q for p in of.pairs for q in p.quotas}))
    load = _joined([o.load for o in options], len(of.resources))
    ceiling = np.minimum(_joined([o.ceiling for o in options], len(of.resources)), WHOLE)
    if too_large(load):
        raise OverflowError("loads of a site are too large")
    units = _joined([o.units for o in options], len(of.purchases))
    needs = _spread([(p.options.needs, p.choices) for p in of.pairs], starts, choices, ANY)
    use = _spread([(p.options.use, p.quotas) for p in of.pairs], starts, quotas, 0)
    if too_large(use):
        raise OverflowError("what a site takes of quotas is too large")
    single, fits = alone(of, load, ceiling, units)
    shared = [i for i, c in enumerate(choices) if sum(c in p.choices for p in of.pairs) > 1]
    traits = np.concatenate(
        [pair[:, None], load, ceiling, single, needs[:, shared]], axis=1
    )[fits]  # fmt: skip
    kind, first = _alike(traits)
    order = np.argsort(kind, kind="stable")
    heads = np.concatenate([[0], np.flatnonzero(np.diff(kind[order])) + 1])
    at = np.flatnonzero(fits)[order]
    cost = _joined([o.cost for o in options], None)[at]
    reps = np.flatnonzero(fits)[first]
    core = _core(of, pair[reps], load[reps], ceiling[reps], single[reps], needs[reps][:, shared])
    return Block(core, heads[: len(first)].astype(np.int64), _narrow(row[at]), _narrow(pair[at]),
                 cost, choices, _narrow(needs[at]), quotas, _narrow(use[at]))  # fmt: skip


def _narrow(values: Ints) -> Ints:
    """The same integers in as few bytes as hold twice as much: fleets have millions of options."""
    most = int(max(-values.min(initial=0), values.max(initial=0)))
    for kind in (np.int8, np.int16, np.int32):
        if most < np.iinfo(kind).max // 2:
            return values.astype(kind)
    return values


def _core(of: SiteClass, pair: Ints, load: Ints, ceiling: Ints, single: Ints, ties: Ints) -> Core:
    """The kinds, and which of them are never worse."""
    starts = np.searchsorted(pair, np.arange(len(of.pairs) + 1)).astype(np.int64)
    traits = np.concatenate([load, -ceiling, single], axis=1)
    over, under = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start, end in zip(starts.tolist(), starts[1:].tolist(), strict=False):
        if end - start < 2:
            continue
        own, tie = traits[start:end], ties[start:end]
        better = np.asarray((own[:, None] <= own[None]).all(axis=2))
        if ties.shape[1]:
            better &= ((tie[:, None] == ANY) | (tie[:, None] == tie[None])).all(axis=2)
        np.fill_diagonal(better, False)
        above, below = np.nonzero(better)
        over.append(above + start)
        under.append(below + start)
    return Core(of, starts, load, ceiling, single, ties, np.concatenate(over),
                np.concatenate(under))  # fmt: skip


def _alike(traits: Ints) -> tuple[Ints, Ints]:
    """Number the distinct rows in the order in which pairs have them; the first of each."""
    if not len(traits):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    with np.errstate(over="ignore"):
        mixed = traits @ _ODD[: traits.shape[1]] if traits.shape[1] <= len(_ODD) else None
    if mixed is not None:
        _, first, kind = np.unique(mixed, return_index=True, return_inverse=True)
    if mixed is None or not (traits[first[kind]] == traits).all():
        _, first, kind = np.unique(traits, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place[kind.reshape(-1)], first[order]


_ODD = np.array(
    [(0x9E3779B97F4A7C15 * (2 * i + 1) ** 3 + i) % 2**62 | 1 for i in range(256)], np.int64
)
"""Factors that make different rows different numbers, nearly always."""


def _joined(parts: Sequence[Ints], width: int | None) -> Ints:
    if not parts:
        return np.zeros(0 if width is None else (0, width), np.int64)
    return np.concatenate(parts).astype(np.int64, copy=False)


def _spread(parts: Sequence[tuple[Ints, tuple[int, ...]]], starts: Ints,
            columns: tuple[int, ...], empty: int) -> Ints:  # fmt: skip
    """Columns of single pairs as columns of the class."""
    laid = np.full((int(starts[-1]), len(columns)), empty, np.int64)
    at = {column: index for index, column in enumerate(columns)}
    for index, (values, own) in enumerate(parts):
        for column, number in enumerate(own):
            laid[starts[index] : starts[index + 1], at[number]] = values[:, column]
    return laid
