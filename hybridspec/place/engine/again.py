"""The next answer from the one before, where few classes are others: only they are searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hybridspec.place.engine.block import BIG, make_block
from hybridspec.place.engine.consent import Payments, charged, payments, raised, views
from hybridspec.place.engine.generate import column, left_over
from hybridspec.place.engine.market import Market, only
from hybridspec.place.engine.master import Column, holds, mix
from hybridspec.place.engine.round import rounded
from hybridspec.place.problem import Choice, Ints, Pair, Problem, SiteClass

RAISES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What an answer rests on: prices, what is chosen, columns, and each part of the bound.

    `sites` are the least that all sites of a class cost, with payments for choices; `paid` what
    they pay for every alternative of each choice, `costs` what alternatives cost after that, and
    `counts` how many sites follow each column.
    """

    shift: int
    prices: Ints
    chosen: tuple[int, ...]
    columns: Sequence[Column]
    dear: Sequence[int]
    sites: Sequence[int]
    paid: Sequence[dict[int, list[int]]]
    costs: Sequence[Sequence[int]]
    counts: Sequence[int]


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """A new answer: its cost and bound, and the ground it rests on."""

    cost: int
    bound: int
    ground: Ground


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """The ground of an answer in terms of another problem, of which `others` are new classes."""

    ground: Ground
    others: list[int]


