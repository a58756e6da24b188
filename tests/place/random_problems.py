"""Small random placement problems with every trait of the contract, from one kind of dice."""

from __future__ import annotations

from random import Random

import numpy as np

from hybridspec.place.problem import (
    ANY,
    WHOLE,
    Choice,
    Ints,
    Options,
    Pair,
    Problem,
    Purchase,
    Resource,
    SiteClass,
)

CEILINGS = (WHOLE, WHOLE, WHOLE, WHOLE, 900, 800, 750, 500, 334, 333, 1, 0)


def problem(
    dice: Random, *, uniformity: int = 0, scale: int = 1, like: Problem | None = None
) -> Problem:  # fmt: skip
    """A problem that brute force solves at once; about one in three has no plan.

    `scale` makes amounts of money large. It has the choices and quotas that `like` has.
    """
    quotas = dice.choice((0, 0, 1, 1, 2, 3)) if like is None else len(like.quotas)
    choices = (
        tuple(_choice(dice, quotas, scale) for _ in range(dice.choice((0, 0, 1, 1, 2, 3))))
        if like is None
        else like.choices
    )
    classes = tuple(
        _site_class(dice, choices, quotas, scale) for _ in range(dice.choice((1, 1, 2, 2, 3)))
    )
    most = sum(what.sites * len(what.pairs) for what in classes)
    return Problem(
        classes=classes,
        choices=choices,
        quotas=_ints([dice.choice((dice.randint(0, 3 * most), dice.randint(most, 2 * most),
                                   9 * most)) for _ in range(quotas)]),
        uniformity=uniformity,
    )  # fmt: skip


def seeded(seed: int, *, uniformity: int = 0, scale: int = 1) -> Problem:
    """The problem of a seed."""
    return problem(Random(f"placement {seed}"), uniformity=uniformity, scale=scale)


def _ints(values: object, shape: tuple[int, ...] | None = None) -> Ints:
    made = np.array(values, dtype=np.int64)
    if shape is not None:
        made = made.reshape(shape)
    made.setflags(write=False)
    return made


def _choice(dice: Random, quotas: int, scale: int) -> Choice:
    count = dice.choice((1, 2, 2, 3))
    return Choice(
        cost=_ints([dice.randint(0, 6) * scale for _ in range(count)]),
        use=_ints([dice.choice((0, 0, 1, 2)) for _ in range(count * quotas)], (count, quotas)),
    )


def _site_class(dice: Random, choices: tuple[Choice, ...], quotas: int, scale: int) -> SiteClass:
    purchases = tuple(_purchase(dice, scale) for _ in range(dice.choice((0, 1, 1, 2))))
    resources = tuple(_resource(dice, len(purchases)) for _ in range(dice.choice((0, 1, 2, 3))))
    pairs = tuple(
        _pair(dice, choices, quotas, resources, purchases, scale)
        for _ in range(dice.choice((0, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3)))
    )
    return SiteClass(
        sites=dice.choice((1, 1, 2, 3, 4)), pairs=pairs, purchases=purchases, resources=resources
    )


def _purchase(dice: Random, scale: int) -> Purchase:
    least = dice.choice((0, 0, 0, 1, 2))
    return Purchase(
        cost=dice.choice((0, 1, 2, 5)) * scale,
        least=least,
        most=least + dice.choice((0, 1, 2, 3, 4)),
    )


def _resource(dice: Random, purchases: int) -> Resource:
    if purchases and dice.random() < 0.6:
        return Resource(
            base=dice.choice((0, 0, 1, 2, -2, -4)),
            unit=dice.choice((0, 1, 3, 4, 6)),
            purchase=dice.randrange(purchases),
        )
    return Resource(base=dice.choice((0, 2, 4, 5, 6, 8, 8, -1)))


def _pair(
    dice: Random, choices: tuple[Choice, ...], quotas: int, resources: tuple[Resource, ...],
    purchases: tuple[Purchase, ...], scale: int,
) -> Pair:  # fmt: skip
    on = tuple(sorted(dice.sample(range(len(choices)), dice.randint(0, len(choices)))))
    of = tuple(sorted(dice.sample(range(quotas), dice.randint(0, quotas))))
    count = dice.choice((1, 2, 3, 4, 5, 6)) if dice.random() < 0.98 else 0
    costs = sorted(dice.randint(0, 9) * scale for _ in range(count))
    needs = [
        dice.choice((ANY, dice.randrange(len(choices[number].cost))))
        for _ in range(count) for number in on
    ]  # fmt: skip
    shared = len(resources)
    strict = dice.random() < 0.3
    return Pair(
        options=Options(
            cost=_ints(costs),
            load=_ints([dice.choice((0, 0, 0, 1, 2, 3)) for _ in range(count * shared)],
                       (count, shared)),
            ceiling=_ints([dice.choice(CEILINGS) if strict else WHOLE
                           for _ in range(count * shared)], (count, shared)),
            units=_ints([min(dice.choice((0, 0, 0, 1, 2, 3)), item.most + (dice.random() < 0.1))
                         for _ in range(count) for item in purchases], (count, len(purchases))),
            needs=_ints(needs, (count, len(on))),
            use=_ints([dice.choice((0, 0, 1, 2, 3)) for _ in range(count * len(of))],
                      (count, len(of))),
        ),
        choices=on,
        quotas=of,
    )  # fmt: skip
