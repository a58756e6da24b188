"""The nearest way of a flow that has none: one that misses its bound by far is no near one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from hybridspec.ir.plan import Configuration, Failure
from hybridspec.place.explain import distance

BOUND = 50_000


def way(label: str, high: int, *codes: str) -> Configuration:
    """A way that takes `high` us of a bound, and breaks others by one."""
    late = [Failure(code="HS0302", excess=high - BOUND, unit="us", message="", remedy="")]
    others = [Failure(code=code, excess=1, unit="", message="", remedy="") for code in codes]
    made = SimpleNamespace(label=label, latency=SimpleNamespace(high=high), failures=late + others)
    return cast("Configuration", made)


def test_a_few_ms_and_a_device_are_nearer_than_minutes() -> None:
    edge, cloud = way("edge", 53_000, "HS0306"), way("cloud", 223_267_000)
    assert min((cloud, edge), key=distance) is edge


def test_of_two_near_ways_the_one_that_breaks_less_is_nearer() -> None:
    one, two = way("b", 90_000), way("a", 51_000, "HS0306")
    assert min((two, one), key=distance) is one
