"""Has the engine decide what was posed, and says what its numbers mean: plans, and the seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from hybridspec.ir.graph import Region, Site, Zone
from hybridspec.ir.plan import Configuration, Second
from hybridspec.place.candidates import Candidates
from hybridspec.place.engine.api import Watch
from hybridspec.place.engine.solve import Solved, runner_up, solve
from hybridspec.place.part import cost_at, part, rows, used
from hybridspec.place.pose import Posed, pose
from hybridspec.place.problem import Answer, Impossible, Ints


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
    if any(not len(pair.options) for of in posed.problem.classes for pair in of.pairs):
        return Undecided(candidates, posed)
    found = solve(posed.problem, progress=watch)
    if isinstance(found, Impossible):
        return Undecided(candidates, posed)
    return Decided(candidates, posed, found)


@dataclass(frozen=True, eq=False)
class Decided:
    """A problem, its solution, and the answers to what else could have been."""

    candidates: Candidates
    posed: Posed
    solved: Solved
    _seconds: dict[tuple[int, int, int], Second | None] = field(default_factory=dict)
    _ways: dict[tuple[int, int, int], Configuration] = field(default_factory=dict)

    @property
    def answer(self) -> Answer:
        """What the engine says."""
        return self.solved.answer

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
                for held, variant in self._held(group, number):
                    uses = found.setdefault(held, {})
                    uses[variant] = uses.get(variant, 0) + plan.sites
        return found

    def _held(self, group: int, plan: int) -> set[tuple[tuple[str, str], str]]:
        """The models that a site of a plan needs in the bundles of its classes."""
        return {
            ((option.device.name, model), variant)
            for pair, row in enumerate(self.answer.plans[group][plan].rows)
            if (option := self.way(group, pair, row)).device is not None
            for model, variant in option.held
        }

    def pins(self, group: int, plan: int) -> Mapping[tuple[str, str], str]:
        """Variants that the other sites leave a site to run, by device class and model."""
        own = self._held(group, plan)
        return {
            held: variant
            for held, uses in self._uses.items() for variant, sites in uses.items()
            if sites > ((held, variant) in own)
        }  # fmt: skip

    def second(self, group: int, plan: int, pair: int) -> Second | None:
        """The best plan of a site in which one flow runs another way, all else being as it is."""
        key = (group, plan, pair)
        if key not in self._seconds:
            self._seconds[key] = self._second(*key)
        return self._seconds[key]

    def _second(self, group: int, plan: int, pair: int) -> Second | None:
        mine, of = self.answer.plans[group][plan], self.posed.problem.classes[group]
        ways = self.posed.groups[group].ways[pair]
        differing = np.array([way is not ways[mine.rows[pair]] for way in ways], np.bool_)
        if not differing.any():
            return None
        made = self._made(group, plan)
        free = any(choice not in made for one in of.pairs for choice in one.choices)
        if free or any(one.quotas for one in of.pairs):
            return self._choosing(group, plan, pair, made)
        found = runner_up(self.solved, group, pair, differing)
        if found is None:
            return None
        delta, other = found
        return Second(self.way(group, pair, other.rows[pair]), delta)

    def _choosing(self, group: int, plan: int, pair: int, made: dict[int, int]) -> Second | None:
        """The same for a site with a bundle of its own, or with quotas that leave it only some."""
        mine, of = self.answer.plans[group][plan], self.posed.problem.classes[group]
        kept = rows(of.pairs[pair], made)
        ways = self.posed.groups[group].ways[pair]
        kept = kept[[ways[row] is not ways[mine.rows[pair]] for row in kept.tolist()]]
        room = self.left + used(of, mine.rows, len(self.left))
        small = part(self.posed.problem, [group], made, sites=1,
                     only={(group, pair): kept}, room=room)  # fmt: skip
        solved = solve(small)
        if isinstance(solved, Impossible):
            return None
        (other,) = solved.answer.plans[0]
        return Second(
            self.way(group, pair, int(kept[other.rows[pair]])),
            solved.answer.cost - cost_at(of, mine.rows, mine.bought),
        )

    @cached_property
    def left(self) -> Ints:
        """What the plan leaves of every quota."""
        problem = self.posed.problem
        left = problem.quotas.copy()
        for choice, alternative in zip(problem.choices, self.answer.chosen, strict=True):
            left -= choice.use[alternative]
        for of, plans in zip(problem.classes, self.answer.plans, strict=True):
            for plan in plans:
                left -= plan.sites * used(of, plan.rows, len(left))
        return left

    def over_quota(self, planned: Planned, pair: int, option: Configuration) -> bool:
        """Whether a quota has no room for a flow that would run another way."""
        of = self.posed.problem.classes[planned.group].pairs[pair]
        ways, mine = self.posed.groups[planned.group].ways[pair], self.answer.plans
        row = next((n for n, way in enumerate(ways) if way.label == option.label), None)
        if row is None or not of.quotas:
            return False
        more = of.options.use[row] - of.options.use[mine[planned.group][planned.plan].rows[pair]]
        return bool((more > self.left[list(of.quotas)]).any())

    def _made(self, group: int, plan: int) -> dict[int, int]:
        """The choices that a site cannot make anew for itself."""
        pins, first = self.pins(group, plan), len(self.posed.stores)
        made = dict(enumerate(self.answer.chosen[:first]))
        for choice, bundle in enumerate(self.posed.bundled, first):
            if (bundle.device, bundle.model) in pins:
                made[choice] = self.answer.chosen[choice]
        return made

    def elsewhere(self, store: int) -> tuple[tuple[str, int], ...]:
        """What a zone would cost more with its store in each other region that would do."""
        zone, regions = self.posed.stores[store]
        mine = [g for g, group in enumerate(self.posed.groups)
                if group.sites[0].zone.name == zone.name]  # fmt: skip
        shared = self._shared(store, mine)
        uses = self.posed.problem.choices[store].use
        room = self.left + uses[self.answer.chosen[store]]
        for group in mine:
            for plan in self.answer.plans[group]:
                of = self.posed.problem.classes[group]
                room += plan.sites * used(of, plan.rows, len(room))
        terms = self.posed.problem.choices[store].cost
        now = int(terms[self.answer.chosen[store]]) + sum(
            plan.sites * cost_at(self.posed.problem.classes[group], plan.rows, plan.bought)
            for group in mine for plan in self.answer.plans[group]
        )  # fmt: skip
        extra: list[tuple[str, int]] = []
        for alternative, region in enumerate(regions):
            if alternative == self.answer.chosen[store]:
                continue
            left = room - uses[alternative]
            if left.min(initial=0) < 0:
                continue
            made = {**shared, store: alternative}
            found = solve(part(self.posed.problem, mine, made, room=left))
            if not isinstance(found, Impossible):
                extra.append((region.label, found.answer.cost + int(terms[alternative]) - now))
        return tuple(extra)

    def _shared(self, store: int, mine: list[int]) -> dict[int, int]:
        """The choices that a zone shares with others, and where the others' stores are."""
        first = len(self.posed.stores)
        made = {choice: chosen for choice, chosen in enumerate(self.answer.chosen[:first])
                if choice != store}  # fmt: skip
        others = {
            held
            for group, plans in enumerate(self.answer.plans) if group not in mine
            for number in range(len(plans)) for held, _ in self._held(group, number)
        }  # fmt: skip
        for choice, bundle in enumerate(self.posed.bundled, first):
            if (bundle.device, bundle.model) in others:
                made[choice] = self.answer.chosen[choice]
        return made
