"""Conflicts on random graphs: CP-SAT agrees that they clash, and that each line is needed.

Repairs are applied with their amounts, and everything is decided anew.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from random import Random

from placement.monoliths import cp_sat  # its own formulation, which no engine shares
from property.graphs import data as asset
from property.graphs import (
    device,
    flow,
    graph,
    infer,
    instance,
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
from hybridspec.ir.conflict import Conflict, Verdict
from hybridspec.ir.graph import Graph
from hybridspec.ir.latency import LatencyTable
from hybridspec.place.candidates import Candidates
from hybridspec.place.conflict import preferred
from hybridspec.place.conflict_check import PROOF, impossible
from hybridspec.place.conflict_find import alike, conflicts
from hybridspec.place.conflict_relaxed import Relaxed
from hybridspec.place.conflict_statement import Statement
from hybridspec.place.decide import Undecided, decide
from hybridspec.place.engine.feasible import feasible
from hybridspec.place.place import place

SEEDS = range(36)
EU = zone()
FRAMES = asset()


@cache
def verdict(seed: int) -> Verdict:
    """What is said about a random graph."""
    made = instance(seed)
    return conflicts(made.graph, made.table)


def placeable(of: Graph, figures: LatencyTable) -> bool:
    """Whether the engine has a plan."""
    return not isinstance(decide(Candidates(of, figures)), Undecided)


def runs_alone(of: Graph, figures: LatencyTable, conflict: Conflict) -> bool:
    """Whether some way of the one flow of a conflict breaks nothing, at each of its sites."""
    one = next(f for f in of.flows if f.name == conflict.flows[0])
    candidates = Candidates(of, figures)
    return all(
        any(not way.unpriced.failures
            for region in candidates.regions(site.zone)
            for way in candidates.ways(
                site, [f.name for f in candidates.flows(site)].index(one.name), region
            ))
        for site in one.sites if site.name in conflict.sites
    )  # fmt: skip


def clashes(relaxed: Relaxed, kept: frozenset[Statement]) -> bool:
    """Whether CP-SAT finds no plan in which some statements hold."""
    problem = relaxed.problem(kept)
    return problem is None or cp_sat(problem, seconds=30).impossible


def test_every_member_of_a_conflict_is_needed_and_a_second_engine_agrees() -> None:
    found = 0
    for seed in SEEDS:
        made = instance(seed)
        candidates = Candidates(made.graph, made.table)
        zones = [z for z in made.graph.zones if candidates.sites(z)]
        if any(not candidates.regions(z) for z in zones):
            continue
        groups = [sites for z in zones for sites in alike(candidates, z)]
        relaxed = Relaxed.of(candidates, groups)
        everything = frozenset(relaxed.statements)
        fits = placeable(made.graph, made.table)
        assert relaxed.possible(everything) == fits, seed
        if fits:
            assert preferred(relaxed.possible, relaxed.statements) == ()
            continue
        mine = frozenset(preferred(relaxed.possible, relaxed.statements))
        assert clashes(relaxed, mine), seed
        for one in mine:
            assert not clashes(relaxed, mine - {one}), (seed, one.words)
            assert impossible(relaxed.problem(mine - {one})) is not True  # type: ignore[arg-type]
        found += 1
    assert found > 10


def test_there_is_a_conflict_exactly_where_there_is_no_plan() -> None:
    for seed in SEEDS:
        made = instance(seed)
        assert verdict(seed).feasible == placeable(made.graph, made.table), seed
        assert all(conflict.claims for conflict in verdict(seed).conflicts), seed


def test_every_repair_works_and_the_first_of_each_make_a_plan_at_the_price_told() -> None:
    repaired = mended = 0
    for seed in SEEDS:
        made = instance(seed)
        after = made.graph
        for conflict in (*verdict(seed).conflicts, *verdict(seed).later):
            for repair in conflict.repairs if len(conflict.flows) == 1 else ():
                assert runs_alone(repair.apply(made.graph), made.table, conflict), (
                    seed, repair.words,
                )  # fmt: skip
                repaired += 1
            if conflict.repairs:
                after = conflict.repairs[0].apply(after)
        if verdict(seed).mended is not None:
            plan = place(after, made.table, Sink())
            assert plan is not None, seed
            assert plan.cost == verdict(seed).mended, seed
            mended += 1
    assert repaired > 14
    assert mended > 5


def joint(*rates: int, count: int = 1) -> tuple[Graph, LatencyTable]:
    """Flows that share the devices of one site, each of which fits alone."""
    lab = site("lab", EU, (device(), count))
    flows = [flow(f"f{n}", FRAMES, (lab,), stage("scale", "frames", input_rate=Fraction(rate)))
             for n, rate in enumerate(rates)]  # fmt: skip
    of = graph(*flows)
    return of, table(of)


def test_flows_that_fit_only_alone_clash_with_the_number_of_devices() -> None:
    found = conflicts(*joint(200_000, 200_000, 100, count=1))
    (one,) = found.conflicts
    assert [claim.words for claim in one.claims] == [
        "1 `gateway` at `lab`", "`f0` runs at `lab`", "`f1` runs at `lab`",
    ]  # fmt: skip
    assert one.confirmed == PROOF
    first, *others = one.repairs
    assert first.words == ("put 2 `gateway` at `lab`",)
    assert first.settings == ("sites.lab.devices.gateway=2",)
    assert first.devices > 0
    assert {repair.words for repair in others} == {
        ("run `f0` at other sites than `lab`",), ("run `f1` at other sites than `lab`",),
    }  # fmt: skip


def test_the_least_number_is_asked_for_at_all_sites_that_are_alike() -> None:
    sites = tuple(site(f"s{n}", EU, (device(), 1)) for n in range(3))
    flows = [flow(name, FRAMES, sites, stage("scale", "frames", input_rate=Fraction(200_000)))
             for name in "abcde"]  # fmt: skip
    of = graph(*flows)
    found = conflicts(of, table(of))
    (one,) = found.conflicts
    assert one.sites == ("s0", "s1", "s2")
    assert one.repairs[0].words == ("put 5 `gateway` at `s0`, `s1` and `s2`",)
    assert found.mended is not None


def test_wishes_are_blamed_before_law() -> None:
    # In the cloud the bound is broken; at the site the law of the zone forbids nothing.
    lab = site("lab", EU, (device(), 1), lan_rtt=9_000)
    one = flow("w", FRAMES, (lab,), stage("scale", "frames"), store("keep", "scale"))
    of = graph(one, regions=(region("far", "US"),))
    (conflict,) = conflicts(of, table(of)).conflicts
    assert [claim.is_law for claim in conflict.claims] == [True]


def test_a_quota_clashes_with_what_is_trained_and_can_be_raised() -> None:
    zones = (zone("a", "DE"), zone("b", "DE"))
    sites = tuple(site(f"s{n}", of, (device(), 1)) for n, of in enumerate(zones))
    flows = [flow(f"f{n}", FRAMES, (at,), infer("see", model(f"m{n}", training=training()),
                                                "frames"))
             for n, at in enumerate(sites)]  # fmt: skip
    of = graph(*flows, regions=(region("one", "DE", training_quota=1),))
    (one,) = conflicts(of, table(of)).conflicts
    assert "clouds.aws.quotas.training_instances@aws/one" in {claim.key for claim in one.claims}
    assert one.confirmed == PROOF
    assert one.repairs[0].settings == ("clouds.aws.quotas.training_instances=2",)


def test_the_small_search_of_a_site_says_what_the_engine_says() -> None:
    said = Counter[bool]()
    for seed in range(30):
        made, dice = instance(seed), Random(seed)
        candidates = Candidates(made.graph, made.table)
        for one in (s for s in made.graph.sites if candidates.flows(s)):
            relaxed = Relaxed.of(candidates, [[one]])
            kept = frozenset(s for s in relaxed.statements if dice.random() < 0.8)
            quick, problem = relaxed.possible(kept), relaxed.problem(kept)
            assert quick == (problem is not None and feasible(problem)), seed
            said[quick] += 1
    assert min(said[True], said[False]) > 5
