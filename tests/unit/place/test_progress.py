"""Progress of a long search: nothing at first, then cost, bound and gap now and then."""

from __future__ import annotations

from hybridspec.place.engine.api import Progress
from hybridspec.place.progress import paced, telling


def test_a_short_search_says_nothing_and_a_long_one_says_its_gap() -> None:
    times = iter([0.0, 1.0, 2.5, 3.0, 5.0])
    said: list[str] = []
    watch = telling(said.append, "USD", clock=lambda: next(times))
    for cost in (None, None, 4_000_000, 2_000_000):
        assert watch(Progress(cost, 1_000_000)) is False
    assert said == [
        "placing: no plan yet, and none below 1.00 USD",
        "placing: 2.00 USD, none below 1.00 USD, gap 50 %",
    ]


def test_a_plan_that_costs_nothing_has_no_gap() -> None:
    said: list[str] = []
    times = iter([0.0, 9.0])
    telling(said.append, "USD", clock=lambda: next(times))(Progress(0, 0))
    assert said[0].endswith("gap 0 %")


def test_where_nothing_is_proven_yet_no_bound_is_named() -> None:
    said: list[str] = []
    times = iter([0.0, 9.0, 18.0])
    watch = telling(said.append, "USD", clock=lambda: next(times))
    watch(Progress(None, 0))
    watch(Progress(7_000_000, 0))
    assert said == ["placing: no plan yet", "placing: 7.00 USD, no bound yet"]


def test_a_search_that_is_not_to_go_on_ends_with_its_first_plan() -> None:
    watch = telling(lambda _: None, "USD", stop=lambda: True)
    assert watch(Progress(None, 1)) is False
    assert watch(Progress(5, 1)) is True


def test_what_stands_in_any_case_is_part_of_cost_and_bound() -> None:
    said: list[str] = []
    times = iter([0.0, 9.0, 18.0, 27.0])
    watch = telling(said.append, "USD", clock=lambda: next(times), owned=lambda: 6_000_000)
    for found in (Progress(None, 1_000_000), Progress(2_000_000, 1_000_000), Progress(2, 0)):
        watch(found)
    assert said == [
        "placing: no plan yet, and none below 7.00 USD",
        "placing: 8.00 USD, none below 7.00 USD, gap 12.5 %",
        "placing: 6.00 USD, no bound yet",
    ]


def test_what_comes_too_soon_is_not_passed_on() -> None:
    times, said = iter([0.0, 1.0, 2.0, 2.0, 3.9, 4.1, 4.1]), list[str]()
    told = paced(said.append, lambda: next(times))
    for words in ("soon", "first", "again", "second"):
        told(words)
    assert said == ["first", "second"]
