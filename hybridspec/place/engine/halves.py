"""The search of a box in two halves of its pairs, whose plans are put together many at a time.

It works where the depth-first walk of `packed.py` does, and looks at plans in bands of how much
dearer they are than prices of resources say: whichever band it ends in, none before it is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from hybridspec.place.engine.block import BIG, Bools, Floats
from hybridspec.place.engine.duals import Duals, Prices, ceil
from hybridspec.place.problem import Ints

LABELS = 4_000
"""Plans of a half, at most."""
HALVINGS = 6
"""How often plans are left out for being too many."""
AT_ONCE = 40_000
"""Plans that are put together at a time."""
BANDS = (0.1, 0.3, 0.6, 1.0)
"""Ends of bands, as shares of how much dearer a plan may be."""
STEP = 100
"""Plans that are looked at for a step of the depth-first walk."""


class Half(NamedTuple):
    """Plans of some pairs: how much dearer, prices, loads by resource, and each pair's kind."""

    dearer: Floats
    price: Ints
    loads: Ints
    kinds: Ints

    def at(self, rows: Ints) -> Half:
        """Some of them."""
        return Half(self.dearer[rows], self.price[rows], self.loads[:, rows], self.kinds[rows])


class Halves:
    """The search; `best`, `cut` and `left` are what they are of a walk.

    Of the kinds that are `single`, a plan has one at most.
    """

    def __init__(self, duals: Duals, prices: Prices, rooms: Sequence[int], spent: int, limit: int,
                 steps: int, single: Bools | None = None) -> None:  # fmt: skip
        core = duals.core
        self.rooms, self.spent, self.floor = rooms, spent, prices.floor
        self.best: tuple[int, tuple[int, ...] | None] = (limit, None)
        self.cut, self.left = BIG, steps
        chosen = np.flatnonzero(prices.dearer <= self._allowed())
        at = duals.at[chosen]
        loads = core.load[at][:, duals.tight].T.astype(np.int64)
        if single is not None:
            loads = np.concatenate([loads, single[None, at].astype(np.int64)])
        whole = Half(prices.even[chosen], duals.price[at], loads, at[:, None])
        starts = np.searchsorted(at, core.starts).tolist()
        self.parts = [whole.at(np.arange(a, b)) for a, b in pairwise(starts)]
        self.possible = all(len(part.dearer) for part in self.parts)

    def _allowed(self) -> float:
        """How much dearer than the best of all pairs a plan may be."""
        return self.best[0] - 1 - self.floor

    def run(self) -> None:
        """Look at everything, or as far as the steps go."""
        if self.possible and (done := self.upto(self._allowed())) < self._allowed():
            self.cut = ceil(self.floor + done)

    def upto(self, wanted: float, known: float = -1.0) -> float:
        """Look at plans so much dearer; those below what is returned were looked at.

        It is of no use to end where everything is `known`.
        """
        parts, most = self.parts, min(wanted, self._allowed())
        dearest = sum(float(part.dearer.max()) for part in parts)
        order = sorted(range(len(parts)), key=lambda i: -len(parts[i].dearer))
        self.order = [*order[0::4], *order[3::4], *order[1::4], *order[2::4]]
        middle = len(order[0::4]) + len(order[3::4])
        if dearest < most:
            most = dearest
        for _ in range(HALVINGS):
            if most <= known:
                break
            if (one := self._half(self.order[:middle], most)) is not None and (
                other := self._half(self.order[middle:], most)
            ) is not None:
                done = self._join(one, other, most)
                return np.inf if done >= dearest else done
            most /= 2
        return max(0.0, known)

    def _half(self, own: Sequence[int], most: float) -> Half | None:
        """Plans of some pairs that may be part of a plan no dearer than that, None if too many."""
        made = Half(np.zeros(1), np.zeros(1, np.int64), np.zeros((len(self.rooms), 1), np.int64),
                    np.zeros((1, 0), np.int64))  # fmt: skip
        most -= sum(float(part.dearer.min()) for part in self.parts)
        room = [r - sum(int(part.loads[i].min()) for part in self.parts)
                for i, r in enumerate(self.rooms)]  # fmt: skip
        for index in own:
            part = self.parts[index]
            most += float(part.dearer.min())
            fits = made.dearer[:, None] + part.dearer <= most
            for number, loads in enumerate(part.loads):
                room[number] += int(loads.min())
                fits &= made.loads[number][:, None] + loads <= room[number]
            old, new = np.nonzero(fits)
            if len(old) > LABELS:
                return None
            kinds = np.concatenate([made.kinds[old], part.kinds[new]], axis=1)
            made = Half(made.dearer[old] + part.dearer[new], made.price[old] + part.price[new],
                        made.loads[:, old] + part.loads[:, new], kinds)  # fmt: skip
        return made.at(np.argsort(made.dearer, kind="stable"))

    def _join(self, one: Half, other: Half, most: float) -> float:
        """Put halves together; below how much dearer everything was looked at."""
        done, low = 0.0, np.zeros(len(one.dearer), np.int64)
        for share in BANDS:
            end = min(most * share, self._allowed()) if share < 1 else most
            high = np.searchsorted(other.dearer, end - one.dearer, side="right")
            for left, right in _together(low, high):
                self.left -= 1 + len(left) // STEP
                if self.left <= 0:
                    return done
                self._look(one, other, left, right)
            done, low = end, np.maximum(low, high)
            if done >= self._allowed():
                break
        return done

    def _look(self, one: Half, other: Half, left: Ints, right: Ints) -> None:
        price = one.price[left] + other.price[right]
        good = np.flatnonzero(price < self.best[0] - self.spent)
        good = self._fitting(one, other, left, right, good)
        if len(good):
            at = good[np.argmin(price[good])]
            kinds = self._picked(one, other, left[at], right[at])
            self.best = (int(price[at]) + self.spent, kinds)

    def _fitting(self, one: Half, other: Half, left: Ints, right: Ints, good: Ints) -> Ints:
        """Of some plans, those for which there is room."""
        for number, room in enumerate(self.rooms):
            if not len(good):
                break
            loads = one.loads[number][left[good]] + other.loads[number][right[good]]
            good = good[loads <= room]
        return good

    def _picked(self, one: Half, other: Half, left: int, right: int) -> tuple[int, ...]:
        """Each pair's kind in a plan."""
        kinds = [0] * len(self.parts)
        picked = (*one.kinds[left].tolist(), *other.kinds[right].tolist())
        for index, kind in zip(self.order, picked, strict=True):
            kinds[index] = kind
        return tuple(kinds)


def _together(low: Ints, high: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Rows of two halves, each of the first with a range of the second, so many at a time."""
    counts = np.maximum(high - low, 0)
    ends = np.cumsum(counts)
    start, before = 0, 0
    while start < len(counts) and before < ends[-1]:
        stop = max(start + 1, int(np.searchsorted(ends, before + AT_ONCE, side="right")))
        own = counts[start:stop]
        left = np.repeat(np.arange(start, stop), own)
        first = np.repeat(low[start:stop] - (ends[start:stop] - own - before), own)
        yield left, first + np.arange(len(left))
        start, before = stop, int(ends[stop - 1])
