"""Configurations: every way once, each with a name of its own."""

from __future__ import annotations

from property.graphs import (
    data,
    device,
    flow,
    graph,
    region,
    site,
    stage,
    store,
    table,
    zone,
)

from hybridspec.ir.graph import Flow, Graph, Region
from hybridspec.ir.plan import Configuration
from hybridspec.place.configuration import configurations

EU = zone()
FRAMES = data()
LAB = site("lab", EU, (device("gateway"), 2), (device("server"), 1))


def ways(one: Flow, where: Region | None = None) -> tuple[Configuration, ...]:
    """All configurations of a flow at the lab."""
    of: Graph = graph(one, regions=(where,) if where else ())
    return configurations(of, table(of), LAB, one, where)


def test_every_way_has_a_label_of_its_own_even_where_all_stages_run_in_the_cloud() -> None:
    one = flow("watch", FRAMES, (LAB,), stage("scale", "frames"), store("keep", "scale"))
    labels = [option.label for option in ways(one, region())]
    assert len(labels) == 4
    assert len(set(labels)) == 4


def test_learning_and_what_feeds_it_never_leave_the_site() -> None:
    learn = stage("learn", "scale", operation="local-training", place="site")
    one = flow("watch", FRAMES, (LAB,), stage("scale", "frames"), learn, store("keep", "learn"))
    found = ways(one, region())
    assert len(found) == 2
    for option in found:
        assert {dict(option.hosts)[name].kind for name in ("scale", "learn")} == {"edge"}
