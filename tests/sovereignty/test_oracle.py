"""Two judgements of random specs agree on every label and every verdict.

With `HYBRIDSPEC_NIGHTLY=1` ten times as many; run with `-s` to see how often each case came up.
"""

from __future__ import annotations

import os
from itertools import islice

from sovereignty.compare import Tally, differences, table
from sovereignty.random_specs import FACETS

NIGHTLY = bool(os.environ.get("HYBRIDSPEC_NIGHTLY"))
SPECS = 20_000 if NIGHTLY else 2_000
OFTEN = 20
VERDICTS = ("violated", "gap", "conditional", "satisfied")


def test_both_judgements_agree_on_random_specs() -> None:
    tally = Tally()
    found = [what for seed in range(SPECS) for what in islice(differences(seed, tally), 3)]
    show(tally)
    assert found[:5] == []
    for facet in FACETS:
        governed = any(facet in row.get("governs", ()) for row in table().rows("regimes"))
        for verdict in VERDICTS if governed else ("violated", "gap", "satisfied"):
            assert tally.facets[facet, verdict] >= OFTEN, f"{facet} is hardly ever {verdict}"
    for name in table().names:
        assert sum(tally.rules[name, v] for v in VERDICTS) >= OFTEN, f"{name} hardly has a say"


def show(tally: Tally) -> None:
    """Print how often each facet and each rule came to each verdict."""
    print(f"\n{SPECS:,} specs, {tally.asked:,} questions")
    for counts in (tally.facets, tally.rules):
        print(f"{'':24}" + "".join(f"{verdict:>12}" for verdict in VERDICTS))
        for name in sorted({name for name, _ in counts}):
            print(f"{name:24}" + "".join(f"{counts[name, v]:12,}" for v in VERDICTS))
