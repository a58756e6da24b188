"""Which candidate is chosen, and which ones nobody beats by what means something."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridspec.ir.artefact import Evidence, Verdict
from hybridspec.ir.candidate import Candidate, State
from hybridspec.ir.plan import Estimate
from hybridspec.optimise.front import best, front

EVIDENCE = Evidence(
    metric="", samples=9, original=0.9, variant=0.9, interval=0, agreement=1, cosine=1,
    sqnr_db=30, original_size=9, variant_size=9, evaluation_digest="", tools=(),
)  # fmt: skip


def candidate(
    mid: int | None, decibels: float = 30, size: int = 1000, **found: object
) -> Candidate:
    """One that passed; `found` is further evidence."""
    evidence = replace(EVIDENCE, sqnr_db=decibels, **found)  # type: ignore[arg-type]
    verdict = Verdict(variant="int8", accepted=True, reasons=(), evidence=evidence)
    latency = None if mid is None else Estimate(low=mid, mid=mid, high=mid, basis="t")
    return Candidate(variant="int8", recipe="r", why="", state=State.PASSED, verdict=verdict,
                     latency=latency, memory=1, size=size)  # fmt: skip


def scored(mid: int, accuracy: float, interval: float) -> Candidate:
    return candidate(mid, metric="accuracy", variant=accuracy, interval=interval)


@pytest.mark.parametrize(
    ("mids", "chosen"),
    [
        ((300, 200, 200), 1),
        ((206, 200, 100), 2),
        ((102, 100, 100), 0),  # within three percent: the earlier one
        ((104, 100, 100), 1),
        ((None, 500), 1),
        ((None, None), 0),
    ],
)
def test_the_fastest_is_chosen_and_the_earlier_of_equals(
    mids: tuple[int | None, ...], chosen: int
) -> None:
    assert best([candidate(mid) for mid in mids]) == chosen


def test_nothing_is_chosen_where_nothing_passed() -> None:
    assert best([replace(candidate(1), state=State.REJECTED)]) is None
    assert best([]) is None


def test_of_equally_fast_ones_the_closer_of_the_same_size_is_chosen() -> None:
    one, edges, percentile = (candidate(59, db) for db in (37.1, 42.4, 37.5))
    assert front([one, edges, percentile]) == {1}
    assert best([one, edges, percentile]) == 1
    assert best([one, replace(edges, size=1100), percentile]) == 0  # what is larger beats nobody
    assert best([one, percentile]) == 0


def test_the_metric_ranks_and_what_its_interval_hides_is_alike() -> None:
    assert front([scored(9, 0.95, 0.0), scored(9, 0.96, 0.02)]) == {0}
    assert front([scored(9, 0.93, 0.0), scored(9, 0.96, 0.02)]) == {1}
    assert front([scored(9, 0.95, 0.0), scored(9, 0.96, 0.0)]) == {1}


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.one_of(st.none(), st.integers(1, 120)), st.floats(15, 60), st.integers(900, 1100),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@given(CANDIDATES)
def test_the_chosen_one_is_never_beaten_and_what_is_left_out_is(found: list[Candidate]) -> None:
    unbeaten, chosen = front(found), best(found)
    assert chosen in unbeaten
    for index, one in enumerate(found):
        if index not in unbeaten:
            assert any(_alike_or_better(found[other], one) for other in unbeaten)


def _alike_or_better(one: Candidate, other: Candidate) -> bool:
    """To beat is transitive: whoever is beaten is beaten by somebody on the front."""
    mine, its = (c.latency.mid if c.latency else 10**9 for c in (one, other))
    assert one.verdict is not None
    assert other.verdict is not None
    closer = one.verdict.evidence.sqnr_db >= other.verdict.evidence.sqnr_db - 1.0001
    return mine <= its * 1.031 and closer and one.size <= other.size * 1.021
