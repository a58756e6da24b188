"""Whether the flows of one site fit together: a small search without any of the engine's arrays."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from hybridspec.place.problem import WHOLE

MAX_STEPS = 3_000
"""Partial plans that are looked at; whoever needs more asks the engine."""


_Needs: TypeAlias = Mapping[Hashable, object]


class Take(NamedTuple):
    """What a way takes of each resource, up to which permille all may take it, and what it needs.

    `needs` is the alternative of everything that all ways at the site have to agree on.
    """

    load: tuple[int, ...]
    ceiling: tuple[int, ...]
    needs: _Needs


def fit(room: Sequence[int], flows: Sequence[Sequence[Take]]) -> bool | None:
    """Whether one way of each flow fits; None if that is not found out in time."""
    order = sorted(flows, key=len)
    if any(not takes for takes in order):
        return False
    behind = [(0,) * len(room)]
    for takes in reversed(order):
        least = map(min, zip(*(take.load for take in takes), strict=True))
        behind.append(_sum(tuple(least), behind[-1]))
    behind.reverse()
    return _Search(room, order, behind).go(0, (0,) * len(room), (WHOLE,) * len(room), {})


@dataclass(slots=True)
class _Search:
    """Flow by flow, those with fewest ways first; `behind` is the least that the rest takes."""

    room: Sequence[int]
    order: Sequence[Sequence[Take]]
    behind: Sequence[tuple[int, ...]]
    steps: int = 0

    def go(
        self, at: int, load: tuple[int, ...], top: tuple[int, ...], agreed: _Needs
    ) -> bool | None:
        """Whether flows from `at` on fit beside what is taken already."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            return None
        if not self._has_room(at, load, top):
            return False
        if at == len(self.order):
            return True
        for take in self.order[at]:
            if any(agreed.get(what, need) != need for what, need in take.needs.items()):
                continue
            lower = tuple(min(up, ceiling) if mine else up for up, ceiling, mine
                          in zip(top, take.ceiling, take.load, strict=True))  # fmt: skip
            found = self.go(at + 1, _sum(load, take.load), lower, {**agreed, **take.needs})
            if found is not False:
                return found
        return False

    def _has_room(self, at: int, load: tuple[int, ...], top: tuple[int, ...]) -> bool:
        rows = zip(load, self.behind[at], top, self.room, strict=True)
        return all((mine + rest) * WHOLE <= have * up or not mine + rest
                   for mine, rest, up, have in rows)  # fmt: skip


def _sum(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))
