"""Findings: frozen data about the user's spec, and the sink that collects them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from hybridspec.base.codes import CODES
from hybridspec.base.source import Span


class Severity(StrEnum):
    """How bad a finding is; only `ERROR` stops the pipeline."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A second place that explains a finding, such as where a zone is defined."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a finding is about beyond its place; a waiver has to name the same facet and countries.

    `rule` is the stable id of what was asked, such as `policy:no-us`; empty parts say nothing.
    """

    rule: str = ""
    facet: str = ""
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """Who answers for a finding that a waiver made a note; `was` is how bad it is without it."""

    type: str
    reason: str
    owner: str
    approver: str
    ticket: str
    expires: str
    was: Severity
    origin: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a machine can do about a finding: write `text` in place of what `span` covers."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One finding: a code, one sentence in the user's words, the place and the way out.

    `fixes` belong together and carry out the `help`; `certain` says that nothing else can be
    meant, so that they may be made without asking. `waived` is who answers for it, if anybody.
    """

    code: str
    message: str
    span: Span | None
    help: str
    severity: Severity = Severity.ERROR
    notes: tuple[Label, ...] = ()
    fixes: tuple[Edit, ...] = ()
    certain: bool = False
    about: About = About()
    waived: Suppression | None = None

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"diagnostic code {self.code} is not in the table of codes")

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order findings as a reader meets them: file, line, column, code, text."""
        if self.span is None:
            return ("", 0, 0, self.code, self.message)
        return (self.span.file.name, self.span.line, self.span.column, self.code, self.message)


class SpecInvalid(Exception):
    """Raised between stages when the sink holds errors; `findings` are sorted and unique."""

    def __init__(self, findings: tuple[Diagnostic, ...]) -> None:
        super().__init__(f"{len(findings)} findings")
        self.findings = findings


MAX_FINDINGS = 200
"""How many findings of one severity are kept: a reader repairs no more before the next run."""


@dataclass(slots=True)
class Sink:
    """Collects the findings of a run; a stage adds, the compiler asks."""

    _found: dict[tuple[object, ...], Diagnostic] = field(default_factory=dict)
    _kept: Counter[Severity] = field(default_factory=Counter)
    _omitted: int = 0

    def add(self, finding: Diagnostic) -> None:
        """Keep one finding, unless it is kept already; past the limit, count it."""
        key = (*finding.sort_key, finding.severity)
        if key in self._found:
            return
        if self._kept[finding.severity] >= MAX_FINDINGS:
            self._omitted += 1
            return
        self._found[key] = finding
        self._kept[finding.severity] += 1

    def extend(self, findings: Iterable[Diagnostic]) -> None:
        """Keep several findings."""
        for finding in findings:
            self.add(finding)

    def omit(self, count: int) -> None:
        """Count errors that nobody puts into words, because the sink is full of them."""
        self._omitted += count

    @property
    def kept(self) -> tuple[Diagnostic, ...]:
        """The findings that are kept, in the order of their coming."""
        return tuple(self._found.values())

    @property
    def omitted(self) -> int:
        """How many were only counted."""
        return self._omitted

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """All findings so far, sorted by place and without repeats; last, how many are left out."""
        kept = sorted(self._found.values(), key=lambda finding: finding.sort_key)
        return (*kept, _left_out(self._omitted)) if self._omitted else tuple(kept)

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return self._kept[Severity.ERROR] > 0

    @property
    def is_full(self) -> bool:
        """Whether further errors are only counted."""
        return self._kept[Severity.ERROR] >= MAX_FINDINGS

    def stop_if_errors(self) -> None:
        """Raise `SpecInvalid` with everything found, if any of it is an error."""
        if self.has_errors:
            raise SpecInvalid(self.findings)


def _left_out(count: int) -> Diagnostic:
    return Diagnostic(
        code="HS0108", severity=Severity.NOTE, message=f"{count:,} more findings are not shown",
        span=None, help="repair those above, then run again",
    )  # fmt: skip
