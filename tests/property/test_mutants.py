"""Faults put into placement on purpose: the oracle or the checker has to notice every one.

Run with `-s` to see the table of kills: which instance showed a fault, and what said so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from property.graphs import instance
from property.mutants import ENGINE, Mutant, Patch, ignore_feedback_offline
from property.test_place import differences
from unit.place import test_bounds
from unit.place import test_verify as battery

from hybridspec.place import (
    recheck_loads,
    verify,
)

SEEDS = 400
TELLING = (1, 48, 24, 6, 4, 10, 15, 18, 2, 14, 21, 38, 9, 53, 130, 22, 190, 34, 5, 51)
"""Instances that show many faults, or one that few others show: looked at first."""


@pytest.mark.parametrize("mutant", ENGINE, ids=lambda mutant: mutant.__name__)
def test_a_fault_in_placement_is_noticed(
    mutant: Mutant, monkeypatch: Patch, record_property: Callable[[str, object], None]
) -> None:
    mutant(monkeypatch)
    for seed in (*TELLING, *(seed for seed in range(SEEDS) if seed not in TELLING)):
        try:
            found = differences(instance(seed))
        except (AssertionError, KeyError, ValueError, IndexError) as fault:
            found = [f"crash: {type(fault).__name__}"]
        if found:
            said = ", ".join(sorted({what.split(":")[0] for what in found}))
            record_property("killed", f"{mutant.__name__}: seed {seed}, {said}")
            print(f"{mutant.__name__:34} seed {seed:3} {said}")
            return
    pytest.fail(f"{mutant.__name__} survives {SEEDS} instances: {mutant.__doc__}")


def test_a_fault_that_no_whole_placement_can_show_is_noticed_on_a_layout(
    monkeypatch: Patch, record_property: Callable[[str, object], None]
) -> None:
    """Loops are never cut, so only a layout made by hand tells whether offline knows of them."""
    test_bounds.test_feedback_from_the_cloud_breaks_an_offline_alert()
    ignore_feedback_offline(monkeypatch)
    with pytest.raises(AssertionError):
        test_bounds.test_feedback_from_the_cloud_breaks_an_offline_alert()
    record_property("killed", "ignore_feedback_offline: a layout with a cut loop")
    print("ignore_feedback_offline            a layout with a cut loop")


CHECKS = (
    "_shape", "_residency", "_policies", "_budget", "_figures", "late", "_offline", "_stores",
    "recheck", "_bundles", "shared", "_cost",
)  # fmt: skip


def unnoticed() -> Iterable[str]:
    """The corruptions of a plan that the checker no longer names."""
    for name, (plan, words) in battery.CORRUPT.items():
        try:
            if words not in battery.faults(plan):
                yield name
        except (KeyError, StopIteration, AttributeError):
            yield name
    slow = {key: replace(e, high=90_000) for key, e in battery.TABLE.operations.items()}
    tables = {"operations": {}, "memory": {}, "slow": slow}
    for name, entries in tables.items():
        changed = {"operations": entries} if name != "memory" else {"memory": entries}
        wanted = {"operations": "no latency", "memory": "no memory", "slow": "too busy"}[name]
        figures = replace(battery.TABLE, **changed)
        if wanted not in battery.faults(battery.PLAN, figures=figures):
            yield f"{name} figures"
    if "latency bound" not in battery.faults(battery.PLAN, figures=replace(
        battery.TABLE, operations=slow)):  # fmt: skip
        yield "a late alert"


def test_the_whole_checker_names_every_corruption() -> None:
    assert list(unnoticed()) == []


@pytest.mark.parametrize("name", CHECKS)
def test_a_checker_without_one_of_its_checks_is_noticed(
    name: str, monkeypatch: Patch, record_property: Callable[[str, object], None]
) -> None:
    monkeypatch.setattr(recheck_loads if name == "late" else verify, name, lambda *_: [])
    missed = list(unnoticed())
    record_property("killed", f"verify.{name}: {missed[:1]}")
    print(f"verify{name:28} unnoticed: {', '.join(missed[:2])}")
    assert missed


def test_the_suite_kills_enough_mutants() -> None:
    assert len({mutant.__name__ for mutant in ENGINE}) == len(ENGINE)
    assert len(ENGINE) + len(CHECKS) + 1 >= 45
