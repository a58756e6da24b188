"""One bundle per class: wherever a class runs a model, it runs the same variant."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from property.graphs import (
    board,
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
    zone,
)

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.ir.graph import Graph, Site
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Estimate, Plan
from hybridspec.place.place import place
from hybridspec.place.verify import verify

EU = zone()
NET = model()
FRAMES = data()
GATEWAY = device()


def placed(of: Graph, figures: LatencyTable) -> tuple[Plan | None, tuple[Diagnostic, ...]]:
    """The plan and the findings."""
    sink = Sink()
    plan = place(of, figures, sink)
    if plan is not None:
        assert verify(of, figures, plan) == ()
    return plan, sink.findings


def variants(plan: Plan) -> list[str]:
    """The variant that each decision runs."""
    return [dict(decision.chosen.variants)["detect"] for decision in plan.decisions]


def speeds(fp32: int, int8: int) -> object:
    """Figures by variant."""
    return lambda _t, _h, variant: Estimate(
        low=1, mid=int8 if variant == "int8" else fp32, high=int8 if variant == "int8" else fp32,
        basis="t",
    )  # fmt: skip


def two_sites(*sites: Site) -> Graph:
    """One flow with a model at every site."""
    return graph(flow("watch", FRAMES, sites, infer("see", NET, "frames")))


def test_sites_where_energy_is_free_follow_those_where_it_is_not() -> None:
    free = site("free", EU, (GATEWAY, 1), energy_price=0)
    paid = site("paid", EU, (GATEWAY, 1))
    of = two_sites(free, paid)
    plan, _ = placed(of, table(of, speeds(9_000, 900)))  # type: ignore[arg-type]
    assert plan is not None
    assert variants(plan) == ["int8", "int8"]
    assert [v for _, v in plan.fleet[0].models] == ["int8"]


def test_a_class_of_its_own_may_run_another_variant() -> None:
    free = site("free", EU, (device("other"), 1), energy_price=0)
    paid = site("paid", EU, (GATEWAY, 1))
    of = two_sites(free, paid)
    plan, _ = placed(of, table(of, speeds(9_000, 900)))  # type: ignore[arg-type]
    assert plan is not None
    assert variants(plan) == ["fp32", "int8"]


def test_the_cheaper_of_the_common_variants_is_taken() -> None:
    # Rounded to the micro-unit both cost nothing at the first site, where the name decides.
    cheap = site("cheap", EU, (GATEWAY, 1), energy_price=0)
    dear = site("dear", EU, (GATEWAY, 1), energy_price=900_000)
    of = two_sites(cheap, dear)
    plan, _ = placed(of, table(of, speeds(900, 9_000)))  # type: ignore[arg-type]
    assert plan is not None
    assert variants(plan) == ["fp32", "fp32"]
    assert plan.decisions[0].runner_up is None
    (mixed,) = plan.decisions[1].rejected
    assert [f.code for f in mixed.failures] == ["HS0401"]
    assert "one bundle" in mixed.failures[0].message


def test_two_flows_at_a_site_share_the_variant_of_their_model() -> None:
    lab = site("lab", EU, (GATEWAY, 1), energy_price=0)
    # Alone the first flow would take fp32, by name; the second only keeps up in int8.
    fast = infer("see", NET, "frames", input_rate=Fraction(60))
    of = graph(
        flow("a", FRAMES, (lab,), infer("see", NET, "frames")), flow("b", FRAMES, (lab,), fast)
    )
    plan, _ = placed(of, table(of, speeds(15_000, 900)))  # type: ignore[arg-type]
    assert plan is not None
    assert variants(plan) == ["int8", "int8"]


def test_sites_that_cannot_agree_are_told_to_part() -> None:
    # `small` has room for int8 alone, `busy` keeps up in fp32 alone.
    lab, plant = site("lab", EU, (GATEWAY, 1)), site("plant", EU, (GATEWAY, 1))
    tight = replace(FRAMES, name="ticks")
    of = graph(
        flow("a", FRAMES, (lab,), infer("see", NET, "frames", input_rate=Fraction(600))),
        flow("b", tight, (plant,), infer("see", NET, "ticks", input_size=9)),
        flow("c", tight, (plant,), infer("hear", model("listen"), "ticks")),
    )
    figures = table(of, speeds(900, 9_000))  # type: ignore[arg-type]
    memory = {("detect", "fp32"): 700_000_000, ("detect", "int8"): 10,
              ("listen", "fp32"): 400_000_000, ("listen", "int8"): 400_000_000}  # fmt: skip
    plan, findings = placed(of, replace(figures, memory=memory))
    assert plan is None
    (finding,) = findings
    assert finding.code == "HS0401"
    assert "`gateway`" in finding.message
    assert "`detect`" in finding.message
    assert "device class of their own" in finding.help


def test_flows_that_need_different_variants_of_a_model_at_one_site_are_told_to_part() -> None:
    lab = site("lab", EU, (GATEWAY, 1))
    tight = device("x", board=board(memory=10**9))
    assert tight.board.memory == GATEWAY.board.memory
    only_fp32 = infer("see", NET, "frames", input_rate=Fraction(600))
    of = graph(
        flow("a", FRAMES, (lab,), only_fp32),
        flow(
            "b", FRAMES, (lab,), infer("see", NET, "frames"), infer("hear", model("listen"), "see")
        ),
    )
    memory = {("detect", "fp32"): 700_000_000, ("detect", "int8"): 10,
              ("listen", "fp32"): 400_000_000, ("listen", "int8"): 400_000_000}  # fmt: skip
    figures = replace(table(of, speeds(900, 9_000)), memory=memory)  # type: ignore[arg-type]
    plan, findings = placed(of, figures)
    assert plan is None
    (finding,) = findings
    assert finding.code == "HS0401"
    assert "put" not in finding.help
    assert "model of its own" in finding.help


def test_a_model_in_the_cloud_needs_no_agreement() -> None:
    near = region(inference_price=0)
    lab = site("lab", EU, (device(board=board(memory=1)), 1))
    plant = site("plant", EU, (device(board=board(memory=1)), 1))
    of = graph(flow("w", FRAMES, (lab, plant), stage("s", "frames"), infer("see", NET, "s")),
               regions=(near,))  # fmt: skip
    plan, _ = placed(of, table(of))
    assert plan is not None
    assert plan.stores[0].region == near
