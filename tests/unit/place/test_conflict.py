"""Conflicts: as small as brute force finds them, each member needed, wishes before law."""

from __future__ import annotations

import random
from itertools import chain, combinations

from hybridspec.place.conflict import MAX_STATEMENTS, smallest_hitting


def hits(chosen: tuple[int, ...], masks: list[frozenset[int]]) -> bool:
    return all(not mask.isdisjoint(chosen) for mask in masks)


def test_no_smaller_set_leaves_no_way_and_every_member_is_needed() -> None:
    for seed in range(400):
        rng = random.Random(seed)
        names = range(rng.randint(1, 9))
        masks = [frozenset(rng.sample(names, rng.randint(1, len(names))))
                 for _ in range(rng.randint(1, 40))]  # fmt: skip
        found = smallest_hitting(masks, lambda name: name)
        every = chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
        least = next(chosen for chosen in every if hits(chosen, masks))
        assert found == least, seed
        for name in found:
            assert not hits(tuple(other for other in found if other != name), masks)


def test_a_way_that_breaks_nothing_leaves_no_conflict() -> None:
    assert smallest_hitting([frozenset({1}), frozenset()], lambda name: name) == ()
    assert smallest_hitting([], lambda name: name) == ()


def test_many_statements_still_get_a_set_without_a_superfluous_member() -> None:
    for seed in range(50):
        rng = random.Random(seed)
        names = range(MAX_STATEMENTS + 20)
        masks = [frozenset(rng.sample(names, 3)) for _ in range(60)]
        found = smallest_hitting(masks, lambda name: name)
        assert hits(found, masks)
        for name in found:
            assert not hits(tuple(other for other in found if other != name), masks)
