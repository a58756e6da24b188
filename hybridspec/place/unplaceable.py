"""What stands in the way where there is no plan: zone by zone, site by site, then all at once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import replace

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Flow, Site, Zone
from hybridspec.ir.plan import Configuration
from hybridspec.place.candidates import Candidates
from hybridspec.place.conflict_check import second_opinion
from hybridspec.place.decide import Undecided
from hybridspec.place.engine.feasible import feasible
from hybridspec.place.explain import (
    disagreement,
    infeasible,
    no_common_region,
    over_quota,
    together_infeasible,
    untrainable,
)
from hybridspec.place.part import part, unlimited
from hybridspec.place.problem import Problem
from hybridspec.place.quota import Limit
from hybridspec.place.repair import repair

_UNSURE = "; that there is no plan is what one engine says, and no other could tell"


def unplaceable(undecided: Undecided) -> Iterator[Diagnostic]:
    """At least one finding that says why there is no plan."""
    candidates, found = undecided.candidates, False
    for zone in candidates.graph.zones:
        for finding in _Zone(undecided, zone).findings() if candidates.sites(zone) else ():
            found = True
            yield finding
    if not found:
        for finding in _over_quotas(undecided):
            found = True
            yield _sure(finding, undecided.posed.problem)
    if not found:
        clash = disagreement(candidates.graph, *_clash(undecided))
        yield _sure(clash, undecided.posed.problem)


def _sure(finding: Diagnostic, problem: Problem) -> Diagnostic:
    """The finding; where no second engine finds that there is no plan, it says so."""
    if second_opinion(problem):
        return finding
    return replace(finding, help=f"{finding.help}{_UNSURE}")


class _Zone:
    """What stands in the way in one zone, whatever the others do."""

    def __init__(self, undecided: Undecided, zone: Zone) -> None:
        self.undecided, self.zone = undecided, zone
        self.candidates: Candidates = undecided.candidates
        self.regions = self.candidates.regions(zone)
        self.groups = [index for index, group in enumerate(undecided.posed.groups)
                       if group.sites[0].zone.name == zone.name]  # fmt: skip

    def findings(self) -> Iterator[Diagnostic]:
        """Flows that cannot run alone, flows that fit only alone, sites that fit only alone."""
        if not self.regions:
            yield untrainable(self.zone, self.candidates.models(self.candidates.sites(self.zone)))
            return
        stuck: dict[str, list[tuple[list[Site], list[Configuration]]]] = {}
        together: list[Diagnostic] = []
        for index in self.groups:
            for sites in self._named(index):
                alone = list(self._alone(sites))
                for flow, options in alone:
                    stuck.setdefault(flow.name, []).append((sites, options))
                if not alone and not any(map(self._fits(index), range(len(self.regions)))):
                    whole = part(self.undecided.posed.problem, [index], {}, sites=1)
                    together.append(_sure(self._together(sites), whole))
        yield from together
        for flow in self.candidates.graph.flows:
            if flow.name in stuck:
                yield from infeasible(self.candidates.graph, flow, stuck[flow.name])
        if not stuck and not together:
            whole = part(self.undecided.posed.problem, self.groups, {})
            yield from (_sure(finding, whole) for finding in self._parted())

    def _named(self, index: int) -> list[list[Site]]:
        """The sites of a group whose flows have the same names."""
        found: dict[tuple[str, ...], list[Site]] = {}
        for site in self.undecided.posed.groups[index].sites:
            names = tuple(flow.name for flow in self.candidates.flows(site))
            found.setdefault(names, []).append(site)
        return list(found.values())

    def _alone(self, sites: list[Site]) -> Iterator[tuple[Flow, list[Configuration]]]:
        """The flows that cannot run at sites whatever else does, with all that was tried."""
        for index, flow in enumerate(self.candidates.flows(sites[0])):
            options = [c for region in self.regions
                       for c in self.candidates.options(sites[0], region)[index]]  # fmt: skip
            if all(option.failures for option in options):
                yield flow, options

    def _fits(self, group: int) -> Callable[[int], bool]:
        """Whether a site of a group has a plan by itself, with the store in a region."""
        posed = self.undecided.posed
        store = next((number for number, (zone, _) in enumerate(posed.stores)
                      if zone.name == self.zone.name), None)  # fmt: skip

        def fits(alternative: int) -> bool:
            made = {} if store is None else {store: alternative}
            return feasible(part(posed.problem, [group], made, sites=1))

        return fits

    def _together(self, sites: list[Site]) -> Diagnostic:
        choices = self.candidates.admissible(sites[0], self.regions[0])
        return together_infeasible(
            sites, self.candidates.flows(sites[0]), repair(sites[0], choices)
        )

    def _parted(self) -> Iterator[Diagnostic]:
        """Every site has a plan, but not with the store in the same region."""
        left: dict[str, list[Site]] = {}
        for alternative, region in enumerate(self.regions):
            out = [index for index in self.groups if not self._fits(index)(alternative)]
            if not out or region is None:
                return
            left[region.label] = list(self.undecided.posed.groups[out[0]].sites)
        yield no_common_region(self.zone, left)


def _over_quotas(undecided: Undecided) -> Iterator[Diagnostic]:
    """The quotas that stand in the way, each with the least at which everything would fit."""
    posed = undecided.posed
    problem, graph = posed.problem, undecided.candidates.graph
    room = unlimited(problem)
    if not posed.limits or not feasible(replace(problem, quotas=room)):
        return
    culprits = []
    for number in range(len(posed.limits)):
        loose = int(room[number])
        room[number] = problem.quotas[number]
        if not feasible(replace(problem, quotas=room.copy())):
            room[number] = loose
            culprits.append(number)
    for number in culprits:
        limit = posed.limits[number]

        def enough(stated: int, number: int = number, limit: Limit = limit) -> bool:
            tried = room.copy()
            tried[number] = limit.scaled(stated)
            return feasible(replace(problem, quotas=tried))

        most = 2 * limit.stated + 1
        while not enough(most):
            most *= 2
        stated = range(limit.stated, most)
        least = limit.stated + bisect_left(stated, True, key=enough)
        room[number] = limit.scaled(least)
        yield over_quota(graph, limit, least)


def _clash(undecided: Undecided) -> tuple[str, str]:
    """A class and a model whose sites have plans as long as they need not agree on its variant."""
    posed, first = undecided.posed, len(undecided.posed.stores)
    everything = range(len(posed.groups))
    apart = set(range(first, first + len(posed.bundled)))
    for choice in sorted(apart):
        if not feasible(part(posed.problem, everything, {}, apart=apart - {choice})):
            bundle = posed.bundled[choice - first]
            return bundle.device, bundle.model
        apart.remove(choice)
    raise AssertionError("there is no plan, and nothing that stands in its way")
