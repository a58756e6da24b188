"""Ways out of conflicts: amounts that a spec may state, told once for all sites that are alike."""

from __future__ import annotations

from fractions import Fraction

import pytest
from property.graphs import (
    Instance,
    board,
    bound,
    data,
    device,
    flow,
    graph,
    infer,
    model,
    region,
    site,
    stage,
    table,
    training,
    zone,
)

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.graph import Graph, Site
from hybridspec.ir.share import MOST_DEVICES
from hybridspec.place.conflict_find import conflicts
from hybridspec.place.place import place

EU = zone("eu", "DE")


def advice(of: Graph) -> str:
    """What would help a graph that has one finding."""
    sink = Sink()
    assert place(of, table(of), sink) is None
    (finding,) = sink.findings
    assert not finding.fixes
    return finding.help


@pytest.mark.parametrize("many", [10**6, 10**9])
def test_more_devices_than_a_spec_may_state_are_never_asked_for(many: int) -> None:
    lab = site("lab", EU, (device(), 1))
    busy = stage("scale", "frames", input_rate=Fraction(many * 700_000))
    of = graph(flow("watch", data(), (lab,), busy))
    assert "not even 1,000,000 `gateway` would keep up" in advice(of)
    (conflict,) = conflicts(of, table(of)).conflicts
    assert not conflict.repairs
    assert conflict.advice == (advice(of),)


def test_as_many_as_a_spec_may_state_are() -> None:
    lab = site("lab", EU, (device(), 1))
    busy = stage("scale", "frames", input_rate=Fraction(700_000 * MOST_DEVICES, 3))
    of = graph(flow("watch", data(), (lab,), busy))
    sink = Sink()
    assert place(of, table(of), sink) is None
    assert "put 1000000 `gateway` there" in sink.findings[0].help
    (conflict,) = conflicts(of, table(of)).conflicts
    assert conflict.repairs[0].words == ("put 1000000 `gateway` at `lab`",)


def test_failures_that_no_number_of_devices_bears_are_to_be_fewer() -> None:
    lab = site("lab", EU, (device(max_failed=MOST_DEVICES), 1))
    of = graph(flow("watch", data(), (lab,), stage("scale", "frames")))
    assert "put" not in advice(of)


def learning(*sites: Site, quotas: dict[str, int]) -> Graph:
    """A model that is trained in any of the regions; each has a quota of training."""
    regions = tuple(region(name, country, cloud=name, training_quota=quotas[name])
                    for name, country in (("near", "DE"), ("far", "US")))  # fmt: skip
    seen = infer("see", model(training=training()), "frames")
    return graph(flow("watch", data(), sites, seen), regions=regions)


def sites(*rtts: int) -> tuple[Site, ...]:
    """Sites that differ in how far the cloud is from them."""
    return tuple(site(f"s{n}", EU, (device("box", uplink_rtt=rtt), 1))
                 for n, rtt in enumerate(rtts))  # fmt: skip


def test_a_quota_of_nothing_is_told_once_for_all_sites() -> None:
    of = learning(*sites(10_000, 20_000, 30_000), quotas={"near": 0, "far": 0})
    (conflict,) = conflicts(of, table(of)).conflicts
    assert conflict.sites == ("s0", "s1", "s2")
    assert {claim.key.partition("@")[0] for claim in conflict.claims} == {
        "clouds.near.quotas.training_instances", "clouds.far.quotas.training_instances",
    }  # fmt: skip
    (repair,) = conflict.repairs
    after = repair.apply(of)
    assert place(after, table(after), Sink()) is not None


def test_a_quota_where_a_zone_may_not_be_does_not_help_it() -> None:
    of = learning(*sites(10_000, 20_000), quotas={"near": 0, "far": 9})
    (conflict,) = conflicts(of, table(of)).conflicts
    assert [claim.key.partition("@")[0] for claim in conflict.claims] == [
        "clouds.near.quotas.training_instances", "zones.eu.countries",
    ]  # fmt: skip
    assert conflict.repairs


def test_sites_with_the_same_way_out_share_it_and_others_do_not() -> None:
    slow = [site(f"s{n}", EU, (device(), 1), lan_rtt=rtt)
            for n, rtt in enumerate((9_000, 9_000, 4_000))]  # fmt: skip
    alike = site("t", EU, (device("other", board=board(memory=10)), 1), lan_rtt=9_000)
    of = graph(flow("watch", data(), (*slow, alike), stage("scale", "frames"),
                    latency=bound(1, "scale")))  # fmt: skip
    found = conflicts(of, table(of)).conflicts
    assert sorted((one.sites, one.repairs[0].words) for one in found) == [
        (("s0", "s1", "t"), ("set the bound of `watch` to 12ms",)),
        (("s2",), ("set the bound of `watch` to 5ms",)),
    ]


def test_different_counts_are_told_apart() -> None:
    busy = stage("scale", "frames", input_rate=Fraction(700_001))
    places = [site(f"s{n}", EU, (device(), count)) for n, count in enumerate((1, 1, 2))]
    of = graph(flow("watch", data(), tuple(places), busy))
    found = conflicts(of, table(of)).conflicts
    assert sorted(one.sites for one in found) == [("s0", "s1"), ("s2",)]
    for one in found:
        after = one.repairs[0].apply(of)
        rest = Instance(0, after, table(after))
        assert all(set(one.sites).isdisjoint(other.sites)
                   for other in conflicts(rest.graph, rest.table).conflicts)  # fmt: skip
