"""Whether flows fit together at one site, whatever they cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridspec.ir.graph import Site
from hybridspec.ir.plan import Configuration
from hybridspec.place.arrays import free, table
from hybridspec.place.configuration import class_name
from hybridspec.place.engine.feasible import feasible
from hybridspec.place.problem import (
    ANY,
    Options,
    Pair,
    Problem,
    Resource,
    SiteClass,
)
from hybridspec.place.shared import Column, everything, single


def fit_together(site: Site, choices: Sequence[Sequence[Configuration]]) -> bool:
    """Whether the devices of a site can carry one configuration of each flow at once.

    Raises:
        SearchTooLarge: that was not found out in time.
    """
    models = single(option for options in choices for option in options)
    columns, bases = zip(*everything(site, models, len(choices)), strict=True)
    resources = tuple(Resource(base=base) for base in bases)
    variants: dict[tuple[str, str], set[str]] = {}
    for options in choices:
        for option in options:
            for model, variant in option.held:
                variants.setdefault((class_name(option), model), set()).add(variant)
    bundles = {key: sorted(variants[key]) for key in sorted(variants)}
    pairs = tuple(_pair(options, columns, bundles) for options in choices)
    empty = np.zeros((0,), np.int64)
    return feasible(Problem(
        classes=(SiteClass(sites=1, pairs=pairs, purchases=(), resources=resources),),
        choices=tuple(free(len(names), 0) for names in bundles.values()),
        quotas=empty,
    ))  # fmt: skip


def _pair(
    options: Sequence[Configuration], columns: Sequence[Column],
    held: dict[tuple[str, str], list[str]],
) -> Pair:  # fmt: skip
    rows = len(options)
    needs = []
    for option in options:
        mine = {(class_name(option), model): variant for model, variant in option.held}
        needs.append([names.index(mine[key]) if key in mine else ANY
                      for key, names in held.items()])  # fmt: skip
    return Pair(
        options=Options(
            cost=np.zeros(rows, np.int64),
            load=table([[column.load(option, ANY) for column in columns] for option in options],
                       len(columns)),
            ceiling=table([[column.ceiling(option, ANY) for column in columns]
                           for option in options], len(columns)),
            units=np.zeros((rows, 0), np.int64),
            needs=table(needs, len(held)),
            use=np.zeros((rows, 0), np.int64),
        ),
        choices=tuple(range(len(held))), quotas=(),
    )  # fmt: skip
