"""HS0330: a law, a decision or a document that the spec rests on ends or begins soon.

What it flags: within `metadata.warn_before` (180 days, if you do not say) after `as_of`, the last
day of an adequacy decision or of another fact that lets a zone's data be in a country it lists, of
a transfer, or of a document under `evidence` or `agreements`; and the first day of a law that data
of the spec will be under.
Why: when a ground falls, the data has to be elsewhere on that day; a contract or an approval that
takes its place takes months.
Example: `as_of: 2031-09-01` and a zone that lists GB, whose decision ends on 2031-12-27.
Fix: renew the document, state another ground, or take the country out; waive it once that is
under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from hybridspec.base.diagnostic import About, Diagnostic, Severity
from hybridspec.base.source import Span
from hybridspec.ir.graph import Graph
from hybridspec.ir.law import Evidence
from hybridspec.law.facts import on_day
from hybridspec.law.ground import Ground, ends, grounds, window
from hybridspec.law.permit import Law
from hybridspec.law.reach import reach_of


def ground_ends(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one warning per zone and fact, per transfer, per document, and per law to come."""
    within = window(graph)
    reach = reach_of(graph)
    for zone in graph.zones:
        for ground in grounds(reach, zone):
            if ends(ground.fact.until, within):
                yield _fact(graph, zone.name, zone.countries_origin, ground)
        for transfer in zone.transfers:
            if ends(transfer.expires, within):
                yield _warning(
                    graph, f"the transfer of zone `{zone.name}` to {transfer.to} by "
                    f"`{transfer.mechanism}`", transfer.expires or "", transfer.origin,
                    "renew it and write the new day",
                )  # fmt: skip
        yield from (_document(graph, each) for each in zone.evidence if ends(each.expires, within))
    seen: set[Span] = set()
    for each in (each for region in graph.regions for each in region.agreements):
        if ends(each.expires, within) and each.origin not in seen:
            seen.add(each.origin)
            yield _document(graph, each)
    yield from _coming(graph, reach.law, within)


def _fact(graph: Graph, zone: str, span: Span, ground: Ground) -> Diagnostic:
    countries = ground.countries
    assert ground.fact.until is not None
    found = _warning(
        graph, f"{ground.fact.title}, by which data of zone `{zone}` may be in "
        f"{', '.join(countries[:8])},", ground.fact.until.isoformat(), span,
        "state another ground under `transfers`, take the countries out, or see by `hybridspec "
        "facts diff` what follows",
    )  # fmt: skip
    return replace(found, about=About(rule=ground.fact.id, countries=countries))


def _document(graph: Graph, evidence: Evidence) -> Diagnostic:
    return _warning(graph, f"`{evidence.document}` (`{evidence.kind}`)", evidence.expires or "",
                    evidence.origin, "renew it and write the new day")  # fmt: skip


def _warning(graph: Graph, what: str, last: str, span: Span, help: str) -> Diagnostic:
    days = (date.fromisoformat(last) - date.fromisoformat(graph.as_of)).days
    return Diagnostic(
        code="HS0330", severity=Severity.WARNING,
        message=f"{what} ends on {last}, {days} days after {graph.as_of}", span=span, help=help,
    )  # fmt: skip


def _coming(graph: Graph, law: Law, within: tuple[date, date]) -> Iterator[Diagnostic]:
    """Laws that begin: what the spec's data will be under, judged as on the last day."""
    today, last = within
    coming = [r for r in graph.law.regimes if not r.fact.holds(today) and r.fact.holds(last)]
    if not coming:
        return
    later = Law(replace(graph, as_of=last.isoformat(), law=on_day(graph.law, last)))
    bound = {b for found in (law, later) for node in found.labels.nodes
             for b in found.labels.of(node).regimes}  # fmt: skip
    for regime in coming:
        zones = {b.zone for b in bound if b.regime == regime.name}
        for zone in (zone for zone in graph.zones if zone.name in zones):
            yield Diagnostic(
                code="HS0330", severity=Severity.WARNING,
                message=f"data of zone `{zone.name}` will be under {regime.title} from "
                f"{regime.fact.since} on, {(regime.fact.since - today).days} days after {today}",
                span=zone.origin, about=About(rule=regime.fact.id),
                help=f"judge the spec as of {regime.fact.since} before that day",
            )  # fmt: skip
