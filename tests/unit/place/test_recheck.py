"""The checker's law on flows that are alike: it judges one, and misses no fault in another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from property.graphs import (
    data,
    device,
    flow,
    graph,
    model,
    region,
    site,
    stage,
    store,
    table,
    zone,
)
from property.graphs import infer as inferred

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import Plan, Residency
from hybridspec.law.claim import claims
from hybridspec.place.alike import alike
from hybridspec.place.place import place
from hybridspec.place.recheck import recheck

EU = zone("eu", "DE", "FR", regimes=("gdpr",))
GATEWAY = device("gateway")
FIRST, SECOND, ABROAD = (
    site(name, EU, (GATEWAY, 1), country=country)
    for name, country in (("one", "DE"), ("two", "DE"), ("far", "FR"))
)


def made() -> tuple[Graph, Plan]:
    """Four flows of one kind: two at one site, one at another, one at both and in another land."""
    of = model()
    flows = [
        flow(name, data(f"frames-{kind}"), sites, stage("scale", f"frames-{kind}"),
             inferred("see", of, "scale"), store("keep", "see"))
        for name, kind, sites in (
            ("a", "x", (FIRST,)), ("b", "x", (FIRST,)), ("c", "x", (SECOND,)),
            ("d", "x", (FIRST, SECOND, ABROAD)), ("e", "y", (SECOND,)),
        )
    ]  # fmt: skip
    graphed = graph(*flows, regions=(region(),))
    sink = Sink()
    plan = place(graphed, table(graphed), sink)
    assert plan is not None, sink.findings
    return graphed, plan


GRAPH, PLAN = made()


def faults(rows: tuple[Residency, ...]) -> list[str]:
    """What the checker says of a matrix."""
    plan = replace(PLAN, residency=rows)
    return recheck(GRAPH, claims(GRAPH).law.labels, plan, alike(plan))


def spoilt(row: Residency) -> Iterator[Residency | None]:
    """Every way in which a row can claim too much."""
    yield None
    yield row._replace(verdict="violated")
    yield row._replace(verdict="allowed")
    yield row._replace(certificate=None)
    yield row._replace(asset=row.asset + "x")
    for name in row.places:  # a region counts as a place where data is kept or computed on
        if name.startswith("region ") and row.facet not in ("store", "process"):
            continue
        yield row._replace(places=tuple(place for place in row.places if place != name))
    for country in row.countries:
        yield row._replace(countries=tuple(c for c in row.countries if c != country))
    if row.verdict == "gap":
        yield row._replace(verdict="satisfied")


def test_a_sound_matrix_has_no_fault() -> None:
    assert faults(PLAN.residency) == []


@pytest.mark.parametrize("flow_", ["a", "b", "c", "d", "e"])
def test_no_fault_in_any_row_of_any_flow_is_missed(flow_: str) -> None:
    kinds = set()
    for number, row in enumerate(PLAN.residency):
        if not row.asset.startswith(f"{flow_}."):
            continue
        for bad in spoilt(row):
            rest = PLAN.residency[:number], PLAN.residency[number + 1 :]
            assert faults((*rest[0], *([bad] if bad is not None else []), *rest[1])), (row, bad)
        kinds.add(row.facet)
    assert {"process", "logs", "store", "transit", "support"} <= kinds
