"""Has the engine decide what was posed, and says what its numbers mean: plans, and the seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from hybridspec.ir.graph import Region, Site, Zone
from hybridspec.ir.plan import Configuration, Second
from hybridspec.place.candidates import Candidates
from hybridspec.place.engine.small import solve_small
from hybridspec.place.pose import Posed, pose
from hybridspec.place.problem import Answer, Impossible

if TYPE_CHECKING:
    from hybridspec.place.engine.api import Solved, Watch
    from hybridspec.place.otherwise import Otherwise


@dataclass(frozen=True, slots=True)
class Planned:
    """What a site does: `plan` of its group, the way of each flow, and devices by class."""

    site: Site
    group: int
    plan: int
    chosen: tuple[Configuration, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Undecided:
    """There is no plan; what was posed says why."""

    candidates: Candidates
    posed: Posed


def decide(candidates: Candidates, watch: Watch | None = None) -> Decided | Undecided:
    """The least cost at which everything fits; `watch` hears of a search that takes long.

    Raises:
        TooManyWays: a flow branches so widely that enumeration would not end in time.
        TooDear: amounts of money that cannot be added up.
        SearchTooLarge: no plan was found in time.
    """
    posed = pose(candidates)
    if not all(pair.cost for of in posed.listing.classes for pair in of.pairs):
        return Undecided(candidates, posed)
    found: Answer | Solved | Impossible | None = solve_small(posed.listing)
    if found is None:
        from hybridspec.place.engine.solve import solve

        found = solve(posed.problem, progress=watch)
    if isinstance(found, Impossible):
        return Undecided(candidates, posed)
    if isinstance(found, Answer):
        return Decided(candidates, posed, found)
    return Decided(candidates, posed, found.answer, found)


@dataclass(frozen=True, eq=False)
class Decided:
    """A problem, its solution, and the answers to what else could have been."""

    candidates: Candidates
    posed: Posed
    answer: Answer
    _solved: Solved | None = None
    _seconds: dict[tuple[int, int, int], Second | None] = field(default_factory=dict)
    _ways: dict[tuple[int, int, int], Configuration] = field(default_factory=dict)

    @cached_property
    def otherwise(self) -> Otherwise:
        """What else could have been; the answer with its problem, if it was found without."""
        from hybridspec.place.engine.api import Solved
        from hybridspec.place.otherwise import Otherwise

        return Otherwise(self, self._solved or Solved(self.posed.problem, self.answer))

    @cached_property
    def stores(self) -> tuple[tuple[Zone, Region], ...]:
        """The region of every zone's store."""
        return tuple(
            (zone, regions[self.answer.chosen[choice]])
            for choice, (zone, regions) in enumerate(self.posed.stores)
        )

    def region(self, site: Site) -> Region | None:
        """Where the store of a site's zone is."""
        return next((region for zone, region in self.stores if zone.name == site.zone.name), None)

    @cached_property
    def planned(self) -> Mapping[str, Planned]:
        """What every site does, by name; the first sites of a group follow its first plan."""
        found = {}
        for index, group in enumerate(self.posed.groups):
            sites = iter(group.sites)
            for number, plan in enumerate(self.answer.plans[index]):
                chosen = tuple(self.way(index, pair, row) for pair, row in enumerate(plan.rows))
                for _, site in zip(range(plan.sites), sites, strict=False):
                    counts = {d.device_class.name: d.count for d in site.devices}
                    for name, count in zip(group.bought, plan.bought, strict=True):
                        counts[name] += count
                    found[site.name] = Planned(site, index, number, chosen, counts)
        return found

    def way(self, group: int, pair: int, row: int) -> Configuration:
        """What a row of a pair stands for; the same object each time."""
        key = (group, pair, row)
        if key not in self._ways:
            of, graph = self.posed.groups[group], self.candidates.graph
            self._ways[key] = of.ways[pair][row].priced(graph, of.sites[0], self.candidates.known)
        return self._ways[key]

    @cached_property
    def _uses(self) -> Mapping[tuple[str, str], Mapping[str, int]]:
        """How many sites need each variant, by device class and model."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        for group, plans in enumerate(self.answer.plans):
            for number, plan in enumerate(plans):
                for held, variant in self.held(group, number):
                    uses = found.setdefault(held, {})
                    uses[variant] = uses.get(variant, 0) + plan.sites
        return found

    def held(self, group: int, plan: int) -> set[tuple[tuple[str, str], str]]:
        """The models that a site of a plan needs in the bundles of its classes."""
        return {
            ((option.device.name, model), variant)
            for pair, row in enumerate(self.answer.plans[group][plan].rows)
            if (option := self.way(group, pair, row)).device is not None
            for model, variant in option.held
        }

    def pins(self, group: int, plan: int) -> Mapping[tuple[str, str], str]:
        """Variants that the other sites leave a site to run, by device class and model."""
        own = self.held(group, plan)
        return {
            held: variant
            for held, uses in self._uses.items() for variant, sites in uses.items()
            if sites > ((held, variant) in own)
        }  # fmt: skip

    def second(self, group: int, plan: int, pair: int) -> Second | None:
        """The best plan of a site in which one flow runs another way, all else being as it is."""
        key = (group, plan, pair)
        if key not in self._seconds:
            self._seconds[key] = self.otherwise.second(*key)
        return self._seconds[key]

    def over_quota(self, planned: Planned, pair: int, option: Configuration) -> bool:
        """Whether a quota has no room for a flow that would run another way."""
        return bool(self.posed.limits) and self.otherwise.over_quota(planned, pair, option)

    def elsewhere(self, store: int) -> tuple[tuple[str, int], ...]:
        """What a zone would cost more with its store in each other region that would do."""
        return self.otherwise.elsewhere(store)
