"""Waivers: a finding that somebody answers for becomes a note; a stale waiver is a fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from hybridspec.base.codes import CODES
from hybridspec.base.diagnostic import About, Diagnostic, Label, Severity, Sink, Suppression
from hybridspec.ir.governance import Waiver
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import Residency
from hybridspec.law.waiver import answers, fault

Matched = dict[Waiver, set[str]]
"""Waivers that answer for something, with the countries of it."""
_AFTERWARDS = ("HS0351", "HS0354")
"""Codes of findings about a plan."""
_GAP = "HS0321"
"""What a claim that nobody can settle would be found as."""
_SHOWN = 4


def waived(graph: Graph, findings: Iterable[Diagnostic], sink: Sink) -> Matched:
    """Put the findings into the sink, those that are waived as notes, and faults of the waivers."""
    good, matched = [], Matched()
    for waiver in graph.waivers:
        wrong = fault(waiver, graph.as_of)
        if wrong is None:
            good.append(waiver)
        else:
            sink.add(_stale(waiver, *wrong))
    _sort(good, findings, matched, sink)
    sink.extend(_unmatched([w for w in good if not _of_claims(w)], matched))
    return matched


def settle(
    graph: Graph, matched: Matched, findings: Iterable[Diagnostic], rows: Sequence[Residency],
    sink: Sink,
) -> None:  # fmt: skip
    """Once everything is placed: what was found then, and the waivers that nothing needs."""
    good = [w for w in graph.waivers if fault(w, graph.as_of) is None]
    used = {waiver: set(countries) for waiver, countries in matched.items()}
    _sort(good, findings, used, sink)
    sink.extend(stale_claims(graph, used, rows))


def _sort(
    good: Sequence[Waiver], findings: Iterable[Diagnostic], matched: Matched, sink: Sink
) -> None:
    """Put each finding into the sink, as a note where a waiver answers for it."""
    for finding in findings:
        match = next((w for w in good if answers(w, finding)), None)
        if match is None:
            sink.add(finding)
            continue
        matched.setdefault(match, set()).update(finding.about.countries)
        sink.add(_note(finding, match))


def stale_claims(graph: Graph, matched: Matched, rows: Sequence[Residency]) -> Iterator[Diagnostic]:
    """Waivers of claims: a note of what each answers for, or that nothing placed needs it."""
    claims = [w for w in graph.waivers if _of_claims(w) and fault(w, graph.as_of) is None]
    used = {waiver: set(countries) for waiver, countries in matched.items()}
    answered: dict[Waiver, dict[str, None]] = {}
    known = {waiver.id: waiver for waiver in claims}
    for row in rows if claims else ():
        for reason in row.certificate.reasons if row.certificate else ():
            for waiver in (known[name] for name in reason.waived_by if name in known):
                used.setdefault(waiver, set()).update(reason.countries)
                answered.setdefault(waiver, {})[f"{row.facet} of {row.asset}"] = None
    for waiver, names in answered.items():
        if waiver not in matched:
            yield _answered(waiver, list(names))
    yield from _unmatched(claims, used)


def _answered(waiver: Waiver, names: list[str]) -> Diagnostic:
    """What a waiver turned before it could become a finding."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    found = Diagnostic(
        code=waiver.rule if waiver.rule in CODES else _GAP, span=waiver.at,
        message=f"nobody knows about {', '.join(names[:_SHOWN])}{more}",
        help="find out before the waiver ends",
        about=About(rule=waiver.rule, facet=waiver.facet or "", countries=waiver.countries),
    )  # fmt: skip
    return _note(found, waiver)


def _of_claims(waiver: Waiver) -> bool:
    """Whether what it is about may first show once everything is placed."""
    return waiver.facet is not None or ":" in waiver.rule or waiver.rule in _AFTERWARDS


def _unmatched(waivers: Iterable[Waiver], matched: Matched) -> Iterator[Diagnostic]:
    for waiver in waivers:
        countries = matched.get(waiver)
        if countries is None:
            yield _stale(
                waiver, f"matches nothing at `{waiver.path}`",
                "remove it; what it was for is gone, lies elsewhere, or names another facet or "
                "other countries",
            )  # fmt: skip
            continue
        wide = sorted(set(waiver.countries) - countries)
        if wide:
            yield _stale(
                waiver, f"covers {', '.join(wide[:8])}, of which nothing is found",
                f"take {', '.join(wide[:8])} out of its `countries`",
            )  # fmt: skip


def _note(finding: Diagnostic, by: Waiver) -> Diagnostic:
    return replace(
        finding, severity=Severity.NOTE,
        message=f"{finding.message}; waived until {by.expires} by {by.approver}: {by.reason}",
        notes=(*finding.notes, Label(span=by.origin, message=f"waived here ({by.type})")),
        waived=Suppression(type=by.type, reason=by.reason, owner=by.owner or by.approver,
                           approver=by.approver, ticket=by.ticket, expires=by.expires,
                           was=finding.severity, origin=by.origin),
    )  # fmt: skip


def _stale(waiver: Waiver, what: str, help: str) -> Diagnostic:
    return Diagnostic(
        code="HS0316", message=f"the waiver of {waiver.rule[:40]} {what}", span=waiver.origin,
        help=help,
    )  # fmt: skip
