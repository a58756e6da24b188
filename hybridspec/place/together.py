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
    WHOLE,
    Options,
    Pair,
    Problem,
    Resource,
    SiteClass,
)
from hybridspec.place.shared import LINE, SITE, ceilings, line_room, rooms, taken


def fit_together(site: Site, choices: Sequence[Sequence[Configuration]]) -> bool:
    """Whether the devices of a site can carry one configuration of each flow at once.

    Raises:
        SearchTooLarge: that was not found out in time.
    """
    columns = [(devices.device_class.name, which) for devices in site.devices
               for which, _ in enumerate(rooms(devices.device_class))]  # fmt: skip
    resources = tuple(
        Resource(base=room.base + room.unit * devices.upto)
        for devices in site.devices for room in rooms(devices.device_class)
    )  # fmt: skip
    if site.line is not None:
        columns.append((SITE, LINE))
        resources += (Resource(base=line_room(site.line).base),)
    variants: dict[tuple[str, str], set[str]] = {}
    for options in choices:
        for option in options:
            for model, variant in option.held:
                variants.setdefault((class_name(option), model), set()).add(variant)
    held = {key: sorted(variants[key]) for key in sorted(variants)}
    pairs = tuple(_pair(options, columns, held) for options in choices)
    empty = np.zeros((0,), np.int64)
    return feasible(Problem(
        classes=(SiteClass(sites=1, pairs=pairs, purchases=(), resources=resources),),
        choices=tuple(free(len(names), 0) for names in held.values()),
        quotas=empty,
    ))  # fmt: skip


def _pair(
    options: Sequence[Configuration], columns: Sequence[tuple[str, int]],
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
            load=table([[taken(option)[which] if name in (SITE, class_name(option)) else 0
                          for name, which in columns] for option in options], len(columns)),
            ceiling=table([[ceilings(option)[which] if name in (SITE, class_name(option)) else WHOLE
                             for name, which in columns] for option in options], len(columns)),
            units=np.zeros((rows, 0), np.int64),
            needs=table(needs, len(held)),
            use=np.zeros((rows, 0), np.int64),
        ),
        choices=tuple(range(len(held))), quotas=(),
    )  # fmt: skip
