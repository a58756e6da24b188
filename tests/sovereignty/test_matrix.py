"""The placement matrix claims nothing better than the oracle does, whatever is placed where.

Placements are arbitrary: most of them are not allowed, and the matrix has to say so.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator

from sovereignty.compare import instance, table
from sovereignty.oracle import WORST, Oracle, worst
from sovereignty.placements import Fact, facts, placed

from hybridspec.place.residency import residency

SPECS = 4_000 if os.environ.get("HYBRIDSPEC_NIGHTLY") else 250


def overclaims(seed: int, tally: Counter[str] | None = None) -> Iterator[str]:
    """Rows that are missing, leave out a country or are better than what the oracle says."""
    graph, dice = instance(seed), random.Random(seed)
    plan, oracle = placed(graph, dice), Oracle(graph, table(odd=bool(seed % 2)))
    made = residency(graph, plan.decisions, plan.stores, plan.fleet)
    rows = {(row.zone, row.asset, row.facet): row for row in made}
    for fact in dict.fromkeys(facts(graph, plan)):
        row = rows.get((fact.zone, fact.asset, fact.facet))
        name = f"seed {seed}: {fact.facet} of {fact.asset} in {fact.zone}"
        if row is None:
            yield f"{name}: no row"
            continue
        meant = judged(oracle, fact)
        if tally is not None:
            tally[meant] += 1
        if not set(fact.place.countries) <= set(row.countries):
            yield f"{name}: {row.countries} leaves out {fact.place.countries}"
        if WORST.index(row.verdict) > WORST.index(meant):
            yield f"{name}: {row.verdict}, but {fact.place} is {meant}"


def judged(oracle: Oracle, fact: Fact) -> str:
    """What the oracle says of a fact; what is not known to be anywhere is a gap."""
    said = [oracle.verdict(fact.node, fact.facet, fact.place, before=True)]
    if fact.owned:
        said.append(oracle.wall(fact.zone, fact.facet, fact.place))
    if not fact.place.countries:
        said.append("gap")
    return worst(said)


def test_the_matrix_claims_nothing_better_than_the_oracle() -> None:
    tally: Counter[str] = Counter()
    found = [what for seed in range(SPECS) for what in overclaims(seed, tally)]
    print(f"\n{SPECS:,} placements: {dict(tally)}")
    assert found[:5] == []
    assert all(tally[verdict] >= 100 for verdict in ("violated", "gap", "conditional", "satisfied"))
