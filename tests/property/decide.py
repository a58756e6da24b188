"""The deciding half of the pipeline in the order of the compiler: check, place, verify."""

from __future__ import annotations

from functools import cache

from property.graphs import Instance, instance

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.check.rule import check
from hybridspec.ir.graph import Graph
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Plan
from hybridspec.place import place as placing
from hybridspec.place import verify as verifying

Decided = tuple[Plan | None, tuple[Diagnostic, ...]]


@cache
def decided(seed: int) -> tuple[Instance, Decided]:
    """An instance and what is decided of it, once for all tests; none of a patched placement."""
    made = instance(seed)
    return made, decide(made.graph, made.table)


def decide(graph: Graph, table: LatencyTable) -> Decided:
    """The plan that the compiler would go on with, or None and the findings."""
    sink = Sink()
    check(graph, sink)
    if sink.has_errors:
        return None, sink.findings
    plan = placing.place(graph, table, sink)
    if sink.has_errors:
        return None, sink.findings
    assert plan is not None, "neither a plan nor a finding"
    return plan, sink.findings


def faults(graph: Graph, table: LatencyTable, plan: Plan) -> tuple[str, ...]:
    """What the independent checker says; looked up late, so that tests can weaken it."""
    return verifying.verify(graph, table, plan)
