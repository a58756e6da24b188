"""Random problems with their best answers: brute force looks at each once."""

from __future__ import annotations

from functools import cache

from place import brute_force
from place.brute_force import Best
from place.random_problems import seeded

from hybridspec.place.problem import Problem


@cache
def instance(seed: int) -> tuple[Problem, Best | None]:
    """A problem and its best answer."""
    problem = seeded(seed)
    return problem, brute_force.solve(problem)
