"""Explains where the store of a zone is: every region with what it costs or why it may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from hybridspec.ir.explanation import Flip, Place, ZoneExplanation
from hybridspec.ir.graph import Graph, Region, Zone
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Plan
from hybridspec.ir.rewritten import at_sites
from hybridspec.law.claim import claims
from hybridspec.law.duty import keys_fit
from hybridspec.law.refusal import Refusal
from hybridspec.place.explain_flip import checked, values
from hybridspec.place.explain_lever import region_prices
from hybridspec.place.explain_replan import Exhausted, Replanner, outcome, store_of
from hybridspec.place.progress import paced

MOST = 3
"""Regions beside the chosen one whose prices are looked at, those that cost least more."""


def explain_zone(
    graph: Graph, table: LatencyTable, plan: Plan, zone: Zone,
    say: Callable[[str], None] = lambda _: None,
) -> ZoneExplanation:  # fmt: skip
    """Where the store is, where else it could be, and which price would move it.

    `say` hears how far the search for that is, if it takes long.
    """
    store = next((s for s in plan.stores if s.zone.name == zone.name), None)
    extra = dict(store.alternatives) if store is not None else {}
    chosen = store.region.label if store is not None else ""
    if store is not None:
        extra[chosen] = 0
    mine = [site for site in graph.sites if site.zone.name == zone.name]
    flips, ended = _flips(graph, table, plan, zone, chosen, extra, say)
    return ZoneExplanation(
        zone=zone.name, store=store, sites=len(mine),
        places=tuple(_place(graph, zone, region, extra) for region in graph.regions),
        flows=sum(any(site.zone.name == zone.name for site in flow.sites) for flow in graph.flows),
        flips=tuple(flips), ended=ended,
    )  # fmt: skip


def _place(graph: Graph, zone: Zone, region: Region, extra: Mapping[str, int]) -> Place:
    found = extra.get(region.label)
    reasons = () if found is not None else tuple(_reasons(graph, zone, region))
    return Place(region=region.label, country=region.country, extra=found, reasons=reasons)


def _reasons(graph: Graph, zone: Zone, region: Region) -> Iterator[tuple[str, str]]:
    """Why a region does not hold the store: codes and words, each rule once."""
    found = [*_ruled(graph, zone, region), *_pinned(graph, zone, region)]
    yield from found or [("HS0401", "no plan fits with the store there")]


def _ruled(graph: Graph, zone: Zone, region: Region) -> Iterator[tuple[str, str]]:
    """Law, walls and policies that refuse it."""
    if not keys_fit(zone, region):
        yield "HS0310", f"keys cannot be protected there as the zone asks ({zone.key_protection})"
    of, said = claims(graph), dict[tuple[str, str], Refusal]()
    for refusal in (*of.refused(zone.name, region), *of.untrained(zone.name, region)):
        said.setdefault((refusal.code, refusal.reason.rule), refusal)
    for (code, _), refusal in sorted(said.items(), key=lambda pair: pair[0]):
        yield code, refusal.words


def _pinned(graph: Graph, zone: Zone, region: Region) -> Iterator[tuple[str, str]]:
    """Training that has to be elsewhere."""
    for model in claims(graph).models(zone.name):
        job = model.training
        if job is not None and job.region not in (None, region):
            yield "HS0310", f"`{model.name}` trains in {job.region.label if job.region else ''}"
        elif job is not None and job.cloud not in (None, region.cloud):
            yield "HS0310", f"`{model.name}` trains in the cloud `{job.cloud}`"


def _flips(
    graph: Graph, table: LatencyTable, plan: Plan, zone: Zone, chosen: str,
    extra: Mapping[str, int], say: Callable[[str], None],
) -> tuple[list[Flip], str]:  # fmt: skip
    """The prices that would move the store: of its region upwards, of the next ones downwards.

    They are looked for with the zone and these regions alone, and then checked with everything.
    The price at which the search had to end comes with them, empty if it did not.
    """
    flips: list[Flip] = []
    if not chosen:
        return flips, ""
    near = sorted((money, label) for label, money in extra.items() if label != chosen)[:MOST]
    labels = [chosen, *(label for _, label in near)]
    regions = tuple(region for region in graph.regions if region.label in labels)
    sites = [site for site in graph.sites if site.zone.name == zone.name]
    asked, now = store_of(zone.name), outcome(graph, plan, chosen, None)
    whole = Replanner(graph, table, asked)
    here = Replanner(replace(at_sites(graph, sites), regions=regions), table, asked)
    ended, told = "the plan as it is", paced(say)
    here.tell = whole.tell = lambda: told(
        f"explaining: {here.solves + whole.solves} plans made, at {ended}")  # fmt: skip
    try:
        first = here.unchanged()
        if first is None or first.label != now.label:  # what other zones run decides it
            here, first = whole, now
        for region in sorted(regions, key=lambda region: labels.index(region.label)):
            for lever in region_prices(graph, region, rising=region.label == chosen):
                ended = lever.words
                ends = (lever.most,) if region.label == chosen else (lever.least,)
                for value in values(here, lever, first, ends):
                    found = checked(whole, here, lever, value, now)
                    if found is not None:
                        flips.append(found)
        ended = ""
    except Exhausted:
        pass  # `ended` says where
    return flips, ended
