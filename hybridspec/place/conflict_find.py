"""Finds every conflict of a graph: flow by flow at alike sites, site by site, then all at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.conflict import Claim, Conflict, Verdict
from hybridspec.ir.graph import Graph, Site, Zone
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Configuration
from hybridspec.place.candidates import Candidates
from hybridspec.place.conflict import preferred
from hybridspec.place.conflict_check import EVERY, second_opinion
from hybridspec.place.conflict_network import crowded
from hybridspec.place.conflict_relaxed import Relaxed
from hybridspec.place.conflict_statement import Statement, allowed, clash, pinned
from hybridspec.place.decide import Undecided, decide
from hybridspec.place.place import place
from hybridspec.place.repair_find import repairs_of_flow, repairs_of_sites

MAX_ROUNDS = 4
"""How often what is left is looked at, once the first repairs are made."""


def conflicts(graph: Graph, table: LatencyTable) -> Verdict:
    """Whether there is a plan, and if not, every conflict with its repairs.

    Raises:
        TooManyWays: a flow branches so widely that enumeration would not end in time.
        TooDear: amounts of money that cannot be added up.
        SearchTooLarge: it was not found out in time.
    """
    rounds: list[list[Conflict]] = []
    while len(rounds) < MAX_ROUNDS:
        candidates = Candidates(graph, table)
        networks = crowded(graph, table)
        stuck = isinstance(decide(candidates), Undecided)
        if not stuck and not networks:
            later = tuple(conflict for found in rounds[1:] for conflict in found)
            plan = place(graph, table, Sink()) if rounds else None
            return Verdict(conflicts=tuple(rounds[0]) if rounds else (), later=later,
                           mended=plan.cost if plan is not None else None)  # fmt: skip
        rounds.append(networks or _found(candidates))  # what a network holds up comes later
        if not all(conflict.repairs for conflict in rounds[-1]):
            break
        for conflict in rounds[-1]:
            graph = conflict.repairs[0].apply(graph)
    return Verdict(conflicts=tuple(rounds[0]), later=tuple(c for r in rounds[1:] for c in r))


def _found(candidates: Candidates) -> list[Conflict]:
    """The conflicts of one graph: those of the zones, else one of everything."""
    graph, found = candidates.graph, list[Conflict]()
    for zone in graph.zones:
        if candidates.sites(zone):
            found += _Zone(candidates, zone).conflicts()
    if not found:
        everywhere = [sites for zone in graph.zones for sites in alike(candidates, zone)]
        found.append(_joint(candidates, everywhere))
    return found


def alike(candidates: Candidates, zone: Zone) -> list[list[Site]]:
    """The sites of a zone in groups that are alike but for what energy costs, and flows' names."""
    groups: dict[tuple[object, ...], list[Site]] = {}
    for site in candidates.sites(zone):
        flows = candidates.flows(site)
        if flows:
            key = (candidates.shape(site), *(flow.name for flow in flows))
            groups.setdefault(key, []).append(site)
    return list(groups.values())


