"""Costs add up, grow with what they are made of, and are what the checker counts."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest
from property.graphs import (
    Instance,
    data,
    device,
    flow,
    graph,
    infer,
    instance,
    model,
    region,
    site,
    store,
    table,
    training,
    zone,
)

from hybridspec.base.diagnostic import Sink
from hybridspec.base.units import DAY, YEAR
from hybridspec.ir.graph import DeviceClass, Graph, Site, SiteDevices, Sync
from hybridspec.ir.plan import CostTerm, Plan
from hybridspec.ir.region import Charge
from hybridspec.ir.region import Instance as Machine
from hybridspec.place import cost
from hybridspec.place.place import place
from hybridspec.place.recount import recount

CARED_FOR = device(
    uplink_month=9_000_000, uplink_up_price=4_000_000, uplink_down_price=3_000_000,
    spares=Fraction(1, 20), failures=Fraction(1, 50), visit_every=YEAR, visit_price=120_000_000,
)  # fmt: skip
CHARGES = (
    Charge(name="hub", per="zone-month", price=25_000_000),
    Charge(name="link", per="device-month", price=3_500),
    Charge(name="shelf", per="model-month", price=10_000),
    Charge(name="timer", per="job-month", price=100_000),
    Charge(name="writes", per="10k-writes", price=50_000),
    Charge(name="requests", per="million-requests", price=200_000),
    Charge(name="through", per="gb-processed", price=16_000),
    Charge(name="told", per="million-messages", price=1_000_000, size=300),
)
MACHINE = Machine(name="large", vcpu=4, price=240_000)
REGION = region(charges=CHARGES, billed_step=100_000, billed_least=100_000)


def of(cared: DeviceClass = CARED_FOR, count: int = 3, **fields: object) -> Graph:
    """A flow that stores batches of what a trained model finds."""
    lab = site("lab", zone(), (cared, count), uplink_month=45_000_000)
    stages = (infer("see", model(training=training()), "frames"), store("keep", "see"))
    made = flow("watch", data(), (lab,), *stages, sync=Sync(every=DAY, largest=None))
    return graph(made, regions=(REGION,), **fields)


def placed(made: Graph) -> Plan:
    plan = place(made, table(made), Sink())
    assert plan is not None
    return plan


def by_name(terms: tuple[CostTerm, ...]) -> dict[str, CostTerm]:
    return {term.name: term for term in terms}


def test_a_device_costs_all_that_it_takes() -> None:
    made = of()
    terms = by_name(cost.device_terms(made, made.sites[0], CARED_FOR))
    runs = Fraction(3 * YEAR, training().every)
    assert {name: term.amount for name, term in terms.items()} == {
        "devices": 90_000_000,
        "spares": 4_500_000,
        "replacements": 5_400_000,
        "idle energy": round(Fraction(2, 1000) * 24 * 365 * 3 * 250_000),
        "uplink": 36 * 9_000_000,
        "updates": round(runs * Fraction(5, 1000) * 3_000_000),
        "visits": round(Fraction(306, 100) * 120_000_000),
    }
    assert {terms[name].group for name in ("spares", "replacements")} == {"capex"}
    assert terms["visits"].group == "upkeep"


def test_what_nobody_states_has_no_term() -> None:
    made = of(device())
    names = set(by_name(cost.device_terms(made, made.sites[0], device())))
    assert names == {"devices", "idle energy"}


def test_a_zone_pays_for_the_services_that_it_counts() -> None:
    terms = by_name(placed(of()).stores[0].terms)
    amounts = {name: term.amount for name, term in terms.items() if name.startswith("service")}
    assert amounts == {
        "service hub": 36 * 25_000_000, "service link": 3 * 36 * 3_500,
        "service shelf": 36 * 10_000, "service timer": 36 * 100_000,
    }  # fmt: skip


def test_a_flow_pays_for_what_it_sends_and_for_its_batches() -> None:
    terms = by_name(placed(of()).decisions[0].chosen.terms)
    assert terms["service writes keep"].amount == round(Fraction(3 * 365 * 50_000, 10_000))
    assert terms["data up"].side == "edge"


def test_devices_cost_exactly_as_many_times_as_much() -> None:
    one, many = of(count=1), of(count=7)
    fee = 36 * 45_000_000
    first = sum(term.amount for term in cost.fleet_terms(one)) - fee
    assert sum(term.amount for term in cost.fleet_terms(many)) - fee == 7 * first
    assert cost.unit_cost(one, one.sites[0], CARED_FOR) == first
    counted = cost.fleet_terms(one, {("lab", "gateway"): 7})
    assert sum(term.amount for term in counted) - fee == 7 * first


@pytest.mark.parametrize("key", [
    "uplink_month", "uplink_up_price", "uplink_down_price", "spares", "failures", "visit_price",
])  # fmt: skip
def test_what_is_paid_grows_with_each_figure(key: str) -> None:
    dearer = replace(CARED_FOR, **{key: 2 * getattr(CARED_FOR, key)})  # type: ignore[arg-type]
    assert placed(of(dearer)).cost > placed(of()).cost


@pytest.mark.parametrize("change", [
    lambda made: replace(made, horizon=4 * YEAR),
    lambda made: replace(made, release_every=17 * DAY),
    lambda made: replace(made, regions=(replace(REGION, egress_price=10**9),)),
    lambda made: replace(made, regions=(replace(REGION, storage_price=10**9),)),
], ids=["horizon", "releases", "egress", "storage"])  # fmt: skip
def test_what_is_paid_grows_with_time_and_prices(change: Callable[[Graph], Graph]) -> None:
    assert placed(change(of())).cost > placed(of()).cost


def test_prices_ten_times_as_high_make_the_plan_ten_times_as_dear() -> None:
    before, after = placed(of()), placed(_scaled(of(), 10))
    terms = sum(len(d.chosen.terms) for d in before.decisions) + len(before.stores[0].terms)
    terms += 3 * len(before.fixed)
    assert abs(after.cost - 10 * before.cost) <= 10 * terms


def _scaled(made: Graph, times: int) -> Graph:
    """The graph with every price so many times as high."""

    def priced(of: DeviceClass) -> DeviceClass:
        return replace(
            of, board=replace(of.board, price=times * of.board.price),
            uplink_month=times * of.uplink_month, uplink_up_price=times * of.uplink_up_price,
            uplink_down_price=times * of.uplink_down_price, visit_price=times * of.visit_price,
        )  # fmt: skip

    regions = tuple(
        replace(r, **{key: times * getattr(r, key) for key in (
            "storage_price", "egress_price", "inference_price", "training_price", "key_price",
            "registry_price")},
            charges=tuple(replace(c, price=times * c.price) for c in r.charges),
            instances=tuple(replace(i, price=times * i.price) for i in r.instances))
        for r in made.regions
    )  # fmt: skip
    return _with(replace(made, regions=regions), lambda at: replace(
        at, energy_price=times * at.energy_price, uplink_month=times * at.uplink_month,
        devices=tuple(replace(d, device_class=priced(d.device_class)) for d in at.devices),
    ))  # fmt: skip


def _with(made: Graph, change: Callable[[Site], Site]) -> Graph:
    """The graph with other sites, also where its flows name them."""
    sites = {at.name: change(at) for at in made.sites}
    flows = tuple(replace(f, sites=tuple(sites[s.name] for s in f.sites)) for f in made.flows)
    return replace(made, sites=tuple(sites.values()), flows=flows)


def _random(seed: int) -> Instance:
    """A random instance in which devices, sites and regions cost all that they can."""
    drawn, rng = instance(seed), random.Random(seed)

    def stands(d: SiteDevices) -> SiteDevices:
        of = replace(
            d.device_class, uplink_month=rng.choice((0, 7_000_001)),
            uplink_up_price=rng.choice((0, 333_333)), uplink_down_price=rng.choice((0, 77)),
            spares=Fraction(rng.randint(0, 3), 7), failures=Fraction(rng.randint(0, 3), 13),
            visit_every=rng.choice((None, 11 * DAY)), visit_price=rng.choice((0, 19_999_999)),
        )  # fmt: skip
        return replace(d, device_class=of)

    regions = tuple(
        replace(one, charges=CHARGES, instances=rng.choice(((), (MACHINE,))),
                billed_step=rng.choice((1, 1000, 100_000)), billed_least=rng.choice((0, 100_000)))
        for one in drawn.graph.regions
    )  # fmt: skip
    made = _with(
        replace(drawn.graph, regions=regions, release_every=rng.choice((None, 17 * DAY))),
        lambda at: replace(at, devices=tuple(map(stands, at.devices)),
                           uplink_month=rng.choice((0, 5_000_003))),
    )  # fmt: skip
    return replace(drawn, graph=made)


def test_the_checker_counts_the_same() -> None:
    plans = 0
    for seed in range(25):
        drawn = _random(seed)
        plan = place(drawn.graph, drawn.table, Sink())
        if plan is not None:
            assert recount(drawn.graph, drawn.table, plan) == []
            plans += 1
    assert plans > 5


def test_the_checker_sees_a_term_that_is_wrong() -> None:
    made = of()
    plan = placed(made)
    decision, kept = plan.decisions[0], plan.stores[0]
    dearer = tuple(replace(t, amount=t.amount + 9) for t in decision.chosen.terms)
    wrong = replace(decision, chosen=replace(decision.chosen, terms=dearer))
    assert recount(made, table(made), replace(plan, decisions=(wrong,)))
    store_ = replace(kept, terms=kept.terms[1:])
    assert recount(made, table(made), replace(plan, stores=(store_,)))
    assert recount(made, table(made), replace(plan, fixed=plan.fixed[1:]))
