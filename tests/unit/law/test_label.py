"""Labels: where they begin, what keeps them, and what takes a part off."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from property.graphs import (
    alert,
    at,
    data,
    device,
    flow,
    graph,
    infer,
    model,
    site,
    stage,
    store,
    training,
    zone,
)
from property.laws import BULK, EUROPE, fact, pack, people, regime, release

from hybridspec.ir.governance import Observability, Party, TelemetrySink
from hybridspec.ir.graph import Federated, Graph, Stage
from hybridspec.ir.label import IDENTIFIABILITY, Bound
from hybridspec.law.label import Labels, components, labels

EU, US = zone("eu", "DE", "FR"), zone("us", "US")
BOX = device()
LAB, PLANT = site("lab", EU, (BOX, 1)), site("plant", US, (BOX, 1))
FACES = people()
GDPR_EU = Bound("gdpr", "eu")


def of(*flows: object, **fields: object) -> Labels:
    return labels(graph(*flows, law=pack(), **fields))  # type: ignore[arg-type]


def watch(*stages: Stage, where: tuple[object, ...] = (LAB,), **fields: object) -> object:
    return flow("watch", FACES, where, *stages, **fields)  # type: ignore[arg-type]


def test_personal_data_of_europeans_is_under_their_law_wherever_it_flows() -> None:
    found = of(watch(stage("crop", "faces"), alert("ring", "crop")))
    label = found.of("stage watch.ring@eu")
    assert label.regimes == {GDPR_EU}
    assert (label.zones, label.born, label.subjects) == ({"eu"}, {"eu"}, {"DE"})
    assert label.categories == {"user.biometric"}
    assert IDENTIFIABILITY[label.identifiability] == "raw"
    assert label.volume is None


def test_data_about_machines_is_under_what_its_zone_claims_alone() -> None:
    claims = replace(LAB, zone=replace(EU, regimes=("nis2",)))
    found = of(flow("heat", data(), (claims,), store("keep", "frames")))
    label = found.of("stage heat.keep@eu")
    assert label.regimes == {Bound("nis2", "eu")}
    assert (label.identifiability, label.sensitivity, label.volume) == (0, 0, 0)


def test_the_law_of_a_country_that_nobody_knows_is_named() -> None:
    asked = replace(FACES, subjects=("VN", "DE"))
    found = of(flow("watch", asked, (LAB,), store("keep", "faces")))
    assert Bound("unknown:VN", "eu") in found.of("stage watch.keep@eu").regimes


def test_the_controllers_country_establishes() -> None:
    office = Party(name="Acme", contact="a@acme.example", country="DE")
    asked = flow("watch", FACES, (PLANT,), store("keep", "faces"))
    assert of(asked).of("data faces@us").regimes == set()
    assert of(asked, controller=office).of("data faces@us").regimes == {Bound("gdpr", "us")}


@pytest.mark.parametrize(
    ("counts", "bound"),
    [((4_000, 5_999), False), ((4_000, 6_000), True), ((4_000, None), True), ((None, 0), True)],
)
def test_a_threshold_sums_all_assets_of_the_category(
    counts: tuple[int | None, int | None], bound: bool
) -> None:
    one, two = (
        people(name, "user.health.pulse", subject_count=count, subjects=("US",))
        for name, count in zip(("a", "b"), counts, strict=True)
    )
    found = of(flow("f", one, (PLANT,), store("k", "a")), flow("g", two, (PLANT,), store("k", "b")))
    assert (Bound(BULK.name, "us") in found.of("data a@us").regimes) is bound


def test_feedback_reaches_what_stands_before() -> None:
    found = of(watch(stage("mix", "faces", feedback=("learn",)), stage("learn", "mix")))
    assert found.of("stage watch.mix@eu") is found.of("stage watch.learn@eu")
    assert found.edges_into("stage watch.mix@eu") == ("data faces@eu", "stage watch.learn@eu")


def test_a_release_takes_off_its_own_law_at_the_output() -> None:
    found = of(watch(stage("count", "faces", releases=(release(),)), store("keep", "count")))
    assert found.within("stage watch.count@eu").regimes == {GDPR_EU}
    kept = found.of("stage watch.keep@eu")
    assert (kept.regimes, kept.zones, kept.born) == (set(), {"eu"}, {"eu"})
    assert IDENTIFIABILITY[kept.identifiability] == "aggregated"


@pytest.mark.parametrize(
    "useless",
    [
        replace(release(), parameters=()),
        replace(release(), evidence=" "),
        replace(release(), approver=""),
        release(method="safe-harbour"),
        release(method="differential-privacy", epsilon=1),
        release("hipaa", "expert"),
        release("zone"),
    ],
)  # fmt: skip
def test_a_release_that_lacks_something_takes_nothing_off(useless: object) -> None:
    found = of(watch(stage("count", "faces", releases=(useless,)), store("keep", "count")))
    kept = found.of("stage watch.keep@eu")
    assert (kept.regimes, kept.zones) == ({GDPR_EU}, {"eu"})


def test_the_wall_is_lifted_where_every_law_is_released_too() -> None:
    free = stage("count", "faces", releases=(release(), release("zone")))
    assert of(watch(free)).of("stage watch.count@eu").zones == set()
    claimed = replace(LAB, zone=replace(EU, regimes=("lgpd",)))
    assert of(watch(free, where=(claimed,))).of("stage watch.count@eu").zones == {"eu"}


def test_a_bulk_law_is_never_released() -> None:
    pulse = people("pulse", "user.health", subjects=("US",))
    count = stage("count", "pulse", releases=(release(BULK.name), release("zone")))
    found = of(flow("watch", pulse, (PLANT,), count))
    assert found.of("stage watch.count@us").regimes == {Bound(BULK.name, "us")}
    assert found.of("stage watch.count@us").zones == {"us"}


def test_telemetry_holds_what_stages_read_before_they_release() -> None:
    sink = TelemetrySink(type="otlp", address="x", countries=("US",), zone=None, secret=None,
                         origin=at(90))  # fmt: skip
    found = of(watch(stage("count", "faces", releases=(release(),))),
               observability=Observability(sinks=(sink,)))  # fmt: skip
    assert found.of("telemetry 0@eu").regimes == {GDPR_EU}


def learning(**fields: object) -> object:
    return replace(model(), training=training(**fields))


def both(net: object, **fields: object) -> Graph:
    stages = infer("see", net, "faces"), store("keep", "see")  # type: ignore[arg-type]
    return graph(watch(*stages, where=(LAB, PLANT)), law=pack(), **fields)  # type: ignore[arg-type]


def test_weights_hold_what_every_zone_teaches_them_and_take_it_along() -> None:
    found = labels(both(learning()))
    assert found.of("model detect").zones == {"eu", "us"}
    assert GDPR_EU in found.of("stage watch.keep@us").regimes


def test_a_model_that_is_not_trained_is_a_copy_of_each_zone() -> None:
    found = labels(both(model()))
    assert found.of("model detect").zones == set()
    assert found.of("stage watch.keep@us").zones == {"us"}
    assert found.copy("detect", "us").zones == {"us"}
    assert found.held("model detect").zones == {"eu", "us"}


def test_an_asset_of_unknown_birth_teaches_with_the_law_of_every_zone() -> None:
    found = labels(both(learning(data=("old",)), data=(FACES, people("old"))))
    assert found.of("model detect").zones == {"eu", "us"}
    assert found.edges_into("model detect") == ("data old@eu", "data old@us")


def test_weights_hold_what_their_lineage_names() -> None:
    old = replace(model("old"), lineage=("faces", "free text"))
    net = replace(model(), lineage=("old",))
    asked = flow("heat", data(), (PLANT,), infer("see", net, "frames"))
    found = labels(graph(watch(stage("crop", "faces")), asked, law=pack(), models=(old, net)))  # type: ignore[arg-type]
    assert found.of("stage heat.see@us").zones == {"eu", "us"}
    assert found.of("model detect").regimes == {GDPR_EU}


def rounds(*releases: object, sites: tuple[str, ...] = ("lab",)) -> Labels:
    net = learning(data=("faces",), federated=Federated(rounds=3, sites=sites))
    local = stage("learn", "faces", operation="local-training", releases=releases)
    asked = watch(local, infer("see", net, "faces"))  # type: ignore[arg-type]
    return labels(graph(asked, law=pack()))  # type: ignore[arg-type]


def test_federated_rounds_keep_the_label_unless_each_site_releases_it() -> None:
    kept = rounds().of("model detect")
    assert (kept.regimes, kept.zones) == ({GDPR_EU}, {"eu"})
    private = release(method="differential-privacy", epsilon=1, delta="0.00001")
    assert rounds(private).of("model detect").zones == {"eu"}
    freed = rounds(private, release("zone")).of("model detect")
    assert (freed.regimes, freed.zones, freed.born) == (set(), set(), {"eu"})
    elsewhere = rounds(private, release("zone"), sites=()).of("model detect")
    assert (elsewhere.regimes, elsewhere.zones) == ({GDPR_EU}, {"eu"})


def test_the_shortest_path_starts_where_a_part_is_born() -> None:
    found = of(watch(stage("crop", "faces"), stage("mix", "crop", "faces"), store("keep", "mix")))
    path = found.path("stage watch.keep@eu", "regime gdpr@eu")
    assert [(step.source, step.target) for step in path] == [
        ("data faces@eu", "stage watch.mix@eu"), ("stage watch.mix@eu", "stage watch.keep@eu"),
    ]  # fmt: skip
    assert found.path("data faces@eu", "regime gdpr@eu") == ()
    assert found.born("regime gdpr@eu") == ("data faces@eu",)
    assert found.joins("stage watch.mix@eu") == ("data faces@eu", "stage watch.crop@eu")


def test_every_part_of_every_label_has_an_origin() -> None:
    found = labels(both(learning()))
    for node in found.nodes:
        for part in components(found.of(node)):
            path = found.path(node, part)
            assert (path[0].source if path else node) in found.born(part)


def test_what_the_facts_derive_is_added_to_what_a_zone_claims() -> None:
    claims = replace(LAB, zone=replace(EU, regimes=("nis2", "gdpr")))
    label = of(watch(stage("crop", "faces"), where=(claims,))).of("stage watch.crop@eu")
    assert label.regimes == {GDPR_EU, Bound("nis2", "eu")}


def test_nodes_are_per_zone_however_many_sites_there_are() -> None:
    """Flows at the same sites are looked at once; at other sites of as many, apart."""
    sites = tuple(site(f"s{i:03}", (EU, US)[i % 2], (BOX, 1)) for i in range(100))
    flows = (
        flow("all", FACES, sites, stage("crop", "faces")),
        flow("again", FACES, (*sites,), stage("crop", "faces")),
        flow("odd", people("odd"), (sites[0], sites[2], sites[98]), stage("crop", "odd")),
        flow("mixed", people("mixed"), (sites[0], sites[3], sites[98]), stage("crop", "mixed")),
    )
    found = labels(graph(*flows, law=pack(), sites=sites))
    assert len(found.nodes) == 12
    assert "data odd@us" not in found
    assert found.edges_into("stage mixed.crop@us") == ("data mixed@us",)


def test_equal_labels_are_one_object() -> None:
    sites = tuple(site(f"s{i}", EU, (BOX, 1)) for i in range(50))
    flows = tuple(flow(f"f{i}", FACES, sites, stage("crop", "faces")) for i in range(50))
    found = labels(graph(*flows, law=pack(regime(home=EUROPE))))
    assert len({id(found.of(node)) for node in found.nodes}) == 1


def test_a_law_that_is_not_in_force_on_the_day_derives_nothing() -> None:
    coming = regime(fact=fact("gdpr", since=date(2026, 11, 2)))
    asked = graph(watch(store("keep", "faces")), law=pack(coming))
    assert labels(asked).of("data faces@eu").regimes == set()
    assert labels(replace(asked, as_of="2026-11-02")).of("data faces@eu").regimes == {GDPR_EU}
