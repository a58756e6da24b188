"""The placement matrix: every place of every asset, and nothing unknown counted as allowed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from property.decide import decide
from property.graphs import (
    alert,
    at,
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
from hybridspec.ir.governance import Observability, TelemetrySink
from hybridspec.ir.graph import Graph, Site
from hybridspec.ir.law import FACETS
from hybridspec.ir.plan import Plan, Residency
from hybridspec.place.place import place
from hybridspec.place.residency import residency
from hybridspec.place.verify import verify

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
    assert found["eu", "model detect", "model"].places == ("region aws/eu-one", "site lab")
    assert found["eu", "model detect", "process"].places == ("site lab",)
    assert found["eu", "zone store", "keys"].verdict == "satisfied"
    facets = {facet for _, asset, facet in found if asset == "watch.keep"}
    assert facets == {*FACETS} - {"process", "model"}


def test_a_row_names_who_is_behind_a_place_and_why() -> None:
    found = rows(watch(store("keep", "frames")))["eu", "zone store", "keys"]
    assert found.partitions == ("aws",)
    assert found.why == "zone `eu` allows it in DE"
    assert found.certificate is not None
    assert [reason.rule for reason in found.certificate.reasons] == ["zone:eu"]
    assert found.certificate.path[0].source == "data frames@eu"
    assert found.id.startswith("claim-")
    again = rows(watch(store("keep", "frames")))["eu", "zone store", "keys"]
    assert again == found


def test_the_route_between_two_allowed_ends_is_encrypted() -> None:
    found = rows(watch(stage("scale", "frames"), store("keep", "scale")))
    row = found["eu", "watch.keep", "transit"]
    assert row.verdict == "conditional"
    assert "route" in row.why
    assert [o.rule for o in row.obligations] == ["edpb:rec-01-2020-use-case-3"]
    assert row.places == ("region aws/eu-one", "site lab")


def test_a_zone_without_a_region_does_not_know_where_its_updates_come_from() -> None:
    found = rows(graph(flow("watch", FRAMES, (lab(),), infer("see", NET, "frames"))))
    assert found["eu", "update channel", "model"].verdict == "gap"


def test_provider_facts_that_nobody_states_are_gaps() -> None:
    found = rows(watch(store("keep", "frames")))
    for facet in ("control_plane", "key_admin", "logs", "operator", "support"):
        assert found["eu", "zone store", facet].verdict == "gap"
        countries = ("DE",) if facet == "logs" else ()
        assert found["eu", "zone store", facet].countries == countries


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
    assert {finding.code for finding in sink.findings} == {"HS0301"}
    assert all("model detect" in finding.message for finding in sink.findings)
    assert all("US" in finding.message for finding in sink.findings)


def test_a_channel_in_another_zone_holds_the_bundle_as_well() -> None:
    wide = zone("wide", "DE", "US")
    plant = site("plant", wide, (GATEWAY, 1), country="DE")
    cheap = region("us-one", "US", key_price=0, registry_price=0)
    of = graph(
        flow("a", FRAMES, (lab(),), infer("see", NET, "frames")),
        flow("b", FRAMES, (plant,), stage("scale", "frames")),
        regions=(HERE, cheap),
    )
    assert {store.region.label for store in plan_of(of).stores} == {HERE.label}
    apart = replace(plant, devices=site("x", wide, (device("other"), 1)).devices)
    of = graph(of.flows[0], replace(of.flows[1], sites=(apart,)), regions=(HERE, cheap))
    assert {store.region.label for store in plan_of(of).stores} == {HERE.label, cheap.label}


def test_weights_learnt_in_two_zones_lie_in_both() -> None:
    learnt = model(training=training())
    plant = site("plant", US, (device("other"), 1))
    of = graph(
        flow("a", FRAMES, (lab(),), infer("see", learnt, "frames")),
        flow("b", FRAMES, (plant,), infer("see", learnt, "frames")),
        regions=(HERE, region("us-one", "US")),
    )
    plan, findings = decide(of, table(of))
    assert plan is None
    assert "HS0301" in {f.code for f in findings}
    sink = Sink()
    assert place(of, table(of), sink) is None
    assert {f.code for f in sink.findings} == {"HS0310"}


def test_a_zone_that_only_teaches_a_model_has_its_row() -> None:
    heat = data("heat", born=("lab",))
    learnt = model(training=training(data=("heat",)))
    wide = zone("wide", "DE", "FR")
    plant = site("plant", wide, (device("other"), 1))
    of = graph(
        flow("a", heat, (lab(),), stage("scale", "heat")),
        flow("b", FRAMES, (plant,), infer("see", learnt, "frames")),
        regions=(HERE,),
    )
    found = rows(of)
    assert found["eu", "model detect", "model"].places == ("region aws/eu-one", "site plant")
    assert found["eu", "training detect", "process"].verdict == "satisfied"


def test_ten_sites_of_a_country_are_one_row_each_place_named() -> None:
    sites = tuple(site(f"s{n}", EU, (GATEWAY, 1)) for n in range(10))
    found = rows(watch(alert("tell", "frames"), sites=sites))
    assert len(found["eu", "data frames", "process"].places) == 10
    few = rows(watch(alert("tell", "frames"), sites=sites[:1]))
    assert found.keys() == few.keys()


def test_telemetry_has_a_row_for_each_sink_and_zone() -> None:
    sink = TelemetrySink(type="otlp", address="otel.example", countries=("FR",), zone=None,
                         secret=None, origin=at(90))  # fmt: skip
    of = replace(watch(alert("tell", "frames")), observability=Observability(sinks=(sink,)))
    row = rows(of)["eu", "telemetry 0 (otlp)", "logs"]
    assert (row.verdict, row.countries) == ("satisfied", ("FR",))
    assert not verify(of, table(of), plan_of(of))


def test_rows_are_sorted_and_unique() -> None:
    found = plan_of(watch(infer("see", NET, "frames"), store("keep", "see"))).residency
    keys = [(row.zone, row.asset, row.facet) for row in found]
    assert keys == sorted(set(keys))


def test_a_place_outside_makes_the_whole_row_violated() -> None:
    made = plan_of(watch(alert("tell", "frames")))
    abroad = replace(made.decisions[0], site=lab(country="US"))
    of = watch(alert("tell", "frames"))
    cells = residency(of, (made.decisions[0], abroad), made.stores, made.fleet)
    (row,) = [r for r in cells if r.asset == "data frames"]
    assert row.verdict == "violated"
    assert "US" in row.why
