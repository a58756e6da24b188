"""How many people data is about, as thresholds of laws count them: each kind alone, or together."""

from __future__ import annotations

from sovereignty.fact_table import Row, under
from sovereignty.raw_graph import homes

from hybridspec.ir.graph import Data, Graph


def many(graph: Graph, thresholds: Row, asset: Data, wanted: frozenset[str]) -> bool:
    """Whether the people of all such assets reach a threshold of one of its categories."""
    if not thresholds:
        return True
    for category, limit in thresholds.items():
        if not under(asset.category, [category]):
            continue
        counts = [
            other.subject_count for other in graph.data
            if under(other.category, [category])
            and (not wanted or not everywhere(graph, other) or wanted & everywhere(graph, other))
        ]  # fmt: skip
        if None in counts or sum(count or 0 for count in counts) >= int(limit):
            return True
    return False


def mixed(graph: Graph, thresholds: Row, wanted: frozenset[str]) -> bool:
    """Several kinds of data about the same countries: the lowest threshold is enough."""
    people: dict[str, list[int | None]] = {}
    kinds = set()
    for other in graph.data:
        where = everywhere(graph, other)
        fits = [c for c in thresholds if under(other.category, [c])]
        if fits and (not wanted or not where or wanted & where):
            kinds.add(sorted(fits, key=len)[-1])
            for category in fits:
                people.setdefault(category, []).append(other.subject_count)
    if len(kinds) < 2:
        return False
    least = min(int(thresholds[kind]) for kind in kinds)
    return any(None in people[kind] or sum(n or 0 for n in people[kind]) >= least
               for kind in kinds)  # fmt: skip


def everywhere(graph: Graph, asset: Data) -> set[str]:
    """The countries of the people, or of the sites where the data is born."""
    return set(asset.subjects) or {site.country for site in homes(graph, asset)}
