"""Decides anew what a change of the spec makes of one decision; counted, and remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from hybridspec.ir.graph import Graph
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Configuration, Plan
from hybridspec.place import cost
from hybridspec.place.candidates import Candidates, following
from hybridspec.place.configuration import TooManyWays
from hybridspec.place.decide import Decided, Undecided, decide
from hybridspec.place.engine.api import SearchTooLarge
from hybridspec.place.listing import TooDear
from hybridspec.place.repair_change import Change

MAX_SOLVES = 400
"""How often plans are made anew for one explanation."""
_WORK, _LEAST = 200_000, 40
"""Flows at sites that are decided anew at most, but so many times in any case."""


class Exhausted(Exception):
    """Plans were made anew as often as they may be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of deciding anew: the answer to what is in question, and what everything costs.

    `way` is that of the flow in question, if it is one. `cost` leaves out what the declared
    devices cost wherever flows run; `whole` does not. `exact` says that it is proven least.
    """

    label: str
    way: Configuration | None
    cost: int
    whole: int
    exact: bool = True


Asked: TypeAlias = Callable[[Decided], tuple[str, Configuration | None]]
"""What is in question, and the label of its answer."""


def way_of(site: str, flow: str) -> Asked:
    """How a flow runs at a site."""

    def asked(found: Decided) -> tuple[str, Configuration | None]:
        planned = found.planned[site]
        index = [one.name for one in found.candidates.flows(planned.site)].index(flow)
        return planned.chosen[index].label, planned.chosen[index]

    return asked


def store_of(zone: str) -> Asked:
    """Where the store of a zone is."""

    def asked(found: Decided) -> tuple[str, Configuration | None]:
        return next((r.label for z, r in found.stores if z.name == zone), ""), None

    return asked


@dataclass(slots=True)
class Replanner:
    """Decides what is in question anew with changes made; `tell` hears of each time."""

    graph: Graph
    table: LatencyTable
    asked: Asked
    _first: Candidates | None = None
    known: dict[tuple[str, str], Outcome | None] = field(default_factory=dict)
    solves: int = 0
    tell: Callable[[], None] = lambda: None

    def with_change(self, change: Change) -> Outcome | None:
        """What is decided then; None if nothing fits.

        Raises:
            Exhausted: that was asked too often.
        """
        key = (change.words, change.value)
        if key not in self.known:
            if self.solves >= min(MAX_SOLVES, max(_LEAST, _WORK // self._pairs())):
                raise Exhausted
            self.solves += 1
            self.tell()
            self.known[key] = self._decided(change.apply(self.graph))
        return self.known[key]

    def _pairs(self) -> int:
        return max(1, sum(len(flow.sites) for flow in self.graph.flows))

    def unchanged(self) -> Outcome | None:
        """What is decided as it is."""
        return self.with_change(Change("", "", "", lambda graph: graph))

    def _decided(self, graph: Graph) -> Outcome | None:
        try:
            found = decide(self._candidates(graph))
        except (TooManyWays, TooDear, SearchTooLarge):
            raise Exhausted from None
        if isinstance(found, Undecided):
            return None
        fixed = sum(term.amount for term in cost.fleet_terms(graph))
        cheapest = found.answer.cost
        return Outcome(*self.asked(found), cheapest, cheapest + fixed,
                       cheapest == found.answer.bound)  # fmt: skip

    def _candidates(self, graph: Graph) -> Candidates:
        """The candidates of a graph: the first one's, as far as it is the same."""
        if self._first is None:
            self._first = Candidates(self.graph, self.table)
            decide(self._first)
        return following(self._first, graph)


def outcome(graph: Graph, plan: Plan, label: str, way: Configuration | None) -> Outcome:
    """What a plan says of something that it has decided."""
    fixed = sum(term.amount for term in cost.fleet_terms(graph))
    return Outcome(label, way, plan.cost - fixed, plan.cost, plan.gap == 0)