def carried(before: Problem, after: Problem, ground: Ground) -> Carried | None:
    """What stays of an answer, or None if the problems differ in more than classes.

    A class that only counts more or fewer sites keeps its plans; what its sites paid and cost at
    least is theirs, each for itself.
    """
    if (
        len(before.choices) != len(after.choices)
        or not np.array_equal(before.quotas, after.quotas)
        or before.uniformity != after.uniformity
        or not all(map(_same_choice, before.choices, after.choices))
    ):
        return None
    known = _known(before, after)
    costs = [list(own) for own in ground.costs]
    sites, paid, dear = [], list[dict[int, list[int]]](), []
    for old in set(range(len(before.classes))) - set(known.values()):
        _give(costs, ground.paid[old], 1)
    for index, of in enumerate(after.classes):
        old = known.get(index, -1)
        if old < 0 or before.classes[old].sites == of.sites:
            sites.append(0 if old < 0 else ground.sites[old])
            paid.append({} if old < 0 else ground.paid[old])
        else:
            count = before.classes[old].sites
            sites.append(ground.sites[old] // count * of.sites)
            paid.append({choice: [amount // count * of.sites for amount in amounts]
                         for choice, amounts in ground.paid[old].items()})  # fmt: skip
            _give(costs, ground.paid[old], 1)
            _give(costs, paid[index], -1)
        dear.append(0 if old < 0 else ground.dear[old])
    columns, counts = _moved(ground, {old: new for new, old in known.items()}, after)
    made = replace(ground, columns=columns, counts=counts, sites=sites, paid=paid, dear=dear,
                   costs=costs)  # fmt: skip
    return Carried(made, [n for n in range(len(after.classes)) if n not in known])


def _known(before: Problem, after: Problem) -> dict[int, int]:
    """The classes that were there before, whatever they count, and what they were."""
    at = {id(of.pairs): index for index, of in enumerate(before.classes)}
    known, free = dict[int, int](), set(range(len(before.classes)))
    for index, of in enumerate(after.classes):
        old = at.get(id(of.pairs), index)
        if old in free and _same_class(before.classes[old], of):
            known[index] = old
            free.remove(old)
    return known


def _give(costs: list[list[int]], paid: dict[int, list[int]], times: int) -> None:
    """Give payments back to choices, or take them."""
    for choice, amounts in paid.items():
        costs[choice] = [a + times * b for a, b in zip(costs[choice], amounts, strict=True)]


def _moved(ground: Ground, now: dict[int, int], after: Problem) -> tuple[list[Column], list[int]]:
    """The columns under the new numbers of their classes, with as many sites as there are."""
    columns, counts = [], []
    left = [of.sites for of in after.classes]
    for one, count in zip(ground.columns, ground.counts, strict=True):
        index = now.get(one.of)
        if index is not None:
            taken = min(count, left[index])
            left[index] -= taken
            columns.append(one if index == one.of else replace(one, of=index))
            counts.append(taken)
    for place, one in enumerate(columns):
        if counts[place]:
            counts[place] += left[one.of]
            left[one.of] = 0
    return columns, counts


def _same_choice(one: Choice, other: Choice) -> bool:
    return one is other or (
        np.array_equal(one.cost, other.cost) and np.array_equal(one.use, other.use)
    )


def _same_class(one: SiteClass, other: SiteClass) -> bool:
    return (
        (one.purchases, one.resources) == (other.purchases, other.resources)
        and len(one.pairs) == len(other.pairs)
        and (one.pairs is other.pairs or all(map(_same_pair, one.pairs, other.pairs)))
    )


def _same_pair(one: Pair, other: Pair) -> bool:
    return one is other or (
        (one.choices, one.quotas) == (other.choices, other.quotas)
        and all(
            np.array_equal(getattr(one.options, name), getattr(other.options, name))
            for name in ("cost", "load", "ceiling", "units", "needs", "use")
        )
    )


def edit(problem: Problem, ground: Ground, others: Sequence[int]) -> Edited | None:
    """The answer with the same prices and choices, or None if that does not work out."""
    kept = [(c, n) for c, n in zip(ground.columns, ground.counts, strict=True)
            if c.of not in others]  # fmt: skip
    columns, taken = [c for c, _ in kept], [n for _, n in kept]
    sites, paid, dear = list(ground.sites), list(ground.paid), list(ground.dear)
    costs = [list(own) for own in ground.costs]
    for index in others:
        part = _searched(problem, ground, index, costs)
        if part is None:
            return None
        new, sites[index], paid[index], dear[index] = part
        columns.append(new)
        _give(costs, paid[index], -1)
    counts = [of.sites for of in problem.classes]
    room = left_over(problem, ground.chosen)
    taken += [counts[index] for index in others]
    if not holds(columns, counts, room, taken):
        blended = rounded(columns, counts, room, mix(columns, counts, room, dear))
        if blended is None:
            return None
        taken = blended
    cost = sum(int(c.cost[a]) for c, a in zip(problem.choices, ground.chosen, strict=True))
    cost += sum(c.plan.cost * n for c, n in zip(columns, taken, strict=True))
    total = sum(sites) + sum(map(min, costs))
    worth = sum(a * b for a, b in zip(problem.quotas.tolist(), ground.prices.tolist(), strict=True))
    bound = -(-(total - worth) >> ground.shift)
    return Edited(cost, bound, replace(ground, columns=columns, dear=dear, sites=sites, paid=paid,
                                       costs=costs, counts=taken))  # fmt: skip


def _searched(problem: Problem, ground: Ground, index: int, costs: list[list[int]],
              ) -> tuple[Column, int, dict[int, list[int]], int] | None:  # fmt: skip
    """A class at the old prices: its plan, the least it costs, what it pays, what is too dear.

    What it paid before is given back to `costs`.
    """
    block = make_block(problem.classes[index])
    market = Market(replace(problem, classes=(block.of,)), [block])
    if market.shift < ground.shift:
        return None
    market.shift = ground.shift
    _give(costs, ground.paid[index], 1)
    made = [ground.chosen[c] for c in block.choices]
    if (market.held(ground.prices) != ground.prices).any():
        return None
    plain = market.price(0, ground.prices)
    found = market.visit(0, only(block, plain, made))
    if found is None or found.value >= BIG:
        return None
    own = replace(column(market, 0, found), of=index)
    if not block.choices:
        return own, found.bound * block.of.sites, {}, 2 * market.top[0]
    view = views(market, 0, plain, made, found.bought)
    totals = [np.array(c, dtype=float) for c in costs]
    paid: Payments = payments(market, [view], totals, ground.chosen, 0.0)
    spare = [[a - c[chosen] for a in c] for c, chosen in zip(costs, ground.chosen, strict=True)]
    best = -BIG
    for _ in range(RAISES):
        site = market.visit(0, charged(block, plain, view, paid.of[0]), start=found.picked)
        if site is None:
            return None
        best = site.bound
        loss = found.bound - site.bound
        if loss <= 0 or not raised(market, 0, view, paid.of[0], site.picked, ground.chosen, loss,
                                   spare):  # fmt: skip
            break
    summed = {
        choice: [sum(column) * block.of.sites for column in amounts.T.tolist()]
        for choice, amounts in zip(block.choices, paid.of[0], strict=True)
    }
    return own, best * block.of.sites, summed, 2 * market.top[0]
