"""The choice between cost and latency: what is not proven is not claimed."""

from __future__ import annotations

from dataclasses import replace

from property.decide import decide
from property.graphs import instance

from hybridspec.ir.explanation import Point
from hybridspec.report.explain_pareto import pareto_blocks, pareto_document


def test_a_point_that_is_not_proven_says_its_gap_and_nothing_more() -> None:
    made = (instance(seed) for seed in range(45))
    found = (decide(one.graph, one.table)[0] for one in made)
    plan = next(one for one in found if one is not None)
    proven = Point(plan=replace(plan, bound=plan.cost), share=None, worst=None, moved=())
    loose = replace(proven, plan=replace(plan, cost=20_000_000, bound=15_000_000))
    said = pareto_document("s", [proven, loose])
    assert [one["optimal"] for one in said["points"]] == [True, False]
    assert [one["gap"].split()[0] for one in said["points"]] == ["0.00", "5.00"]
    first, last = pareto_blocks(said)
    assert first[2][1][0].startswith(f"20.00 {plan.currency} (gap 5.00 {plan.currency})")
    assert last[0] == "Not every plan is proven to cost the least"
    _, last = pareto_blocks(pareto_document("s", [proven]))
    assert last[0] == "No other plan is both cheaper and faster"
