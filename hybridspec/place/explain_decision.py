"""Explains decisions of a plan: each way with all that it breaks and by how much it fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hybridspec.ir.explanation import (
    ADMISSIBLE,
    CHOSEN,
    CROWDED,
    REJECTED,
    Candidate,
    Explanation,
)
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import Configuration, Decision, Plan
from hybridspec.place.crowd import arriving, born
from hybridspec.place.explain import CROWDED as CROWDED_OUT
from hybridspec.place.explain import FULL, MIXED
from hybridspec.place.explain_checklist import checklists
from hybridspec.place.explain_slack import slacks

_BESIDE = (CROWDED_OUT, FULL, MIXED)
"""Why a way that would do alone does not beside the others."""


def explanations(
    graph: Graph, plan: Plan, wanted: Callable[[Decision], bool] = lambda _: True
) -> tuple[Explanation, ...]:
    """One for every decision that is wanted; sites at which it is the same share one."""
    beside = _beside(plan)
    alike: dict[tuple[object, ...], list[Decision]] = {}
    for decision in filter(wanted, plan.decisions):
        mates = tuple(id(way) for way in beside(decision))
        key = (decision.flow.name, id(decision.others), id(decision.chosen), *mates)
        alike.setdefault(key, []).append(decision)
    return tuple(_explained(graph, group, beside(group[0])) for group in alike.values())


def _beside(plan: Plan) -> Callable[[Decision], tuple[Configuration, ...]]:
    """What the other flows at the site of a decision do."""
    sites: dict[str, list[Decision]] = {}
    for decision in plan.decisions:
        sites.setdefault(decision.site.name, []).append(decision)

    def mates(decision: Decision) -> tuple[Configuration, ...]:
        return tuple(other.chosen for other in sites[decision.site.name] if other is not decision)

    return mates


def _explained(
    graph: Graph, alike: Sequence[Decision], beside: Sequence[Configuration]
) -> Explanation:
    decision = alike[0]
    chosen = decision.chosen
    lan = sum(map(born, arriving(graph, decision.site))) if decision.site.lan is not None else 0

    def candidate(way: Configuration, state: str) -> Candidate:
        return Candidate(
            way=way, state=state, extra=way.cost - chosen.cost,
            slacks=slacks(decision.site, decision.flow, way, beside, lan),
        )  # fmt: skip

    others = (
        *(candidate(way, ADMISSIBLE) for way in decision.dearer),
        *(candidate(way, _state(way)) for way in _once(decision.rejected)),
    )
    mine = candidate(chosen, CHOSEN)
    return Explanation(
        decision=decision, sites=tuple(one.site.name for one in alike),
        chosen=mine, others=others,
        checklists=checklists(graph, decision, [other.way for other in others], mine.slacks),
    )  # fmt: skip


def _state(way: Configuration) -> str:
    return CROWDED if all(failure in _BESIDE for failure in way.failures) else REJECTED


def _once(ways: Iterable[Configuration]) -> Iterable[Configuration]:
    """Each way once: several regions can be tried with stages that need none."""
    found: dict[str, Configuration] = {}
    for way in ways:
        found.setdefault(way.label, way)
    return found.values()
