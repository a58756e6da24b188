"""Whether a problem has any plan at all, whatever it costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hybridspec.place.engine.solve import solve
from hybridspec.place.problem import Impossible, Pair, Problem, SiteClass


def feasible(problem: Problem) -> bool:
    """Whether there is a plan of every site that keeps to the quotas."""
    free = replace(
        problem,
        classes=tuple(map(_free, problem.classes)),
        choices=tuple(replace(c, cost=np.zeros_like(c.cost)) for c in problem.choices),
    )
    return not isinstance(solve(free), Impossible)


def _free(of: SiteClass) -> SiteClass:
    """The class with everything at no cost."""
    pairs = tuple(
        Pair(options=replace(p.options, cost=np.zeros_like(p.options.cost)),
             choices=p.choices, quotas=p.quotas)
        for p in of.pairs
    )  # fmt: skip
    return replace(of, pairs=pairs, purchases=tuple(replace(p, cost=0) for p in of.purchases))
