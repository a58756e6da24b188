"""Counts of devices that the plan decides: as many as cost least, and what follows from them."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from property.graphs import (
    board,
    data,
    device,
    flow,
    graph,
    infer,
    instance,
    model,
    region,
    site,
    stage,
    table,
    training,
    zone,
)

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.ir.graph import Graph, Site
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Estimate, Plan
from hybridspec.place.place import place
from hybridspec.place.verify import verify

EU = zone()
FRAMES = data()


def ranged(where: Site, **counts: tuple[int, int]) -> Site:
    """The site with ranges of counts."""
    return replace(where, devices=tuple(
        replace(d, count=counts[d.device_class.name][0], most=counts[d.device_class.name][1])
        if d.device_class.name in counts else d
        for d in where.devices
    ))  # fmt: skip


def placed(
    of: Graph, figures: LatencyTable | None = None
) -> tuple[Plan | None, tuple[Diagnostic, ...]]:
    """The plan and the findings."""
    sink, known = Sink(), figures or table(of)
    plan = place(of, known, sink)
    if plan is not None:
        assert verify(of, known, plan) == ()
    return plan, sink.findings


def busy(name: str, *sites: Site, rate: int = 200_000) -> object:
    """A flow that keeps a fifth of a device busy for each 66,667 events a second."""
    return flow(name, FRAMES, sites, stage("scale", "frames", input_rate=Fraction(rate)))


def counts(plan: Plan | None) -> dict[str, int]:
    """The decided counts by class."""
    assert plan is not None
    return {count.device: count.count for count in plan.counts}


def test_as_many_devices_are_bought_as_the_flows_need() -> None:
    lab = ranged(site("lab", EU, (device(), 1)), gateway=(1, 9))
    for flows, wanted in ((1, 1), (2, 2), (3, 3)):
        plan, _ = placed(graph(*(busy(f"f{i}", lab) for i in range(flows))))  # type: ignore[arg-type]
        assert counts(plan) == {"gateway": wanted}
        assert plan is not None
        assert plan.gap == 0
        assert plan.fleet[0].count == wanted


def test_a_range_from_zero_buys_only_the_class_that_costs_least() -> None:
    cheap, dear = device("cheap", board=board(price=1)), device("dear", board=board(price=10**9))
    lab = ranged(site("lab", EU, (cheap, 1), (dear, 1)), cheap=(0, 4), dear=(0, 4))
    plan, _ = placed(graph(busy("f", lab)))  # type: ignore[arg-type]
    assert counts(plan) == {"cheap": 1, "dear": 0}


def test_too_small_a_range_is_a_finding_that_says_how_many_are_enough() -> None:
    lab = ranged(site("lab", EU, (device(), 1)), gateway=(0, 2))
    plan, findings = placed(graph(*(busy(f"f{i}", lab) for i in range(3))))  # type: ignore[arg-type]
    assert plan is None
    assert [finding.code for finding in findings] == ["HS0401"]
    assert "put 3 `gateway` there" in findings[0].help


def test_what_is_bought_is_in_the_costs_of_devices_and_of_releases() -> None:
    lab = ranged(site("lab", EU, (device(), 1)), gateway=(1, 9))
    seen = infer("see", model(training=training()), "frames", input_rate=Fraction(50))
    of = graph(*(flow(f"f{i}", FRAMES, (lab,), seen) for i in range(2)),
               regions=(region(inference_price=10**5),))  # fmt: skip
    slow = table(of, lambda *_: Estimate(low=10_000, mid=10_000, high=10_000, basis="t"))
    two = replace(lab, devices=(replace(lab.devices[0], count=2, most=None),))
    fixed = replace(of, sites=(two,), flows=tuple(replace(f, sites=(two,)) for f in of.flows))
    plan, _ = placed(of, slow)
    other, _ = placed(fixed, slow)
    assert plan is not None
    assert other is not None
    assert counts(plan) == {"gateway": 2}
    assert (plan.cost, plan.bound) == (other.cost, other.bound)
    assert plan.stores[0].terms == other.stores[0].terms


def test_a_plan_with_another_count_fails_its_check() -> None:
    lab = ranged(site("lab", EU, (device(), 1)), gateway=(1, 9))
    of = graph(busy("a", lab), busy("b", lab))  # type: ignore[arg-type]
    plan, _ = placed(of)
    assert plan is not None
    for wrong, words in ((1, "too busy"), (10, "as many devices as may"), (0, "as many devices")):
        worse = replace(plan, counts=(replace(plan.counts[0], count=wrong),))
        assert any(words in fault for fault in verify(of, table(of), worse))
    assert any("as many" in fault for fault in verify(of, table(of), replace(plan, counts=())))
    extra = replace(plan.counts[0], site="elsewhere")
    more = replace(plan, counts=(*plan.counts, extra))
    assert any("not to be bought" in fault for fault in verify(of, table(of), more))


def cheapest(of: Graph, figures: LatencyTable) -> int | None:
    """The least cost over all counts, each as if the spec had said so."""
    ranges = [(s, d) for s, site in enumerate(of.sites) for d, here in enumerate(site.devices)
              if here.most is not None]  # fmt: skip
    best: int | None = None
    for chosen in product(*(range(of.sites[s].devices[d].count, of.sites[s].devices[d].upto + 1)
                            for s, d in ranges)):  # fmt: skip
        counts = dict(zip(ranges, chosen, strict=True))
        sites = {site.name: replace(site, devices=tuple(
            replace(here, count=counts.get((s, d), here.count), most=None)
            for d, here in enumerate(site.devices) if counts.get((s, d), here.count)
        )) for s, site in enumerate(of.sites)}  # fmt: skip
        if any(not sites[s.name].devices for f in of.flows for s in f.sites):
            continue
        fixed = replace(of, sites=tuple(sites.values()), flows=tuple(
            replace(f, sites=tuple(sites[s.name] for s in f.sites)) for f in of.flows))  # fmt: skip
        plan = place(fixed, figures, Sink())
        if plan is not None:
            best = plan.cost if best is None else min(best, plan.cost)
    return best


@pytest.mark.parametrize("start", range(0, 60, 20))
def test_counts_cost_as_little_as_the_best_of_all_that_could_be_written(start: int) -> None:
    compared = 0
    for seed in range(start, start + 20):
        made, dice = instance(seed), random.Random(seed)
        sites = {s.name: replace(s, devices=tuple(
            replace(d, count=dice.choice((0, 1)), most=dice.choice((1, 2)))
            if dice.random() < 0.6 else d for d in s.devices
        )) for s in made.graph.sites}  # fmt: skip
        of = replace(made.graph, sites=tuple(sites.values()), flows=tuple(
            replace(f, sites=tuple(sites[s.name] for s in f.sites)) for f in made.graph.flows
        ))  # fmt: skip
        plan, _ = placed(of, made.table)
        best = cheapest(of, made.table)
        assert (plan.cost if plan is not None else None) == best, f"seed {seed}"
        if plan is not None:
            assert plan.gap == 0
            compared += 1
    assert compared > 3
