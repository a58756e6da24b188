"""Decides anew what a change of the spec makes of one decision; counted, and remembered."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hybridspec.ir.graph import Graph, Region, Site
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Configuration, Decision, Plan
from hybridspec.place import cost
from hybridspec.place.arrays import TooDear
from hybridspec.place.candidates import Candidates
from hybridspec.place.configuration import TooManyWays
from hybridspec.place.decide import Undecided, decide
from hybridspec.place.engine.api import SearchTooLarge
from hybridspec.place.repair_change import Change

MAX_SOLVES = 400
"""How often plans are made anew for one explanation."""


class Exhausted(Exception):
    """Plans were made anew as often as they may be."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of deciding anew: the way of the flow in question, and what everything costs.

    `cost` leaves out what the declared devices cost wherever flows run; `whole` does not.
    """

    way: Configuration
    cost: int
    whole: int


@dataclass(slots=True)
class Replanner:
    """Decides one flow at one site anew with changes made."""

    graph: Graph
    table: LatencyTable
    site: str
    flow: str
    known: dict[tuple[str, str], Outcome | None] = field(default_factory=dict)
    solves: int = 0

    def with_change(self, change: Change) -> Outcome | None:
        """What is decided then; None if nothing fits.

        Raises:
            Exhausted: that was asked too often.
        """
        key = (change.words, change.value)
        if key not in self.known:
            if self.solves >= MAX_SOLVES:
                raise Exhausted
            self.solves += 1
            self.known[key] = self._decided(change.apply(self.graph))
        return self.known[key]

    def unchanged(self) -> Outcome | None:
        """What is decided as it is."""
        return self.with_change(Change("", "", "", lambda graph: graph))

    def _decided(self, graph: Graph) -> Outcome | None:
        candidates = Candidates(graph, self.table)
        try:
            found = decide(candidates)
        except (TooManyWays, TooDear, SearchTooLarge):
            raise Exhausted from None
        if isinstance(found, Undecided):
            return None
        planned = found.planned[self.site]
        index = [flow.name for flow in candidates.flows(planned.site)].index(self.flow)
        fixed = sum(term.amount for term in cost.fleet_terms(graph))
        cheapest = found.answer.cost
        return Outcome(planned.chosen[index], cheapest, cheapest + fixed)


def outcome(plan: Plan, decision: Decision) -> Outcome:
    """What a plan says of one of its decisions."""
    fixed = sum(term.amount for term in plan.fixed)
    return Outcome(decision.chosen, plan.cost - fixed, plan.cost)


def alone(graph: Graph, site: Site, region: Region | None) -> Graph:
    """The graph with one site and its flows, the store of its zone being where it is."""
    flows = tuple(replace(flow, sites=(site,)) for flow in graph.flows
                  if any(one.name == site.name for one in flow.sites))  # fmt: skip
    return replace(graph, sites=(site,), flows=flows,
                   regions=graph.regions if region is None else (region,))  # fmt: skip
