"""Faults put into the judgement on purpose: the comparison with the oracle has to notice each.

Run with `-s` to see the table of kills, or with `--kill-table FILE` to have it written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sovereignty.compare import differences
from sovereignty.label_mutants import LABEL_MUTANTS, Mutant, Patch
from sovereignty.law_mutants import LAW_MUTANTS

MUTANTS = (*LABEL_MUTANTS, *LAW_MUTANTS)
SEEDS = 1_200
KILLS: dict[str, str] = {}


@pytest.fixture(scope="module", autouse=True)
def table(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Writes which fault was seen in which instance, and how, when all have run."""
    yield
    chosen = request.config.getoption("--kill-table")
    file = Path(chosen) if chosen else tmp_path_factory.mktemp("sovereignty") / "kills.txt"
    rows = [f"{name:34} {KILLS.get(name, 'not run')}" for name in sorted(KILLS)]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"\n{len(rows)} of {len(MUTANTS)} faults were noticed; the table is in {file}")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_fault_in_the_judgement_is_noticed(
    mutant: Mutant, monkeypatch: Patch, record_property: Callable[[str, object], None]
) -> None:
    mutant(monkeypatch)
    for seed in range(SEEDS):
        found = next(differences(seed), "")
        if found:
            KILLS[mutant.__name__] = found.split(" at Place")[0]
            record_property("killed", f"{mutant.__name__}: {found[:300]}")
            print(f"{mutant.__name__:34} {KILLS[mutant.__name__]}")
            return
    pytest.fail(f"{mutant.__name__} survives {SEEDS} instances: {mutant.__doc__}")


def test_there_are_enough_faults() -> None:
    assert len({mutant.__name__ for mutant in MUTANTS}) == len(MUTANTS) >= 60
    assert all(mutant.__doc__ for mutant in MUTANTS)