@dataclass(frozen=True, slots=True)
class _Zone:
    """The conflicts of one zone, whatever the others do."""

    candidates: Candidates
    zone: Zone

    def conflicts(self) -> Iterator[Conflict]:
        """Those of flows alone, else of sites alone, else of all sites of the zone."""
        groups, regions = alike(self.candidates, self.zone), self.candidates.regions(self.zone)
        if not regions:
            yield self._untrainable()
            return
        alone: list[_Found] = []
        joint: list[_Found] = []
        for sites in groups:
            stuck = [_local(self.candidates, sites, flow.name)
                     for flow in self.candidates.flows(sites[0])]  # fmt: skip
            alone += [one for one in stuck if one is not None]
            if not any(stuck):
                relaxed = Relaxed.of(self.candidates, [sites[:1]])
                if not relaxed.possible(frozenset(relaxed.statements)):
                    joint.append(_of_each(self.candidates, [sites]))
        yield from (one.conflict for one in (*_merged(alone), *_merged(joint)))
        if not alone and not joint:
            relaxed = Relaxed.of(self.candidates, groups)
            if not relaxed.possible(frozenset(relaxed.statements)):
                yield _joint(self.candidates, groups)

    def _untrainable(self) -> Conflict:
        """No region suits both the zone and what is pinned for its training."""
        models = self.candidates.models(self.candidates.sites(self.zone))
        pins = [pinned(m) for m in models if m.training is not None]
        return Conflict(
            flows=(), sites=tuple(site.name for site in self.candidates.sites(self.zone)),
            claims=tuple(map(claim, (*pins, allowed(self.zone)))), repairs=(), confirmed=EVERY,
            advice=("pin the training to a region that lies in the zone, or to none",),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Found:
    """A conflict with the groups of sites that have it, and how it is told of other groups."""

    conflict: Conflict
    groups: tuple[Sequence[Site], ...]
    again: Callable[[Sequence[Sequence[Site]]], Conflict]

    @property
    def pattern(self) -> tuple[object, ...]:
        """What it says, whatever the sites are called."""
        names = "|".join(re.escape(site.name) for sites in self.groups for site in sites)
        of, named = self.conflict, re.compile(rf"(?<![a-z0-9-])(?:{names})(?![a-z0-9-])")
        said = [f"{claim.key} {claim.words}" for claim in of.claims]
        ways = [" ".join(repair.words) for repair in of.repairs]
        return of.flows, tuple(named.sub("*", line) for line in (*said, "", *ways, *of.advice))


def _merged(found: Sequence[_Found]) -> list[_Found]:
    """Conflicts with the same lines and the same ways out as one, if that one has them too."""
    alike: dict[tuple[object, ...], list[_Found]] = {}
    for one in found:
        alike.setdefault(one.pattern, []).append(one)
    merged: list[_Found] = []
    for some in alike.values():
        groups = [sites for one in some for sites in one.groups]
        both = some[0].again(groups) if len(some) > 1 else some[0].conflict
        if len(both.repairs) == len(some[0].conflict.repairs):
            merged.append(_Found(both, tuple(groups), some[0].again))
        else:
            merged += some
    return merged


def ways(candidates: Candidates, site: Site, index: int) -> list[Configuration]:
    """Every way to run one flow at a site, with the store of its zone in any region that may."""
    return [way.unpriced for region in candidates.regions(site.zone)
            for way in candidates.ways(site, index, region)]  # fmt: skip


def _local(candidates: Candidates, sites: Sequence[Site], name: str) -> _Found | None:
    """The conflict of a flow at sites that are alike, to be told of other sites as well."""

    def again(groups: Sequence[Sequence[Site]]) -> Conflict:
        told = local(candidates, [site for group in groups for site in group], name)
        if told is None:
            raise AssertionError("a flow that cannot run at a site can")
        return told

    found = local(candidates, sites, name)
    return _Found(found, (sites,), again) if found is not None else None


def local(candidates: Candidates, sites: Sequence[Site], name: str) -> Conflict | None:
    """The conflict of one flow at sites that are alike, if it cannot run there by itself."""
    site, graph = sites[0], candidates.graph
    index = [flow.name for flow in candidates.flows(site)].index(name)
    flow, options = candidates.flows(site)[index], ways(candidates, site, index)
    if any(not option.failures for option in options):
        return None
    found = clash(graph, flow, site, options)
    repairs, advice = repairs_of_flow(graph, candidates.table, sites, flow, options)
    return Conflict(
        flows=(flow.name,), sites=tuple(one.name for one in sites),
        claims=tuple(map(claim, found)), repairs=repairs, confirmed=EVERY, advice=advice,
    )  # fmt: skip


def _of_each(candidates: Candidates, groups: Sequence[Sequence[Site]]) -> _Found:
    """The conflict of everything that runs at any one of some sites, each by itself."""

    def again(groups: Sequence[Sequence[Site]]) -> Conflict:
        return _joint(candidates, groups, one=True)

    return _Found(again(groups), tuple(groups), again)


def _joint(
    candidates: Candidates, groups: Sequence[Sequence[Site]], *, one: bool = False
) -> Conflict:
    """The conflict of everything that runs at some sites; with `one`, at any one of them."""
    relaxed = Relaxed.of(candidates, [groups[0][:1]] if one else groups)
    found = preferred(relaxed.possible, relaxed.statements)
    flows = sorted({flow.name for sites in groups for flow in candidates.flows(sites[0])})
    return Conflict(
        flows=tuple(name for name in flows
                    if any(s.key.startswith(f"flows.{name}") for s in found)),
        sites=tuple(site.name for sites in groups for site in sites),
        claims=tuple(map(claim, found)),
        repairs=repairs_of_sites(candidates.graph, candidates.table, groups, found, one=one),
        confirmed=second_opinion(relaxed.problem(frozenset(found))),
    )  # fmt: skip


def claim(statement: Statement) -> Claim:
    """A statement as others see it."""
    return Claim(key=statement.key, words=statement.words, is_law=statement.is_law,
                 span=statement.span)  # fmt: skip
