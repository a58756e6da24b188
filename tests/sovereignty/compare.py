"""The product's labels and permissions beside the oracle's, for the graph of a seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path

from sovereignty.fact_table import FactTable
from sovereignty.oracle import Oracle
from sovereignty.random_specs import FACETS, draw, place

from hybridspec.ir.graph import Graph
from hybridspec.ir.label import Bound, Label
from hybridspec.ir.law import LawFacts
from hybridspec.law import label, permit
from hybridspec.law.facts import on_day
from hybridspec.load.facts import joined, shipped_facts

QUESTIONS = 2
"""Questions about each node of a graph: a facet and a place each, to all of it and to a part."""


@dataclass
class Tally:
    """How often each law, wall, policy and facet came to each verdict."""

    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    facets: Counter[tuple[str, str]] = field(default_factory=Counter)
    asked: int = 0


ODD = Path(__file__).with_name("odd_facts.yaml")


@cache
def table(*, odd: bool = False) -> FactTable:
    """The shipped pack, or the made-up one, as the oracle reads it."""
    return FactTable.read([ODD] if odd else ())


@cache
def made_up() -> LawFacts:
    """The made-up pack as the compiler reads it."""
    return joined([(ODD.name, ODD.read_text(encoding="utf-8"))])


def instance(seed: int) -> Graph:
    """The graph of a seed as its facts read on its day: made-up ones for every other seed."""
    made = draw(seed, made_up() if seed % 2 else shipped_facts())
    return replace(made, law=on_day(made.law, date.fromisoformat(made.as_of)))


def differences(seed: int, tally: Tally | None = None) -> Iterator[str]:
    """Where the two disagree: about what a label holds, or what a facet at a place may."""
    graph, dice = instance(seed), random.Random(seed)
    oracle, labels = Oracle(graph, table(odd=bool(seed % 2))), label.labels(graph)
    for node in oracle.raw.nodes:
        if node not in labels:
            yield f"seed {seed}: {node} has no label"
            continue
        yield from _alone(seed, graph, oracle, labels.of(node), node, dice)
        for before in (False, True):
            found = labels.within(node) if before else labels.of(node)
            if parts(found) != oracle.parts(node, before=before):
                yield f"seed {seed}: label of {node}"
        for _ in range(QUESTIONS):
            facet, where, before = dice.choice(FACETS), place(dice), dice.random() < 0.3
            found = labels.within(node) if before else labels.of(node)
            said = permit.permit(graph, found, facet, where).verdict
            meant = oracle.verdict(node, facet, where, before=before)
            if tally is not None:
                tally.facets[facet, meant] += 1
                tally.asked += 1
            if said != meant:
                yield f"seed {seed}: {facet} of {node} at {where}: {said}, not {meant}"
    if tally is not None:
        tally.rules.update(oracle.tally)


def _alone(
    seed: int, graph: Graph, oracle: Oracle, found: Label, node: str, dice: random.Random
) -> Iterator[str]:
    """What one law or wall says where nothing else has a say."""
    mine = [one for one in oracle.at(node) if one.kind != "policy"]
    for one in dice.sample(mine, min(QUESTIONS, len(mine))):
        facet, where = dice.choice(FACETS), place(dice)
        part = replace(
            found, born=frozenset(), zones=frozenset({one.zone} if one.kind == "wall" else ()),
            regimes=frozenset(() if one.kind == "wall" else {Bound(one.name, one.zone)}),
        )  # fmt: skip
        said = permit.permit(replace(graph, policies=()), part, facet, where).verdict
        meant = oracle.ask(one, facet, where, oracle.categories(node))
        if said != meant:
            yield f"seed {seed}: {one.name} on {facet} of {node} at {where}: {said}, not {meant}"


def parts(found: Label) -> set[tuple[str, str]]:
    """The laws and walls of a label."""
    return {*found.regimes, *(("wall", zone) for zone in found.zones)}
