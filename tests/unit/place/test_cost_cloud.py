"""What computing in a cloud costs: billed time, fees, messages, machines; counted twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest
from property.graphs import data, device, flow, graph, infer, model, site, store, table, zone
from unit.place.test_cost import MACHINE, REGION, placed

from hybridspec.base.units import SECOND, YEAR
from hybridspec.ir.graph import Graph, Region, Sync
from hybridspec.ir.plan import Configuration, Estimate, Plan
from hybridspec.place import cost
from hybridspec.place.configuration import configurations
from hybridspec.place.recount import recount

SERVED = replace(REGION, instances=(MACHINE,))


def of(where: Region, sync: Sync | None = None) -> Graph:
    """A model whose answer goes to a store and back to the site."""
    lab = site("lab", zone(), (device(uplink_up_price=7, uplink_down_price=5), 1))
    see = infer("see", model(), "frames")
    told = replace(store("tell", "see"), operation="alert", place="site", retention=None)
    made = flow("watch", data(), (lab,), see, store("keep", "see"), told, sync=sync)
    return graph(made, regions=(where,))


def ways(made: Graph) -> Iterator[tuple[Plan, Configuration]]:
    """A plan for each way to run its flow, whether it is sound or not."""
    plan = placed(made)
    one = plan.decisions[0]
    for way in configurations(made, table(made), one.site, one.flow, made.regions[0]):
        yield replace(plan, decisions=(replace(one, chosen=way),)), way


def served(made: Graph) -> Configuration:
    """The way that runs the model in the cloud."""
    return next(way for _, way in ways(made) if dict(way.hosts)["see"].kind == "cloud")


def amounts(way: Configuration) -> dict[str, int]:
    return {term.name: term.amount for term in way.terms}


def test_a_request_is_billed_by_the_step_and_at_least() -> None:
    made = of(REGION)
    stage = made.flows[0].stages[0]
    events = stage.input_rate * Fraction(3 * YEAR, SECOND)
    for mid, billed in ((1, 100_000), (100_000, 100_000), (100_001, 200_000)):
        took = Estimate(low=mid, mid=mid, high=mid, basis="t")
        time, fee = cost.inference(made, REGION, stage, took)
        assert time.amount == round(events * billed * REGION.inference_price / 10**6)
        assert fee.amount == round(events * Fraction(200_000, 10**6))


def test_machines_are_kept_where_they_cost_less() -> None:
    made = of(SERVED)
    stage = replace(made.flows[0].stages[0], input_rate=Fraction(1000))
    took = Estimate(low=1, mid=5_000, high=10_000, basis="t")
    (kept,) = cost.inference(made, SERVED, stage, took)
    assert kept.name == "machines see"
    assert kept.amount == 4 * 3 * 365 * 24 * MACHINE.price  # 10 processors of 4 x 70 %
    rare = replace(stage, input_rate=Fraction(1, 3600))
    assert [t.name for t in cost.inference(made, SERVED, rare, took)] == [
        "inference see", "service requests see",
    ]  # fmt: skip


def test_messages_come_in_pieces_and_in_batches() -> None:
    made = of(REGION)
    told = {"frames": (Fraction(10), 700)}
    (each,) = cost.messages(made, REGION, made.flows[0], told)
    seconds = Fraction(3 * YEAR, SECOND)
    assert each.amount == round(10 * 3 * seconds)  # three pieces of 300 bytes
    collected = replace(made.flows[0], sync=Sync(every=60 * SECOND, largest=None))
    (batch,) = cost.messages(made, REGION, collected, told)
    assert batch.amount == round(Fraction(1400, 60) * seconds)


def test_a_cloud_stage_pays_for_all_that_it_takes() -> None:
    found = amounts(served(of(REGION)))
    assert {"inference see", "service requests see", "service through see",
            "service told frames", "service told see", "egress see"} <= set(found)  # fmt: skip


@pytest.mark.parametrize(
    "sync", [None, Sync(every=600 * SECOND, largest=None)], ids=["each", "all"]
)
@pytest.mark.parametrize("where", [REGION, SERVED], ids=["serverless", "machines"])
def test_the_checker_counts_every_way(where: Region, sync: Sync | None) -> None:
    made = of(where, sync)
    for plan, _ in ways(made):
        assert recount(made, table(made), plan) == []


def test_the_checker_sees_every_term_that_is_wrong_or_missing() -> None:
    made = of(REGION)
    seen = 0
    for plan, way in ways(made):
        for index, term in enumerate(way.terms):
            if abs(term.amount) < 50:
                continue
            for wrong in ((), (replace(term, amount=term.amount + 30),)):
                terms = (*way.terms[:index], *wrong, *way.terms[index + 1 :])
                decision = replace(plan.decisions[0], chosen=replace(way, terms=terms))
                assert recount(made, table(made), replace(plan, decisions=(decision,))), term.name
                seen += 1
    assert seen > 10


@pytest.mark.parametrize("change", [
    {"billed_step": 1_000, "billed_least": 0}, {"billed_least": 300_000},
    {"instances": (replace(MACHINE, price=1),)},
    *({"charges": tuple(replace(c, price=2 * c.price) if c.name == name else c
                        for c in REGION.charges)} for name in ("requests", "through", "told")),
    {"charges": tuple(replace(c, size=100) for c in REGION.charges)},
], ids=["step", "least", "machines", "requests", "through", "told", "pieces"])  # fmt: skip
def test_a_formula_that_is_wrong_is_seen(change: dict[str, object]) -> None:
    """What was counted with one figure is not what the checker counts with another."""
    made = of(REGION)
    plan, _ = next((p, w) for p, w in ways(made) if dict(w.hosts)["see"].kind == "cloud")
    other = replace(REGION, **change)  # type: ignore[arg-type]
    chosen = replace(plan.decisions[0].chosen, region=other)
    told = replace(plan, decisions=(replace(plan.decisions[0], chosen=chosen),))
    assert recount(replace(made, regions=(other,)), table(made), told)
