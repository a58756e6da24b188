"""Decisions follow from what a spec says, not from the order in which it says it."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from property.decide import decide
from property.graphs import data, device, flow, graph, instance, region, site, stage, table, zone

from hybridspec.base.diagnostic import Sink
from hybridspec.compiler import Options, validate_file
from hybridspec.ir.graph import Graph, Site
from hybridspec.ir.plan import Plan
from hybridspec.load.load import load
from hybridspec.load.yaml import Plain
from hybridspec.place.document import canonical, document


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


def reordered(value: Plain, dice: random.Random) -> Plain:
    """The same value with the keys of every mapping in another order."""
    if isinstance(value, dict):
        return {key: reordered(value[key], dice) for key in dice.sample(list(value), len(value))}
    return [reordered(item, dice) for item in value] if isinstance(value, list) else value


def unordered(value: object) -> object:
    """A plan's document without the order of its lists and the lines of the spec."""
    if isinstance(value, dict):
        return {key: unordered(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((unordered(item) for item in value), key=lambda item: canonical(item))
    return re.sub(r"hybridspec\.yaml:[0-9]+", "", value) if isinstance(value, str) else value


def test_the_order_of_keys_decides_nothing(example: Path, cache: Path) -> None:
    spec = example / "hybridspec.yaml"
    loaded = load(spec, cache, Sink())
    assert loaded is not None
    plans = set()
    for seed in range(3):
        mixed = reordered(loaded.document.value, random.Random(seed))
        spec.write_text(json.dumps(mixed, indent=1), encoding="utf-8")
        build = validate_file(spec, Options(cache=cache))
        made = document(replace(build.graph, spec_digest=""), build.plan)
        plans.add(canonical(unordered({**made, "digest": ""})))
    assert len(plans) == 1
