"""What is decided without arrays is what brute force says, ties included; faults in it show."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
from place import brute_force
from place.random_problems import seeded
from placement.checker import check

from hybridspec.place.arrays import in_arrays
from hybridspec.place.engine import small
from hybridspec.place.engine.small import solve_small
from hybridspec.place.listing import ListedChoice, ListedClass, ListedPair, Listing, Traits
from hybridspec.place.problem import Impossible, Ints, Pair, Problem

SEEDS = 400
Patch = pytest.MonkeyPatch


@cache
def cases() -> list[tuple[int, Listing, brute_force.Best | None]]:
    """Problems without quotas, with their best answers."""
    made = ((seed, seeded(seed)) for seed in range(SEEDS))
    return [(seed, listed(one), brute_force.solve(one)) for seed, one in made
            if not len(one.quotas)]  # fmt: skip


def listed(of: Problem) -> Listing:
    """A problem as it is posed."""
    classes = tuple(
        ListedClass(what.sites, tuple(map(_pair, what.pairs)), what.purchases, what.resources)
        for what in of.classes
    )
    choices = tuple(ListedChoice(tuple(c.cost.tolist()), _table(c.use)) for c in of.choices)
    return Listing(classes, choices, tuple(of.quotas.tolist()), of.uniformity)


def _pair(pair: Pair) -> ListedPair:
    of = pair.options
    tables = (of.load, of.ceiling, of.units, of.needs, of.use)
    traits = Traits(*map(_table, tables), pair.choices, pair.quotas)
    return ListedPair(tuple(of.cost.tolist()), traits)


def _table(values: Ints) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, values.tolist()))


def differences() -> Iterator[str]:
    """Where it says something else than brute force does, or than the checker lets pass."""
    for seed, listing, best in cases():
        said = solve_small(listing)
        if said is None or best is None or isinstance(said, Impossible):
            if not (best is None and isinstance(said, Impossible)):
                yield f"{seed}: {said} for {best}"
            continue
        rows = tuple(tuple(p.rows for p in plans for _ in range(p.sites)) for plans in said.plans)
        if (said.cost, said.bound, said.chosen, rows) != (best.cost, *best):
            yield f"{seed}: {said} for {best}"
        yield from check(in_arrays(listing), said)


def test_small_problems_get_the_first_of_the_cheapest_answers() -> None:
    assert len(cases()) > SEEDS // 4
    assert list(differences()) == []


def test_classes_that_nothing_helps_are_named() -> None:
    for seed, listing, best in cases():
        said = solve_small(listing)
        if best is None:
            problem = in_arrays(listing)
            chosen = tuple(brute_force.alternatives(problem))
            assert said == Impossible(classes=tuple(
                number for number, what in enumerate(problem.classes)
                if not any(any(brute_force.site_plans(what, one, 0)) for one in chosen)
            )), seed  # fmt: skip


def test_arrays_of_what_is_listed_are_the_problem() -> None:
    for seed in range(40):
        problem = seeded(seed)
        again = listed(in_arrays(listed(problem)))
        assert repr(again) == repr(listed(problem)), seed
        for one, other in zip(problem.classes, in_arrays(again).classes, strict=True):
            for pair, twin in zip(one.pairs, other.pairs, strict=True):
                assert np.array_equal(pair.options.load, twin.options.load), seed


def test_what_is_not_small_is_left_to_the_search(monkeypatch: Patch) -> None:
    assert solve_small(listed(next(p for p in map(seeded, range(99)) if len(p.quotas)))) is None
    monkeypatch.setattr(small, "STEPS", 3)
    said = [solve_small(listing) for _, listing, _ in cases()]
    assert said.count(None) > len(said) / 2


def ties_go_to_the_last(patch: Patch) -> None:
    real = small._agreeing
    patch.setattr(small, "_agreeing", lambda pair, chosen: real(pair, chosen)[::-1])


def needs_ignored(patch: Patch) -> None:
    patch.setattr(small, "_agreeing", lambda pair, chosen: list(range(len(pair.cost))))


def nothing_adds_up(patch: Patch) -> None:
    patch.setattr(small, "add", lambda one, other: other)


def ceilings_ignored(patch: Patch) -> None:
    real = small.bought_for
    patch.setattr(small, "bought_for", lambda of, load, ceiling, units: real(
        of, load, (1000,) * len(load), units))  # fmt: skip


def units_ignored(patch: Patch) -> None:
    patch.setattr(small, "max", lambda one, other: one, raising=False)


def devices_cost_nothing(patch: Patch) -> None:
    patch.setattr(small, "mul", lambda one, other: 0)


FAULTS = (ties_go_to_the_last, needs_ignored, nothing_adds_up, ceilings_ignored,
          units_ignored, devices_cost_nothing)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_is_noticed(fault: Callable[[Patch], None], monkeypatch: Patch) -> None:
    cases()
    fault(monkeypatch)
    assert next(differences(), None) is not None


PLACED = """
import sys
import hybridspec.compiler
from property.decide import decide
from property.graphs import instance

made = instance(1)
assert decide(made.graph, made.table)[0] is not None
assert not {"numpy", "highspy"} & set(sys.modules)
"""


def test_a_small_spec_is_placed_without_loading_arrays() -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", PLACED], env=env, check=True)
