"""Conflicts of networks: more is born at sites than they carry, wherever it is worked on then."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from hybridspec.base.units import format_bandwidth
from hybridspec.ir.conflict import Claim, Conflict
from hybridspec.ir.graph import Flow, Graph, Site
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.share import MAX_UPLINK
from hybridspec.place.conflict_statement import UPLINK, Statement, runs
from hybridspec.place.crowd import arriving, born
from hybridspec.place.repair_change import Change, elsewhere, network
from hybridspec.place.repair_find import repairs_by


def crowded(graph: Graph, table: LatencyTable) -> list[Conflict]:
    """One conflict for all sites with the same network and the same flows."""
    alike: dict[tuple[object, ...], list[Site]] = {}
    for site in graph.sites:
        if site.lan is not None:
            flows = arriving(graph, site)
            if sum(map(born, flows)) > MAX_UPLINK * site.lan:
                key = (site.lan, *(flow.name for flow in flows))
                alike.setdefault(key, []).append(site)
    return [_conflict(graph, table, sites) for sites in alike.values()]


def _conflict(graph: Graph, table: LatencyTable, sites: Sequence[Site]) -> Conflict:
    """The fewest flows that are too many, and what would make room for all of them."""
    site, names = sites[0], [one.name for one in sites]
    flows, room = arriving(graph, site), MAX_UPLINK * (site.lan or 0)
    total = sum(map(born, flows))
    needed: list[Flow] = []
    for flow in flows:
        needed.append(flow)
        if sum(map(born, needed)) > room:
            break
    wanted: list[tuple[Change, ...]] = [(network(names, ceil(total / MAX_UPLINK)),)]
    if len(flows) > 1:
        wanted += [(elsewhere(flow, names),) for flow in flows if total - born(flow) <= room]
    said = Statement(
        UPLINK, f"sites.{site.name}.lan_bandwidth",
        f"the network of `{site.name}` carries {format_bandwidth(site.lan or 0)}, of which "
        f"{format_bandwidth(int(room))} may be filled", site.lan_origin,
    )  # fmt: skip
    claims = (said, *(runs(flow, site) for flow in needed))
    sums = " + ".join(format_bandwidth(born(flow)) for flow in needed)
    return Conflict(
        flows=tuple(flow.name for flow in needed), sites=tuple(names),
        claims=tuple(Claim(key=one.key, words=one.words, is_law=False, span=one.span)
                     for one in claims),
        repairs=repairs_by(graph, table, sites, wanted), confirmed=f"{sums} are born there",
        advice=("let fewer or smaller events be born there",),
    )  # fmt: skip
