"""Searches the best variant of a model for a device: tries recipes, compares, and chooses one.

The order of candidates is fixed before anything runs, and so is every comparison, so that a
search that was not cut short ends alike on every machine, unless the user asks to measure here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest

from hybridspec.ir.candidate import Candidate, Search, State
from hybridspec.ir.graph import Model
from hybridspec.ir.plan import Estimate
from hybridspec.optimise.candidate import (
    Host,
    Way,
    judged,
    original,
    task,
    untried,
    ways,
)
from hybridspec.optimise.crew import together
from hybridspec.optimise.front import best, front
from hybridspec.optimise.store import Entry
from hybridspec.optimise.workshop import Progress, Workshop


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much a search may do: candidates in all, known ones too, and seconds of waiting.

    Tries cut a search alike on every machine; seconds do not.
    """

    tries: int | None = None
    seconds: float | None = None


UNLIMITED = Budget()


def search(
    model: Model, precisions: Sequence[str], host: Host, workshop: Workshop, progress: Progress,
    budget: Budget = UNLIMITED, timed: Mapping[str, Estimate] | None = None,
) -> Search:  # fmt: skip
    """Every candidate, what came of it, and which one to ship.

    `timed` has the latencies that were measured, by recipe; they go before estimates.

    Raises:
        DataFault: the data of the model cannot be used.
        HybridspecError: the cache cannot be written, or a task ended without a verdict.
    """
    tries = listed(model, precisions, host)
    ((entries, cut),) = built(((model, tries),), workshop, progress, budget)
    return chosen(model, tries, entries, host, timed or {}, cut)


def built(
    wanted: Sequence[tuple[Model, Sequence[Way]]], workshop: Workshop, progress: Progress,
    budget: Budget,
) -> list[tuple[dict[str, Entry], str]]:  # fmt: skip
    """What came of each recipe of each model within the budget, and what the budget cut off.

    The most promising recipes of all models come first, whatever is the same once.
    """
    tried = [tries if budget.tries is None else tries[: budget.tries] for _, tries in wanted]
    deadline = None if budget.seconds is None else time.monotonic() + budget.seconds
    tasks = [[task(model, way) for way in some]
             for (model, _), some in zip(wanted, tried, strict=True)]  # fmt: skip
    rounds = zip_longest(*tasks)
    once = {one.key: one for turn in rounds for one in turn if one is not None}
    chains = [partial(workshop.build, one) for one in once.values()]
    done = together(chains, workshop, progress, deadline)
    entries = {key: entry for key, entry in zip(once, done, strict=True) if entry}
    found = []
    for (_, tries), some, own in zip(wanted, tried, tasks, strict=True):
        mine = {way.recipe.id: entries[one.key] for way, one in zip(some, own, strict=True)
                if one.key in entries}  # fmt: skip
        found.append((mine, _cut(len(tries), len(some), len(mine), budget)))
    return found


def _cut(listed: int, tried: int, done: int, budget: Budget) -> str:
    """What to say of a search that did not try everything."""
    if done == listed:
        return ""
    limit = f"{budget.tries} tries" if done == tried else f"{budget.seconds:g} s"
    return (f"the budget of {limit} ended the search: {listed - done} of {listed} were not "
            "tried")  # fmt: skip


def listed(model: Model, precisions: Sequence[str], host: Host) -> tuple[Way, ...]:
    """Every way to try, the original first, the others as promising as their precision."""
    found = [original()]
    for precision in precisions:
        found += [way for way in ways(model, precision, host) if way != found[0]]
    return tuple(found)


def chosen(
    model: Model, tries: Sequence[Way], entries: Mapping[str, Entry], host: Host,
    timed: Mapping[str, Estimate], cut: str,
) -> Search:  # fmt: skip
    """All candidates judged and compared, and the best one marked."""
    before = timed.get(tries[0].recipe.id)
    candidates = [
        judged(model, way, entries[way.recipe.id], host, _latencies(way, before, timed))
        if way.recipe.id in entries
        else untried(way, host, cut)
        for way in tries
    ]
    first = candidates[0].verdict
    if first is None or not first.accepted:
        why = ("the original itself may not ship",)
        candidates[1:] = [replace(one, state=State.REJECTED, reasons=why)
                          if one.state is State.PASSED else one
                          for one in candidates[1:]]  # fmt: skip
    return Search(model=model.name, device=host.name, cut=cut,
                  candidates=marked(candidates, best(candidates)))  # fmt: skip


def marked(candidates: Sequence[Candidate], chosen: int | None) -> tuple[Candidate, ...]:
    """The candidates with marks on the one to ship and on those that none beats."""
    unbeaten = front(candidates)
    return tuple(replace(one, front=index in unbeaten, chosen=index == chosen)
                 for index, one in enumerate(candidates))  # fmt: skip


def _latencies(
    way: Way, before: Estimate | None, timed: Mapping[str, Estimate]
) -> tuple[Estimate | None, Estimate | None] | None:
    after = timed.get(way.recipe.id)
    return None if before is None or after is None else (before, after)
