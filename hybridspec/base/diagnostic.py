"""Findings: frozen data about the user's spec, and the sink that collects them."""

from __future__ import annotations

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
class Diagnostic:
    """One finding: a code, one sentence in the user's words, the place and the way out."""

    code: str
    message: str
    span: Span | None
    help: str
    severity: Severity = Severity.ERROR
    notes: tuple[Label, ...] = ()

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


@dataclass(slots=True)
class Sink:
    """Collects the findings of a run; a stage adds, the compiler asks."""

    _found: list[Diagnostic] = field(default_factory=list)

    def add(self, finding: Diagnostic) -> None:
        """Keep one finding."""
        self._found.append(finding)

    def extend(self, findings: Iterable[Diagnostic]) -> None:
        """Keep several findings."""
        self._found.extend(findings)

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """All findings so far, sorted by place and without repeats."""
        unique = {(*f.sort_key, f.severity): f for f in self._found}
        return tuple(sorted(unique.values(), key=lambda f: f.sort_key))

    @property
    def has_errors(self) -> bool:
        """Whether any finding is an error."""
        return any(f.severity is Severity.ERROR for f in self._found)

    def stop_if_errors(self) -> None:
        """Raise `SpecInvalid` with everything found, if any of it is an error."""
        if self.has_errors:
            raise SpecInvalid(self.findings)
