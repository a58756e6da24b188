"""Every flip is one: with the value the flow runs another way, a step before it as it does now."""

from __future__ import annotations

from property.decide import decide
from property.graphs import Instance, instance

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import Decision, Plan
from hybridspec.place.explain_decision import explanations
from hybridspec.place.explain_flip import with_flips
from hybridspec.place.explain_lever import Lever, bounds, prices
from hybridspec.place.place import place

SEEDS = range(60)
WANTED = 4
"""Decisions whose flips are all tried."""


def found(made: Instance, lever: Lever, value: int, decision: Decision) -> str | None:
    """What runs with a lever at a value."""
    plan = place(lever.change(value).apply(made.graph), made.table, Sink())
    if plan is None:
        return None
    return next(d.chosen.label for d in plan.decisions if d.site.name == decision.site.name
                and d.flow.name == decision.flow.name)  # fmt: skip


def levers(graph: Graph, plan: Plan, decision: Decision) -> dict[str, Lever]:
    """All levers of a decision by their words."""
    site = decision.site
    region = next((s.region for s in plan.stores if s.zone.name == site.zone.name), None)
    every = (*bounds(site, decision.flow, ()), *prices(graph, site, region))
    return {lever.words: lever for lever in every}


def test_a_flip_changes_what_runs_and_a_step_less_does_not() -> None:
    tried = 0
    kinds: set[str] = set()
    for seed in SEEDS:
        made = instance(seed)
        plan, _ = decide(made.graph, made.table)
        if plan is None or tried >= WANTED:
            continue
        (one, *_) = explanations(made.graph, plan, lambda d: d is plan.decisions[0])  # noqa: B023
        decision, known = one.decision, levers(made.graph, plan, one.decision)
        label = decision.chosen.label
        explained = with_flips(made.graph, made.table, plan, one)
        tried += bool(explained.flips)
        for flip in explained.flips:
            if flip.words not in known:
                continue  # a wish without an amount
            lever, value = known[flip.words], flip.value
            then = found(made, lever, value, decision)
            if flip.others_fail:
                assert then is None, (seed, flip)
                continue
            assert then == flip.becomes, (seed, flip)
            assert then != label, (seed, flip)
            before = value + (lever.step if value < lever.now else -lever.step)
            if min(lever.now, value) < before < max(lever.now, value):
                assert found(made, lever, before, decision) == label, (seed, flip)
            kinds.add(lever.unit)
    assert tried >= WANTED
    assert {"USD", "us"} <= kinds
