"""Poses the decision: everything that can be chosen as a `Problem` in numbers, with a way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from hybridspec.ir.graph import Region, Site, Zone
from hybridspec.place.candidates import Candidates
from hybridspec.place.configuration import Way
from hybridspec.place.listing import ListedChoice, ListedClass, Listing, money
from hybridspec.place.quota import INFERENCE, TRAINING, Limit, limits, trained
from hybridspec.place.rows import Held, Numbers, Rows, holding, hosting

if TYPE_CHECKING:
    from hybridspec.place.problem import Problem


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Sites that are alike; `ways` has those of each flow in the order of its pair's options.

    `bought` is the device class of each purchase.
    """

    sites: tuple[Site, ...]
    ways: tuple[tuple[Way, ...], ...]
    bought: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Bundled:
    """A model of which the bundle of a device class holds one of several variants."""

    device: str
    model: str
    variants: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Posed:
    """A problem and what its numbers stand for.

    Its classes are `groups`; its choices are the regions of `stores`, then those of `bundled`; its
    quotas are `limits`, of which those that nobody can reach are left out.
    """

    listing: Listing
    groups: tuple[Group, ...]
    stores: tuple[tuple[Zone, tuple[Region, ...]], ...]
    bundled: tuple[Bundled, ...]
    limits: tuple[Limit, ...]

    @cached_property
    def problem(self) -> Problem:
        """The problem in arrays; few questions about a small one need them."""
        from hybridspec.place.arrays import in_arrays

        return in_arrays(self.listing)


def pose(candidates: Candidates) -> Posed:
    """The problem of the whole graph; every zone with sites has a candidate for its store.

    Raises:
        TooManyWays: a flow branches so widely that enumeration would not end in time.
        TooDear: amounts of money that cannot be added up.
    """
    numbers = Numbers()
    return _Poser(candidates, numbers, Rows(candidates, numbers)).posed()


@dataclass(slots=True)
class _Poser:
    candidates: Candidates
    numbers: Numbers
    rows: Rows
    _training: dict[str, int] = field(default_factory=dict)

    def posed(self) -> Posed:
        """The problem, first what all share, then class by class."""
        graph = self.candidates.graph
        alike: dict[int, list[Site]] = {}
        for zone in graph.zones:
            for site in self.candidates.sites(zone):
                if self.candidates.flows(site):
                    alike.setdefault(self.candidates.key(site), []).append(site)
        groups = tuple(tuple(sites) for sites in alike.values())
        stores = tuple(self._stores())
        bundled = tuple(self._bundled(groups, len(stores)))
        reached = tuple(self._reached(groups, stores))
        classes = [self._class(sites) for sites in groups]
        listing = Listing(
            classes=tuple(made for made, _ in classes),
            choices=(
                *(self._store_choice(zone, regions, len(reached)) for zone, regions in stores),
                *(_free(len(bundle.variants), len(reached)) for bundle in bundled),
            ),
            quotas=tuple(limit.capacity for limit in reached),
            uniformity=graph.uniformity,
        )
        listing.affordable()
        found = tuple(
            Group(sites, ways, tuple(b.device for b in self.rows.frame(sites[0]).offered.bought))
            for sites, (_, ways) in zip(groups, classes, strict=True)
        )
        return Posed(listing, found, stores, bundled, reached)

    def _stores(self) -> Iterable[tuple[Zone, tuple[Region, ...]]]:
        for zone in self.candidates.graph.zones:
            regions = tuple(r for r in self.candidates.regions(zone) if r is not None)
            if regions and self.candidates.sites(zone):
                self.numbers.store[zone.name] = len(self.numbers.store)
                yield zone, regions

    def _store_choice(self, zone: Zone, regions: Sequence[Region], quotas: int) -> ListedChoice:
        amounts = [sum(term.amount for term in self.candidates.terms(zone, region))
                   for region in regions]  # fmt: skip
        use = [[0] * quotas for _ in regions]
        for row, region in zip(use, regions, strict=True):
            if region.label in self._training:
                row[self._training[region.label]] = self._trained(zone)
        return ListedChoice(money(amounts), tuple(map(tuple, use)))

    def _trained(self, zone: Zone) -> int:
        return trained(self.candidates.models(self.candidates.sites(zone)))

    def _bundled(self, groups: Iterable[Sequence[Site]], first: int) -> Iterable[Bundled]:
        """The models that several pairs could want on a class in different variants."""
        wanted: dict[Held, set[str]] = {}
        users: dict[Held, int] = {}
        for sites in groups:
            for index in range(len(self.candidates.flows(sites[0]))):
                mine: set[Held] = set()
                for row in self.rows.template(sites[0], index).rows:
                    for held, variant in holding(row.way):
                        wanted.setdefault(held, set()).add(variant)
                        mine.add(held)
                for held in mine:
                    users[held] = users.get(held, 0) + len(sites)
        for held in sorted(wanted):
            if users[held] > 1 and len(wanted[held]) > 1:
                variants = tuple(sorted(wanted[held]))
                numbers = {variant: number for number, variant in enumerate(variants)}
                self.numbers.bundle[held] = first + len(self.numbers.bundle), numbers
                yield Bundled(*held, variants)

    def _reached(
        self, groups: Iterable[Sequence[Site]], stores: Iterable[tuple[Zone, Sequence[Region]]]
    ) -> Iterable[Limit]:
        """The quotas that could be exceeded."""
        stated = limits(self.candidates.graph)
        if not stated:
            return
        work: dict[tuple[str, str], int] = {}
        for sites in groups:
            for index in range(len(self.candidates.flows(sites[0]))):
                most: dict[str, int] = {}
                for row in self.rows.template(sites[0], index).rows:
                    region, hosted = hosting(row.way)
                    most[region] = max(most.get(region, 0), hosted)
                for region, hosted in most.items():
                    key = (INFERENCE, region)
                    work[key] = work.get(key, 0) + hosted * len(sites)
        for zone, regions in stores:
            for key in {(TRAINING, region.label) for region in regions}:
                work[key] = work.get(key, 0) + self._trained(zone)
        number = 0
        for limit in stated:
            if sum(work.get((limit.kind, region), 0) for region in limit.regions) > limit.capacity:
                of = self._training if limit.kind == TRAINING else self.numbers.hosting
                of.update(dict.fromkeys(limit.regions, number))
                number += 1
                yield limit

    def _class(self, sites: Sequence[Site]) -> tuple[ListedClass, tuple[tuple[Way, ...], ...]]:
        frame = self.rows.frame(sites[0])
        pairs = [self.rows.pair(sites[0], index) for index in range(len(frame.pairs))]
        made = ListedClass(
            sites=len(sites), pairs=tuple(pair for pair, _ in pairs),
            purchases=self.rows.purchases(sites[0]), resources=frame.offered.resources,
        )  # fmt: skip
        return made, tuple(ways for _, ways in pairs)


def _free(alternatives: int, quotas: int) -> ListedChoice:
    """A choice of which no alternative costs anything, or takes anything of a quota."""
    return ListedChoice((0,) * alternatives, ((0,) * quotas,) * alternatives)
