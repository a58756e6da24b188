"""What else could have been decided: runners-up, other regions for a store, what quotas leave.

It works on arrays, which a plan can do without, so it is loaded once somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hybridspec.ir.plan import Second
from hybridspec.place.engine.api import Solved
from hybridspec.place.engine.other import other_plan
from hybridspec.place.engine.solve import solve
from hybridspec.place.part import cost_at, part, rows, unmetered, used
from hybridspec.place.problem import Impossible, Ints, Problem

if TYPE_CHECKING:
    from hybridspec.ir.plan import Configuration
    from hybridspec.place.decide import Decided, Planned


@dataclass(frozen=True, eq=False)
class Otherwise:
    """Answers about one decision."""

    decided: Decided
    solved: Solved

    @property
    def problem(self) -> Problem:
        """What was decided."""
        return self.solved.problem

    def second(self, group: int, plan: int, pair: int) -> Second | None:
        """The best plan of a site in which one flow runs another way, all else being as it is."""
        mine, of = self.solved.answer.plans[group][plan], self.problem.classes[group]
        ways = self.decided.posed.groups[group].ways[pair]
        differing = np.array([way is not ways[mine.rows[pair]] for way in ways], np.bool_)
        if not differing.any():
            return None
        made = self._made(group, plan)
        free = any(choice not in made for one in of.pairs for choice in one.choices)
        if free or any(one.quotas for one in of.pairs):
            return self._choosing(group, plan, pair, made)
        found = other_plan(self.solved, group, pair, differing)
        if found is None:
            return None
        delta, other, exact = found
        return Second(self.decided.way(group, pair, other.rows[pair]), delta, exact)

    def _choosing(self, group: int, plan: int, pair: int, made: dict[int, int]) -> Second | None:
        """The same for a site with a bundle of its own, or with quotas that leave it only some."""
        mine, of = self.solved.answer.plans[group][plan], self.problem.classes[group]
        kept = rows(of.pairs[pair], made)
        ways = self.decided.posed.groups[group].ways[pair]
        kept = kept[[ways[row] is not ways[mine.rows[pair]] for row in kept.tolist()]]
        room = self.left + used(of, mine.rows, len(self.left))
        small = part(self.problem, [group], made, sites=1,
                     only={(group, pair): kept}, room=room)  # fmt: skip
        solved = solve(unmetered(small))
        if not isinstance(solved, Impossible):  # far quicker, and mostly there is room for it
            (other,) = solved.answer.plans[0]
            if (used(small.classes[0], other.rows, len(room)) > room).any():
                solved = solve(small)
        if isinstance(solved, Impossible):
            return None
        (other,) = solved.answer.plans[0]
        return Second(
            self.decided.way(group, pair, int(kept[other.rows[pair]])),
            solved.answer.cost - cost_at(of, mine.rows, mine.bought),
            solved.answer.cost == solved.answer.bound,
        )

    @cached_property
    def left(self) -> Ints:
        """What the plan leaves of every quota."""
        problem = self.problem
        left = problem.quotas.copy()
        for choice, alternative in zip(problem.choices, self.solved.answer.chosen, strict=True):
            left -= choice.use[alternative]
        for of, plans in zip(problem.classes, self.solved.answer.plans, strict=True):
            for plan in plans:
                left -= plan.sites * used(of, plan.rows, len(left))
        return left

    def over_quota(self, planned: Planned, pair: int, option: Configuration) -> bool:
        """Whether a quota has no room for a flow that would run another way."""
        of = self.problem.classes[planned.group].pairs[pair]
        ways, mine = self.decided.posed.groups[planned.group].ways[pair], self.solved.answer.plans
        row = next((n for n, way in enumerate(ways) if way.label == option.label), None)
        if row is None or not of.quotas:
            return False
        more = of.options.use[row] - of.options.use[mine[planned.group][planned.plan].rows[pair]]
        return bool((more > self.left[list(of.quotas)]).any())

    def _made(self, group: int, plan: int) -> dict[int, int]:
        """The choices that a site cannot make anew for itself."""
        pins, first = self.decided.pins(group, plan), len(self.decided.posed.stores)
        made = dict(enumerate(self.solved.answer.chosen[:first]))
        for choice, bundle in enumerate(self.decided.posed.bundled, first):
            if (bundle.device, bundle.model) in pins:
                made[choice] = self.solved.answer.chosen[choice]
        return made

    def elsewhere(self, store: int) -> tuple[tuple[str, int], ...]:
        """What a zone would cost more with its store in each other region that would do."""
        zone, regions = self.decided.posed.stores[store]
        mine = [g for g, group in enumerate(self.decided.posed.groups)
                if group.sites[0].zone.name == zone.name]  # fmt: skip
        shared = self._shared(store, mine)
        uses = self.problem.choices[store].use
        room = self.left + uses[self.solved.answer.chosen[store]]
        for group in mine:
            for plan in self.solved.answer.plans[group]:
                of = self.problem.classes[group]
                room += plan.sites * used(of, plan.rows, len(room))
        terms = self.problem.choices[store].cost
        now = int(terms[self.solved.answer.chosen[store]]) + sum(
            plan.sites * cost_at(self.problem.classes[group], plan.rows, plan.bought)
            for group in mine for plan in self.solved.answer.plans[group]
        )  # fmt: skip
        extra: list[tuple[str, int]] = []
        for alternative, region in enumerate(regions):
            if alternative == self.solved.answer.chosen[store]:
                continue
            left = room - uses[alternative]
            if left.min(initial=0) < 0:
                continue
            made = {**shared, store: alternative}
            found = solve(part(self.problem, mine, made, room=left))
            if not isinstance(found, Impossible):
                extra.append((region.label, found.answer.cost + int(terms[alternative]) - now))
        return tuple(extra)

    def _shared(self, store: int, mine: list[int]) -> dict[int, int]:
        """The choices that a zone shares with others, and where the others' stores are."""
        first = len(self.decided.posed.stores)
        made = {choice: chosen for choice, chosen in enumerate(self.solved.answer.chosen[:first])
                if choice != store}  # fmt: skip
        others = {
            held
            for group, plans in enumerate(self.solved.answer.plans) if group not in mine
            for number in range(len(plans)) for held, _ in self.decided.held(group, number)
        }  # fmt: skip
        for choice, bundle in enumerate(self.decided.posed.bundled, first):
            if (bundle.device, bundle.model) in others:
                made[choice] = self.solved.answer.chosen[choice]
        return made
