"""Decisions follow from what a spec says, not from the order in which it says it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from property.decide import decide
from property.graphs import data, device, flow, graph, instance, region, site, stage, table, zone

from hybridspec.ir.graph import Graph, Site
from hybridspec.ir.plan import Plan


def shuffled(of: Graph, seed: int) -> Graph:
    """The same graph with every list that has no order of its own in another order."""
    rng = random.Random(seed)

    def mixed(things: tuple) -> tuple:  # type: ignore[type-arg]
        return tuple(rng.sample(things, len(things)))

    sites: dict[str, Site] = {s.name: replace(s, devices=mixed(s.devices)) for s in of.sites}
    flows = tuple(replace(f, sites=mixed(tuple(sites[s.name] for s in f.sites))) for f in of.flows)
    return replace(
        of, zones=mixed(of.zones), sites=mixed(tuple(sites.values())), flows=mixed(flows),
        regions=mixed(of.regions), device_classes=mixed(of.device_classes),
        models=mixed(of.models), data=mixed(of.data),
    )  # fmt: skip


def essence(plan: Plan) -> object:
    """What a plan decides, without the order in which it lists it."""
    return (
        plan.cost,
        {(d.site.name, d.flow.name): (d.chosen.label, d.chosen.device.name if d.chosen.device
                                      else None, d.runner_up_delta,
                                      d.runner_up.label if d.runner_up else None)
         for d in plan.decisions},
        {s.zone.name: s.region.label for s in plan.stores},
        {m.device_class.name: (m.count, sorted(v for _, v in m.models)) for m in plan.fleet},
        plan.residency,
    )  # fmt: skip


def test_order_never_decides() -> None:
    for seed in range(200):
        made = instance(seed)
        first, _ = decide(made.graph, made.table)
        again, _ = decide(shuffled(made.graph, seed), made.table)
        assert (first is None) == (again is None), f"seed {seed}"
        if first is not None and again is not None:
            assert essence(first) == essence(again), f"seed {seed}"


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_flows_that_compete_for_equal_places_get_them_by_name(names: tuple[str, str]) -> None:
    eu, frames = zone(), data()
    # Either flow fits the one place on `a0`, which comes first by name; all costs are equal.
    lab = site("lab", eu, (device("a0"), 1), energy_price=0)
    free = region(inference_price=0)
    busy = replace(stage("scale", "frames"), input_rate=frames.rate * 20_000)
    of = graph(*(flow(name, frames, (lab,), busy) for name in names), regions=(free,))
    plan, _ = decide(of, table(of))
    assert plan is not None
    hosts = {d.flow.name: d.chosen.label for d in plan.decisions}
    assert hosts == {"a": "scale@a0", "b": "scale@aws/eu-one via a0"}
