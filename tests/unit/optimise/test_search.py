"""Which candidate is chosen, which ones nobody beats, and how a search ends before its end."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from unit.optimise.test_optimise import benign, network, saved

from hybridspec.base.errors import Cancelled, HybridspecError
from hybridspec.ir.artefact import Evidence, Verdict
from hybridspec.ir.candidate import Candidate, State
from hybridspec.ir.plan import Estimate
from hybridspec.optimise.candidate import Host
from hybridspec.optimise.crew import together
from hybridspec.optimise.search import Budget, _best, listed, marked, search
from hybridspec.optimise.workshop import Local

EVIDENCE = Evidence(
    metric="accuracy", samples=9, original=0.9, variant=0.9, interval=0, agreement=1, cosine=1,
    sqnr_db=30, original_size=9, variant_size=9, evaluation_digest="", tools=(),
)  # fmt: skip


def candidate(mid: int | None, accuracy: float = 0.9, **fields: object) -> Candidate:
    verdict = Verdict(variant="int8", accepted=True, reasons=(),
                      evidence=replace(EVIDENCE, variant=accuracy))  # fmt: skip
    latency = None if mid is None else Estimate(low=mid, mid=mid, high=mid, basis="t")
    made = Candidate(variant="int8", recipe="r", why="", state=State.PASSED, verdict=verdict,
                     latency=latency, memory=1, size=1)  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mids", "measured", "best"),
    [
        ((300, 200, 200), False, 1),
        ((206, 200, 100), False, 2),
        ((102, 100, 100), True, 0),  # within three percent: the earlier one
        ((104, 100, 100), True, 1),
        ((None, 500), False, 1),
        ((None, None), False, 0),
    ],
)
def test_the_fastest_is_chosen_and_the_earlier_of_equals(
    mids: tuple[int | None, ...], measured: bool, best: int
) -> None:
    assert _best([candidate(mid) for mid in mids], measured=measured) == best


def test_nothing_is_chosen_where_nothing_passed() -> None:
    assert _best([candidate(1, state=State.REJECTED)], measured=False) is None


def test_the_front_holds_what_nobody_beats() -> None:
    found = marked(
        [candidate(300, 0.95), candidate(100, 0.90), candidate(300, 0.90), candidate(100, 0.90),
         candidate(50, 0.99, state=State.REJECTED)], 1,
    )  # fmt: skip
    assert [one.front for one in found] == [True, True, False, True, False]
    assert [one.chosen for one in found] == [False, True, False, False, False]


def test_a_budget_of_tries_cuts_alike_and_says_so(tmp_path: Path) -> None:
    net = saved(tmp_path, network(benign()))
    host = Host(name="pi", architecture="arm64", estimate=lambda _: None, memory=lambda _: 1)
    everything = listed(net, ("fp32", "int8"), host)
    assert everything == listed(net, ("fp32", "int8"), host)
    found = search(net, ("fp32", "int8"), host, Local(tmp_path / "cache", lambda _: None),
                   lambda _: None, Budget(tries=1))  # fmt: skip
    assert [one.state for one in found.candidates] == ["passed", *["untried"] * (
        len(everything) - 1)]  # fmt: skip
    assert found.cut == (f"the budget of 1 tries ended the search: {len(everything) - 1} of "
                         f"{len(everything)} were not tried")  # fmt: skip
    assert found.chosen is found.candidates[0]


class Idle(Local):
    """A workshop whose tasks wait until it ends."""

    def __init__(self, cache: Path) -> None:
        super().__init__(cache, lambda _: None, jobs=4)
        self.ended = threading.Event()

    def end(self) -> None:
        self.ended.set()

    def linger(self) -> int:
        assert self.ended.wait(30)
        raise Cancelled("ended")


def test_a_deadline_ends_what_is_under_way_and_keeps_what_is_done(tmp_path: Path) -> None:
    place = Idle(tmp_path)
    began = time.monotonic()
    found = together([lambda: 7, place.linger], place, lambda _: None, began + 0.3)
    assert found == [7, None]
    assert time.monotonic() - began < 20


def test_the_first_failure_ends_the_rest(tmp_path: Path) -> None:
    place = Idle(tmp_path)

    def fail() -> int:
        raise HybridspecError("full")

    with pytest.raises(HybridspecError, match="full"):
        together([place.linger, fail, partial(int, 3)], place, lambda _: None)
    assert place.ended.is_set()
