"""The placement matrix: every place of every asset, and nothing unknown counted as allowed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from property.graphs import (
    alert,
    data,
    device,
    flow,
    graph,
    infer,
    model,
    region,
    site,
    stage,
    store,
    table,
    training,
    zone,
)

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.graph import Graph, Site
from hybridspec.ir.plan import Plan, Residency
from hybridspec.place.place import place
from hybridspec.place.residency import residency

EU, US = zone("eu", "DE", "FR"), zone("us", "US")
FRAMES, NET = data(), model()
GATEWAY = device("gateway")
HERE = region("eu-one", "DE")


def lab(**fields: object) -> Site:
    """A site in Germany."""
    return site("lab", EU, (GATEWAY, 1), **fields)


def plan_of(of: Graph) -> Plan:
    """The plan of a graph."""
    sink = Sink()
    made = place(of, table(of), sink)
    assert made is not None, sink.findings
    return made


def rows(of: Graph) -> dict[tuple[str, str, str], Residency]:
    """Rows by zone, asset and facet."""
    return {(row.zone, row.asset, row.facet): row for row in plan_of(of).residency}


def watch(*stages: object, sites: tuple[Site, ...] = ()) -> Graph:
    """One flow with a region in its zone."""
    one = flow("watch", FRAMES, sites or (lab(),), *stages)  # type: ignore[arg-type]
    return graph(one, regions=(HERE,))


def test_every_place_of_a_stored_product_is_listed() -> None:
    found = rows(watch(infer("see", NET, "frames"), store("keep", "see")))
    assert found["eu", "watch.keep", "store"].countries == ("DE",)
    assert found["eu", "watch.keep", "store"].places == ("region aws/eu-one",)
    assert found["eu", "data frames", "process"].places == ("site lab",)
    assert found["eu", "model detect", "store"].places == ("region aws/eu-one", "site lab")
    assert found["eu", "zone store", "keys"].verdict == "satisfied"


def test_the_route_between_two_allowed_ends_is_a_gap() -> None:
    found = rows(watch(stage("scale", "frames"), store("keep", "scale")))
    assert found["eu", "watch.keep", "transit"].verdict == "gap"
    assert "route" in found["eu", "watch.keep", "transit"].why


def test_a_zone_without_a_region_does_not_know_where_its_updates_come_from() -> None:
    found = rows(graph(flow("watch", FRAMES, (lab(),), infer("see", NET, "frames"))))
    assert found["eu", "update channel", "store"].verdict == "gap"


def test_provider_facts_that_nobody_states_are_gaps() -> None:
    found = rows(watch(store("keep", "frames")))
    for facet in ("control plane", "logs", "operator", "support"):
        assert found["eu", "zone store", facet].verdict == "gap"
        assert found["eu", "zone store", facet].countries == ()


@pytest.mark.parametrize("sites", [("FR",), ("US",), ("DE", "US")])
def test_a_row_outside_the_zone_is_violated_and_never_a_plan(sites: tuple[str, ...]) -> None:
    places = tuple(site(f"s-{c.lower()}", EU, (GATEWAY, 1), country=c) for c in sites)
    of, sink = watch(alert("tell", "frames"), sites=places), Sink()
    made = place(of, table(of), sink)
    assert (made is None) == ("US" in sites)
    assert {f.code for f in sink.findings} == ({"HS0301"} if "US" in sites else set())


def test_a_bundle_takes_its_models_to_every_site_of_its_class() -> None:
    plant = site("plant", US, (GATEWAY, 1))
    of = graph(
        flow("a", FRAMES, (lab(),), infer("see", NET, "frames")),
        flow("b", FRAMES, (plant,), stage("scale", "frames")),
    )
    sink = Sink()
    assert place(of, table(of), sink) is None
    (finding,) = sink.findings
    assert finding.code == "HS0301"
    assert "model detect" in finding.message
    assert "US" in finding.message


def test_a_channel_in_another_zone_holds_the_bundle_as_well() -> None:
    wide = zone("wide", "DE", "US")
    plant = site("plant", wide, (GATEWAY, 1), country="DE")
    cheap = region("us-one", "US", key_price=0, registry_price=0)
    of = graph(
        flow("a", FRAMES, (lab(),), infer("see", NET, "frames")),
        flow("b", FRAMES, (plant,), stage("scale", "frames")),
        regions=(HERE, cheap),
    )
    sink = Sink()
    assert place(of, table(of), sink) is None
    assert [f.code for f in sink.findings] == ["HS0301"]


def test_weights_learnt_in_two_zones_lie_in_both() -> None:
    learnt = model(training=training())
    plant = site("plant", US, (device("other"), 1))
    of = graph(
        flow("a", FRAMES, (lab(),), infer("see", learnt, "frames")),
        flow("b", FRAMES, (plant,), infer("see", learnt, "frames")),
        regions=(HERE, region("us-one", "US")),
    )
    sink = Sink()
    assert place(of, table(of), sink) is None
    assert {f.code for f in sink.findings} == {"HS0301"}


def test_rows_are_sorted_and_unique() -> None:
    found = plan_of(watch(infer("see", NET, "frames"), store("keep", "see"))).residency
    keys = [(row.zone, row.asset, row.facet) for row in found]
    assert keys == sorted(set(keys))


def test_a_place_outside_makes_the_whole_row_violated() -> None:
    made = plan_of(watch(alert("tell", "frames")))
    abroad = replace(made.decisions[0], site=lab(country="US"))
    of = watch(alert("tell", "frames"))
    (row,) = [r for r in residency(of, (made.decisions[0], abroad), made.stores, made.fleet)
              if r.asset == "data frames"]  # fmt: skip
    assert row.verdict == "violated"
    assert "US" in row.why
