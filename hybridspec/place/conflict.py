"""Conflicts at one site: the smallest set of statements that leaves a flow no way to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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


def preferred(
    possible: Callable[[frozenset[Statement]], bool], statements: Sequence[Statement]
) -> tuple[Statement, ...]:
    """Statements that clash, none of which could be left out; the first of them if there is choice.

    `possible` says whether some statements can hold together; all of them cannot. Which of several
    conflicts is found is decided by the order: later statements are blamed only where those before
    them do not clash by themselves. The number of questions grows with the size of the conflict,
    and with the logarithm of how many statements there are.
    """

    def search(
        held: frozenset[Statement], more: bool, left: Sequence[Statement]
    ) -> list[Statement]:
        if more and not possible(held):
            return []
        if len(left) == 1:
            return list(left)
        first, second = left[: len(left) // 2], left[len(left) // 2 :]
        late = search(held | frozenset(first), True, second)
        early = search(held | frozenset(late), bool(late), first)
        return [*early, *late]

    if possible(frozenset(statements)):
        return ()
    if not possible(frozenset()):
        raise AssertionError("nothing is asked for, and still it cannot be")
    return tuple(search(frozenset(), False, statements))
