"""Why nothing fits: the shortest way out, its amounts, and every site that it helps."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from property.graphs import (
    alert,
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
    store,
    table,
    zone,
)

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.units import DAY, HOUR
from hybridspec.ir.graph import Graph
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Estimate
from hybridspec.place.place import place

EU = zone()
FRAMES = data()


def findings(of: Graph, figures: LatencyTable | None = None) -> list[Diagnostic]:
    """What placement says about a graph that it cannot place."""
    sink = Sink()
    assert place(of, figures or table(of), sink) is None
    return list(sink.findings)


def test_a_wish_is_relaxed_before_hardware_and_hardware_before_law() -> None:
    # In the cloud the bound is broken by 37 ms, at the site the memory by some bytes.
    lab = site("lab", EU, (device(board=board(memory=10)), 1))
    one = flow("watch", FRAMES, (lab,), infer("see", model(), "frames"),
               latency=bound(18_000, "see"))  # fmt: skip
    (finding,) = findings(graph(one, regions=(region(),)))
    assert finding.code == "HS0302"
    assert finding.help == "raise the bound to 55ms"


def test_what_no_amount_cures_is_named_only_where_nothing_else_is_left() -> None:
    lab = site("lab", EU, (device(board=board("a")), 1), (device("b", board=board("b")), 1))
    one = flow("watch", FRAMES, (lab,), stage("scale", "frames"), alert("tell", "scale"),
               latency=bound(10, "tell"))  # fmt: skip
    of = graph(one)
    known = table(of, lambda _t, host, _v: Estimate(low=1, mid=2, high=3, basis="t")
                  if host == "b" else None)  # fmt: skip
    assert [f.code for f in findings(of, known)] == ["HS0302"]
    unknown = table(of, lambda *_: None)
    (finding,) = findings(of, unknown)
    assert finding.code == "HS0603"
    assert "HS0302" not in finding.help


def test_sites_that_need_different_amounts_get_a_finding_each() -> None:
    slow = site("slow", EU, (device(), 1), lan_rtt=9_000)
    fast = site("fast", EU, (device(), 1), lan_rtt=4_000)
    one = flow("watch", FRAMES, (slow, fast), stage("scale", "frames"), latency=bound(1, "scale"))
    found = findings(graph(one))
    assert sorted(f.help for f in found) == ["raise the bound to 12ms", "raise the bound to 5ms"]
    assert "`slow`" in next(f.message for f in found if "12ms" in f.help)


def test_sites_that_are_alike_share_a_finding() -> None:
    for count, words in ((1, "at `s0`:"), (2, "at `s0` and `s1`:"),
                         (4, "at `s0`, `s1`, `s2` and `s3`:"),
                         (9, "at `s0`, `s1`, `s2` and 6 more sites:")):  # fmt: skip
        sites = tuple(site(f"s{i}", EU, (device(), 1)) for i in range(count))
        one = flow("watch", FRAMES, sites, stage("scale", "frames"), latency=bound(1, "scale"))
        (finding,) = findings(graph(one))
        assert words in finding.message


def test_a_busy_class_says_how_many_devices_are_enough() -> None:
    lab = site("lab", EU, (device(), 1))
    busy = stage("scale", "frames", input_rate=Fraction(700_001))
    (finding,) = findings(graph(flow("watch", FRAMES, (lab,), busy)))
    assert (finding.code, finding.help) == ("HS0306", "put 4 `gateway` there")


def test_a_narrow_uplink_says_how_wide_is_enough() -> None:
    for rate, words in ((10, "100kbit/s for `gateway`"), (10_000, "100Mbit/s for `gateway`")):
        narrow = site("lab", EU, (device(uplink_bandwidth=1), 1))
        of = graph(flow("w", data(rate=Fraction(rate)), (narrow,), store("keep", "frames")),
                   regions=(region(),))  # fmt: skip
        (finding,) = findings(of)
        assert (finding.code, words in finding.help) == ("HS0306", True)


def test_a_small_disk_says_how_many_devices_are_enough() -> None:
    small = device(board=board(disk=200_000_000), max_offline=DAY)
    one = flow("watch", FRAMES, (site("lab", EU, (small, 1)),), store("keep", "frames"))
    (finding,) = findings(graph(one, regions=(region(),)))
    assert finding.code == "HS0304"
    assert "put 9 `gateway` there" in finding.help


def test_a_board_without_a_disk_is_not_multiplied() -> None:
    none = device(board=board(disk=1), max_offline=HOUR)
    one = flow("watch", FRAMES, (site("lab", EU, (none, 1)),), store("keep", "frames"))
    (finding,) = findings(graph(one, regions=(region(),)))
    assert "put" not in finding.help


def test_missing_memory_is_rounded_up() -> None:
    lab = site("lab", EU, (device(board=board(memory=0)), 1))
    of = graph(flow("watch", FRAMES, (lab,), infer("see", model(variants=("fp32",)), "frames")))
    (finding,) = findings(of, replace(table(of), memory={("detect", "fp32"): 5 * 2**20 + 1}))
    assert "6 MiB more memory for `gateway`" in finding.help


def test_flows_that_fit_only_alone_get_the_least_addition() -> None:
    lab = site("lab", EU, (device(), 1))
    flows = [flow(name, FRAMES, (lab,), stage("scale", "frames", input_rate=Fraction(200_000)))
             for name in "abc"]  # fmt: skip
    (finding,) = findings(graph(*flows))
    assert finding.code == "HS0401"
    assert finding.help == "put 3 `gateway` there, or move a flow to other sites"
    assert "`a`, `b`, `c` together" in finding.message


def test_flows_that_share_too_little_memory_are_told_how_much() -> None:
    lab = site("lab", EU, (device(board=board(memory=12 * 2**20)), 1))
    flows = [flow(name, FRAMES, (lab,), infer("see", model(f"net-{name}"), "frames"))
             for name in "ab"]  # fmt: skip
    of = graph(*flows)
    heavy = dict.fromkeys(table(of).memory, 10 * 2**20)
    (finding,) = findings(of, replace(table(of), memory=heavy))
    assert finding.help == (
        "use a board with 8 MiB more memory for `gateway`, or move a flow to other sites"
    )


def test_the_dearer_class_is_spared() -> None:
    cheap, dear = device("cheap", board=board(price=1)), device("dear", board=board(price=9))
    lab = site("lab", EU, (cheap, 1), (dear, 1))
    flows = [flow(name, FRAMES, (lab,), stage("scale", "frames", input_rate=Fraction(200_000)))
             for name in "abc"]  # fmt: skip
    (finding,) = findings(graph(*flows))
    assert finding.help == "put 2 `cheap` there, or move a flow to other sites"


def test_every_other_class_says_why_not() -> None:
    lab = site("lab", EU, (device("a"), 1), (device("b", board=board(memory=1)), 1))
    one = flow("watch", FRAMES, (lab,), infer("see", model(), "frames"), latency=bound(1, "see"))
    (finding,) = findings(graph(one))
    (note,) = finding.notes
    assert note.message.startswith("on `b` it takes up to")
    assert "of memory" in note.message
