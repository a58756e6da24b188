"""Plans of which none is both cheaper and faster than another, from the cheapest on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import ceil

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.explanation import Point
from hybridspec.ir.graph import Graph
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Decision, Plan
from hybridspec.place.place import place

MOST = 12
"""Plans at most, the cheapest first."""


def front(graph: Graph, table: LatencyTable, plan: Plan) -> tuple[Point, ...]:
    """The plan and every faster one at its least cost: all bounds are drawn in step by step.

    A step asks that every flow takes less of its bound than the worst one does, so that no plan
    between two points is cheaper than the second and faster than the first.
    """
    usual = {_name(decision): decision.chosen.label for decision in plan.decisions}
    found = [_point(plan, usual)]
    while found[-1].share is not None and len(found) < MOST:
        faster = place(_drawn_in(graph, found[-1].share), table, Sink())
        if faster is None:
            break
        found.append(_point(faster, usual, _bounds(graph)))
    # Where a plan costs the same as a slower one before it, the slower one is no choice.
    return tuple(one for one, after in zip(found, [*found[1:], None], strict=True)
                 if after is None or after.plan.cost > one.plan.cost)  # fmt: skip


def _name(decision: Decision) -> tuple[str, str]:
    return decision.flow.name, decision.site.name


def _bounds(graph: Graph) -> Callable[[str], int | None]:
    """The bounds as the spec has them."""
    stated = {flow.name: flow.latency.bound for flow in graph.flows if flow.latency is not None}
    return stated.get


def _point(
    plan: Plan, usual: dict[tuple[str, str], str],
    stated: Callable[[str], int | None] | None = None,
) -> Point:  # fmt: skip
    worst, share = None, None
    for decision in plan.decisions:
        bound, latency = decision.flow.latency, decision.chosen.latency
        if bound is None or latency is None:
            continue
        limit = (stated(decision.flow.name) if stated is not None else None) or bound.bound
        taken = Fraction(latency.high, max(1, limit))
        if share is None or taken > share:
            worst, share = decision, taken
    moved = tuple(d for d in plan.decisions if usual[_name(d)] != d.chosen.label)
    return Point(plan=plan, share=share, worst=worst, moved=moved)


def _drawn_in(graph: Graph, share: Fraction) -> Graph:
    """The graph in which every flow has to take less than a share of its bound."""
    return replace(graph, flows=tuple(
        replace(flow, latency=replace(
            flow.latency, bound=ceil(flow.latency.bound * share) - 1
        )) if flow.latency is not None else flow
        for flow in graph.flows
    ))  # fmt: skip
