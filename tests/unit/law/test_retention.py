"""Retention: everybody's intervals intersect, and an empty intersection names two of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from property.graphs import at

from hybridspec.law.retention import LOGGED, Term, conflicts, interval

TERMS = st.lists(st.builds(
    Term, st.none() | st.integers(0, 9), st.none() | st.integers(0, 9),
    st.sampled_from(("zone `eu`", "law:art-1", LOGGED)), st.integers(1, 5).map(at),
    since=st.just(""), law=st.just(value=True),
), max_size=6)  # fmt: skip


@given(TERMS)
def test_two_sources_are_named_just_if_the_intersection_is_empty(terms: list[Term]) -> None:
    least, most = interval(terms)
    empty = least is not None and most is not None and least > most
    assert bool(list(conflicts(terms))) is empty


@given(TERMS)
def test_both_sources_are_among_those_that_spoke(terms: list[Term]) -> None:
    for conflict in conflicts(terms):
        assert conflict.keeps in terms
        assert conflict.ends in terms
        assert conflict.least > conflict.most


@given(TERMS, TERMS)
def test_more_sources_never_leave_more_time(some: list[Term], more: list[Term]) -> None:
    assert len(list(conflicts(some))) <= len(list(conflicts([*some, *more])))


def test_what_only_the_spec_says_is_for_other_rules() -> None:
    zone = Term(None, 5, "zone `eu`", at(1))
    store = Term(9, 9, "store `f/keep`", at(2))
    assert list(conflicts([zone, store])) == []
    assert [c.ends for c in conflicts([zone, store, Term(7, None, "law", at(3), law=True)])] == [
        zone
    ]
    assert [c.keeps.who for c in conflicts([zone, Term(9, 9, LOGGED, at(4))])] == [LOGGED]


def test_what_is_to_come_does_not_bind_yet() -> None:
    coming = Term(9, None, "law:art-19", at(3), since="2027-12-02", law=True)
    zone = Term(None, 5, "zone `eu`", at(1))
    assert interval([zone, coming]) == (None, 5)
    (conflict,) = conflicts([zone, coming])
    assert conflict.keeps.since == "2027-12-02"
