"""Saying more about data, or showing less, never makes a verdict better anywhere.

One thing at a time is added to a random spec (a regime, a country of people, a category, a
country of a place) or taken from it (a document, a mechanism, a release), and all is asked again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from sovereignty.compare import instance
from sovereignty.random_specs import CATEGORIES, COUNTRIES, FACETS, REGIMES, place

from hybridspec.ir.graph import Data, Graph
from hybridspec.ir.verdict import ORDER, Place, Verdict
from hybridspec.ir.zone import Zone
from hybridspec.law.label import labels
from hybridspec.law.permit import law_of

Change = Callable[[Graph, random.Random], Graph]
SPECS = 80


def _zones(graph: Graph, change: Callable[[Zone], Zone]) -> Graph:
    zones = {zone.name: change(zone) for zone in graph.zones}
    sites = {site.name: replace(site, zone=zones[site.zone.name]) for site in graph.sites}
    flows = tuple(
        replace(flow, sites=tuple(sites[site.name] for site in flow.sites)) for flow in graph.flows
    )
    return replace(graph, zones=tuple(zones.values()), sites=tuple(sites.values()), flows=flows)


def _data(graph: Graph, dice: random.Random, change: Callable[[Data], Data]) -> Graph:
    chosen = dice.choice(graph.data).name
    data = {one.name: change(one) if one.name == chosen else one for one in graph.data}
    flows = tuple(replace(flow, data=data[flow.data.name]) for flow in graph.flows)
    return replace(graph, data=tuple(data.values()), flows=flows)


def another_regime(graph: Graph, dice: random.Random) -> Graph:
    """A zone claims one law more."""
    more, chosen = dice.choice(REGIMES), dice.choice(graph.zones).name
    return _zones(graph, lambda zone: replace(zone, regimes=tuple(sorted({*zone.regimes, more})))
                  if zone.name == chosen else zone)  # fmt: skip


def another_country_of_people(graph: Graph, dice: random.Random) -> Graph:
    """An asset is about people of one country more, beside those that are stated."""
    more = dice.choice(COUNTRIES)
    return _data(graph, dice, lambda data: replace(
        data, subjects=tuple(sorted({*data.subjects, more}))
    ) if data.subjects else data)  # fmt: skip


def more_people(graph: Graph, dice: random.Random) -> Graph:
    """Nobody knows any more how many people an asset is about."""
    return _data(graph, dice, lambda data: replace(data, subject_count=None))


def another_asset(graph: Graph, dice: random.Random) -> Graph:
    """A flow of its own brings a category into a zone, and a model learns from it."""
    kind = dice.choice(CATEGORIES)
    more = replace(graph.data[0], name="more", category=kind, personal=kind.startswith("user"),
                   born=tuple(site.name for site in graph.sites))  # fmt: skip
    models = {
        model.name: replace(model, training=replace(model.training, data=(
            *model.training.data, "more"))) if model.training and model.training.data else model
        for model in graph.models
    }  # fmt: skip
    flows = tuple(
        replace(flow, stages=tuple(
            replace(stage, model=models[stage.model.name]) if stage.model else stage
            for stage in flow.stages))
        for flow in graph.flows
    )  # fmt: skip
    return replace(graph, data=(*graph.data, more), models=tuple(models.values()), flows=flows)


def no_documents(graph: Graph, dice: random.Random) -> Graph:
    """Nothing is shown."""
    return _zones(graph, lambda zone: replace(zone, evidence=()))


def one_transfer_less(graph: Graph, dice: random.Random) -> Graph:
    """A zone loses its first ground."""
    return _zones(graph, lambda zone: replace(zone, transfers=zone.transfers[1:]))


def transfers_without_documents(graph: Graph, dice: random.Random) -> Graph:
    """Grounds are named, and nothing proves them."""
    return _zones(graph, lambda zone: replace(
        zone, transfers=tuple(replace(t, evidence="") for t in zone.transfers)))  # fmt: skip


def no_releases(graph: Graph, dice: random.Random) -> Graph:
    """Nothing is taken off anywhere."""
    return replace(graph, flows=tuple(
        replace(flow, stages=tuple(replace(stage, releases=()) for stage in flow.stages))
        for flow in graph.flows
    ))  # fmt: skip


CHANGES: tuple[Change, ...] = (
    another_regime, another_country_of_people, more_people, another_asset, no_documents,
    one_transfer_less, transfers_without_documents, no_releases,
)  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_saying_more_or_showing_less_never_helps(change: Change) -> None:
    worse = 0
    for seed in range(SPECS):
        graph, dice = instance(seed), random.Random(f"{seed} {change.__name__}")
        changed = change(graph, dice)
        for node, facet, where in _questions(graph, dice):
            before, after = (
                _verdict(graph, node, facet, where),
                _verdict(changed, node, facet, where),
            )
            assert ORDER.index(after) <= ORDER.index(before), (seed, node, facet, where)
            worse += after != before
    assert worse, "the change changes nothing"


def test_another_country_of_a_place_never_helps() -> None:
    for seed in range(SPECS):
        graph, dice = instance(seed), random.Random(seed)
        for node, facet, where in _questions(graph, dice):
            if where.countries:
                wider = replace(where, countries=(*where.countries, dice.choice(COUNTRIES)))
                before, after = (_verdict(graph, node, facet, at) for at in (where, wider))
                assert ORDER.index(after) <= ORDER.index(before), (seed, node, facet, where)


def _questions(graph: Graph, dice: random.Random) -> list[tuple[str, str, Place]]:
    return [
        (node, dice.choice(FACETS), place(dice))
        for node in labels(graph).nodes for _ in range(2)
    ]  # fmt: skip


def _verdict(graph: Graph, node: str, facet: str, where: Place) -> Verdict:
    law = law_of(graph)
    return law.permit(law.labels.of(node), facet, where).verdict
