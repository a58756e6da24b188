"""The faults of an `Answer`: every rule of the contract in Python integers, one loop each.

Shares nothing with the engine but the types of `problem.py`: no arrays, no floats, no solver.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from hybridspec.place.problem import ANY, Answer, Options, Problem, SiteClass, SitePlan


def check(problem: Problem, answer: Answer) -> list[str]:
    """Whatever the answer breaks, each in words that begin with the kind of fault."""
    shape = list(_shape(problem, answer))
    if shape:
        return shape
    return [
        *(fault for number, (what, plans) in enumerate(zip(
            problem.classes, answer.plans, strict=True))
          for plan in plans for fault in _site(f"class {number}", what, plan, answer.chosen)),
        *_quotas(problem, answer),
        *_figures(problem, answer),
        *_uniformity(problem, answer),
    ]  # fmt: skip


def total(problem: Problem, answer: Answer) -> int:
    """What the answer costs."""
    return sum(
        int(choice.cost[alternative])
        for choice, alternative in zip(problem.choices, answer.chosen, strict=True)
    ) + sum(
        plan.sites * site_cost(what, plan)
        for what, plans in zip(problem.classes, answer.plans, strict=True) for plan in plans
    )  # fmt: skip


def site_cost(what: SiteClass, plan: SitePlan) -> int:
    """What a plan costs at one site."""
    return sum(
        int(pair.options.cost[row]) for pair, row in zip(what.pairs, plan.rows, strict=True)
    ) + sum(
        item.cost * bought for item, bought in zip(what.purchases, plan.bought, strict=True)
    )  # fmt: skip


def taken(problem: Problem, answer: Answer) -> list[int]:
    """What the answer takes of every quota."""
    used = [0] * len(problem.quotas)
    for choice, alternative in zip(problem.choices, answer.chosen, strict=True):
        for quota in range(len(used)):
            used[quota] += int(choice.use[alternative, quota])
    for what, plans in zip(problem.classes, answer.plans, strict=True):
        for plan in plans:
            for quota, amount in _takes(what, plan):
                used[quota] += plan.sites * amount
    return used


def _takes(what: SiteClass, plan: SitePlan) -> Iterator[tuple[int, int]]:
    for pair, row in zip(what.pairs, plan.rows, strict=True):
        for column, quota in enumerate(pair.quotas):
            yield quota, int(pair.options.use[row, column])


def _shape(problem: Problem, answer: Answer) -> Iterator[str]:
    """Indices out of range and counts that do not add up; the rest is not looked at then."""
    if len(answer.plans) != len(problem.classes) or len(answer.chosen) != len(problem.choices):
        yield "shape: not every class or choice has its plan"
        return
    for number, (choice, alternative) in enumerate(
        zip(problem.choices, answer.chosen, strict=True)
    ):
        if not 0 <= alternative < len(choice.cost):
            yield f"shape: choice {number} has no alternative {alternative}"
    for number, (what, plans) in enumerate(zip(problem.classes, answer.plans, strict=True)):
        yield from _class_shape(number, what, plans)


def _class_shape(number: int, what: SiteClass, plans: tuple[SitePlan, ...]) -> Iterator[str]:
    if sum(plan.sites for plan in plans) != what.sites:
        yield f"sites: class {number} has {what.sites}, its plans have others"
    if any(plan.sites < 1 for plan in plans):
        yield f"sites: a plan of class {number} has none"
    if len({plan.rows for plan in plans}) != len(plans):
        yield f"shape: class {number} has the same plan twice"
    for plan in plans:
        if len(plan.rows) != len(what.pairs) or len(plan.bought) != len(what.purchases):
            yield f"shape: a plan of class {number} is too short or too long"
        elif not all(
            0 <= row < len(pair.options) for pair, row in zip(what.pairs, plan.rows, strict=True)
        ):
            yield f"shape: a plan of class {number} has a row that does not exist"


def _site(
    where: str, what: SiteClass, plan: SitePlan, chosen: tuple[int, ...]
) -> Iterator[str]:  # fmt: skip
    rows = list(zip((pair.options for pair in what.pairs), plan.rows, strict=True))
    for number, (item, bought) in enumerate(zip(what.purchases, plan.bought, strict=True)):
        if not item.least <= bought <= item.most:
            yield f"purchase: {where} buys {bought} of {number}"
        wanted = max((int(options.units[row, number]) for options, row in rows), default=0)
        if bought < wanted:
            yield f"units: {where} needs {wanted} of {number}, buys {bought}"
    for pair, row in zip(what.pairs, plan.rows, strict=True):
        for column, choice in enumerate(pair.choices):
            wanted = int(pair.options.needs[row, column])
            if wanted not in (ANY, chosen[choice]):
                yield f"choice: {where} needs {wanted} of {choice}, {chosen[choice]} is chosen"
    yield from _resources(where, what, plan, rows)


def _resources(
    where: str, what: SiteClass, plan: SitePlan, rows: list[tuple[Options, int]]
) -> Iterator[str]:  # fmt: skip
    for number, resource in enumerate(what.resources):
        there = resource.base
        if resource.purchase is not None:
            there += resource.unit * plan.bought[resource.purchase]
        load = sum(int(options.load[row, number]) for options, row in rows)
        if load == 0:
            continue
        if load > there:
            yield f"resource: {where} loads {number} with {load} of {there}"
        else:
            for options, row in rows:
                ceiling = int(options.ceiling[row, number])
                if load * 1000 > ceiling * there:
                    yield f"ceiling: {where} loads {number} with {load} of {there} at {ceiling}"


def _quotas(problem: Problem, answer: Answer) -> Iterator[str]:
    for number, (used, most) in enumerate(
        zip(taken(problem, answer), problem.quotas.tolist(), strict=True)
    ):
        if used > most:
            yield f"quota: {used} of {number}, which has {most}"


def _figures(problem: Problem, answer: Answer) -> Iterator[str]:
    cost = total(problem, answer)
    if type(answer.cost) is not int or type(answer.bound) is not int:
        yield "figures: money is no integer"
    if answer.cost != cost:
        yield f"cost: {answer.cost} is said, {cost} it is"
    if answer.bound > answer.cost:
        yield f"bound: {answer.bound} is above the cost {answer.cost}"
    if len(answer.prices) != len(problem.quotas):
        yield "prices: not one for every quota"
    if any(not isfinite(price) or price < 0 for price in answer.prices):
        yield f"prices: {answer.prices}"


def _uniformity(problem: Problem, answer: Answer) -> Iterator[str]:
    """Several plans where one of them would do for the whole class and cost hardly more."""
    if not problem.uniformity:
        return
    left = [
        most - used
        for most, used in zip(problem.quotas.tolist(), taken(problem, answer), strict=True)
    ]
    for number, (what, plans) in enumerate(zip(problem.classes, answer.plans, strict=True)):
        if len(plans) < 2:
            continue
        spent = sum(plan.sites * site_cost(what, plan) for plan in plans)
        free = list(left)
        for plan in plans:
            for quota, amount in _takes(what, plan):
                free[quota] += plan.sites * amount
        for plan in plans:
            after = list(free)
            for quota, amount in _takes(what, plan):
                after[quota] -= what.sites * amount
            alone = what.sites * site_cost(what, plan)
            if min(after, default=0) >= 0 and (alone - spent) * 1000 <= problem.uniformity * alone:
                yield f"uniformity: class {number} would cost {alone} instead of {spent}"
