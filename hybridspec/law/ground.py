"""What the permissions of a zone rest on: dated facts, by country, before anything is placed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from hybridspec.base.units import DAY
from hybridspec.ir.graph import Graph
from hybridspec.ir.law import Fact, Status
from hybridspec.ir.verdict import Verdict
from hybridspec.ir.zone import Zone
from hybridspec.law.facts import facts_of
from hybridspec.law.reach import Reach


class Ground(NamedTuple):
    """A fact that allows data of a zone to be in countries; `alone` if it is contested and no
    other ground is stated for one of them."""

    fact: Fact
    countries: tuple[str, ...]
    alone: tuple[str, ...]


def grounds(reach: Reach, zone: Zone) -> Iterator[Ground]:
    """Every fact that a permission of the zone rests on, in the order of their ids."""
    known = {fact.id: fact for fact in facts_of(reach.law.graph.law)}
    where: dict[str, set[str]] = {}
    alone: dict[str, set[str]] = {}
    for one in reach.asked(zone):
        if one.ruling.verdict in (Verdict.VIOLATED, Verdict.GAP):
            continue
        for reason in one.ruling.reasons:
            if reason.fact not in known:
                continue
            where.setdefault(reason.fact, set()).add(one.country)
            open_duties = any(duty.rule == reason.fact and not duty.met_by and duty.until is None
                              and "another ground" in duty.text
                              for duty in one.ruling.obligations)  # fmt: skip
            if known[reason.fact].status is Status.CONTESTED and open_duties:
                alone.setdefault(reason.fact, set()).add(one.country)
    for name in sorted(where):
        yield Ground(known[name], tuple(sorted(where[name])), tuple(sorted(alone.get(name, ()))))


def window(graph: Graph) -> tuple[date, date]:
    """The day that is judged, and the last one whose ends are warned of."""
    today = date.fromisoformat(graph.as_of)
    days = min(graph.warn_before // DAY, (date.max - today).days)
    return today, today + timedelta(days=days)


def ends(last: date | str | None, within: tuple[date, date]) -> bool:
    """Whether something that holds ends so soon that somebody should know."""
    if last is None:
        return False
    day = date.fromisoformat(last) if isinstance(last, str) else last
    return within[0] <= day <= within[1]
