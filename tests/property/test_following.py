"""Candidates that take over what another graph has in common decide what fresh ones decide."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from property.graphs import instance

from hybridspec.base.units import DAY
from hybridspec.ir.graph import DeviceClass, Flow, Graph, Region, Site
from hybridspec.place.candidates import Candidates, following
from hybridspec.place.decide import Decided, decide
from hybridspec.place.difference import difference
from hybridspec.place.repair_change import with_device, with_flow, with_region, with_site

Answer = tuple[object, ...]


def answer(candidates: Candidates) -> Answer:
    """What is decided, to the last term of its cost, and every other way."""
    found = decide(candidates)
    if not isinstance(found, Decided):
        return ()
    chosen = tuple((name, planned.chosen, dict(planned.counts))
                   for name, planned in sorted(found.planned.items()))  # fmt: skip
    options = tuple(candidates.options(site, region)
                    for zone in candidates.graph.zones for site in candidates.sites(zone)
                    for region in candidates.regions(zone))  # fmt: skip
    stores = tuple((zone.name, region) for zone, region in found.stores)
    return found.answer.cost, found.answer.bound, chosen, stores, options


def changes(of: Graph, rng: random.Random) -> list[Graph]:
    """The graph with one value changed, of every kind that a lever can move."""
    site, flow = rng.choice(of.sites), rng.choice(of.flows)
    device = rng.choice(site.devices).device_class
    found = [
        with_site(of, site.name, lambda here: replace(here, energy_price=777_777)),
        with_site(of, site.name, lambda here: replace(here, line=123_000)),
        with_site(of, site.name, lambda here: replace(here, devices=tuple(
            replace(d, count=d.count + 1, most=None) for d in here.devices))),
        with_flow(of, flow.name, bandwidth=9_000),
        with_flow(of, flow.name, offline=DAY),
        with_device(of, device.name, lambda old: replace(old, max_offline=3 * DAY)),
        with_device(of, device.name, lambda old: replace(old, uplink_bandwidth=77_000)),
        with_device(of, device.name, lambda old: replace(old, one_model=not old.one_model)),
    ]  # fmt: skip
    if flow.latency is not None:
        tight = replace(flow.latency, bound=flow.latency.bound // 2)
        found.append(with_flow(of, flow.name, latency=tight))
    for region in of.regions:
        found.append(with_region(of, region.label, inference_quota=1))
        found += [with_region(of, region.label, **{price: 3 * getattr(region, price) + 1})
                  for price in ("storage_price", "inference_price", "egress_price", "key_price")
                  ]  # fmt: skip
    return found


@pytest.mark.parametrize("seed", range(5))
def test_what_is_taken_over_changes_no_decision(seed: int) -> None:
    made, rng = instance(seed), random.Random(seed)
    first = Candidates(made.graph, made.table)
    decide(first)
    for number, changed in enumerate(changes(made.graph, rng)):
        fresh = answer(Candidates(changed, made.table))
        assert answer(following(first, changed)) == fresh, number
    assert answer(following(first, made.graph)) == answer(Candidates(made.graph, made.table))


def test_only_values_that_tell_alike_apart_are_taken_for_a_small_difference() -> None:
    of = instance(3).graph
    assert difference(of, of) is not None
    assert difference(of, replace(of, horizon=of.horizon * 2)) is None
    assert difference(of, replace(of, sites=of.sites[1:])) is None
    for kind, other in (
        (Site, with_site(of, of.sites[0].name, lambda here: replace(here, country="JP"))),
        (Flow, with_flow(of, of.flows[0].name, when_offline="stop")),
        (Flow, with_flow(of, of.flows[0].name, sites=())),
        (DeviceClass, with_device(of, of.device_classes[0].name,
                                  lambda old: replace(old, platform="k3s"))),
        (Region, with_region(of, of.regions[0].label, country="IS")),
    ):  # fmt: skip
        assert difference(of, other) is None, kind
