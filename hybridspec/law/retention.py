"""Retention: for how long data has to be kept and may be kept, by everyone who has a say.

Each says an interval; data in a store or in logs is under all of them at once, so they intersect.
`conflict` finds the two sources of an empty intersection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hybridspec.base.source import Span
from hybridspec.base.units import DAY
from hybridspec.ir.graph import Graph, Stage, Zone
from hybridspec.law.duty import Duties, about

STORE, LOGS = "store", "logs"
LOGGED = "`observability.logs`"


class Term(NamedTuple):
    """One source of a bound on time: `least` or `most` microseconds, and who says so.

    `since` is the first day on which it binds, for one that a law will set.
    """

    least: int | None
    most: int | None
    who: str
    origin: Span
    since: str = ""
    law: bool = False


class Conflict(NamedTuple):
    """Two sources that leave no time: `least` by the one is longer than `most` by the other."""

    keeps: Term
    ends: Term
    least: int
    most: int


def zone_terms(zone: Zone) -> Iterator[Term]:
    """What a zone says of everything that is stored in it."""
    at = zone.retention_origin or zone.origin
    if zone.retention is not None:
        yield Term(None, zone.retention, f"zone `{zone.name}`", at)


def store_terms(zone: Zone, stages: Iterable[tuple[str, Stage]]) -> Iterator[Term]:
    """What a zone and its stores say of data in them: a store keeps exactly as long as it says."""
    if zone.kept_at_least is not None:
        yield Term(zone.kept_at_least, None, f"zone `{zone.name}`",
                   zone.retention_origin or zone.origin)  # fmt: skip
    for name, stage in stages:
        if stage.retention is not None:
            yield Term(stage.retention, stage.retention, f"store `{name}`",
                       stage.retention_origin or stage.origin)  # fmt: skip


def log_terms(graph: Graph) -> Iterator[Term]:
    """What the spec says of its logs."""
    kept = graph.observability.log_retention
    if kept is not None:
        yield Term(kept, kept, LOGGED, graph.observability.logs_origin
                   or graph.origin)  # fmt: skip


def law_terms(duties: Duties, zone: Zone, facet: str) -> Iterator[Term]:
    """What the laws that bind a zone say of a facet, those that are coming among them."""
    for regime, categories in duties.under[zone.name].items():
        for duty in duties.owed(regime):
            if duty.kind not in ("keep", "limit") or not about(duty, categories):
                continue
            if duty.facets and facet not in duty.facets:
                continue
            time = int(duty.needs) * DAY
            yield Term(
                time if duty.kind == "keep" else None,
                time if duty.kind == "limit" else None,
                duty.id, zone.regimes_origin or zone.origin,
                duties.since(regime, duty).isoformat() if duties.coming(regime, duty) else "", True,
            )  # fmt: skip


def terms(duties: Duties, zone: Zone, facet: str) -> list[Term]:
    """Everyone who has a say about how long a facet of a zone's data is kept."""
    graph = duties.graph
    own: list[Term] = list(zone_terms(zone))
    if facet == STORE:
        own += store_terms(zone, stored(graph, zone))
    else:
        own += log_terms(graph)
    return own + list(law_terms(duties, zone, facet))


def stored(graph: Graph, zone: Zone) -> list[tuple[str, Stage]]:
    """The stores of flows that run in a zone, by name."""
    return [
        (f"{flow.name}/{stage.name}", stage)
        for flow in graph.flows if any(site.zone.name == zone.name for site in flow.sites)
        for stage in flow.stages if stage.place == "cloud"
    ]  # fmt: skip


def interval(found: Iterable[Term]) -> tuple[int | None, int | None]:
    """The intersection: the longest time to keep, and the shortest that is allowed."""
    listed = [term for term in found if not term.since]
    least = max((t.least for t in listed if t.least is not None), default=None)
    most = min((t.most for t in listed if t.most is not None), default=None)
    return least, most


def conflicts(found: list[Term]) -> Iterator[Conflict]:
    """Every pair in which a law asks for longer than another source allows, or for less.

    Of what only the spec says, zones and stores, other rules speak; of laws that ask the same,
    the one that binds first.
    """
    told: set[tuple[Span, Span, int, int]] = set()
    for keeps in sorted(found, key=lambda term: term.since):
        for ends in found:
            if keeps.least is None or ends.most is None or keeps.least <= ends.most:
                continue
            one = (keeps.origin, ends.origin, keeps.least, ends.most)
            if (keeps.law or ends.law or LOGGED in keeps.who) and one not in told:
                told.add(one)
                yield Conflict(keeps, ends, keeps.least, ends.most)
