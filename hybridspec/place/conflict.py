"""Conflicts at one site: the smallest set of statements that leaves a flow no way to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations
from typing import TypeVar

Statement = TypeVar("Statement")

MAX_STATEMENTS = 16
"""How many statements are searched for the smallest set; beyond it, a minimal one is found."""


def smallest_hitting(
    masks: Iterable[frozenset[Statement]], rank: Callable[[Statement], object]
) -> tuple[Statement, ...]:
    """The fewest statements of which every mask holds one, the first by rank among equally few.

    A mask is what one way breaks. With all of the statements found no way is left, and without any
    one of them there is one again, so that each is needed. Where a mask is empty there is none.

    >>> smallest_hitting([frozenset("ab"), frozenset("bc"), frozenset("ac")], ord)
    ('a', 'b')
    """
    left = _minimal(masks)
    if not left or not left[0]:
        return ()
    known = sorted(frozenset().union(*left), key=rank)  # type: ignore[arg-type]
    if len(known) > MAX_STATEMENTS:
        return _one_by_one(left, known)
    for size in range(1, len(known) + 1):
        for chosen in combinations(known, size):
            if all(not mask.isdisjoint(chosen) for mask in left):
                return chosen
    raise AssertionError("all statements together hit every mask")


def _minimal(masks: Iterable[frozenset[Statement]]) -> list[frozenset[Statement]]:
    """The masks that hold no other: whatever hits these hits all."""
    found: list[frozenset[Statement]] = []
    for mask in sorted(set(masks), key=len):
        if not any(other <= mask for other in found):
            found.append(mask)
    return found


def _one_by_one(masks: list[frozenset[Statement]], known: list[Statement]) -> tuple[Statement, ...]:
    """A set without a superfluous member, from which the last by rank are left out first."""
    kept = list(known)
    for statement in reversed(known):
        without = [other for other in kept if other != statement]
        if all(not mask.isdisjoint(without) for mask in masks):
            kept = without
    return tuple(kept)
