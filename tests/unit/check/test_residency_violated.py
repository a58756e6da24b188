"""HS0301 on graphs: sites, training regions, and weights that would travel in a shared bundle."""

from __future__ import annotations

from dataclasses import replace

from property.graphs import (
    data,
    device,
    flow,
    graph,
    infer,
    model,
    region,
    site,
    stage,
    training,
    zone,
)

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.check.rules.residency_violated import residency_violated
from hybridspec.ir.graph import Federated, Graph
from hybridspec.law.claim import claims

EU, US = zone("eu", "DE", "FR"), zone("us", "US")
FRAMES, NET = data(), model()
SHARED = device("gateway")


def found(of: Graph) -> list[Diagnostic]:
    """What the rule says."""
    return list(residency_violated(of))


def two_zones(net_eu: object = None, net_us: object = None, of_us: object = SHARED) -> Graph:
    """A flow at a site in each zone; each runs a model, or only scales."""
    lab, plant = site("lab", EU, (SHARED, 1)), site("plant", US, (of_us, 1))  # type: ignore[arg-type]
    flows = [
        flow(name, FRAMES, (where,), infer("see", net, "frames") if net
             else stage("scale", "frames"))  # type: ignore[arg-type]
        for name, where, net in (("a", lab, net_eu), ("b", plant, net_us))
    ]  # fmt: skip
    return graph(*flows)


def test_a_site_inside_its_zone_is_fine() -> None:
    lab = site("lab", EU, (SHARED, 1), country="FR")
    assert found(graph(flow("f", FRAMES, (lab,), stage("scale", "frames")))) == []


def test_a_site_outside_its_zone_is_refused_with_the_zone_that_fits() -> None:
    lab = site("lab", EU, (SHARED, 1), country="US")
    of = graph(flow("f", FRAMES, (lab,), stage("scale", "frames")))
    (finding,) = found(replace(of, zones=(EU, US)))
    assert finding.code == "HS0301"
    assert "`zone: us`" in finding.help


def test_an_overseas_territory_is_a_country_of_its_own() -> None:
    for code in ("GF", "RE", "GP", "MQ", "YT", "GB", "CH", "IM", "AX"):
        lab = site("lab", EU, (SHARED, 1), country=code)
        assert found(graph(flow("f", FRAMES, (lab,), stage("scale", "frames")))), code


def test_training_pinned_outside_a_zone_of_the_model_is_refused() -> None:
    lab = site("lab", EU, (SHARED, 1))
    for country, wrong in (("FR", False), ("US", True)):
        net = model(training=training(region=region("there", country)))
        of = graph(flow("f", FRAMES, (lab,), infer("see", net, "frames")))
        assert bool(found(of)) == wrong


def test_a_shared_class_would_carry_a_model_of_one_zone_into_the_other() -> None:
    (finding,) = found(two_zones(net_eu=NET))
    assert finding.code == "HS0301"
    assert "`detect`" in finding.message
    assert "`gateway`" in finding.message
    assert "US" in finding.message
    assert "device class of its own" in finding.help


def test_a_class_for_each_zone_keeps_their_models_apart() -> None:
    assert found(two_zones(net_eu=NET, of_us=device("plant-gateway"))) == []


def test_a_shared_class_is_fine_where_both_zones_run_the_model() -> None:
    assert found(two_zones(net_eu=NET, net_us=NET)) == []


def test_a_shared_class_is_fine_inside_the_zone_that_owns_the_model() -> None:
    inner = zone("de-only", "DE")
    lab, plant = site("lab", EU, (SHARED, 1)), site("plant", inner, (SHARED, 1))
    of = graph(
        flow("a", FRAMES, (lab,), infer("see", NET, "frames")),
        flow("b", FRAMES, (plant,), stage("scale", "frames")),
    )
    assert found(of) == []


def test_a_region_of_the_other_zone_may_not_hold_the_bundle_either() -> None:
    wide, there = zone("wide", "DE", "US"), region("us-one", "US")
    lab, plant = site("lab", EU, (SHARED, 1)), site("plant", wide, (SHARED, 1))
    of = graph(
        flow("a", FRAMES, (lab,), infer("see", NET, "frames")),
        flow("b", FRAMES, (plant,), stage("scale", "frames")),
        regions=(there,),
    )
    assert found(of) == []
    refused = {(r.asset, r.reason.rule) for r in claims(of).refused("wide", there)}
    assert refused == {("model detect", "zone:eu"), ("update channel", "zone:eu")}


def test_weights_learnt_in_one_zone_may_not_run_in_the_other() -> None:
    learnt = model(training=training())
    for of_us in (SHARED, device("plant-gateway")):
        findings = found(two_zones(net_eu=learnt, net_us=learnt, of_us=of_us))
        (finding,) = (f for f in findings if "learns from" in f.message)
        assert {f.code for f in findings} == {"HS0301"}
        assert "learns from data of zones `eu` and `us`, and may not run everywhere" in (
            finding.message)  # fmt: skip
        assert "at `lab` (DE): " in finding.message
        assert "at `plant` (US): " in finding.message
        assert ("a device class of its own" in finding.help) == (of_us is SHARED)


def test_a_zone_that_only_teaches_a_model_owns_it_too() -> None:
    lab, plant = site("lab", EU, (SHARED, 1)), site("plant", US, (device("far"), 1))
    frames, heat = replace(FRAMES, born=("plant",)), replace(FRAMES, name="heat", born=("lab",))
    rounds = Federated(rounds=2, sites=("lab",))
    for job in (training(data=("heat",)), training(federated=rounds)):
        net = model(training=job)
        of = graph(
            flow("a", heat, (lab,), stage("scale", "heat")),
            flow("b", frames, (plant,), infer("see", net, "frames")),
        )
        (finding,) = found(replace(of, models=(net,), data=(frames, heat)))
        assert "learns from data of zone `eu`, and may not run everywhere" in finding.message
        assert "not at `plant` (US): computing: zone `eu` does not allow it" in finding.message


def test_weights_learnt_in_a_zone_stay_among_sites_that_it_allows() -> None:
    wide, learnt = zone("wide", "DE", "FR", "US"), model(training=training())
    lab, plant = site("lab", wide, (SHARED, 1)), site("plant", wide, (SHARED, 1), country="US")
    assert found(graph(flow("a", FRAMES, (lab, plant), infer("see", learnt, "frames")))) == []
