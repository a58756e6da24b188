"""Findings: what a sink keeps, in which order, and what it only counts."""

from __future__ import annotations

import pytest

from hybridspec.base.diagnostic import MAX_FINDINGS, Diagnostic, Severity, Sink, SpecInvalid
from hybridspec.base.source import SourceFile, Span

FILE = SourceFile(shown="s.yaml", name="s.yaml", text="")


def finding(line: int, severity: Severity = Severity.ERROR, code: str = "HS0201") -> Diagnostic:
    place = Span(file=FILE, line=line, column=1, end_line=line, end_column=2)
    return Diagnostic(code=code, message="no", span=place, help="yes", severity=severity)


def test_findings_are_sorted_by_place_and_unique() -> None:
    sink = Sink()
    sink.extend([finding(3), finding(1), finding(3), finding(2, code="HS0202")])
    assert [f.span.line for f in sink.findings if f.span] == [1, 2, 3]


def test_only_an_error_stops_the_run() -> None:
    sink = Sink()
    sink.add(finding(1, Severity.WARNING))
    sink.stop_if_errors()
    sink.add(finding(2))
    with pytest.raises(SpecInvalid) as stopped:
        sink.stop_if_errors()
    assert len(stopped.value.findings) == 2


def test_past_the_limit_findings_are_counted_and_the_count_is_said() -> None:
    sink = Sink()
    sink.extend(finding(line) for line in range(1, MAX_FINDINGS + 11))
    sink.omit(1990)
    *kept, last = sink.findings
    assert len(kept) == MAX_FINDINGS
    assert sink.is_full
    assert (last.code, last.severity) == ("HS0108", Severity.NOTE)
    assert last.message == "2,000 more findings are not shown"


def test_warnings_never_take_the_place_of_an_error() -> None:
    sink = Sink()
    sink.extend(finding(line, Severity.WARNING) for line in range(1, MAX_FINDINGS + 11))
    assert not sink.is_full
    sink.add(finding(9999))
    assert sink.has_errors
    assert any(f.severity is Severity.ERROR for f in sink.findings)


def test_a_repeated_finding_is_not_counted_twice() -> None:
    sink = Sink()
    sink.extend(finding(1) for _ in range(10 * MAX_FINDINGS))
    assert len(sink.findings) == 1


def test_a_code_has_to_be_in_the_table() -> None:
    with pytest.raises(ValueError, match="HS9999"):
        Diagnostic(code="HS9999", message="", span=None, help="")
