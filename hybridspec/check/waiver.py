"""Waivers: a warning that somebody answers for becomes a note; a stale waiver is a fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hybridspec.base.codes import CODES
from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.base.source import Span
from hybridspec.ir.governance import Waiver
from hybridspec.ir.graph import Graph


def waived(graph: Graph, findings: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings with those that are waived turned into notes, and faults of the waivers."""
    good = []
    for waiver in graph.waivers:
        fault = _fault(waiver, graph.as_of)
        if fault is None:
            good.append(waiver)
        else:
            yield _stale(waiver, *fault)
    used = set()
    for finding in findings:
        match = next((w for w in good if _matches(w, finding)), None)
        if match is None:
            yield finding
            continue
        used.add(match)
        yield replace(
            finding, severity=Severity.NOTE,
            message=f"{finding.message}; waived until {match.expires} by {match.approver}: "
            f"{match.reason}",
        )  # fmt: skip
    for waiver in good:
        if waiver not in used:
            yield _stale(
                waiver, f"matches no warning at `{waiver.path}`",
                "remove it; what it was for is gone, or lies elsewhere",
            )  # fmt: skip


def _fault(waiver: Waiver, as_of: str) -> tuple[str, str] | None:
    code = CODES.get(waiver.rule)
    if code is None:
        return "names no rule", "`hybridspec rules` lists them"
    if not code.waivable:
        listed = ", ".join(name for name, row in sorted(CODES.items()) if row.waivable)
        return "names a rule that cannot be waived", f"repair it; these can be waived: {listed}"
    if waiver.expires < as_of:
        return f"expired on {waiver.expires}", "repair what it waives, or have it approved again"
    if waiver.at is None:
        return (f"is about `{waiver.path}`, which the spec does not have",
                "write the path of a thing, such as `devices.line-server`")  # fmt: skip
    return None


def _stale(waiver: Waiver, what: str, help: str) -> Diagnostic:
    return Diagnostic(
        code="HS0316", message=f"the waiver of {waiver.rule[:20]} {what}", span=waiver.origin,
        help=help,
    )  # fmt: skip


def _matches(waiver: Waiver, finding: Diagnostic) -> bool:
    return (
        finding.code == waiver.rule
        and finding.severity is Severity.WARNING
        and finding.span is not None
        and waiver.at is not None
        and _within(finding.span, waiver.at)
    )


def _within(inner: Span, outer: Span) -> bool:
    return inner.file == outer.file and (
        (outer.line, outer.column) <= (inner.line, inner.column)
        and (inner.line, inner.column) <= (outer.end_line, outer.end_column)
    )
