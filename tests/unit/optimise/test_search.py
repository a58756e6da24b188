"""How a search ends: at its end, at its budget, or with a failure."""

from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path

import pytest
from unit.optimise.test_optimise import benign, network, saved

from hybridspec.base.errors import Cancelled, HybridspecError
from hybridspec.optimise.candidate import Host
from hybridspec.optimise.crew import together
from hybridspec.optimise.search import Budget, listed, search
from hybridspec.optimise.workshop import Local


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
