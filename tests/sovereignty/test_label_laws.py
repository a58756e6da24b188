"""What always holds of labels: the lattice, the fixpoint, monotone growth, no interference.

Graphs are those of `random_specs`, by seed; what hypothesis draws is the seed and the change.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st
from property.graphs import at
from property.laws import pack, regime
from sovereignty.compare import instance
from sovereignty.random_specs import COUNTRIES, FACETS, METHODS, REGIMES, draw, place

from hybridspec.ir.graph import Data, Flow, Graph, Release
from hybridspec.ir.label import BOTTOM, IDENTIFIABILITY, Bound, Label, join
from hybridspec.ir.law import Trigger
from hybridspec.ir.verdict import ORDER, Place, Verdict
from hybridspec.law.label import Labels, labels
from hybridspec.law.permit import Law
from hybridspec.law.release import apply
from hybridspec.law.wiring import wire

SEEDS = st.integers(0, 10**6)
few = settings(max_examples=60, deadline=None, derandomize=True)


def some(*names: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(names), max_size=3)


LABELS = st.builds(
    Label,
    categories=some("system", "user", "user.biometric"), subjects=some("DE", "US", "VN"),
    regimes=st.frozensets(st.builds(Bound, st.sampled_from(["gdpr", "hipaa", "unknown:VN"]),
                                    st.sampled_from(["eu", "us"])), max_size=3),
    zones=some("eu", "us"), born=some("eu", "us"), sensitivity=st.integers(0, 2),
    identifiability=st.integers(0, len(IDENTIFIABILITY) - 1),
    volume=st.none() | st.integers(0, 10),
)  # fmt: skip


@given(LABELS, LABELS, LABELS)
@few
def test_labels_are_a_lattice(a: Label, b: Label, c: Label) -> None:
    assert join(a, b) == join(b, a)
    assert join(a, join(b, c)) == join(join(a, b), c)
    assert join(a, a) == a == join(a, BOTTOM)
    assert under(a, join(a, b))


def under(small: Label, large: Label) -> bool:
    """Whether a label says no more than another."""
    return join(small, large) == large


@given(SEEDS)
@few
def test_the_fixpoint_is_that_of_any_order(seed: int) -> None:
    graph, dice = instance(seed), random.Random(seed)
    wiring, found = wire(graph), labels(graph)
    regimes = {one.name: one for one in graph.law.regimes}
    within = list(wiring.sources)
    edges = [(s, t) for t, sources in enumerate(wiring.feeds) for s in sources]
    changed = True
    while changed:
        changed = False
        dice.shuffle(edges)
        for source, target in edges:
            more = join(within[target], apply(wiring.effects[source], within[source], regimes))
            changed |= more != within[target]
            within[target] = more
    for number, name in enumerate(wiring.names):
        assert found.within(name) == within[number]
        assert found.of(name) == apply(wiring.effects[number], within[number], regimes)


@given(SEEDS, LABELS, LABELS)
@few
def test_a_release_never_gives_less_for_more(seed: int, a: Label, b: Label) -> None:
    graph = instance(seed)
    regimes = {one.name: one for one in graph.law.regimes}
    for does in wire(graph).effects:
        assert under(apply(does, a, regimes), apply(does, join(a, b), regimes))
        assert under(apply(does, a, regimes), a)


def grown(graph: Graph, dice: random.Random) -> Graph:
    """The same graph with one more regime, country, edge, person, place, or one release less."""
    changes: list[Callable[[Graph, random.Random], Graph]] = [
        _claims, _people, _edge, _kept, _many, _narrower,
    ]  # fmt: skip
    return dice.choice(changes)(graph, dice)


def _claims(graph: Graph, dice: random.Random) -> Graph:
    zone = dice.choice(graph.zones)
    return _rezoned(graph, zone.name, regimes=tuple(sorted({*zone.regimes, dice.choice(REGIMES)})))


def _narrower(graph: Graph, dice: random.Random) -> Graph:
    """One country less in a wall."""
    zone = dice.choice(graph.zones)
    left = tuple(c for c in zone.countries if c != dice.choice(zone.countries))
    return _rezoned(graph, zone.name, countries=left)


def _rezoned(graph: Graph, name: str, **fields: object) -> Graph:
    made = {z.name: replace(z, **fields) if z.name == name else z  # type: ignore[arg-type]
            for z in graph.zones}  # fmt: skip
    sites = {site.name: replace(site, zone=made[site.zone.name]) for site in graph.sites}
    flows = tuple(replace(f, sites=tuple(sites[s.name] for s in f.sites)) for f in graph.flows)
    return replace(graph, zones=tuple(made.values()), sites=tuple(sites.values()), flows=flows)


def _people(graph: Graph, dice: random.Random) -> Graph:
    """One country more of people that an asset is about."""

    def more(data: Data) -> Data:
        return replace(data, subjects=tuple(sorted({*data.subjects, dice.choice(COUNTRIES)})))

    stated = [data.name for data in graph.data if data.subjects]
    return _changed(graph, dice.choice(stated), more) if stated else graph


def _many(graph: Graph, dice: random.Random) -> Graph:
    """Ten times as many people, or nobody knows how many."""

    def more(data: Data) -> Data:
        count = None if data.subject_count is None else data.subject_count * 10 + 1
        return replace(data, subject_count=dice.choice((None, count)) if data.personal else count)

    return _changed(graph, dice.choice(graph.data).name, more)


def _changed(graph: Graph, name: str, change: Callable[[Data], Data]) -> Graph:
    made = {data.name: change(data) if data.name == name else data for data in graph.data}
    flows = tuple(replace(flow, data=made[flow.data.name]) for flow in graph.flows)
    return replace(graph, data=tuple(made.values()), flows=flows)


def _edge(graph: Graph, dice: random.Random) -> Graph:
    """A stage reads one thing more."""
    flow = dice.choice(graph.flows)
    number = dice.randrange(len(flow.stages))
    read = dice.choice([flow.data.name, *(s.name for s in flow.stages[:number])])
    more = replace(flow.stages[number], inputs=(*flow.stages[number].inputs, read))
    return _restaged(graph, flow, number, more)


def _kept(graph: Graph, dice: random.Random) -> Graph:
    flow = dice.choice(graph.flows)
    number = dice.randrange(len(flow.stages))
    less = replace(flow.stages[number], releases=flow.stages[number].releases[1:])
    return _restaged(graph, flow, number, less)


def _restaged(graph: Graph, flow: Flow, number: int, made: object) -> Graph:
    stages = tuple(made if n == number else s for n, s in enumerate(flow.stages))
    flows = tuple(replace(f, stages=stages) if f.name == flow.name else f  # type: ignore[arg-type]
                  for f in graph.flows)  # fmt: skip
    return replace(graph, flows=flows)


@given(SEEDS)
@few
def test_what_grows_never_loses_a_violation(seed: int) -> None:
    graph, dice = instance(seed), random.Random(seed)
    more = grown(graph, dice)
    before, after = Law(graph), Law(more)
    for node in before.labels.nodes:
        for facet, where in islice(questions(dice), 4):
            for small, large in (
                (before.labels.of(node), after.labels.of(node)),
                (before.labels.within(node), after.labels.within(node)),
            ):
                assert under(replace(small, identifiability=0), large)
                first, second = (law.permit(label, facet, where)
                                 for law, label in ((before, small), (after, large)))  # fmt: skip
                assert ORDER.index(second.verdict) <= ORDER.index(first.verdict)
                broken = {r.rule for r in first.reasons if r.verdict is Verdict.VIOLATED}
                assert broken <= {r.rule for r in second.reasons if r.verdict is Verdict.VIOLATED}


def questions(dice: random.Random) -> Iterator[tuple[str, Place]]:
    while True:
        yield dice.choice(FACETS), place(dice)


@given(SEEDS)
@few
def test_a_larger_label_never_gets_more(seed: int) -> None:
    graph, dice = instance(seed), random.Random(seed)
    law = Law(graph)
    nodes = law.labels.nodes
    for _ in range(10):
        one, other = (law.labels.of(dice.choice(nodes)) for _ in range(2))
        facet, where = next(questions(dice))
        small, large = (law.permit(label, facet, where) for label in (one, join(one, other)))
        assert ORDER.index(large.verdict) <= ORDER.index(small.verdict)
        assert set(small.reasons) <= set(large.reasons)
        assert set(small.obligations) <= set(large.obligations)


MARK = regime("mark", triggers=(Trigger(categories=("user.marked",)),))


@given(SEEDS)
@few
def test_a_source_changes_only_what_it_reaches_unreleased(seed: int) -> None:
    dice = random.Random(seed)
    plain = replace(draw(seed, pack(regime(), MARK)), as_of="2026-11-01")
    plain = _marking(plain, dice)
    name = dice.choice(plain.data).name
    plain = _changed(plain, name, lambda d: replace(d, category="user.plain", personal=True))
    marked = _changed(plain, name, lambda d: replace(d, category="user.marked"))
    before, after = labels(plain), labels(marked)
    reached = _reached(after, name, marked)
    for node in after.nodes:
        old, new = before.of(node), after.of(node)
        gained = {bound for bound in new.regimes - old.regimes if bound.regime == "mark"}
        assert bool(gained) is (node in reached), node
        assert old.regimes == new.regimes - gained
        if not gained:
            lifted = {"user.plain", "user.marked"}
            assert old.categories - lifted == new.categories - lifted
            assert (old.zones <= new.zones, old.born) == (True, new.born)


def _marking(graph: Graph, dice: random.Random) -> Graph:
    """Some stages release from the marking law, validly or not; no zone claims it."""

    def released(flow: Flow) -> Flow:
        stages = []
        for one in flow.stages:
            release = Release(
                regime="mark", method=dice.choice(METHODS), figure="", approver="dpo",
                evidence=dice.choice(("", "legal/k.md")), origin=at(9),
                parameters=(("k", Fraction(9)),) if dice.random() < 0.7 else (),
            )  # fmt: skip
            stages.append(replace(one, releases=(release,)) if dice.random() < 0.4 else one)
        return replace(flow, stages=tuple(stages))

    return replace(graph, flows=tuple(released(flow) for flow in graph.flows))


def _reached(found: Labels, name: str, graph: Graph) -> set[str]:
    """Nodes whose output the mark reaches, by hand: stages with a valid release let none out."""
    valid = {
        (flow.name, one.name) for flow in graph.flows for one in flow.stages
        for r in one.releases
        if r.regime == "mark" and r.method == "k-anonymity" and r.evidence and r.parameters
    }  # fmt: skip

    def lets_out(node: str) -> bool:
        kind, _, rest = node.partition(" ")
        flow, _, step = rest.rpartition("@")[0].partition(".")
        return kind != "stage" or (flow, step) not in valid

    reached = {node for node in found.nodes if node.startswith(f"data {name}@")}
    heard = set()
    while True:
        for node in found.nodes:
            if any(source in reached for source in found.edges_into(node)) and lets_out(node):
                heard.add(node)
        if heard <= reached:
            return reached
        reached |= heard


def test_rounds_of_two_zones_end_and_mix() -> None:
    """A loop through weights and feedback in both zones is one label all round."""
    for seed in range(200):
        graph = instance(seed)
        found = labels(graph)
        for model in graph.models:
            if model.training is not None and model.training.federated is not None:
                node = f"model {model.name}"
                for source in found.edges_into(node):
                    assert under(found.of(source), found.of(node))
