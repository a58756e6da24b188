"""Faster plans: each costs more than the one before, and nothing between them was passed over."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from property.decide import decide
from property.graphs import (
    bound,
    device,
    flow,
    graph,
    infer,
    instance,
    model,
    region,
    site,
    table,
    zone,
)
from property.graphs import data as asset

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.plan import Estimate
from hybridspec.place.explain_pareto import front
from hybridspec.place.place import place


def test_no_plan_of_a_front_is_both_dearer_and_slower_than_another() -> None:
    several = 0
    for seed in range(45):
        made = instance(seed)
        plan, _ = decide(made.graph, made.table)
        if plan is None:
            continue
        points = front(made.graph, made.table, plan)
        assert points[0].plan.cost == plan.cost, seed
        for one, after in pairwise(points):
            assert one.share is not None
            assert after.share is not None
            assert after.share < one.share, seed
            assert after.plan.cost > one.plan.cost, seed
        several += len(points) > 1
    assert several > 1


def test_a_faster_variant_that_costs_more_is_the_second_choice() -> None:
    # In the cloud it is cheap and slow, on the board fast and dear: both keep the bound.
    lab = site("lab", zone(), (device(uplink_rtt=10_000), 1), energy_price=900_000_000)
    one = flow("see", asset(), (lab,), infer("look", model(variants=("fp32",)), "frames"),
               latency=bound(20_000_000, "look"))  # fmt: skip
    of = graph(one, regions=(region(inference_price=0, egress_price=0),))
    slow = table(of, lambda _t, host, _v: Estimate(low=1, mid=2, high=900, basis="t")
                 if host == "pi" else Estimate(low=1, mid=2, high=9_000, basis="t"))  # fmt: skip
    plan = place(of, slow, Sink())
    assert plan is not None
    cheap, fast = front(of, slow, plan)
    assert cheap.plan.cost == plan.cost < fast.plan.cost
    assert fast.share is not None
    assert fast.share < Fraction(1, 10)
    assert [d.chosen.region for d in fast.moved] == [None]
    tight = replace(of, flows=(replace(one, latency=bound(1_000, "look")),))
    assert place(tight, slow, Sink()) is None
