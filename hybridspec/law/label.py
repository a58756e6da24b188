"""Labels of everything that is made from data: the least fixpoint over what feeds what.

`labels(graph)` gives every node of `law/wiring.py` its label: what is known of its data at the
source, joined over every edge, less what a valid release took off. Loops (feedback, federated
rounds) end because labels only grow and are finite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from heapq import heappop, heappush

from hybridspec.ir.graph import Graph
from hybridspec.ir.label import BOTTOM, Bound, Label, join
from hybridspec.ir.law import Regime
from hybridspec.ir.verdict import Reason, Step, Way
from hybridspec.law.release import NOTHING, apply
from hybridspec.law.wiring import Wiring, wire


def labels(graph: Graph) -> Labels:
    """The labels of a graph."""
    return Labels(wire(graph), {regime.name: regime for regime in graph.law.regimes})


def component(part: Bound | str, kind: str = "zone") -> str:
    """The name of a part of a label, for `path`: a regime by its Bound, or a zone.

    >>> component(Bound("gdpr", "eu")), component("eu"), component("DE", "subject")
    ('regime gdpr@eu', 'zone eu', 'subject DE')
    """
    return f"regime {part.regime}@{part.zone}" if isinstance(part, Bound) else f"{kind} {part}"


def components(label: Label) -> tuple[str, ...]:
    """Every part of a label that has an origin, sorted: regimes, zones, categories, subjects."""
    return tuple(sorted({
        *(component(bound) for bound in label.regimes),
        *(component(zone) for zone in label.zones),
        *(component(category, "category") for category in label.categories),
        *(component(country, "subject") for country in label.subjects),
    }))  # fmt: skip


class Labels:
    """Labels by node, and how each part of them came there. Equal labels are one object.

    `texts` of nodes, `trails` of parts to nodes and what `decided` are what certificates have said
    already.
    """

    def __init__(self, wiring: Wiring, regimes: dict[str, Regime]) -> None:
        self._wiring, self._regimes = wiring, regimes
        self._known: dict[Label, Label] = {BOTTOM: BOTTOM}
        self._joined: dict[tuple[int, int], Label] = {}
        self._within, self._of = self._solve()
        self._trees: dict[str, dict[int, int]] = {}
        self._together: dict[str, tuple[str, ...]] = {}
        self._parts: dict[int, tuple[str, ...]] = {}
        self.texts: dict[str, str] = {}
        self.decided: dict[tuple[int, int], tuple[tuple[Reason, ...], str]] = {}
        self.trails: dict[tuple[str, str], Way] = {}

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of all nodes, sorted."""
        return tuple(sorted(self._wiring.names))

    def __contains__(self, node: object) -> bool:
        return node in self._wiring.number

    def of(self, node: str) -> Label:
        """What comes out of a node; of one that does not exist, nothing is known to."""
        return self._of[self._wiring.number[node]]

    def within(self, node: str) -> Label:
        """What a node works on: all that it reads, before anything is released."""
        return self._within[self._wiring.number[node]]

    def copy(self, model: str, zone: str) -> Label:
        """The label of the copy of a model that a zone runs, which owns it as well."""
        return self._join(self.of(f"model {model}"), self._intern(Label(zones=frozenset({zone}))))

    def held(self, node: str) -> Label:
        """What may be where a node is: what it works on; of a model, all copies of it."""
        label = self.within(node)
        for zone in sorted(self._wiring.runs.get(node, ())):
            label = self._join(label, self.copy(node.removeprefix("model "), zone))
        return label

    def edges_into(self, node: str) -> tuple[str, ...]:
        """The names of the nodes that feed a node, sorted."""
        names = self._wiring.names
        return tuple(sorted(names[n] for n in self._wiring.feeds[self._wiring.number[node]]))

    def joins(self, node: str) -> tuple[str, ...]:
        """What comes together in a node: those that feed it with a label, and itself if born."""
        if node not in self._together:
            source = self._wiring.sources[self._wiring.number[node]]
            own = ("its own",) if source != BOTTOM else ()
            fed = (n for n in self.edges_into(node) if self.of(n) is not BOTTOM)
            self._together[node] = (*own, *fed)
        return self._together[node]

    def path(self, node: str, part: str) -> tuple[Step, ...]:
        """The shortest way from where a part of a label (see `component`) is born to a node.

        It ends in what the node works on, so that a stage that releases the part has one too;
        empty if the part is born here or does not reach. Of ways alike, that of the first names.
        """
        wiring, number = self._wiring, self._wiring.number[node]
        tree = self._tree(part)
        if number in tree and tree[number] == number:
            return ()
        steps: list[Step] = []
        while number in tree and tree[number] != number:
            source = tree[number]
            released = sorted(wiring.effects[number].regimes)
            released += (
                [f"zone {wiring.effects[number].zone}"] if wiring.effects[number].zone else []
            )
            steps.append(Step(source=wiring.names[source], target=wiring.names[number],
                              released=tuple(released), origin=wiring.origins[number]))  # fmt: skip
            number = source
        return tuple(reversed(steps))

    def parts(self, node: str) -> tuple[str, ...]:
        """The `components` of what a node works on."""
        label = self.within(node)
        if id(label) not in self._parts:
            self._parts[id(label)] = components(label)
        return self._parts[id(label)]

    def born(self, part: str) -> tuple[str, ...]:
        """The nodes where a part of a label begins, sorted."""
        tree = self._tree(part)
        return tuple(sorted(self._wiring.names[n] for n, before in tree.items() if n == before))

    def _tree(self, part: str) -> dict[int, int]:
        """For every node that a part reaches, the node before it on the shortest way."""
        if part in self._trees:
            return self._trees[part]
        wiring, has = self._wiring, _having(part)
        order, targets = self._by_name
        tree = {n: n for n in order if has(wiring.sources[n])}
        edge = list(tree)
        while edge:
            reached: list[int] = []
            for source in edge:
                for target in targets[source] if has(self._of[source]) else ():
                    if target not in tree:
                        tree[target] = source
                        reached.append(target)
            edge = sorted(reached, key=wiring.names.__getitem__)
        return self._trees.setdefault(part, tree)

    @cached_property
    def _by_name(self) -> tuple[list[int], list[list[int]]]:
        """Nodes in the order of their names, and for each, in that order, what it feeds."""
        names = self._wiring.names
        order = sorted(range(len(names)), key=names.__getitem__)
        targets: list[list[int]] = [[] for _ in names]
        for target in order:
            for source in self._wiring.feeds[target]:
                targets[source].append(target)
        return order, targets

    def _solve(self) -> tuple[list[Label], list[Label]]:
        """Nodes in the order in which labels mostly flow; what changed is looked at again."""
        wiring = self._wiring
        targets: list[list[int]] = [[] for _ in wiring.names]
        for target, sources in enumerate(wiring.feeds):
            for source in sources:
                targets[source].append(target)
        rank = _ranks(targets)
        within = [self._intern(label) for label in wiring.sources]
        of = [BOTTOM] * len(within)
        waiting = sorted((rank[n], n) for n in range(len(within)))
        queued = [True] * len(within)
        while waiting:
            _, node = heappop(waiting)
            queued[node] = False
            out = within[node]
            if wiring.effects[node] is not NOTHING:
                out = self._intern(apply(wiring.effects[node], out, self._regimes))
            if out is of[node]:
                continue
            of[node] = out
            for target in targets[node]:
                more = self._join(within[target], out)
                if more is not within[target]:
                    within[target] = more
                    if not queued[target]:
                        queued[target] = True
                        heappush(waiting, (rank[target], target))
        return within, of

    def _intern(self, label: Label) -> Label:
        return self._known.setdefault(label, label)

    def _join(self, one: Label, other: Label) -> Label:
        if one is other or other is BOTTOM:
            return one
        key = (id(one), id(other))
        if key not in self._joined:
            self._joined[key] = self._intern(join(one, other))
        return self._joined[key]


def _having(part: str) -> Callable[[Label], bool]:
    """Whether a label has a part."""
    kind, _, name = part.partition(" ")
    if kind == "regime":
        regime, _, zone = name.rpartition("@")
        bound = Bound(regime, zone)
        return lambda label: bound in label.regimes
    field = {"zone": "zones", "category": "categories", "subject": "subjects"}[kind]
    return lambda label: name in getattr(label, field)


def _ranks(targets: list[list[int]]) -> list[int]:
    """Places in a reverse postorder: without loops, what feeds a node stands before it."""
    rank, seen, count = [0] * len(targets), [False] * len(targets), len(targets)
    for root in range(len(targets)):
        if seen[root]:
            continue
        seen[root] = True
        stack: list[tuple[int, Iterator[int]]] = [(root, iter(targets[root]))]
        while stack:
            node, rest = stack[-1]
            following = next((t for t in rest if not seen[t]), None)
            if following is None:
                stack.pop()
                count -= 1
                rank[node] = count
            else:
                seen[following] = True
                stack.append((following, iter(targets[following])))
    return rank
