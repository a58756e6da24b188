"""Searches the best variant of a model for a device: tries recipes, compares, and chooses one.

The order of candidates is fixed before anything runs, and so is every comparison, so that a
search that was not cut short ends alike on every machine, unless the user asks to measure here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

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
from hybridspec.optimise.store import Entry
from hybridspec.optimise.workshop import Progress, Workshop

TIE = Fraction(103, 100)
"""Measured times that differ by less are alike; the more promising recipe is taken."""
_FAR = 10**15


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
    entries, cut = built(model, tries, workshop, progress, budget)
    return chosen(model, tries, entries, host, timed or {}, cut)


def built(
    model: Model, tries: Sequence[Way], workshop: Workshop, progress: Progress, budget: Budget
) -> tuple[dict[str, Entry], str]:
    """What came of each recipe within the budget, and what the budget cut off."""
    tried = tries if budget.tries is None else tries[: budget.tries]
    deadline = None if budget.seconds is None else time.monotonic() + budget.seconds
    tasks = [task(model, way) for way in tried]
    chains = [partial(workshop.build, one) for one in tasks]
    found = together(chains, workshop, progress, deadline)
    entries = {way.recipe.id: entry for way, entry in zip(tried, found, strict=True) if entry}
    left = len(tries) - len(entries)
    limit = f"{budget.tries} tries" if len(entries) == len(tried) else f"{budget.seconds:g} s"
    cut = f"the budget of {limit} ended the search: {left} of {len(tries)} were not tried"
    return entries, cut if left else ""


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
    best = _best(candidates, measured=bool(timed))
    return Search(model=model.name, device=host.name, candidates=marked(candidates, best), cut=cut)


def marked(candidates: Sequence[Candidate], best: int | None) -> tuple[Candidate, ...]:
    """The candidates with marks on the best one and on those that none beats."""
    front = _front(candidates)
    return tuple(replace(one, front=index in front, chosen=index == best)
                 for index, one in enumerate(candidates))  # fmt: skip


def _latencies(
    way: Way, before: Estimate | None, timed: Mapping[str, Estimate]
) -> tuple[Estimate | None, Estimate | None] | None:
    after = timed.get(way.recipe.id)
    return None if before is None or after is None else (before, after)


def _front(candidates: Sequence[Candidate]) -> set[int]:
    """Numbers of the candidates that no other one beats in one thing and equals in the rest."""
    passed = {i: _figures(one) for i, one in enumerate(candidates) if one.state is State.PASSED}
    return {i for i, mine in passed.items()
            if not any(_beats(other, mine) for other in passed.values())}  # fmt: skip


def _figures(one: Candidate) -> tuple[float, ...]:
    """Loss, latency, memory and size: less is better. Without a metric closeness is accuracy."""
    evidence = one.verdict.evidence if one.verdict else None
    loss = 0.0
    if evidence is not None:
        loss = -evidence.variant if evidence.metric else -evidence.sqnr_db
    latency = _FAR if one.latency is None else one.latency.mid
    return loss, latency, one.memory, one.size


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def _best(candidates: Sequence[Candidate], *, measured: bool) -> int | None:
    """The fastest that passed; of those that are equally fast the earliest in the list."""
    passed = [(one.latency.mid if one.latency else _FAR, index)
              for index, one in enumerate(candidates) if one.state is State.PASSED]  # fmt: skip
    if not passed:
        return None
    fastest = min(passed)[0]
    most = fastest * TIE if measured else fastest
    return min(index for time_, index in passed if time_ <= most)
