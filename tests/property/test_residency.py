"""Soundness: nothing of a zone lies outside it, in no plan, slice or report; and monotony."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from property import decide as deciding
from property import leaks, oracle
from property.decide import decide
from property.graphs import Instance, bound

from hybridspec.emit.cut import cloud_slices, edge_slice
from hybridspec.ir.graph import Flow, Graph, Site, Zone
from hybridspec.ir.plan import Plan
from hybridspec.place.document import document
from hybridspec.report.document import report_document

SEEDS = 200


def decided(seed: int) -> tuple[Instance, Plan | None]:
    """An instance and its plan."""
    made, (plan, _) = deciding.decided(seed)
    return made, plan


def plans() -> Iterator[tuple[Instance, Plan]]:
    """Every instance that has a plan."""
    for made, plan in map(decided, range(SEEDS)):
        if plan is not None:
            yield made, plan


def report(graph: Graph, plan: Plan) -> dict[str, object]:
    """The verdict of the report."""
    made = report_document(graph, plan, document(graph, plan), (), (), (), (), "0")
    verdict: dict[str, object] = made["verdict"]
    return verdict


def test_nothing_of_a_zone_lies_outside_it_in_plans_and_slices() -> None:
    seen = 0
    for made, plan in plans():
        slices = cloud_slices(made.graph, plan, "d" * 64, "local")
        assert leaks.leaks(made.graph, plan, slices) == [], f"seed {made.seed}"
        held = {(part.cloud, z.zone): z for part in slices for z in part.zones}
        assert {name for _, name in held} == {store.zone.name for store in plan.stores}
        for store in plan.stores:
            part = held[store.region.cloud, store.zone.name]
            assert (part.region, part.country) == (store.region.name, store.region.country)
            jobs = {m.name for m in leaks.models_of(made.graph, store.zone) if m.training}
            assert {job.model for job in part.training} == jobs
            for model in leaks.models_of(made.graph, store.zone):
                pin = model.training.region if model.training else None
                assert pin is None or pin.name == part.region, f"seed {made.seed}"
        seen += 1
    assert seen > 50


def test_a_bundle_holds_what_its_class_runs_and_nothing_else() -> None:
    for made, plan in plans():
        for member in plan.fleet:
            part = edge_slice(made.graph, plan, member, lambda region: (region.name,))
            uses = {
                use for decision in plan.decisions
                for use in oracle.uses_of(decision.flow, oracle.way_of(decision.chosen))
                if use[0] == member.device_class.name
            }  # fmt: skip
            assert {(member.device_class.name, *m) for m in part.models} == uses, made.seed


def test_every_row_says_what_its_countries_show() -> None:
    verdicts = set()
    for made, plan in plans():
        zones = {zone.name: set(zone.countries) for zone in made.graph.zones}
        for row in plan.residency:
            verdicts.add(row.verdict)
            inside = set(row.countries) <= zones[row.zone]
            assert row.verdict in ("satisfied", "conditional", "gap"), f"seed {made.seed}: {row}"
            assert inside, f"seed {made.seed}: {row}"
            assert row.verdict == "gap" or row.countries, f"seed {made.seed}: {row}"
    assert verdicts == {"satisfied", "conditional", "gap"}


def test_every_place_that_a_plan_uses_has_a_row() -> None:
    for _, plan in plans():
        rows = {(row.zone, row.asset, row.facet): set(row.places) for row in plan.residency}
        for decision in plan.decisions:
            zone, here = decision.site.zone.name, f"site {decision.site.name}"
            assert here in rows[zone, f"data {decision.flow.data.name}", "process"]
            for stage in decision.flow.stages:
                host = dict(decision.chosen.hosts)[stage.name]
                asset, there = f"{decision.flow.name}.{stage.name}", f"region {host.name}"
                if host.kind == "edge":
                    assert here in rows[zone, asset, "process"]
                else:
                    facet = "store" if stage.place == "cloud" else "process"
                    assert there in rows[zone, asset, facet]
                    assert {here, there} <= rows[zone, asset, "transit"]
                if stage.model is not None and host.kind == "edge":
                    assert here in rows[zone, f"model {stage.model.name}", "model"]
        for store in plan.stores:
            for facet in ("store", "keys", "backup"):
                assert f"region {store.region.label}" in rows[store.zone.name, "zone store", facet]


def test_a_violated_row_is_never_reported_as_allowed_and_a_gap_never_counts() -> None:
    for made, plan in plans():
        rows = plan.residency
        fine = report(made.graph, plan)
        assert fine["allowed"] is True
        assert fine["residency"] == {
            "satisfied": sum(row.verdict == "satisfied" for row in rows), "violated": 0,
            "conditional": sum(row.verdict == "conditional" for row in rows),
            "gap": sum(row.verdict == "gap" for row in rows), "waived": 0,
        }  # fmt: skip
        for index in {0, len(rows) // 2, len(rows) - 1}:
            bad = (*rows[:index], rows[index]._replace(verdict="violated"), *rows[index + 1 :])
            assert report(made.graph, replace(plan, residency=bad))["allowed"] is False
        if made.seed > 40:
            break


def test_a_site_abroad_is_never_a_plan() -> None:
    """Any one site moved to a country outside its zone: no plan, whatever else holds."""
    tried = 0
    for made, _ in plans():
        for site in made.graph.sites:
            abroad = next(c for c in ("DE", "FR", "US", "GF", "NO", "XK")
                          if c not in site.zone.countries)  # fmt: skip
            moved = changed(made.graph, site.name, lambda s, c=abroad: replace(s, country=c))
            plan, findings = decide(moved, made.table)
            assert plan is None, f"seed {made.seed}"
            assert "HS0301" in {finding.code for finding in findings}
            tried += 1
    assert tried > 50


def changed(graph: Graph, name: str, change: Callable[..., Site]) -> Graph:
    """The graph with one site changed wherever it is mentioned."""
    sites = {s.name: change(s) if s.name == name else s for s in graph.sites}
    flows = tuple(replace(f, sites=tuple(sites[s.name] for s in f.sites)) for f in graph.flows)
    return replace(graph, sites=tuple(sites.values()), flows=flows)


def narrowed(graph: Graph, zone: Zone, country: str) -> Graph:
    """The graph whose zone no longer allows a country."""
    less = replace(zone, countries=tuple(c for c in zone.countries if c != country))
    sites = {s.name: replace(s, zone=less) if s.zone.name == zone.name else s
             for s in graph.sites}  # fmt: skip
    return replace(
        graph, zones=tuple(less if z.name == zone.name else z for z in graph.zones),
        sites=tuple(sites.values()),
        flows=tuple(replace(f, sites=tuple(sites[s.name] for s in f.sites)) for f in graph.flows),
    )  # fmt: skip


def test_a_zone_that_allows_less_never_allows_more_and_never_costs_less() -> None:
    """Only a zone that loses its last region pays less: exactly for the store that it loses."""
    dearer = lost = 0
    for seed in range(SEEDS):
        made, before = decided(seed)
        for zone in made.graph.zones:
            for country in zone.countries if len(zone.countries) > 1 else ():
                after, _ = decide(narrowed(made.graph, zone, country), made.table)
                if after is None:
                    continue
                where = f"seed {seed}, {zone.name} without {country}"
                assert before is not None, where
                stored = {s.zone.name: sum(t.amount for t in s.terms) for s in before.stores}
                kept = {store.zone.name for store in after.stores}
                spared = sum(amount for name, amount in stored.items() if name not in kept)
                assert after.cost >= before.cost - spared, where
                dearer += after.cost > before.cost
                lost += spared > 0
    assert dearer > 5
    assert lost > 5


def _with_bound(flow: Flow, limit: int) -> Flow:
    to = flow.latency.to if flow.latency else flow.stages[-1].name
    least = min(limit, flow.latency.bound) if flow.latency else limit
    return replace(flow, latency=bound(least, to))


def test_a_bound_more_never_allows_more_and_never_costs_less() -> None:
    compared = 0
    for seed in range(SEEDS):
        made, before = decided(seed)
        for name in {flow.name for flow in made.graph.flows}:
            for change in (
                lambda f: _with_bound(f, 20_000),
                lambda f: replace(f, offline=f.offline + 3_600_000_000),
            ):
                flows = tuple(change(f) if f.name == name else f for f in made.graph.flows)
                after, _ = decide(replace(made.graph, flows=flows), made.table)
                if after is not None:
                    assert before is not None, f"seed {seed}, {name}"
                    assert after.cost >= before.cost, f"seed {seed}, {name}"
                    compared += 1
    assert compared > 50
