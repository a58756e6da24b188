"""A part of a problem: some of its classes, with some of its choices made already."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from hybridspec.place.problem import ANY, Ints, Options, Pair, Problem, SiteClass


def part(
    problem: Problem, classes: Sequence[int], made: Mapping[int, int],
    *, apart: Collection[int] = (), sites: int | None = None,
    only: Mapping[tuple[int, int], Ints] = MappingProxyType({}), room: Ints | None = None,
) -> Problem:  # fmt: skip
    """The problem of some classes, in which the choices in `made` have their alternatives.

    Each class chooses for itself what is in `apart`. `sites` is how many places every class has
    then, and `only` says which rows of a pair, by class and index, may be taken, where those that
    choices leave are too many; `room` is what there is of the quotas, if they count at all. Rows
    keep their order, but not their numbers; see `rows`.
    """
    numbers: dict[tuple[int, int], int] = {}
    for key in sorted({
        (choice, of if choice in apart else -1)
        for of in classes for pair in problem.classes[of].pairs
        for choice in pair.choices if choice not in made
    }):  # fmt: skip
        numbers[key] = len(numbers)
    found = []
    for of in classes:
        old, pairs = problem.classes[of], []
        for index, pair in enumerate(old.pairs):
            kept = only[of, index] if (of, index) in only else rows(pair, made)
            free = [column for column, choice in enumerate(pair.choices) if choice not in made]
            pairs.append(Pair(
                options=_taken(pair.options, kept, free),
                choices=tuple(numbers[choice, of if choice in apart else -1]
                              for choice in map(pair.choices.__getitem__, free)),
                quotas=pair.quotas,
            ))  # fmt: skip
        found.append(replace(old, pairs=tuple(pairs), sites=old.sites if sites is None else sites))
    return replace(
        problem,
        classes=tuple(found),
        choices=tuple(problem.choices[choice] for choice, _ in numbers),
        quotas=unlimited(problem) if room is None else room,
    )


def unlimited(problem: Problem) -> Ints:
    """Quotas that nobody reaches."""
    return np.full(len(problem.quotas), 2**60, np.int64)


def unmetered(problem: Problem) -> Problem:
    """The problem without quotas: whoever answers it within them answers it with them as well."""
    return replace(
        problem, quotas=problem.quotas[:0],
        classes=tuple(replace(of, pairs=tuple(
            replace(pair, quotas=(), options=replace(pair.options, use=pair.options.use[:, :0]))
            for pair in of.pairs
        )) for of in problem.classes),
        choices=tuple(replace(choice, use=choice.use[:, :0]) for choice in problem.choices),
    )  # fmt: skip


def rows(pair: Pair, made: Mapping[int, int]) -> Ints:
    """The rows of a pair that choices leave to it."""
    good = np.ones(len(pair.options), np.bool_)
    for column, choice in enumerate(pair.choices):
        if choice in made:
            needs = pair.options.needs[:, column]
            good &= (needs == ANY) | (needs == made[choice])
    return np.flatnonzero(good)


def _taken(options: Options, kept: Ints, columns: Sequence[int]) -> Options:
    return Options(
        cost=options.cost[kept], load=options.load[kept], ceiling=options.ceiling[kept],
        units=options.units[kept], needs=options.needs[kept][:, list(columns)],
        use=options.use[kept],
    )  # fmt: skip


def used(of: SiteClass, chosen: Sequence[int], quotas: int) -> Ints:
    """What one site of a class with these rows takes of the problem's quotas."""
    found = np.zeros(quotas, np.int64)
    for pair, row in zip(of.pairs, chosen, strict=True):
        for column, quota in enumerate(pair.quotas):
            found[quota] += pair.options.use[row, column]
    return found


def cost_at(of: SiteClass, chosen: Sequence[int], bought: Sequence[int]) -> int:
    """What one site of a class costs with these rows and devices."""
    return sum(int(pair.options.cost[row]) for pair, row in zip(of.pairs, chosen, strict=True)) + (
        sum(count * purchase.cost for count, purchase in zip(bought, of.purchases, strict=True))
    )
