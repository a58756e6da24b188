"""What explain says of networks, of devices that may fail, and of wishes that have no amount."""

from __future__ import annotations

from dataclasses import replace

from property.graphs import at, board, data, device, flow, graph, infer, model, site, table, zone
from unit.place.test_network import cameras
from unit.place.test_one_model import BOX, NPU, watch

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.explanation import Explanation
from hybridspec.ir.graph import Graph
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Estimate, Plan
from hybridspec.place.conflict_find import conflicts
from hybridspec.place.explain_decision import explanations
from hybridspec.place.explain_flip import with_flips
from hybridspec.place.place import place

EU = zone()


def planned(of: Graph, known: LatencyTable) -> Plan:
    """The plan of a graph that has one."""
    plan = place(of, known, Sink())
    assert plan is not None
    return plan


def explained(of: Graph, known: LatencyTable, name: str) -> Explanation:
    """What is said of a flow."""
    plan = planned(of, known)
    (one,) = explanations(of, plan, lambda decision: decision.flow.name == name)
    return with_flips(of, known, plan, one)


def test_one_model_at_a_time_has_its_price() -> None:
    # The second model runs on a board that draws more, since the small one holds one.
    where = site("lab", EU, (NPU, 1), (BOX, 1), energy_price=10**6)
    of = graph(watch("a", where, "m"), watch("b", where, "n"))
    found = [explained(of, table(of), name) for name in "ab"]
    (bound,) = {b for one in found for b in one.bindings if b.code == "HS0425"}
    free = graph(*(watch(f.name, site("lab", EU, (replace(NPU, one_model=False), 1), (BOX, 1),
                                      energy_price=10**6), m)
                   for f, m in zip(of.flows, "mn", strict=True)))  # fmt: skip
    assert bound.saving == planned(of, table(of)).cost - planned(free, table(free)).cost > 0
    (flip,) = {f for one in found for f in one.flips if "one model at a time" in f.words}
    assert flip.setting == "devices.npu.one_model=false"
    assert flip.becomes == "s0@npu [n=fp32]"
    assert flip.saving == bound.saving


def test_one_bundle_for_all_has_its_price() -> None:
    # At the first site two models fit only if one is small; the second would run it whole.
    def figures(_thing: str, host: str, variant: str) -> Estimate:
        time = 9_000 if variant == "int8" else 1_000
        return Estimate(low=time, mid=time, high=time, basis=host)

    of_class = device(board=board(memory=1_600, load_power=9_000))
    both, alone = (site(f"s{n}", EU, (of_class, 1), energy_price=10**6) for n in range(2))
    seen = infer("see", model("m"), "frames")
    of = graph(flow("w", data(), (both, alone), seen), watch("x", both, "n"))
    known = table(of, figures)
    plan = planned(of, known)
    _, one = explanations(of, plan, lambda decision: decision.flow.name == "w")
    found = with_flips(of, known, plan, one)
    assert found.chosen.way.label == "see@gateway [m=int8]"
    (bound,) = (b for b in found.bindings if b.code == "HS0401")
    own = replace(of_class, name="own")
    free = graph(flow("w", data(), (both, replace(alone, devices=(
        replace(alone.devices[0], device_class=own),))), seen), watch("x", both, "n"))  # fmt: skip
    assert bound.saving == plan.cost - planned(free, known).cost > 0
    (flip,) = (f for f in found.flips if "one bundle" in f.words)
    assert flip.becomes == "see@gateway-s1 [m=fp32]"


def network(width: int) -> tuple[Graph, LatencyTable]:
    """Two flows of 8 and 24 Mbit/s at a site with a network."""
    of, known = cameras(width, 1_000, 3_000)
    where = replace(of.sites[0], lan_origin=at(7))
    flows = tuple(replace(one, sites=(where,)) for one in of.flows)
    return replace(of, sites=(where,), flows=flows), known


def test_a_network_has_its_slack_and_says_below_what_nothing_is_left() -> None:
    found = explained(*network(50_000_000), "w0")
    (slack,) = (one for one in found.chosen.slacks if one.code == "HS0426")
    assert (slack.used, slack.limit, slack.key) == (
        32_000_000, 40_000_000, "sites.lab.lan_bandwidth",
    )  # fmt: skip
    (flip,) = (one for one in found.flips if one.words == "network of lab")
    assert (flip.value, flip.becomes) == (39_000_000, None)
    assert flip.setting == "sites.lab.lan_bandwidth=39Mbit/s"


def test_a_network_that_is_too_narrow_is_a_conflict_with_its_repairs() -> None:
    of, known = network(25_000_000)
    (conflict,) = conflicts(of, known).conflicts
    assert [claim.key for claim in conflict.claims] == [
        "sites.lab.lan_bandwidth", "flows.w1@lab",
    ]  # fmt: skip
    wider, *others = conflict.repairs
    assert wider.settings == ("sites.lab.lan_bandwidth=40Mbit/s",)
    assert [repair.words for repair in others] == [("run `w1` at other sites than `lab`",)]
    assert not conflicts(*network(40_000_000)).conflicts
    for repair in conflict.repairs:
        assert not conflicts(repair.apply(of), known).conflicts


def test_devices_that_may_fail_have_their_slack_and_their_flip() -> None:
    lab = site("lab", EU, (device(max_failed=1), 4))
    of = graph(flow("w", data(), (lab,), infer("see", model(), "frames")))
    found = explained(of, table(of), "w")
    (slack,) = (one for one in found.chosen.slacks if "failed" in one.what)
    assert (slack.used, slack.limit, slack.left) == (1, 3, 2)
    (flip,) = (one for one in found.flips if "failed" in one.words)
    assert (flip.value, flip.becomes) == (4, None)


def test_a_clash_about_one_model_says_what_would_be_without_it() -> None:
    where = site("lab", EU, (NPU, 1))
    of = graph(watch("a", where, "m"), watch("b", where, "n"))
    (conflict,) = conflicts(of, table(of)).conflicts
    assert "devices.npu.one_model" in {claim.key for claim in conflict.claims}
    assert ("let each `npu` hold several models",) in {r.words for r in conflict.repairs}
